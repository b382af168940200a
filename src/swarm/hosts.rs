//! How many connections each host has, so that one host cannot take all places.
//!
//! A host is an IPv4 address, or 64 bits of an IPv6 one, since a subscriber gets all that share
//! them. Loopback is exempt: there peers are told apart by port and peer id.

use crate::limits::PEERS_PER_HOST_MAX;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};

/// Connections by host. Never iterated; as many entries as peers at most.
#[derive(Debug, Default)]
pub(super) struct Hosts(HashMap<IpAddr, usize>);

impl Hosts {
    /// Whether one more connection of this address may be. Cost: O(1).
    pub(super) fn has_room(&self, ip: IpAddr) -> bool {
        host_of(ip).is_none_or(|host| {
            self.0.get(&host).is_none_or(|connections| *connections < PEERS_PER_HOST_MAX)
        })
    }

    /// A connection begins. Cost: O(1).
    pub(super) fn enter(&mut self, ip: IpAddr) {
        if let Some(host) = host_of(ip) {
            *self.0.entry(host).or_default() += 1;
        }
    }

    /// A connection has ended. Cost: O(1).
    pub(super) fn leave(&mut self, ip: IpAddr) {
        let Some(host) = host_of(ip) else { return };
        if let Entry::Occupied(mut entry) = self.0.entry(host) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// What counts as one host; none if it is not counted.
pub(super) fn host_of(ip: IpAddr) -> Option<IpAddr> {
    match ip.to_canonical() {
        ip if ip.is_loopback() => None,
        IpAddr::V4(ip) => Some(ip.into()),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits() >> 64 << 64;
            Some(Ipv6Addr::from_bits(bits).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn full(text: &str) -> Hosts {
        let mut hosts = Hosts::default();
        (0..PEERS_PER_HOST_MAX).for_each(|_| hosts.enter(ip(text)));
        hosts
    }

    #[test]
    fn a_host_has_so_many_places_and_gets_them_back() {
        let mut hosts = full("192.0.2.1");
        assert!(!hosts.has_room(ip("192.0.2.1")));
        assert!(!hosts.has_room(ip("::ffff:192.0.2.1")), "the same host");
        assert!(hosts.has_room(ip("192.0.2.2")));
        hosts.leave(ip("192.0.2.1"));
        assert!(hosts.has_room(ip("192.0.2.1")));
        (1..PEERS_PER_HOST_MAX).for_each(|_| hosts.leave(ip("192.0.2.1")));
        assert!(hosts.0.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_host() {
        let hosts = full("2001:db8:1:2::1");
        assert!(!hosts.has_room(ip("2001:db8:1:2:ffff::9")));
        assert!(hosts.has_room(ip("2001:db8:1:3::1")));
    }

    #[test]
    fn loopback_is_exempt() {
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            let hosts = full(text);
            assert!(hosts.has_room(ip(text)), "{text}");
            assert!(hosts.0.is_empty());
        }
    }
}
