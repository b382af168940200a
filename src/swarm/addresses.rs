//! Whom to dial: the addresses known for one torrent, and when each is worth another try.
//!
//! Equal whoever found them. Bounded: past the limit new addresses are forgotten, never old ones,
//! so that a flood of bad ones cannot displace those that work.

use crate::limits::{ADDRESSES_PER_TORRENT_MAX, REDIAL_PAUSE_MAX, REDIAL_PAUSE_MIN};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// What is known of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Tries that failed since the last that led to a connection that lasted.
    failures: u32,
    /// It is in the queue, being dialed, connected, or waiting for its next try.
    busy: bool,
    /// Never to be dialed again.
    useless: bool,
}

/// The addresses of a torrent.
#[derive(Debug, Default)]
pub struct AddressBook {
    /// Those to dial now, in order.
    queue: VecDeque<SocketAddr>,
    /// All that are known.
    known: HashMap<SocketAddr, Known>,
}

impl AddressBook {
    /// Somebody found this address; tells whether it is to be dialed. Cost: O(1).
    pub fn found(&mut self, address: SocketAddr) -> bool {
        if !is_dialable(address) {
            return false;
        }
        let room = self.known.len() < ADDRESSES_PER_TORRENT_MAX;
        if !room && !self.known.contains_key(&address) {
            return false;
        }
        let known = self.known.entry(address).or_default();
        if known.busy || known.useless {
            return false;
        }
        known.busy = true;
        self.queue.push_back(address);
        true
    }

    /// The next address to dial. Cost: O(1).
    pub fn take_next(&mut self) -> Option<SocketAddr> {
        self.queue.pop_front()
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
        if !again {
            known.busy = false;
            known.useless = true;
            return None;
        }
        let pause = REDIAL_PAUSE_MIN * 2_u32.saturating_pow(known.failures.min(16));
        known.failures += 1;
        Some(pause.min(REDIAL_PAUSE_MAX))
    }

    /// The pause is over: the address is to be dialed. Cost: O(1).
    pub fn retry(&mut self, address: SocketAddr) {
        if self.known.get(&address).is_some_and(|known| known.busy && !known.useless) {
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
fn is_dialable(address: SocketAddr) -> bool {
    let broadcast = matches!(address, SocketAddr::V4(v4) if v4.ip().is_broadcast());
    address.port() != 0
        && !address.ip().is_unspecified()
        && !address.ip().is_multicast()
        && !broadcast
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn an_address_is_dialed_once_however_often_it_is_found() {
        let mut book = AddressBook::default();
        assert!(book.found(address(1)));
        assert!(!book.found(address(1)));
        assert_eq!(book.take_next(), Some(address(1)));
        assert!(!book.found(address(1)), "it is being dialed");
        assert_eq!(book.take_next(), None);
    }

    #[test]
    fn failures_make_the_pause_longer_up_to_a_bound() {
        let mut book = AddressBook::default();
        book.found(address(1));
        let pauses: Vec<_> = (0..12).map(|_| book.ended(address(1), true).unwrap()).collect();
        assert_eq!(pauses[0], REDIAL_PAUSE_MIN);
        assert_eq!(pauses[1], REDIAL_PAUSE_MIN * 2);
        assert_eq!(pauses[11], REDIAL_PAUSE_MAX);
        book.lasted(address(1));
        assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MIN));
    }

    #[test]
    fn a_useless_address_is_not_dialed_again() {
        let mut book = AddressBook::default();
        book.found(address(1));
        book.take_next();
        assert_eq!(book.ended(address(1), false), None);
        assert!(!book.found(address(1)));
        book.retry(address(1));
        assert!(!book.is_waiting());
    }

    #[test]
    fn what_nobody_can_be_is_refused() {
        let mut book = AddressBook::default();
        for bad in ["0.0.0.0:5", "1.2.3.4:0", "224.0.0.1:5", "255.255.255.255:5", "[ff02::1]:5"] {
            assert!(!book.found(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn the_book_has_an_end() {
        let mut book = AddressBook::default();
        for number in 0..ADDRESSES_PER_TORRENT_MAX as u32 + 10 {
            book.found(SocketAddr::from((std::net::Ipv4Addr::from(0x0a00_0001 + number), 1)));
        }
        assert_eq!(book.len(), ADDRESSES_PER_TORRENT_MAX);
    }
}
