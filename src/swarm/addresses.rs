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

    /// Forgets all but those that a person named. Cost: a step for each of these and for each that
    /// is to be dialed.
    pub fn forget_found(&mut self) {
        let before = std::mem::take(self);
        for address in before.named {
            let Some(known) = before.known.get(&address) else { continue };
            self.known.insert(address, Known { listed: false, ..*known });
            self.named.push(address);
        }
        let known = &self.known;
        self.queue.extend(before.queue.into_iter().filter(|address| known.contains_key(address)));
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
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn when_all_others_are_forgotten_what_a_person_named_stays() {
        let mut book = AddressBook::default();
        book.found(address(1));
        book.named(address(2));
        book.named(address(3));
        assert_eq!((book.take_next(), book.take_next()), (Some(address(1)), Some(address(2))));
        book.forget_found();
        assert_eq!((book.take_next(), book.take_next(), book.len()), (Some(address(3)), None, 2));
        assert_eq!(book.ended(address(1), true), None, "nobody knows it");
        assert!(book.ended(address(2), true).is_some(), "it was being dialed");
        assert!(book.found(address(1)), "it may be found again");
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

    fn fail(book: &mut AddressBook, address: SocketAddr, times: u32) {
        for _ in 0..times {
            book.ended(address, true);
        }
    }

    fn many(first: u32, count: usize) -> impl Iterator<Item = SocketAddr> {
        let ip = |number| std::net::Ipv4Addr::from(0x0a00_0001 + number);
        (first..first + count as u32).map(move |number| SocketAddr::from((ip(number), 1)))
    }

    #[test]
    fn failures_make_the_pause_longer_up_to_a_bound() {
        let mut book = AddressBook::default();
        book.named(address(1));
        let pauses: Vec<_> = (0..12).map(|_| book.ended(address(1), true).unwrap()).collect();
        assert_eq!(pauses[0], REDIAL_PAUSE_MIN);
        assert_eq!(pauses[1], REDIAL_PAUSE_MIN * 2);
        assert_eq!(pauses[11], REDIAL_PAUSE_MAX);
        book.lasted(address(1));
        assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MIN));
    }

    #[test]
    fn an_address_that_always_fails_is_forgotten_and_can_be_found_again() {
        let mut book = AddressBook::default();
        book.found(address(1));
        fail(&mut book, address(1), DIAL_FAILURES_MAX - 1);
        assert_eq!(book.len(), 1);
        assert_eq!(book.ended(address(1), true), None);
        assert!(book.is_empty());
        book.take_next();
        book.retry(address(1));
        assert!(!book.is_waiting(), "it is nobody now");
        assert!(book.found(address(1)));
        assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MIN));
    }

    #[test]
    fn a_connection_that_lasted_makes_up_for_failures() {
        let mut book = AddressBook::default();
        book.found(address(1));
        fail(&mut book, address(1), DIAL_FAILURES_MAX - 1);
        book.lasted(address(1));
        assert!(book.ended(address(1), true).is_some());
    }

    #[test]
    fn what_a_person_named_is_tried_for_ever() {
        let mut book = AddressBook::default();
        book.found(address(1));
        book.named(address(1));
        fail(&mut book, address(1), 1_000);
        assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MAX));
    }

    #[test]
    fn a_full_book_has_room_for_another_in_place_of_one_that_fails_or_is_useless() {
        let mut book = AddressBook::default();
        many(0, ADDRESSES_PER_TORRENT_MAX).for_each(|address| assert!(book.found(address)));
        let new: Vec<_> = many(10_000, 4).collect();
        assert!(!book.found(new[0]), "all may be good");
        let old: Vec<_> = many(0, 3).collect();
        book.ended(old[0], false);
        fail(&mut book, old[1], DIAL_FAILURES_DOUBT);
        fail(&mut book, old[2], DIAL_FAILURES_DOUBT);
        book.lasted(old[2]);
        assert!(book.found(new[0]) && book.found(new[1]));
        assert!(!book.found(new[2]), "the third is good again");
        assert_eq!(book.len(), ADDRESSES_PER_TORRENT_MAX);
        assert_eq!(book.ended(old[1], true), None, "it is forgotten");
        assert!(book.ended(old[2], true).is_some());
    }

    #[test]
    fn an_address_that_was_forgotten_and_found_again_is_dialed_once() {
        let mut book = AddressBook::default();
        many(0, ADDRESSES_PER_TORRENT_MAX).for_each(|address| assert!(book.found(address)));
        while book.take_next().is_some() {}
        let known: Vec<_> = many(0, 2).collect();
        let new: Vec<_> = many(50_000, 1).collect();
        fail(&mut book, known[0], DIAL_FAILURES_DOUBT);
        assert!(book.found(new[0]), "the first is forgotten; its next try is still to come");
        fail(&mut book, known[1], DIAL_FAILURES_DOUBT);
        assert!(book.found(known[0]));
        book.retry(known[0]);
        assert_eq!([book.take_next(), book.take_next()], [Some(new[0]), Some(known[0])]);
        assert_eq!(book.take_next(), None);
    }

    #[test]
    fn years_of_bad_addresses_leave_nothing_behind() {
        let mut book = AddressBook::default();
        for address in many(0, 20 * ADDRESSES_PER_TORRENT_MAX) {
            assert!(book.found(address));
            assert_eq!(book.take_next(), Some(address));
            let SocketAddr::V4(v4) = address else { unreachable!("made above") };
            if v4.ip().octets()[3].is_multiple_of(2) {
                book.ended(address, false);
            } else {
                fail(&mut book, address, DIAL_FAILURES_MAX);
            }
        }
        assert!(book.len() <= ADDRESSES_PER_TORRENT_MAX);
        assert!(book.doubtful.len() <= ADDRESSES_PER_TORRENT_MAX);
        assert!(book.queue.is_empty());
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
