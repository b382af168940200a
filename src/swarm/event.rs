//! Everything that can happen: the one closed sum of what threads publish to the main thread.
//!
//! What a peer's thread says is declared with the connection. The other publishers' words are
//! here, below all of them, so that every import points down. No event is larger than 64 bytes.

use crate::connection::event::Event as PeerEvent;
use crate::swarm::evidence::Evidence;
use crate::swarm::state::{ActiveKey, NewTorrent, PeerKey, TorrentKey};
use crate::tracker::report::Report;
use std::net::SocketAddr;
use std::sync::Arc;

/// Names a socket that was accepted and not yet admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArrivalKey(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A peer's thread says something.
    Peer(PeerKey, PeerEvent),
    /// `accept`: somebody connected.
    Arrived {
        /// Where its socket waits.
        arrival: ArrivalKey,
        /// Where it comes from.
        address: SocketAddr,
    },
    /// `spawn`: no thread could be started for this peer.
    NotStarted(PeerKey),
    /// `hash`: a piece was compared with its hash.
    Hashed(Hashed),
    /// `disk`: a torrent's files were prepared, or the disk failed.
    Disk(DiskEvent),
    /// `choker`: let this peer download, or no longer.
    Choke {
        /// Which peer.
        peer: PeerKey,
        /// Whether it may download.
        unchoke: bool,
    },
    /// `discover`: how an announce to a tracker went. Peers it gave come as [`Control::Found`].
    Tracker {
        /// Of which torrent.
        torrent: TorrentKey,
        /// What people are told of it.
        report: Box<Report>,
    },
    /// `choker`: this peer is of no use to either side and could make room, if there is one.
    Spare(Option<PeerKey>),
    /// A thread of ours ended in a panic.
    Broken {
        /// Its name.
        thread: Box<str>,
    },
    /// A person or program wants something.
    Control(Control),
}

/// What the hash threads found.
#[derive(Debug)]
pub enum Hashed {
    /// The piece is what the torrent says.
    Good(ActiveKey),
    /// The piece is not what the torrent says.
    Bad {
        /// The piece, as main knows it while it is under way.
        active: ActiveKey,
        /// What its blocks were, to be compared when it has come again.
        evidence: Arc<Evidence>,
    },
    /// Of a piece that was bad and has come again, these blocks of a segment differ.
    Blamed {
        /// The piece, as main knows it while it is under way.
        active: ActiveKey,
        /// Which segment.
        segment: u32,
        /// Its blocks that were bad, one bit each.
        blocks: u64,
    },
    /// Pieces that were on the disk from the start were compared.
    Checked {
        /// Whose pieces.
        torrent: TorrentKey,
        /// The first of them.
        first: u32,
        /// How many, at most 64.
        count: u32,
        /// Those that are good, lowest first.
        good: u64,
        /// Those whose bytes need not be read to know that, lowest first.
        trusted: u64,
    },
}

/// What a checking job found, one bit each piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Pieces that are good.
    pub(super) good: u64,
    /// Pieces that were not read for that.
    pub(super) trusted: u64,
}

/// What the disk has to say.
#[derive(Debug)]
pub enum DiskEvent {
    /// The files are there.
    Prepared {
        /// Of which torrent.
        torrent: TorrentKey,
        /// Whether there may be data in them that has to be checked.
        check: bool,
    },
    /// All pieces are verified, and the files were found in their places.
    Settled {
        /// Of which torrent.
        torrent: TorrentKey,
    },
    /// The disk failed; nothing more is read or written for this torrent.
    Failed {
        /// Which torrent.
        torrent: TorrentKey,
        /// What, where, and what to do, for people.
        message: Box<str>,
    },
    /// The disk has no room; what was to be written is lost and nothing else.
    Full {
        /// For which torrent.
        torrent: TorrentKey,
        /// What and where, for people.
        message: Box<str>,
    },
    /// Somebody looked whether the disk has room again.
    Probed {
        /// For which torrent.
        torrent: TorrentKey,
        /// Whether it has.
        room: bool,
    },
    /// Verified pieces were recorded, or could not be.
    Saved(TorrentKey),
}

/// What people and programs want.
#[derive(Debug)]
pub enum Control {
    /// Take on a torrent. Everything whose size depends on it was allocated by the sender.
    Add(Box<NewTorrent>),
    /// Peers of a torrent that may be dialed; at most [`crate::limits::ADDRESSES_PER_EVENT_MAX`].
    Found {
        /// Which torrent.
        torrent: TorrentKey,
        /// Their addresses.
        addresses: Box<[SocketAddr]>,
    },
    /// A torrent has another tracker: all its peers are to leave, and nobody found before is dialed
    /// (BEP 27). What is found after this comes from the new one.
    Part(TorrentKey),
    /// Let go of everything and end.
    Stop,
}

const _: () = assert!(size_of::<Event>() <= 64, "an event fits a cache line");
