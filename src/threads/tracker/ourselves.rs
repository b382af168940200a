//! Which addresses are ours, so that nobody dials himself because a tracker named him.

use crate::id::PeerId;
use crate::limits::ANNOUNCE_PORT_NONE;
use crate::tracker::announce::{Family, FoundPeer};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// What we are known by.
#[derive(Debug, Clone)]
pub struct Ourselves {
    /// Our peer id.
    pub peer_id: PeerId,
    /// Where we listen.
    pub listening: Vec<SocketAddr>,
}

impl Ourselves {
    /// The families that we can be reached over; without a listener, those that may be dialed.
    pub fn families(&self) -> Vec<Family> {
        let both = [Family::V4, Family::V6];
        let listens = |family: &Family| {
            self.listening.is_empty()
                || self.listening.iter().any(|at| Family::of(at.ip()) == *family)
        };
        both.into_iter().filter(listens).collect()
    }

    /// The port to tell over this family.
    pub fn port(&self, family: Family) -> u16 {
        let mut fitting = self.listening.iter().filter(|at| Family::of(at.ip()) == family);
        fitting.next().map_or(ANNOUNCE_PORT_NONE, SocketAddr::port)
    }

    /// Whether a peer is ourselves. `near` are the addresses that this announce showed to be ours:
    /// that of our end of the way to the tracker, and the one the tracker told us.
    pub fn is_us(&self, peer: &FoundPeer, near: &[IpAddr]) -> bool {
        let FoundPeer { address, id } = peer;
        id.is_some_and(|id| id == self.peer_id)
            || self.listening.iter().any(|ours| {
                ours.port() == address.port()
                    && (ours.ip() == address.ip()
                        || (ours.ip().is_unspecified()
                            && Family::of(ours.ip()) == Family::of(address.ip())
                            && (address.ip().is_loopback() || near.contains(&address.ip()))))
            })
    }
}

/// Our address on the way to that one. Nothing is sent for it.
pub fn our_end(to: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(to).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(at: &[&str]) -> Ourselves {
        let listening = at.iter().map(|at| at.parse().unwrap()).collect();
        Ourselves { peer_id: PeerId([1; 20]), listening }
    }

    fn peer(at: &str) -> FoundPeer {
        FoundPeer { address: at.parse().unwrap(), id: None }
    }

    #[test]
    fn our_own_addresses_are_known_and_others_are_not() {
        let us = listening(&["0.0.0.0:7000", "[::]:7000"]);
        let near = ["192.0.2.1".parse().unwrap()];
        for ours in ["127.0.0.1:7000", "192.0.2.1:7000", "[::1]:7000"] {
            assert!(us.is_us(&peer(ours), &near), "{ours}");
        }
        for other in ["127.0.0.1:7001", "192.0.2.2:7000", "192.0.2.1:1", "[2001:db8::1]:7000"] {
            assert!(!us.is_us(&peer(other), &near), "{other}");
        }
        let named = FoundPeer { id: Some(PeerId([1; 20])), ..peer("192.0.2.9:9") };
        assert!(us.is_us(&named, &[]));
    }

    #[test]
    fn a_listener_at_one_address_leaves_the_others_to_others() {
        let us = listening(&["127.0.0.5:7000"]);
        assert!(us.is_us(&peer("127.0.0.5:7000"), &[]));
        assert!(!us.is_us(&peer("127.0.0.6:7000"), &[]));
    }

    #[test]
    fn only_families_that_are_listened_on_are_announced() {
        assert_eq!(listening(&["0.0.0.0:7000"]).families(), [Family::V4]);
        assert_eq!(listening(&["0.0.0.0:7", "[::]:7"]).families(), [Family::V4, Family::V6]);
        assert_eq!(listening(&[]).families(), [Family::V4, Family::V6]);
        assert_eq!(listening(&[]).port(Family::V4), ANNOUNCE_PORT_NONE);
    }
}
