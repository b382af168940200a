//! Who gave bad data and is not wanted any more: hosts, and names together with their hosts.
//!
//! A host is what [`host_of`] says. Anybody can claim anybody's name, so a name alone bans nobody.
//! Loopback hosts are not banned as
//! a whole, because all peers of a test share them. Who left before its blocks were judged is
//! remembered for a while, so that leaving early saves nobody.

use crate::id::PeerId;
use crate::limits::{BANS_MAX, DEPARTED_MAX};
use crate::swarm::hosts::host_of;
use crate::swarm::state::{Identity, PeerKey};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

/// A peer that could be banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspect {
    /// Where it is.
    pub host: IpAddr,
    /// What it calls itself, and for which torrent.
    pub identity: Identity,
}

/// The bans. None of its tables is ever iterated.
#[derive(Debug)]
pub struct Bans {
    /// Banned names with their addresses, where hosts are not banned.
    names: Latest<(IpAddr, PeerId), ()>,
    /// Banned hosts.
    hosts: Latest<IpAddr, ()>,
    /// Peers that left lately.
    departed: Latest<PeerKey, Suspect>,
}

impl Default for Bans {
    fn default() -> Self {
        Self {
            names: Latest::new(BANS_MAX),
            hosts: Latest::new(BANS_MAX),
            departed: Latest::new(DEPARTED_MAX),
        }
    }
}

impl Bans {
    /// Whether nobody from this address is wanted. Cost: O(1).
    pub fn has_host(&self, ip: IpAddr) -> bool {
        host_of(ip).is_some_and(|host| self.hosts.get(&host).is_some())
    }

    /// Whether this peer is not wanted. Cost: O(1).
    pub fn has(&self, ip: IpAddr, id: PeerId) -> bool {
        self.has_host(ip) || self.names.get(&(ip.to_canonical(), id)).is_some()
    }

    /// A peer gave bad data. Of more than the tables hold, the oldest are forgotten. Cost: O(1).
    pub fn add(&mut self, suspect: Suspect) {
        match host_of(suspect.host) {
            Some(host) => self.hosts.add(host, ()),
            None => self.names.add((suspect.host.to_canonical(), suspect.identity.1), ()),
        }
    }

    /// A peer left; it may yet turn out to have given bad data. Cost: O(1).
    pub fn left(&mut self, key: PeerKey, suspect: Suspect) {
        self.departed.add(key, suspect);
    }

    /// Who that was, if it left lately. Cost: O(1).
    pub fn departed(&self, key: PeerKey) -> Option<Suspect> {
        self.departed.get(&key).copied()
    }
}

/// The latest entries, up to a bound.
#[derive(Debug)]
struct Latest<K, V> {
    most: usize,
    entries: HashMap<K, V>,
    /// The keys, the first to be forgotten first.
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V> Latest<K, V> {
    fn new(most: usize) -> Self {
        Self { most, entries: HashMap::new(), order: VecDeque::new() }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    fn add(&mut self, key: K, value: V) {
        if self.entries.insert(key, value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::InfoHash;
    use crate::kit::slab::Key;

    fn suspect(host: [u8; 4], id: u8) -> Suspect {
        Suspect { host: host.into(), identity: (InfoHash([0; 20]), PeerId([id; 20])) }
    }

    #[test]
    fn a_host_is_banned_with_everybody_on_it_except_loopback() {
        let mut bans = Bans::default();
        bans.add(suspect([10, 0, 0, 1], 1));
        bans.add(suspect([127, 0, 0, 1], 2));
        assert!(bans.has([10, 0, 0, 1].into(), PeerId([9; 20])));
        assert!(bans.has([127, 0, 0, 1].into(), PeerId([2; 20])));
        assert!(!bans.has([127, 0, 0, 1].into(), PeerId([3; 20])));
        assert!(!bans.has([10, 0, 0, 2].into(), PeerId([1; 20])), "a name is anybody's");
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_host_and_a_mapped_address_is_its_own() {
        let mut bans = Bans::default();
        let who = suspect([10, 0, 0, 1], 1);
        let has = |bans: &Bans, ip: &str| bans.has_host(ip.parse().unwrap());
        bans.add(Suspect { host: "2001:db8:1:2::1".parse().unwrap(), ..who });
        bans.add(who);
        assert!(has(&bans, "2001:db8:1:2::9") && !has(&bans, "2001:db8:1:3::1"));
        assert!(has(&bans, "::ffff:10.0.0.1"));
    }

    #[test]
    fn a_full_table_takes_new_liars_and_forgets_the_oldest() {
        let mut bans = Bans::default();
        let ip = |number: u32| IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + number));
        for number in 0..=BANS_MAX as u32 {
            bans.add(Suspect { host: ip(number), ..suspect([0; 4], 1) });
        }
        assert!(bans.has_host(ip(BANS_MAX as u32)) && !bans.has_host(ip(0)));
        assert_eq!(bans.hosts.entries.len(), BANS_MAX);
    }

    #[test]
    fn those_who_left_longest_ago_are_forgotten() {
        let mut bans = Bans::default();
        for key in 0..=DEPARTED_MAX as u64 {
            bans.left(Key::from_bits(key), suspect([10, 0, 0, 1], 1));
        }
        assert_eq!(bans.departed(Key::from_bits(0)), None);
        assert!(bans.departed(Key::from_bits(1)).is_some());
        assert_eq!(bans.departed.entries.len(), DEPARTED_MAX);
    }
}
