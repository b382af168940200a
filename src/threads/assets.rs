//! What a torrent means to the threads that touch its files: the shared sets of the cores, its
//! storage, the record of what was verified, and its hashes. The brain knows a torrent only by key;
//! the main thread resolves it.

use crate::bitfield::Bitfield;
use crate::connection::shared::SharedTorrent;
use crate::id::InfoHash;
use crate::metainfo::PieceHashes;
use crate::storage::resume::{Keeper, Shape};
use crate::storage::{Allocation, FileKind, Storage, StorageError, StorageErrorKind};
use crate::swarm::event::{DiskEvent, Event};
use crate::swarm::state::TorrentKey;
use crate::threads::bus::{Bus, BusClosed};
use crate::tracker::schedule::Rule;
use crate::tracker::url::TrackerUrl;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What may be done with a torrent's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Make them and write them.
    Write {
        /// How they get their length.
        allocation: Allocation,
        /// Whether they are flushed to the medium before they count as complete.
        flush: bool,
    },
    /// Only read what is there.
    Read,
}

/// Where a torrent is announced.
#[derive(Debug, Clone)]
pub struct Trackers {
    /// Addresses in their tiers.
    pub tiers: Vec<Vec<Arc<TrackerUrl>>>,
    /// How many of them at a time.
    pub rule: Rule,
}

impl Default for Trackers {
    /// Nowhere.
    fn default() -> Self {
        Self { tiers: Vec::new(), rule: Rule::EveryTier }
    }
}

/// One torrent.
#[derive(Debug)]
pub struct Assets {
    /// What its peers share.
    pub shared: Arc<SharedTorrent>,
    /// Its files.
    pub storage: Storage,
    /// SHA-1 of each piece.
    pub hashes: Arc<PieceHashes>,
    /// What may be done with its files.
    pub access: Access,
    /// Keeps the record of verified pieces. Only the disk thread uses it.
    pub keeper: Mutex<Keeper>,
    /// Pieces that need not be compared with their hashes, once the disk thread knows.
    pub trusted: OnceLock<Bitfield>,
    /// Where it is announced.
    pub trackers: Trackers,
    /// The brain's name for it, once it has one.
    key: OnceLock<TorrentKey>,
}

impl Assets {
    /// A torrent that the brain has not taken on yet.
    pub fn new(
        shared: Arc<SharedTorrent>,
        storage: Storage,
        hashes: Arc<PieceHashes>,
        access: Access,
    ) -> Self {
        let shape = Shape::new(shared.info_hash, &shared.layout);
        let kinds = storage.files().iter().zip(shared.layout.files());
        let stored = kinds.map(|(file, span)| {
            matches!(file.kind, FileKind::Regular { .. }) && !span.pad && span.length > 0
        });
        let keeper = Keeper::new(shape, Arc::clone(&shared.layout), stored.collect());
        let trackers = Trackers::default();
        let (keeper, trusted) = (Mutex::new(keeper), OnceLock::new());
        Self { shared, storage, hashes, access, trackers, keeper, trusted, key: OnceLock::new() }
    }

    /// The same, announced there.
    pub fn announced(self, trackers: Trackers) -> Self {
        Self { trackers, ..self }
    }

    /// The brain's name for it.
    pub fn key(&self) -> Option<TorrentKey> {
        self.key.get().copied()
    }

    /// Tells the main thread that its files cannot be used, or that the disk is full.
    pub fn publish_failure(&self, bus: &Bus, error: &StorageError) -> Result<(), BusClosed> {
        let Some(torrent) = self.key() else { return Ok(()) };
        let message = error.to_string().into();
        let full = error.kind == StorageErrorKind::DiskFull;
        bus.publish(Event::Disk(if full {
            DiskEvent::Full { torrent, message }
        } else {
            DiskEvent::Failed { torrent, message }
        }))
    }
}

/// Torrents on their way to the main thread: whoever adds one leaves its assets here before it
/// publishes that, and the main thread takes them when the brain has given it a key.
#[derive(Debug, Clone, Default)]
pub struct AssetDesk(Arc<Mutex<HashMap<InfoHash, Arc<Assets>>>>);

impl AssetDesk {
    /// Leaves a torrent's assets. Tells whether none were there.
    pub fn leave(&self, assets: Arc<Assets>) -> bool {
        let mut desk = self.0.lock();
        let free = !desk.contains_key(&assets.shared.info_hash);
        if free {
            desk.insert(assets.shared.info_hash, assets);
        }
        free
    }

    /// Throws away the assets of a torrent that is not taken on, so that it can be left again.
    pub fn forget(&self, info_hash: InfoHash) {
        let assets = self.0.lock().remove(&info_hash);
        // Dropped after the lock.
        drop(assets);
    }

    /// Takes a torrent's assets and gives them their key.
    pub fn take(&self, info_hash: InfoHash, key: TorrentKey) -> Option<Arc<Assets>> {
        let assets = self.0.lock().remove(&info_hash)?;
        let _ = assets.key.set(key);
        Some(assets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metainfo::Metainfo;
    use crate::storage::{FileSpec, FileTable};

    fn assets() -> Arc<Assets> {
        let torrent = b"d4:infod6:lengthi4e4:name4:file12:piece lengthi16384e6:pieces20:\
            01234567890123456789ee";
        let Metainfo { layout, hashes, .. } = Metainfo::parse(torrent).unwrap();
        let kind = FileKind::Regular { executable: false };
        let files = vec![FileSpec { path: vec!["file".into()], kind }];
        let storage = Storage::new("root".into(), Arc::clone(&layout), files, FileTable::new(1));
        let shared = SharedTorrent::new(InfoHash([1; 20]), layout, &Bitfield::new(1));
        Arc::new(Assets::new(Arc::new(shared), storage, hashes, Access::Read))
    }

    #[test]
    fn what_is_not_taken_on_can_be_left_again() {
        let desk = AssetDesk::default();
        assert!(desk.leave(assets()));
        assert!(!desk.leave(assets()), "it is on its way");
        desk.forget(InfoHash([1; 20]));
        assert!(desk.leave(assets()));
    }
}
