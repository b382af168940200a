//! What users of a ring node say to its thread, and what they hear.

use crate::chord::contact::{Contact, Family};
use crate::chord::input::{Outcome, Turn};
use crate::chord::message::{Flags, Standing};
use crate::chord::renewals::Subject;
use crate::chord::ring_id::RingId;
use crate::chord::seal::Refused;
use crate::id::InfoHash;
use crate::kit::mailbox::Mailbox;
use std::net::SocketAddr;

/// An order. Answers go to the mailbox in it; if that is dropped without its last word, the thread
/// has ended.
#[derive(Debug)]
pub enum RingOrder {
    /// A turn of maintenance is due.
    Turn(Family, Turn),
    /// Tell the ring that a peer has a torrent.
    Announce {
        /// Which torrent, and where the peer listens.
        subject: Subject,
        /// What to tell of it.
        flags: Flags,
        /// Again and again, until it is withdrawn.
        keep: bool,
        /// Who is told how it went.
        words: Mailbox<RingWord>,
    },
    /// Tell the ring that a peer has a torrent no more.
    Withdraw {
        /// Which torrent, and where the peer listened.
        subject: Subject,
        /// Who is told how it went.
        words: Mailbox<RingWord>,
    },
    /// Who has a torrent?
    Lookup {
        /// Which torrent.
        info_hash: InfoHash,
        /// Who is told.
        words: Mailbox<RingWord>,
    },
    /// Which nodes follow a place?
    Find {
        /// The place.
        place: RingId,
        /// Who is told.
        words: Mailbox<RingWord>,
    },
    /// Who are the neighbors of a node?
    Visit {
        /// Where the node is asked.
        address: SocketAddr,
        /// Who is told.
        words: Mailbox<RingWord>,
    },
    /// How are the nodes?
    Status {
        /// Who is told.
        words: Mailbox<RingWord>,
    },
}

/// What a user hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RingWord {
    /// Some peers were found; more may follow.
    Peers {
        /// The peers. One is repeated if a replica knows something newer of it; one whose flags say
        /// "gone" is to be taken back.
        peers: Vec<(SocketAddr, Flags)>,
    },
    /// One family's ring has done what was asked: the last word about that one.
    Done {
        /// Which family.
        family: Family,
        /// How it went.
        outcome: Outcome,
    },
    /// A visit is over.
    Visited {
        /// Who was asked.
        address: SocketAddr,
        /// What it said of itself, or that it did not answer.
        outcome: Outcome,
    },
    /// How one of the nodes is.
    Status(Box<NodeStatus>),
}

/// What a node's thread tells without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingNotice {
    /// The node is part of the ring now.
    Joined(Family),
    /// Nobody answered: the node has begun a ring and goes on looking for the others.
    Alone(Family),
    /// The neighbors of the node changed.
    Changed(Family),
    /// Others see the node at another address; it starts anew with that one.
    Moved(SocketAddr),
}

/// How a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its address and place.
    pub me: Contact,
    /// Where it stands.
    pub standing: Standing,
    /// Its successors, the nearest first.
    pub successors: Vec<Contact>,
    /// Its predecessors, the nearest first.
    pub predecessors: Vec<Contact>,
    /// Fingers that it knows beyond its successors.
    pub fingers: usize,
    /// Contacts that it remembers.
    pub contacts: usize,
    /// About how many nodes the ring has.
    pub nodes: u64,
    /// Keys of which it holds records.
    pub keys: usize,
    /// Records over all keys.
    pub records: usize,
    /// Arcs that it holds.
    pub arcs: usize,
    /// Arcs of those of which its records are complete.
    pub arcs_complete: usize,
    /// Questions that wait for an answer.
    pub calls: usize,
    /// Things that its user keeps announced.
    pub announced: usize,
    /// Whether nodes that it never asked can reach it; nothing as long as that is unknown.
    pub reachable: Option<bool>,
    /// Datagrams that a closed ring's node did not take in.
    pub refused: Refused,
    /// What came and went.
    pub traffic: Traffic,
}

/// What came through a socket and went out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Datagrams read.
    pub datagrams_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Datagrams dropped unread because they were too long to be of the ring.
    pub too_long: u64,
    /// Datagrams that the system did not take; like those lost on the way, they are sent again.
    pub unsent: u64,
}
