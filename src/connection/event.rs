//! The words between a peer's thread and the main thread: events up, commands down.
//!
//! An event says what *happened*, once; a command is an order. Payload is in neither. Leases are
//! named by [`LeaseId`], which is the main thread's business and opaque here.

use crate::bitfield::Bitfield;
use crate::connection::reason::CloseReason;
use crate::connection::shared::PeerCounters;
use crate::id::{InfoHash, PeerId};
use crate::kit::claim::ClaimWord;
use crate::layout::PieceIndex;
use std::sync::Arc;

/// Names a set of blocks granted to a peer. Only the main thread knows what is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

/// What a peer's thread tells the main thread.
#[derive(Debug)]
pub enum Event {
    /// An incoming connection asked for this torrent; its thread waits for a welcome or a stop.
    Greeted(InfoHash),
    /// The handshake is done.
    Joined(Box<Joined>),
    /// The peer has these new pieces of one word of 64.
    Word {
        /// Which word.
        index: u32,
        /// The pieces that are new, lowest bit first.
        bits: u64,
    },
    /// The peer has every piece.
    HaveAll,
    /// The peer has one more piece.
    Have(PieceIndex),
    /// The peer wants something of ours, or no longer.
    Interest(bool),
    /// The thread can use that many more blocks.
    Want {
        /// Blocks to grant, at most.
        blocks: u32,
        /// Whether it has nothing to do at all, so that endgame is worth it.
        idle: bool,
    },
    /// The thread looked through everything and proposes this piece.
    Candidate {
        /// A piece that the peer has and that looked free.
        piece: PieceIndex,
        /// Blocks to grant, at most.
        blocks: u32,
    },
    /// The thread was told that there is work and has no use for it now.
    Pass,
    /// Blocks of a lease are in the file.
    Stored {
        /// Which lease.
        lease: LeaseId,
        /// Its blocks that were written, one bit each.
        blocks: u64,
    },
    /// Blocks of a lease are not awaited any more. One that was asked for may come all the same and
    /// is told as stored then, if nobody else was faster.
    Returned {
        /// Which lease.
        lease: LeaseId,
        /// Its blocks that are given up, one bit each.
        blocks: u64,
    },
    /// Blocks of a lease were asked for too long ago; they may still come.
    Overdue {
        /// Which lease.
        lease: LeaseId,
        /// Its blocks that are late, one bit each.
        blocks: u64,
    },
    /// The peer is leaving: its pieces of this word no longer count.
    WordGone {
        /// Which word.
        index: u32,
    },
    /// The thread's last word.
    Closed(CloseReason),
}

/// A peer after its handshake.
#[derive(Debug)]
pub struct Joined {
    /// What it calls itself.
    pub peer_id: PeerId,
    /// An empty set for the main thread's copy of the peer's pieces, allocated by the peer's
    /// thread.
    pub pieces: Bitfield,
    /// Its figures, for the choker.
    pub counters: Arc<PeerCounters>,
}

/// Blocks that a peer may ask for.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Name of the lease.
    pub lease: LeaseId,
    /// The piece.
    pub piece: PieceIndex,
    /// The segment of the piece that the bits are about.
    pub segment: u32,
    /// The blocks granted, one bit each.
    pub blocks: u64,
    /// Who may write them.
    pub claims: ClaimWord,
}

/// How a request for work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What there was to grant was granted.
    Granted,
    /// Nothing near the rarest end: look through the peer's pieces for a candidate.
    NothingNear,
    /// The candidate is taken; look on.
    Denied,
    /// No work now; wait for a word that there is.
    Wait,
}

/// What the main thread tells a peer's thread.
#[derive(Debug, Clone)]
pub enum Command {
    /// Ask for these blocks.
    Grant(Grant),
    /// The answer to `Want` or `Candidate`, after its grants.
    Answer(Answer),
    /// These blocks of a lease came from somebody else.
    Cancel {
        /// Which lease.
        lease: LeaseId,
        /// Its blocks that are not needed any more.
        blocks: u64,
    },
    /// There may be work again for a peer that was told to wait. Its thread asks for it, or passes.
    /// At most two are under way: it goes only to a peer that waits, which waits again only after
    /// another answer.
    Work,
    /// Let the peer download from us, or no longer. Carried as a state bit: the latest counts.
    Unchoke(bool),
    /// Leave, for this reason. Sent once.
    Stop(CloseReason),
}
