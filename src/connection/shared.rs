//! What every thread that works on a torrent may read, and what the main thread alone writes.
//!
//! No protocol state is guarded by a lock: the sets are atomic words with one writer, the list of
//! new pieces is append-only, and the counters are for watching. Files and piece hashes are not
//! here, because the cores know none.

use crate::bitfield::{Bitfield, SharedBitfield};
use crate::connection::toll::Throttle;
use crate::id::InfoHash;
use crate::kit::log::AppendLog;
use crate::layout::{Layout, PieceIndex};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// One torrent, as its peers' threads see it.
#[derive(Debug)]
pub struct SharedTorrent {
    /// Which torrent.
    pub info_hash: InfoHash,
    /// Its geometry.
    pub layout: Arc<Layout>,
    /// Whether missing pieces are fetched; a mere seed asks for nothing and wants nothing.
    pub fetch: bool,
    /// Pieces that we have and verified. Written by the main thread.
    pub owned: SharedBitfield,
    /// Pieces that are wanted; the others are neither asked for nor of interest.
    pub wanted: Bitfield,
    /// Bytes of the pieces that are wanted.
    wanted_length: u64,
    /// Pieces that are wanted and not owned. Written by the main thread.
    missing: AtomicU32,
    /// Pieces under way of which all blocks are granted: no use to propose them as work. Written by
    /// the main thread.
    pub taken: SharedBitfield,
    /// Pieces in the order in which they came to be owned. Written by the main thread.
    pub have_log: AppendLog,
    /// Its limits of speed, besides those of the client.
    pub throttle: Throttle,
    /// Whether every piece is owned and the files were found in their places. Written by the main
    /// thread.
    pub settled: AtomicBool,
    /// Why it cannot go on, if it cannot: what, where, and what to do. Written by the main thread.
    pub failure: OnceLock<Box<str>>,
    /// Figures for people. Written by whoever makes them.
    pub stats: TorrentStats,
}

/// Figures of a torrent, above all for people. By some of them small things are decided: by
/// `peers` how soon and for how many more trackers are asked, by `seeds` (which its one writer, the
/// main thread, reads exact) whether others than one peer have a piece, by `verified_wanted` how
/// much room a full disk needs.
#[derive(Debug, Default)]
pub struct TorrentStats {
    /// Payload bytes received in blocks, wasted ones too.
    pub downloaded: AtomicU64,
    /// Payload bytes sent in blocks.
    pub uploaded: AtomicU64,
    /// Payload bytes received twice or thrown away with a bad piece.
    pub wasted: AtomicU64,
    /// Bytes in verified pieces.
    pub verified: AtomicU64,
    /// Bytes in verified pieces that are wanted.
    pub verified_wanted: AtomicU64,
    /// Pieces whose hash was compared when the torrent was added.
    pub checked: AtomicU32,
    /// Pieces that were known to be good without being read when the torrent was added.
    pub trusted: AtomicU32,
    /// Whether the disk has no room for more.
    pub disk_full: AtomicBool,
    /// Connected peers.
    pub peers: AtomicU32,
    /// Connected peers that have everything.
    pub seeds: AtomicU32,
    /// Pieces that failed their hash.
    pub bad_pieces: AtomicU32,
}

/// One peer's figures: its thread writes, the choker reads.
#[derive(Debug, Default)]
pub struct PeerCounters {
    /// Payload bytes received from the peer.
    pub downloaded: AtomicU64,
    /// Payload bytes sent to the peer.
    pub uploaded: AtomicU64,
    /// Whether the peer wants something of ours.
    pub interested: AtomicBool,
    /// Whether we want something of it.
    pub wanted: AtomicBool,
    /// Whether it has kept us waiting for blocks for too long.
    pub snubbing: AtomicBool,
    /// Whether it has every piece.
    pub seed: AtomicBool,
}

impl SharedTorrent {
    /// A torrent of which these pieces are there already.
    pub fn new(info_hash: InfoHash, layout: Arc<Layout>, owned: &Bitfield) -> Self {
        let pieces = layout.piece_count();
        Self {
            info_hash,
            wanted_length: layout.total_length(),
            layout,
            fetch: true,
            owned: SharedBitfield::new(owned),
            wanted: Bitfield::full(pieces),
            missing: AtomicU32::new(pieces - owned.count()),
            taken: SharedBitfield::new(&Bitfield::new(pieces)),
            have_log: AppendLog::new(pieces),
            throttle: Throttle::default(),
            settled: AtomicBool::new(false),
            failure: OnceLock::new(),
            stats: TorrentStats::default(),
        }
    }

    /// The same torrent of which only these pieces are wanted. Cost: a step per piece.
    pub fn choosing(mut self, wanted: Bitfield) -> Self {
        let chosen = || self.layout.pieces().filter(|piece| wanted.has(piece.get()));
        let missing = chosen().filter(|piece| !self.owned.has(piece.get())).count();
        let size = |piece| u64::from(self.layout.piece_size(piece));
        self.wanted_length = chosen().map(size).sum();
        self.missing = AtomicU32::new(missing as u32);
        self.wanted = wanted;
        self
    }

    /// A piece is there and verified; tells whether that is news. For the main thread alone.
    pub fn own(&self, piece: PieceIndex) -> bool {
        if !self.owned.insert(piece.get()) {
            return false;
        }
        let size = u64::from(self.layout.piece_size(piece));
        self.stats.verified.fetch_add(size, Ordering::Relaxed);
        if self.wanted.has(piece.get()) {
            self.stats.verified_wanted.fetch_add(size, Ordering::Relaxed);
            self.missing.fetch_sub(1, Ordering::Relaxed);
        }
        true
    }

    /// Whether every wanted piece is there and verified.
    pub fn is_complete(&self) -> bool {
        self.missing.load(Ordering::Relaxed) == 0
    }

    /// Wanted pieces that are there and verified.
    pub fn owned_of_wanted(&self) -> u32 {
        self.wanted.count() - self.missing.load(Ordering::Relaxed)
    }

    /// The same torrent, of which nothing is to be fetched.
    pub fn as_mere_seed(self) -> Self {
        Self { fetch: false, ..self }
    }

    /// Whether nothing is fetched any more: all is there, or what is missing is not wanted.
    pub fn is_upload_only(&self) -> bool {
        !self.fetch || self.is_complete()
    }

    /// Bytes of the wanted pieces that are not owned yet: exact, for trackers are told it (BEP 3).
    /// Cost: O(1).
    pub fn left(&self) -> u64 {
        self.wanted_length.saturating_sub(self.stats.verified_wanted.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_is_wanted_and_not_there() {
        let layout = Arc::new(Layout::single(16, 40).unwrap());
        let torrent = |wanted: &[u32]| {
            let mut chosen = Bitfield::new(3);
            wanted.iter().for_each(|&piece| {
                chosen.insert(piece);
            });
            let none = Bitfield::new(3);
            SharedTorrent::new(InfoHash([0; 20]), Arc::clone(&layout), &none).choosing(chosen)
        };
        let own = |torrent: &SharedTorrent, piece| torrent.own(layout.piece(piece).unwrap());
        let all = torrent(&[0, 1, 2]);
        assert_eq!(all.left(), 40);
        own(&all, 0);
        assert_eq!(all.left(), 24);
        let some = torrent(&[1, 2]);
        assert_eq!(some.left(), 24, "the last piece is shorter");
        own(&some, 0);
        assert_eq!(some.left(), 24, "nobody wanted that one");
        own(&some, 2);
        own(&some, 1);
        assert_eq!((some.left(), some.is_complete()), (0, true));
    }
}
