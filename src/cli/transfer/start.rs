//! A client on a port that is free.

use crate::cli::arguments::transfer::NetworkArguments;
use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::cli::roots::roots;
use crate::client::{
    Capacity, Client, ClientOptions, DEFAULT_PORT, RateLimits, Resources, StartError,
};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Ports tried after the default one before any that is free (BEP 3 names 6881 to 6889).
const OTHER_PORTS: [u16; 8] = [6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889];

/// Starts a client as the options say.
pub(super) fn start(network: &NetworkArguments, output: &Output) -> Result<Client, Failure> {
    let peers_max = peers(network.max_peers, output);
    let tracker_roots = roots(network.tracker_ca.as_deref())?;
    let options = |port: u16| ClientOptions {
        listen: vec![
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
        ],
        peers_max,
        upload_slots: network.upload_slots,
        tracker_roots: tracker_roots.clone(),
        limits: RateLimits { up: network.limit_up, down: network.limit_down },
        ..ClientOptions::default()
    };
    if let Some(port) = network.port {
        return Client::start(options(port)).map_err(|error| explain(&error));
    }
    let mut ports = [DEFAULT_PORT].into_iter().chain(OTHER_PORTS).chain([0]);
    loop {
        // The last port is any, which is never taken.
        let port = ports.next().unwrap_or(0);
        match Client::start(options(port)) {
            Ok(client) => {
                if port != DEFAULT_PORT {
                    output.talk(&format!("port {DEFAULT_PORT} is taken, using another"));
                }
                return Ok(client);
            }
            Err(StartError::Listen { error, .. })
                if error.kind() == ErrorKind::AddrInUse && port != 0 => {}
            Err(error) => return Err(explain(&error)),
        }
    }
}

/// Tells of peers that this machine has no way to, as those of IPv6 where there is none.
pub(super) fn warn_without_route(peers: &[SocketAddr], output: &Output) {
    let mut unreachable = peers.iter().filter_map(|&peer| Some((peer, route(peer).err()?)));
    let Some((first, error)) = unreachable.next() else { return };
    let others = match unreachable.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    output.warn(&format!("no way to {first}{others} from here now: {error}; they are tried again"));
}

/// Whether the system knows a way to an address. Sends nothing: a datagram socket is only aimed.
fn route(peer: SocketAddr) -> io::Result<()> {
    let own: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(own)?.connect(peer)
}

/// How many peers there may be.
fn peers(wanted: Option<usize>, output: &Output) -> usize {
    let Capacity { peers, bound } = Capacity::of(&Resources::read(), wanted);
    log::info!("room for {peers} peers, {bound}");
    if let Some(wanted) = wanted.filter(|wanted| *wanted > peers) {
        output.warn(&format!("at most {peers} peers are possible, not {wanted}: {bound}"));
    }
    peers
}

/// The failure, with the option that helps.
fn explain(error: &StartError) -> Failure {
    match error {
        StartError::Listen { .. } => {
            Failure::new(error).advise("give another port with --port, or 0 for any that is free")
        }
        StartError::Random => Failure::new(error).advise("please report this as a bug"),
        StartError::System(_) => Failure::new(error)
            .advise("`ulimit -a` tells the limits of this shell; a smaller --max-peers needs less"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;

    #[test]
    fn peers_that_no_way_leads_to_are_told_of_once() {
        let near: SocketAddr = "127.0.0.1:7001".parse().unwrap();
        // A link-local address that does not say which link.
        let (far, farther) = ("[fe80::1]:1".parse().unwrap(), "[fe80::2]:2".parse().unwrap());
        let (output, _, talk) = captured::output(true);
        warn_without_route(&[near], &output);
        assert_eq!(talk.text(), "");
        warn_without_route(&[near, far, farther], &output);
        let told = talk.text();
        assert!(told.contains("no way to [fe80::1]:1 and 1 more from here now: "), "{told}");
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_the_option_that_helps() {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 7001));
        let error = StartError::Listen { address, error: ErrorKind::AddrInUse.into() };
        let expected = "cannot listen on 0.0.0.0:7001: the port is in use: \
                        give another port with --port, or 0 for any that is free";
        assert_eq!(explain(&error).to_string(), expected);
    }
}
