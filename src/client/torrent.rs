//! Adding a torrent to a client, and watching it. Whatever grows with the torrent is allocated
//! here, on the caller's thread; watching reads counters and never asks the main thread.

use crate::bitfield::Bitfield;
use crate::client::choice::{bytes_of, pieces_of};
use crate::client::finder::Finder;
use crate::client::start::Client;
use crate::connection::shared::SharedTorrent;
use crate::connection::toll::{RateLimits, Throttle};
use crate::kit::clock::Clock;
use crate::kit::random::Random;
use crate::limits::PEERS_PER_TORRENT_MAX;
use crate::metainfo::{FileKind as MetainfoKind, Metainfo};
use crate::storage::{Allocation, FileKind, FileSpec, FileTable, Storage};
use crate::swarm::addresses::AddressBook;
use crate::swarm::event::{Control, Event};
use crate::swarm::picker::Picker;
use crate::swarm::state::NewTorrent;
use crate::threads::assets::{Access, Assets, Trackers};
use crate::tracker::schedule::Rule;
use crate::tracker::url::TrackerUrl;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What to do with a torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Fetch what is missing, and serve what is there.
    Download {
        /// How files get their length.
        allocation: Allocation,
        /// Whether everything is flushed to the medium before it counts as complete.
        flush: bool,
    },
    /// Serve what is there. Nothing is made or written.
    Seed,
}

/// A torrent to add.
#[derive(Debug, Clone)]
pub struct AddTorrent {
    /// What it is.
    pub metainfo: Arc<Metainfo>,
    /// The folder that its files are in or will be in.
    pub root: PathBuf,
    /// What to do with it.
    pub mode: Mode,
    /// Peers to dial.
    pub peers: Vec<SocketAddr>,
    /// Trackers to announce to, in tiers (BEP 12); those of the torrent are not announced to by
    /// themselves. Addresses that cannot be are left out.
    pub trackers: Vec<Vec<String>>,
    /// Its limits of speed, besides those of the client.
    pub limits: RateLimits,
    /// Which of its files are wanted, in the torrent's order; all if none is given.
    pub files: Option<Box<[bool]>>,
    /// Whether pieces are fetched in order, rather than the rarest first.
    pub in_order: bool,
}

/// Why a torrent cannot be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddError {
    /// It is being added already.
    Twice,
    /// The client is stopping.
    Stopping,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => f.write_str("this torrent is here already"),
            Self::Stopping => f.write_str("the client is stopping"),
        }
    }
}

impl std::error::Error for AddError {}

/// Watches a torrent.
#[derive(Debug, Clone)]
pub struct TorrentHandle {
    /// What its threads share.
    shared: Arc<SharedTorrent>,
    /// What time it is.
    clock: Clock,
    /// Wanted pieces.
    pieces_total: u32,
    /// Bytes of them.
    total: u64,
}

/// How far a torrent is. Figures of one moment, give or take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Wanted pieces verified.
    pub pieces: u32,
    /// Wanted pieces there are.
    pub pieces_total: u32,
    /// Bytes verified.
    pub verified: u64,
    /// Bytes there are.
    pub total: u64,
    /// Payload bytes received, wasted ones too.
    pub downloaded: u64,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Payload bytes received for nothing.
    pub wasted: u64,
    /// Pieces compared with the disk at the start.
    pub checked: u32,
    /// Pieces known to be good at the start without being read.
    pub trusted: u32,
    /// Whether the disk is full and nothing is fetched.
    pub disk_full: bool,
    /// Connected peers.
    pub peers: u32,
    /// Connected peers that have everything.
    pub seeds: u32,
    /// Pieces that failed their hash.
    pub bad_pieces: u32,
    /// Whether every piece is verified and the files are where they should be.
    pub complete: bool,
}

impl TorrentHandle {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        let stats = &self.shared.stats;
        Progress {
            pieces: self.shared.owned_of_wanted(),
            pieces_total: self.pieces_total,
            verified: stats.verified_wanted.load(Relaxed),
            total: self.total,
            downloaded: stats.downloaded.load(Relaxed),
            uploaded: stats.uploaded.load(Relaxed),
            wasted: stats.wasted.load(Relaxed),
            checked: stats.checked.load(Relaxed),
            trusted: stats.trusted.load(Relaxed),
            disk_full: stats.disk_full.load(Relaxed),
            peers: stats.peers.load(Relaxed),
            seeds: stats.seeds.load(Relaxed),
            bad_pieces: stats.bad_pieces.load(Relaxed),
            complete: self.is_complete(),
        }
    }

    /// Changes its limits of speed.
    pub fn set_limits(&self, limits: RateLimits) {
        self.shared.throttle.set(self.clock.now(), limits);
    }

    /// Whether every piece that is wanted is verified and the files are where they should be.
    pub fn is_complete(&self) -> bool {
        self.shared.settled.load(Relaxed)
    }

    /// Why it cannot go on, if it cannot: what, where, and what to do. Unlike a notice, this stays.
    pub fn failure(&self) -> Option<&str> {
        self.shared.failure.get().map(|message| &**message)
    }
}

