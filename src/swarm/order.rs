//! Everything that the brain can want done. Orders are performed by the thread they are for;
//! none is waited for: what comes of it is an event.

use crate::connection::event::Command;
use crate::connection::reason::CloseReason;
use crate::connection::shared::PeerCounters;
use crate::id::InfoHash;
use crate::layout::PieceIndex;
use crate::swarm::event::ArrivalKey;
use crate::swarm::evidence::Evidence;
use crate::swarm::state::{ActiveKey, PeerKey, TorrentKey};
use crate::tracker::report::Report;
use std::net::SocketAddr;
use std::sync::Arc;

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    /// `spawn`: start a thread that dials this address for this torrent.
    Dial {
        /// The peer's key.
        peer: PeerKey,
        /// For which torrent.
        torrent: TorrentKey,
        /// Whom.
        address: SocketAddr,
    },
    /// `spawn`: start a thread for a socket that was accepted.
    Admit {
        /// The peer's key.
        peer: PeerKey,
        /// Where its socket waits.
        arrival: ArrivalKey,
        /// Where it comes from.
        address: SocketAddr,
    },
    /// `spawn`: close a socket that was accepted.
    Refuse(ArrivalKey),
    /// `spawn`: the thread has said its last word; join it.
    Join(PeerKey),
    /// `peer-N`: the torrent that was asked for is served.
    Welcome {
        /// Which peer.
        peer: PeerKey,
        /// Which torrent.
        torrent: TorrentKey,
    },
    /// `peer-N`: a command for the connection.
    Post(PeerKey, Command),
    /// `choker`, `herald`: a peer has joined.
    Enroll {
        /// Which peer.
        peer: PeerKey,
        /// In which torrent.
        torrent: TorrentKey,
        /// Its figures.
        counters: Arc<PeerCounters>,
    },
    /// `choker`, `herald`: a peer has left.
    Dismiss(PeerKey),
    /// `choker`: a peer was let download because a slot was free.
    SlotTaken(PeerKey),
    /// `choker`: an upload slot is free before its round.
    Rechoke,
    /// `choker`: all places are taken; name a peer that can be spared.
    NameSpare,
    /// `herald`: a piece was verified; peers are to hear of it.
    Herald(TorrentKey),
    /// `disk`: make or look at the files.
    Prepare {
        /// Of which torrent.
        torrent: TorrentKey,
        /// What the torrent is called outside.
        info_hash: InfoHash,
    },
    /// A torrent was not taken on: what was left for it on its way here is of no use.
    Forget(InfoHash),
    /// `disk`: record which pieces are verified.
    Save {
        /// Of which torrent.
        torrent: TorrentKey,
        /// Nobody writes to its files any more.
        last: bool,
    },
    /// `disk`: see whether there is room again.
    Probe(TorrentKey),
    /// `disk`: every piece is verified; see whether the files are where they should be.
    Settle(TorrentKey),
    /// `hash`: compare a piece with its hash.
    Hash {
        /// Whose piece.
        torrent: TorrentKey,
        /// The piece, as main knows it.
        active: ActiveKey,
        /// Its number.
        piece: PieceIndex,
        /// What it was when it failed before.
        evidence: Option<Arc<Evidence>>,
    },
    /// `hash`: compare pieces that were on the disk from the start.
    Check {
        /// Whose pieces.
        torrent: TorrentKey,
        /// The first of them.
        first: u32,
        /// How many, at most 64.
        count: u32,
    },
    /// `discover`: the torrent exchanges pieces from now on, so trackers may name its peers.
    Discover {
        /// Which torrent.
        torrent: TorrentKey,
        /// Whether nothing is missing.
        complete: bool,
    },
    /// `discover`: the torrent's last piece has come.
    Completed(TorrentKey),
    /// `discover`: the torrent exchanges no more pieces.
    Withdraw(TorrentKey),
    /// Whoever listens: something that people may want to know.
    Notify(Notice),
}

/// What people may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A torrent was taken on under this key.
    Added(TorrentKey),
    /// A torrent could not be taken on.
    Refused(Box<str>),
    /// What was on the disk has been checked.
    Checked {
        /// Which torrent.
        torrent: TorrentKey,
        /// Pieces that are good and wanted.
        owned: u32,
    },
    /// Every piece that is wanted is verified, and the files are where they should be.
    Complete(TorrentKey),
    /// A torrent cannot go on.
    Failed {
        /// Which torrent.
        torrent: TorrentKey,
        /// What, where, and what to do.
        message: Box<str>,
    },
    /// The disk is full: nothing is fetched until it has room.
    DiskFull {
        /// For which torrent.
        torrent: TorrentKey,
        /// What and where.
        message: Box<str>,
    },
    /// The disk has room again.
    DiskHasRoom(TorrentKey),
    /// A peer has joined.
    PeerJoined {
        /// Which peer.
        peer: PeerKey,
        /// Where it is.
        address: SocketAddr,
    },
    /// A peer has left, or could not be reached.
    PeerLeft {
        /// Which peer.
        peer: PeerKey,
        /// Where it was.
        address: SocketAddr,
        /// Why.
        reason: CloseReason,
    },
    /// A piece failed its hash.
    BadPiece {
        /// Whose piece.
        torrent: TorrentKey,
        /// Its number.
        piece: u32,
    },
    /// How an announce to a tracker went.
    Tracker {
        /// Of which torrent.
        torrent: TorrentKey,
        /// How it went.
        report: Box<Report>,
    },
    /// All places for peers are taken, and somebody was refused.
    Full {
        /// Peers there are.
        peers: usize,
    },
    /// Everything is let go of.
    Stopped,
}
