//! How many connections each host has, and how often it connects, so that one host can take
//! neither all places nor all of the main thread's time.
//!
//! A host is an IPv4 address, or 64 bits of an IPv6 one, since a subscriber gets all that share
//! them. Loopback is exempt: there peers are told apart by port and peer id.
//!
//! How often a host connects is a bucket of tokens, kept as one time: when its next arrival would
//! be due had all come evenly. A host without connections is remembered until its bucket is full
//! again, or until too many such hosts are.

use crate::kit::clock::Time;
use crate::limits::{
    ARRIVALS_PER_HOST_BURST, HOST_ARRIVAL_PAUSE, HOSTS_REAPED_MAX, HOSTS_REMEMBERED_MAX,
    PEERS_PER_HOST_MAX,
};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

/// What is known of a host.
#[derive(Debug, Clone, Copy, Default)]
struct Host {
    /// Connections that it has.
    connections: usize,
    /// When its next arrival would be due, had all come evenly; its bucket is full from then on.
    due: Time,
    /// Whether it is among those without connections that are remembered.
    remembered: bool,
}

/// Hosts that have connections or had some a short while ago.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// Never iterated; as many entries as peers and remembered hosts at most.
    hosts: HashMap<IpAddr, Host>,
    /// Hosts that had no connection when they came here, those that came first in front.
    remembered: VecDeque<IpAddr>,
}

impl Hosts {
    /// Whether one more connection of this address may be. Cost: O(1).
    pub(super) fn has_room(&self, ip: IpAddr) -> bool {
        self.known(ip).is_none_or(|host| host.connections < PEERS_PER_HOST_MAX)
    }

    /// Whether this address may connect to us now, having done so as often as it has. Cost: O(1).
    pub(super) fn may_arrive(&self, now: Time, ip: IpAddr) -> bool {
        let ahead = HOST_ARRIVAL_PAUSE * (ARRIVALS_PER_HOST_BURST - 1);
        self.known(ip).is_none_or(|host| host.due <= now + ahead)
    }

    /// A connection begins that we have dialed. Cost: O(1).
    pub(super) fn enter(&mut self, ip: IpAddr) {
        if let Some(host) = host_of(ip) {
            self.hosts.entry(host).or_default().connections += 1;
        }
    }

    /// A connection begins that was dialed by the other side. Cost: O(k).
    pub(super) fn arrive(&mut self, now: Time, ip: IpAddr) {
        if let Some(host) = host_of(ip) {
            let host = self.hosts.entry(host).or_default();
            host.connections += 1;
            host.due = host.due.max(now) + HOST_ARRIVAL_PAUSE;
        }
        self.reap(now);
    }

    /// A connection has ended. Cost: O(k).
    pub(super) fn leave(&mut self, now: Time, ip: IpAddr) {
        let Some(key) = host_of(ip) else { return };
        let Some(host) = self.hosts.get_mut(&key) else { return };
        host.connections -= 1;
        if host.connections == 0 && !host.remembered {
            if host.due > now {
                host.remembered = true;
                self.remembered.push_back(key);
            } else {
                self.hosts.remove(&key);
            }
        }
        self.reap(now);
    }

    /// Forgets hosts that need not be remembered, a few at a time and more than come, and the
    /// oldest when there are too many.
    fn reap(&mut self, now: Time) {
        for _ in 0..HOSTS_REAPED_MAX {
            let Some(&key) = self.remembered.front() else { return };
            let Some(host) = self.hosts.get_mut(&key) else { return };
            let full = self.remembered.len() > HOSTS_REMEMBERED_MAX;
            if host.connections == 0 && host.due > now && !full {
                return;
            }
            self.remembered.pop_front();
            host.remembered = false;
            if host.connections == 0 {
                self.hosts.remove(&key);
            }
        }
    }

    fn known(&self, ip: IpAddr) -> Option<&Host> {
        self.hosts.get(&host_of(ip)?)
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
    use std::time::Duration;

    const NOW: Time = Time::ZERO;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn full(text: &str) -> Hosts {
        let mut hosts = Hosts::default();
        (0..PEERS_PER_HOST_MAX).for_each(|_| hosts.enter(ip(text)));
        hosts
    }

    /// Connects and leaves as often as it may at this time.
    fn flood(hosts: &mut Hosts, now: Time, ip: IpAddr) -> u32 {
        let mut arrivals = 0;
        while hosts.may_arrive(now, ip) && arrivals < 1_000 {
            hosts.arrive(now, ip);
            hosts.leave(now, ip);
            arrivals += 1;
        }
        arrivals
    }

    #[test]
    fn a_host_has_so_many_places_and_gets_them_back() {
        let mut hosts = full("192.0.2.1");
        assert!(!hosts.has_room(ip("192.0.2.1")));
        assert!(!hosts.has_room(ip("::ffff:192.0.2.1")), "the same host");
        assert!(hosts.has_room(ip("192.0.2.2")));
        hosts.leave(NOW, ip("192.0.2.1"));
        assert!(hosts.has_room(ip("192.0.2.1")));
        (1..PEERS_PER_HOST_MAX).for_each(|_| hosts.leave(NOW, ip("192.0.2.1")));
        assert!(hosts.hosts.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn who_comes_and_goes_is_slowed_down_to_an_even_pace() {
        let (mut hosts, host) = (Hosts::default(), ip("192.0.2.1"));
        assert_eq!(flood(&mut hosts, NOW, host), ARRIVALS_PER_HOST_BURST);
        assert_eq!(flood(&mut hosts, NOW, ip("192.0.2.2")), ARRIVALS_PER_HOST_BURST, "another");
        let seconds = Duration::from_secs(10);
        let pace = (seconds.as_nanos() / HOST_ARRIVAL_PAUSE.as_nanos()) as u32;
        assert_eq!(flood(&mut hosts, NOW + seconds, host), pace);
        let later = NOW + seconds + HOST_ARRIVAL_PAUSE * ARRIVALS_PER_HOST_BURST;
        assert_eq!(flood(&mut hosts, later, host), ARRIVALS_PER_HOST_BURST, "all is forgiven");
    }

    #[test]
    fn who_stays_is_not_forgotten_and_who_is_gone_for_long_is() {
        let (mut hosts, host) = (Hosts::default(), ip("192.0.2.1"));
        flood(&mut hosts, NOW, host);
        hosts.enter(host);
        let later = NOW + HOST_ARRIVAL_PAUSE * (2 * ARRIVALS_PER_HOST_BURST);
        hosts.reap(later);
        assert!(hosts.remembered.is_empty());
        assert_eq!(hosts.known(host).map(|host| host.connections), Some(1));
        hosts.leave(later, host);
        assert!(hosts.hosts.is_empty());
    }

    #[test]
    fn only_so_many_hosts_are_remembered() {
        let mut hosts = Hosts::default();
        for number in 0..HOSTS_REMEMBERED_MAX as u32 + 100 {
            let ip = std::net::Ipv4Addr::from(0x0a00_0000 + number).into();
            hosts.arrive(NOW, ip);
            hosts.leave(NOW, ip);
        }
        let sizes = (hosts.hosts.len(), hosts.remembered.len());
        assert_eq!(sizes, (HOSTS_REMEMBERED_MAX, HOSTS_REMEMBERED_MAX));
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
            let mut hosts = full(text);
            assert!(hosts.has_room(ip(text)), "{text}");
            assert_eq!(flood(&mut hosts, NOW, ip(text)), 1_000, "{text}");
            assert!(hosts.hosts.is_empty());
        }
    }
}