impl Client {
    /// Takes a torrent on. What comes of it is told by notices.
    pub fn add(&self, torrent: AddTorrent) -> Result<TorrentHandle, AddError> {
        let metainfo = &torrent.metainfo;
        let layout = Arc::clone(&metainfo.layout);
        let empty = Bitfield::new(layout.piece_count());
        let mut shared = SharedTorrent::new(metainfo.info_hash, layout, &empty);
        shared.throttle = Throttle::new(torrent.limits);
        if let Some(files) = &torrent.files {
            let wanted = pieces_of(&shared.layout, files);
            shared = shared.choosing(wanted);
        }
        let shared = Arc::new(match torrent.mode {
            Mode::Download { .. } => shared,
            Mode::Seed => shared.as_mere_seed(),
        });
        let access = match torrent.mode {
            Mode::Download { allocation, flush } => Access::Write { allocation, flush },
            Mode::Seed => Access::Read,
        };
        let mut storage = storage_of(metainfo, &torrent.root, self.files.clone());
        if torrent.mode != Mode::Seed {
            let scraps = format!("{}.parts", metainfo.info_hash);
            storage = storage.choosing(torrent.files.as_deref().unwrap_or_default(), scraps);
        }
        let hashes = Arc::clone(&metainfo.hashes);
        let assets = Assets::new(Arc::clone(&shared), storage, hashes, access)
            .announced(trackers_of(&torrent.trackers, metainfo.private));
        if !self.desk.leave(Arc::new(assets)) {
            return Err(AddError::Twice);
        }
        let mut random = Random::new(self.seed ^ u64::from(shared.layout.piece_count()));
        let mut addresses = AddressBook::default();
        for &peer in &torrent.peers {
            addresses.named(peer);
        }
        let peers = self.peers_max.min(PEERS_PER_TORRENT_MAX) as u32;
        let picker = picker_of(&shared, peers, torrent.in_order, &mut random);
        let new = Box::new(NewTorrent { shared: Arc::clone(&shared), picker, addresses });
        self.bus.publish(Event::Control(Control::Add(new))).map_err(|_| AddError::Stopping)?;
        let pieces_total = shared.wanted.count();
        let total = bytes_of(&shared.layout, &shared.wanted);
        Ok(TorrentHandle { shared, clock: self.clock, pieces_total, total })
    }
}

/// The trackers that can be announced to. A private torrent uses one at a time (BEP 27).
fn trackers_of(tiers: &[Vec<String>], private: bool) -> Trackers {
    let usable = |tier: usize, url: &String| match TrackerUrl::parse(url) {
        Ok(url) => Some(Arc::new(url)),
        Err(error) => {
            // Not the address itself: it may hold the user's key.
            log::warn!("a tracker of tier {tier} is left out, its address is none: {error}");
            None
        }
    };
    let tiers = tiers.iter().zip(1..).map(|(tier, number)| {
        tier.iter().filter_map(|url| usable(number, url)).collect::<Vec<_>>()
    });
    let tiers = tiers.filter(|tier| !tier.is_empty()).collect();
    Trackers { tiers, rule: if private { Rule::OneAlone } else { Rule::EveryTier } }
}

/// The order of the pieces; those that are not wanted are never picked.
fn picker_of(shared: &SharedTorrent, peers: u32, in_order: bool, random: &mut Random) -> Picker {
    let mut picker = Picker::new(shared.layout.piece_count(), peers, random);
    for piece in shared.layout.pieces().filter(|piece| !shared.wanted.has(piece.get())) {
        picker.park(piece.get());
    }
    if in_order { picker.in_order() } else { picker }
}

/// The files of a torrent below this folder.
pub(super) fn storage_of(metainfo: &Metainfo, root: &Path, table: FileTable) -> Storage {
    let mut finder = Finder::new(root);
    let files = metainfo.files.iter().map(|file| FileSpec {
        path: finder.path_of(file),
        kind: match &file.kind {
            MetainfoKind::Regular => FileKind::Regular { executable: file.executable },
            MetainfoKind::Pad => FileKind::Pad,
            MetainfoKind::Symlink(target) => {
                FileKind::Symlink { target: target.parts().map(str::to_owned).collect() }
            }
        },
    });
    Storage::new(root.to_owned(), Arc::clone(&metainfo.layout), files.collect(), table)
}
