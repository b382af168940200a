//! Whom to dial: the addresses known for one torrent, and when each is worth another try.
//!
//! Equal whoever found them, but for those that a person named: they are tried as long as we run.
//! Others that fail time after time are forgotten. The book is bounded: when it is full, a new
//! address takes the place of one that has failed or is of no use, never of one that works, so
//! that a flood of bad ones cannot displace those.

use crate::limits::{
    ADDRESSES_PER_TORRENT_MAX, DIAL_FAILURES_DOUBT, DIAL_FAILURES_MAX, DOUBT_PROBES_MAX,
    REDIAL_PAUSE_MAX, REDIAL_PAUSE_MIN,
};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// What is known of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Tries that failed since the last that led to a connection that lasted.
    failures: u32,
    /// Where it stands.
    standing: Standing,
    /// A person named it.
    named: bool,
    /// It is among the doubtful.
    listed: bool,
}

/// Where an address stands. It is in the queue once at most, and only if it says so here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    /// Just found.
    #[default]
    New,
    /// In the queue.
    Queued,
    /// Being dialed, or connected.
    Dialed,
    /// Waiting for its next try.
    Pausing,
    /// Never to be dialed again.
    Useless,
}

impl Known {
    /// Whether it may be forgotten for another: not while a connection of it is known, or it is
    /// in the queue.
    fn is_forgettable(&self) -> bool {
        self.is_doubtful() && matches!(self.standing, Standing::Pausing | Standing::Useless)
    }

    fn is_doubtful(&self) -> bool {
        self.standing == Standing::Useless || (!self.named && self.failures >= DIAL_FAILURES_DOUBT)
    }
}

/// The addresses of a torrent.
#[derive(Debug, Default)]
pub struct AddressBook {
    /// Those to dial now, in order.
    queue: VecDeque<SocketAddr>,
    /// All that are known.
    known: HashMap<SocketAddr, Known>,
    /// Those that were doubtful at some time, in that order; some are forgotten or good again.
    doubtful: VecDeque<SocketAddr>,
    /// Those that a person named.
    named: Vec<SocketAddr>,
}

impl AddressBook {
    /// A person named this address: it is not forgotten for failing. Cost: O(1).
    pub fn named(&mut self, address: SocketAddr) {
        self.found(address);
        if let Some(known) = self.known.get_mut(&address)
            && !std::mem::replace(&mut known.named, true)
        {
            self.named.push(address);
        }
    }

    /// Forgets all but those that a person named. Cost: a step for each of these.
    pub fn forget_found(&mut self) {
        let before = std::mem::take(self);
        for address in before.named {
            let Some(known) = before.known.get(&address) else { continue };
            self.known.insert(address, Known { listed: false, ..*known });
            self.named.push(address);
            if known.standing == Standing::Queued {
                self.queue.push_back(address);
            }
        }
    }

    /// Somebody found this address; tells whether it is to be dialed. Cost: O(1).
    pub fn found(&mut self, address: SocketAddr) -> bool {
        if !is_dialable(address) {
            return false;
        }
        if !self.known.contains_key(&address) && !self.has_room() {
            return false;
        }
        let known = self.known.entry(address).or_default();
        if known.standing != Standing::New {
            return false;
        }
        known.standing = Standing::Queued;
        self.queue.push_back(address);
        true
    }

    /// Whether there is room for another address; a doubtful one is forgotten for it. Cost: O(k).
    fn has_room(&mut self) -> bool {
        for _ in 0..DOUBT_PROBES_MAX {
            if self.known.len() < ADDRESSES_PER_TORRENT_MAX || !self.forget_doubtful() {
                break;
            }
        }
        self.known.len() < ADDRESSES_PER_TORRENT_MAX
    }

    /// Takes the first of the doubtful out of their list, and forgets it if it still is; false if
    /// there is none. Cost: O(1).
    fn forget_doubtful(&mut self) -> bool {
        let Some(address) = self.doubtful.pop_front() else { return false };
        if let Some(known) = self.known.get_mut(&address) {
            known.listed = false;
            if known.is_forgettable() {
                self.known.remove(&address);
            }
        }
        true
    }

    /// The next address to dial. Cost: O(1).
    pub fn take_next(&mut self) -> Option<SocketAddr> {
        let address = self.queue.pop_front()?;
        if let Some(known) = self.known.get_mut(&address) {
            known.standing = Standing::Dialed;
        }
        Some(address)
    }

    /// Whether a person named this address. Cost: O(1).
    pub fn is_named(&self, address: SocketAddr) -> bool {
        self.known.get(&address).is_some_and(|known| known.named)
    }

    /// Whether somebody is to be dialed.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The address was good for a connection that lasted. Cost: O(1).
    pub fn lasted(&mut self, address: SocketAddr) {
        if let Some(known) = self.known.get_mut(&address) {
            known.failures = 0;
        }
    }

    /// The connection ended; returns the pause before the next try if there is to be one, after
    /// which [`Self::retry`] is due. Cost: O(1).
    pub fn ended(&mut self, address: SocketAddr, again: bool) -> Option<Duration> {
        let known = self.known.get_mut(&address)?;
        let pause = REDIAL_PAUSE_MIN * 2_u32.saturating_pow(known.failures.min(16));
        if again {
            known.failures = known.failures.saturating_add(1);
            known.standing = Standing::Pausing;
        } else {
            known.standing = Standing::Useless;
        }
        if again && !known.named && known.failures >= DIAL_FAILURES_MAX {
            self.known.remove(&address);
            return None;
        }
        if known.is_doubtful() && !std::mem::replace(&mut known.listed, true) {
            if self.doubtful.len() >= ADDRESSES_PER_TORRENT_MAX {
                self.forget_doubtful();
            }
            self.doubtful.push_back(address);
        }
        again.then_some(pause.min(REDIAL_PAUSE_MAX))
    }

    /// The address was not dialed, since its host has as many connections as one may have; returns
    /// the pause before the next try. Nothing speaks against it. Cost: O(1).
    pub fn postponed(&mut self, address: SocketAddr) -> Duration {
        if let Some(known) = self.known.get_mut(&address) {
            known.standing = Standing::Pausing;
        }
        REDIAL_PAUSE_MIN
    }

    /// The pause is over: the address is to be dialed. Cost: O(1).
    pub fn retry(&mut self, address: SocketAddr) {
        // It may have been forgotten and found again meanwhile.
        let pauses = |known: &&mut Known| known.standing == Standing::Pausing;
        if let Some(known) = self.known.get_mut(&address).filter(pauses) {
            known.standing = Standing::Queued;
            self.queue.push_back(address);
        }
    }

    /// Addresses known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no address is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// Whether an address can be somebody's: a port, and an address of one host.
pub fn is_dialable(address: SocketAddr) -> bool {
    let broadcast = matches!(address, SocketAddr::V4(v4) if v4.ip().is_broadcast());
    address.port() != 0
        && !address.ip().is_unspecified()
        && !address.ip().is_multicast()
        && !broadcast
}

#[cfg(test)]
#[path = "addresses_tests.rs"]
mod tests;
