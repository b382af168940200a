//! What users of a ring node hold: orders without waiting, answers as they come.

use crate::chord::contact::Family;
use crate::chord::input::Outcome;
use crate::chord::message::Flags;
use crate::chord::ring_id::RingId;
use crate::id::InfoHash;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox, Waited, mailbox};
use crate::limits::RING_WORDS_MAX;
use crate::threads::chord_listen::words::{NodeStatus, RingOrder, RingWord};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// A peer that was found, and what is known of it.
pub type RingPeer = (SocketAddr, Flags);

/// What a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// It lacks pieces.
    #[default]
    Leecher,
    /// It has all of them.
    Seeder,
}

/// The node does not take the order: it has ended, or a thousand orders wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingGoneError;

impl fmt::Display for RingGoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ring node has ended or has too much to do")
    }
}

impl std::error::Error for RingGoneError {}

/// Gives orders to a ring node. Clones give them to the same one.
#[derive(Debug, Clone)]
pub struct RingHandle {
    /// Where orders go.
    pub(super) orders: Mailbox<RingOrder>,
    /// The families of its nodes: so many last words come.
    pub(super) families: usize,
    /// What time it is.
    pub(super) clock: Clock,
}

/// Something asked of a ring, under way. Dropping it lets it go on, unheard.
#[derive(Debug)]
pub struct RingCall {
    /// What the node tells.
    letters: Letters<RingWord>,
    /// Last words to come.
    open: usize,
    /// What time it is.
    clock: Clock,
}

impl RingHandle {
    /// Tells the ring that a peer of this machine has a torrent, and goes on doing so until it is
    /// withdrawn or the node stops. The peer listens on `port`, or, without one, on the ring's.
    pub fn announce(
        &self,
        info_hash: InfoHash,
        port: Option<u16>,
        role: Role,
    ) -> Result<RingCall, RingGoneError> {
        let flags = Flags { seeder: role == Role::Seeder, ..Flags::default() };
        self.announce_with(info_hash, port, flags, true)
    }

    /// Tells the ring that a peer of this machine has a torrent: with any flags, and if `keep` is
    /// not set only once, for the time of one lease.
    pub fn announce_with(
        &self,
        info_hash: InfoHash,
        port: Option<u16>,
        flags: Flags,
        keep: bool,
    ) -> Result<RingCall, RingGoneError> {
        let subject = (info_hash, port);
        self.call(|words| RingOrder::Announce { subject, flags, keep, words })
    }

    /// Tells the ring that the peer announced with this port has the torrent no more.
    pub fn withdraw(
        &self,
        info_hash: InfoHash,
        port: Option<u16>,
    ) -> Result<RingCall, RingGoneError> {
        self.call(|words| RingOrder::Withdraw { subject: (info_hash, port), words })
    }

    /// Who has a torrent? Peers come as replicas answer; one that a later replica knows to have
    /// left is taken back.
    pub fn lookup(&self, info_hash: InfoHash) -> Result<RingCall, RingGoneError> {
        self.call(|words| RingOrder::Lookup { info_hash, words })
    }

    /// Which nodes follow a place?
    pub fn find(&self, place: RingId) -> Result<RingCall, RingGoneError> {
        self.call(|words| RingOrder::Find { place, words })
    }

    /// How are the nodes? One for each family that answers in this time.
    pub fn status(&self, patience: Duration) -> Result<Vec<NodeStatus>, RingGoneError> {
        let mut call = self.call(|words| RingOrder::Status { words })?;
        let deadline = self.clock.now() + patience;
        let mut found = Vec::new();
        while let Some(word) = call.next(deadline) {
            if let RingWord::Status(status) = word {
                found.push(*status);
            }
        }
        Ok(found)
    }

    /// The clock that deadlines are meant of.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Asks a node for its neighbors; the answer goes to that mailbox.
    pub(super) fn visit(
        &self,
        address: SocketAddr,
        words: Mailbox<RingWord>,
    ) -> Result<(), RingGoneError> {
        self.orders.post(RingOrder::Visit { address, words }).map_err(|_| RingGoneError)
    }

    fn call(
        &self,
        order: impl FnOnce(Mailbox<RingWord>) -> RingOrder,
    ) -> Result<RingCall, RingGoneError> {
        let (words, letters) = mailbox(RING_WORDS_MAX);
        self.orders.post(order(words)).map_err(|_| RingGoneError)?;
        Ok(RingCall { letters, open: self.families, clock: self.clock })
    }
}

impl RingCall {
    /// The next word; none after the last one, at the deadline, or when the node has ended.
    pub fn next(&mut self, deadline: Time) -> Option<RingWord> {
        if self.open == 0 {
            return None;
        }
        match self.letters.wait(Some(deadline.since(self.clock.now()))) {
            Waited::Word(word) => {
                let last = match &word {
                    RingWord::Done { .. } | RingWord::Visited { .. } | RingWord::Status(_) => 1,
                    RingWord::Peers { .. } => 0,
                };
                self.open -= last;
                Some(word)
            }
            Waited::Timeout | Waited::Closed => None,
        }
    }

    /// The clock that deadlines are meant of.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether all last words have come.
    pub fn is_over(&self) -> bool {
        self.open == 0
    }

    /// Waits for everything, but not past the deadline: the peers found that are there, and how it
    /// went in each family's ring.
    pub fn wait(mut self, deadline: Time) -> (Vec<RingPeer>, Vec<(Family, Outcome)>) {
        let (mut found, mut outcomes) = (BTreeMap::new(), Vec::new());
        while let Some(word) = self.next(deadline) {
            match word {
                RingWord::Peers { peers } => found.extend(peers),
                RingWord::Done { family, outcome } => outcomes.push((family, outcome)),
                RingWord::Visited { .. } | RingWord::Status(_) => {}
            }
        }
        let there = found.into_iter().filter(|(_, flags)| !flags.gone);
        (there.collect(), outcomes)
    }
}
