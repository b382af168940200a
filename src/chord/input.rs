//! What comes into a node and what goes out of it.

use super::contact::Contact;
use super::message::Flags;
use super::ring_id::RingId;
use crate::id::InfoHash;
use std::net::SocketAddr;

/// Something that happens to a node.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    /// A datagram came in.
    Datagram {
        /// Where from.
        from: SocketAddr,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// The deadline was reached.
    Deadline,
    /// A turn of maintenance is due.
    Turn(Turn),
    /// The owner wants something; answers name the number.
    Command(u64, Command),
}

/// A turn of maintenance, from [`super::rhythm::Rhythm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Is my successor still the right one?
    Stabilize,
    /// Is my predecessor still there?
    CheckPredecessor,
    /// Look up one finger.
    FixFinger,
    /// Expire records, compare an arc with another replica.
    Repair,
    /// Ping stored addresses.
    Liveness,
    /// Look for rings that were split off.
    Merge,
}

impl Turn {
    /// All of them, in the order of a first round.
    pub const ALL: [Self; 6] = [
        Self::Stabilize,
        Self::CheckPredecessor,
        Self::FixFinger,
        Self::Repair,
        Self::Liveness,
        Self::Merge,
    ];
}

/// What the owner of a node may want.
#[derive(Debug, Clone)]
pub enum Command {
    /// Join the ring of any of these nodes; with none of them, begin a ring.
    Join(Vec<SocketAddr>),
    /// Leave the ring.
    Leave,
    /// Which nodes follow a place?
    FindSuccessor(RingId),
    /// Who are the neighbors of the node at this address, and how many keys does it hold? For who
    /// looks at a ring.
    Visit(SocketAddr),
    /// Who has a torrent?
    Lookup(InfoHash),
    /// Tell the ring that a peer has a torrent.
    Announce {
        /// Which torrent.
        info_hash: InfoHash,
        /// Where the peer listens; `None` for the port of the ring's socket.
        port: Option<u16>,
        /// What to tell of it.
        flags: Flags,
    },
}

/// Something that a node wants done or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a datagram.
    Send {
        /// Where to.
        to: SocketAddr,
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// Tell the owner.
    Event(Event),
}

/// What a node tells its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The node is part of the ring now.
    Joined,
    /// Nobody answered: the node has begun a ring and goes on looking for the others.
    Alone,
    /// The node has left; it does nothing any more.
    Left,
    /// The neighbors changed: maintenance should come fast for a while.
    Changed,
    /// Another ring was met: turns to merge should come fast for a while.
    Merging,
    /// Others see the node at another address than it thinks: start anew with that one.
    Moved(SocketAddr),
    /// Some peers of a torrent were found; more may follow.
    Peers {
        /// Which command.
        command: u64,
        /// The peers. One of an earlier event of the same command is repeated if a replica knows
        /// something newer of it; one whose flags say "gone" is to be taken back.
        peers: Vec<(SocketAddr, Flags)>,
    },
    /// A command is done.
    Done {
        /// Which one.
        command: u64,
        /// How it went.
        outcome: Outcome,
    },
}

/// What a node says of itself to who looks at its ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its successors, the nearest first.
    pub successors: Vec<Contact>,
    /// Its predecessors, the nearest first.
    pub predecessors: Vec<Contact>,
    /// Keys of which it holds records; nothing if it does not say.
    pub keys: Option<u32>,
}

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The nodes at and after a place, and what it took to find them.
    Found {
        /// The nodes, the first one first.
        nodes: Vec<Contact>,
        /// Answers that led nearer.
        hops: u32,
        /// Requests sent.
        requests: u32,
    },
    /// What a node says of itself.
    Visited(Visit),
    /// What replicas said.
    Counted {
        /// Whether enough of them agreed: w acknowledged the write, or r answered the read.
        complete: bool,
        /// How many acknowledged or answered.
        replies: usize,
        /// How many there are.
        replicas: usize,
    },
    /// Nobody answered.
    Failed,
}
