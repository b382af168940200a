//! A client of a ring: it asks, and is no part of it.

use crate::chord::settings::Settings;
use crate::cli::arguments::ring::ViaArguments;
use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::cli::ring::key::settings;
use crate::client::ring::{Ring, RingGoneError, RingOptions, RingStartError};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Starts a client that knows one node.
pub(super) fn start(via: &ViaArguments, output: &Output) -> Result<Ring, Failure> {
    let any: SocketAddr = match via.via {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let options = RingOptions {
        listen: vec![any],
        bootstrap: vec![via.via],
        settings: Settings { client: true, ..settings(&via.identity, output)? },
        ..RingOptions::default()
    };
    Ring::start(options).map_err(|error| explain(&error))
}

/// Ends what a command started.
pub(super) fn stop(ring: Ring) {
    let stopped = ring.stop();
    if stopped.threads_left > 0 {
        log::warn!("threads did not end in time: {}", stopped.names.join(", "));
    }
}

/// A start that failed, with the option that helps.
pub(super) fn explain(error: &RingStartError) -> Failure {
    let failure = Failure::new(error);
    match error {
        RingStartError::Settings(_) => {
            failure.advise("see --replicas, --write-quorum and --read-quorum")
        }
        RingStartError::Families => failure.advise("give --listen once for each family"),
        RingStartError::Listen { .. }
        | RingStartError::NoAddress { .. }
        | RingStartError::Random
        | RingStartError::System(_) => failure,
    }
}

/// The node's thread has ended.
pub(super) fn gone(error: RingGoneError) -> Failure {
    Failure::new(error).advise("please report this as a bug")
}

/// Nobody of the ring answered.
pub(super) fn silence(via: SocketAddr) -> Failure {
    Failure::new("no node of the ring answered").at(via).advise(
        "name another one with --via, and check that --ring-name, --ring-key and --replicas are \
         the ring's",
    )
}
