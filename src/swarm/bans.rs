//! Who gave bad data and is not wanted any more: hosts, and names together with their hosts.
//!
//! Anybody can claim anybody's name, so a name alone bans nobody. Loopback hosts are not banned as
//! a whole, because all peers of a test share them. Who left before its blocks were judged is
//! remembered for a while, so that leaving early saves nobody.

use crate::id::PeerId;
use crate::limits::{BANS_MAX, DEPARTED_MAX};
use crate::swarm::state::{Identity, PeerKey};
use std::collections::{HashMap, HashSet, VecDeque};
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
#[derive(Debug, Default)]
pub struct Bans {
    /// Banned names with their hosts.
    names: HashSet<(IpAddr, PeerId)>,
    /// Banned hosts.
    hosts: HashSet<IpAddr>,
    /// Peers that left lately.
    departed: HashMap<PeerKey, Suspect>,
    /// Their keys, the first to be forgotten first.
    order: VecDeque<PeerKey>,
}

impl Bans {
    /// Whether nobody from this host is wanted. Cost: O(1).
    pub fn has_host(&self, host: IpAddr) -> bool {
        self.hosts.contains(&host)
    }

    /// Whether this peer is not wanted. Cost: O(1).
    pub fn has(&self, host: IpAddr, id: PeerId) -> bool {
        self.has_host(host) || self.names.contains(&(host, id))
    }

    /// A peer gave bad data. More than the tables hold are forgotten. Cost: O(1).
    pub fn add(&mut self, suspect: Suspect) {
        if self.names.len() < BANS_MAX {
            self.names.insert((suspect.host, suspect.identity.1));
        }
        if !suspect.host.is_loopback() && self.hosts.len() < BANS_MAX {
            self.hosts.insert(suspect.host);
        }
    }

    /// A peer left; it may yet turn out to have given bad data. Cost: O(1).
    pub fn left(&mut self, key: PeerKey, suspect: Suspect) {
        if self.order.len() == DEPARTED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.departed.remove(&oldest);
        }
        self.order.push_back(key);
        self.departed.insert(key, suspect);
    }

    /// Who that was, if it left lately. Cost: O(1).
    pub fn departed(&self, key: PeerKey) -> Option<Suspect> {
        self.departed.get(&key).copied()
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
    fn those_who_left_longest_ago_are_forgotten() {
        let mut bans = Bans::default();
        for key in 0..=DEPARTED_MAX as u64 {
            bans.left(Key::from_bits(key), suspect([10, 0, 0, 1], 1));
        }
        assert_eq!(bans.departed(Key::from_bits(0)), None);
        assert!(bans.departed(Key::from_bits(1)).is_some());
        assert_eq!(bans.departed.len(), DEPARTED_MAX);
    }
}
