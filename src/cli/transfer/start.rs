//! A client on a port that is free.

use crate::cli::arguments::transfer::NetworkArguments;
use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::client::{
    Capacity, Client, ClientOptions, DEFAULT_PORT, RateLimits, Resources, Roots, StartError,
};
use crate::limits::CERTIFICATES_MAX;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;

/// Ports tried after the default one before any that is free (BEP 3 names 6881 to 6889).
const OTHER_PORTS: [u16; 8] = [6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889];

/// Starts a client as the options say.
pub(super) fn start(network: &NetworkArguments, output: &Output) -> Result<Client, Failure> {
    let peers_max = peers(network.max_peers, output);
    let tracker_roots = match &network.tracker_ca {
        Some(path) => read_roots(path)?,
        None => Roots::default(),
    };
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

/// The authorities that a file names.
fn read_roots(path: &Path) -> Result<Roots, Failure> {
    let failed = |error: io::Error| {
        Failure::new(format!("cannot read the certificates: {error}")).at(path.display())
    };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(CERTIFICATES_MAX).read_to_end(&mut pem))
        .map_err(failed)?;
    Roots::from_pem(&pem).map_err(|error| {
        Failure::new(error).at(path.display()).advise("give a file of certificates to --tracker-ca")
    })
}

/// What to say of peers that this machine has no way to, as those of IPv6 where there is none.
pub(super) fn without_route(peers: &[SocketAddr]) -> Option<String> {
    let mut unreachable = peers.iter().filter_map(|&peer| Some((peer, route(peer).err()?)));
    let (first, error) = unreachable.next()?;
    let others = match unreachable.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!("no way to {first}{others} from here now: {error}; they are tried again"))
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
        StartError::Listen { address, error } => {
            let in_use = error.kind() == ErrorKind::AddrInUse;
            let why = if in_use { "the port is in use".to_owned() } else { error.to_string() };
            Failure::new(format!("cannot listen, {why}"))
                .at(address)
                .advise("give another port with --port, or 0 for any that is free")
        }
        StartError::Random | StartError::System(_) => Failure::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_that_no_way_leads_to_are_told_of_once() {
        let near: SocketAddr = "127.0.0.1:7001".parse().unwrap();
        // A link-local address that does not say which link.
        let (far, farther) = ("[fe80::1]:1".parse().unwrap(), "[fe80::2]:2".parse().unwrap());
        assert_eq!(without_route(&[near]), None);
        let told = without_route(&[near, far, farther]).unwrap();
        assert!(told.starts_with("no way to [fe80::1]:1 and 1 more from here now: "), "{told}");
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_the_option_that_helps() {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 7001));
        let error = StartError::Listen { address, error: ErrorKind::AddrInUse.into() };
        let expected = "cannot listen, the port is in use: 0.0.0.0:7001: \
                        give another port with --port, or 0 for any that is free";
        assert_eq!(explain(&error).to_string(), expected);
    }
}
