//! The `disk` thread: makes, looks at and flushes files, and keeps the records of what was
//! verified, which may take as long as it takes.

use crate::kit::mailbox::{Letters, Waited};
use crate::limits::DISK_ROOM;
use crate::storage::resume::{RecordFolder, Shape, Writers};
use crate::storage::{Access as LockAccess, StorageError, StorageErrorKind};
use crate::swarm::event::{DiskEvent, Event};
use crate::swarm::state::TorrentKey;
use crate::threads::assets::{Access, Assets};
use crate::threads::bus::{Bus, BusClosed};
use std::sync::Arc;

/// What the disk thread is told.
#[derive(Debug)]
pub enum DiskOrder {
    /// Make the torrent's files, or look at them.
    Prepare(Arc<Assets>),
    /// Record which pieces are verified.
    Save {
        /// Of which torrent.
        assets: Arc<Assets>,
        /// Nobody writes to its files any more.
        last: bool,
    },
    /// See whether a disk that was full has room.
    Probe(Arc<Assets>),
    /// Every piece is verified: flush the files if that is wanted, and see that they are where
    /// they should be.
    Settle(Arc<Assets>),
}

/// The thread's body. Ends when nobody can give orders any more.
pub fn run(letters: &Letters<DiskOrder>, bus: &Bus) {
    while let Waited::Word(order) = letters.wait(None) {
        let (DiskOrder::Prepare(assets)
        | DiskOrder::Save { assets, .. }
        | DiskOrder::Probe(assets)
        | DiskOrder::Settle(assets)) = &order;
        let Some(torrent) = assets.key() else { continue };
        let published = match &order {
            DiskOrder::Prepare(assets) => prepare(assets, torrent, bus),
            DiskOrder::Save { assets, last } => {
                save(assets, *last);
                bus.publish(Event::Disk(DiskEvent::Saved(torrent)))
            }
            DiskOrder::Probe(assets) => {
                let room = has_room(assets);
                bus.publish(Event::Disk(DiskEvent::Probed { torrent, room }))
            }
            DiskOrder::Settle(assets) => match settle(assets) {
                Ok(()) => bus.publish(Event::Disk(DiskEvent::Settled { torrent })),
                Err(error) => fail(torrent, bus, &error),
            },
        };
        if published.is_err() {
            // The main thread has ended, perhaps with orders to record that still wait here.
            log::debug!("nobody to tell of {torrent} any more");
        }
    }
}

/// Makes or looks at the files, and finds out which pieces need not be compared.
fn prepare(assets: &Assets, torrent: TorrentKey, bus: &Bus) -> Result<(), BusClosed> {
    let storage = &assets.storage;
    let check = match assets.access {
        Access::Read => {
            storage.check_obstacles().and_then(|()| storage.lock(LockAccess::Read)).map(|()| true)
        }
        Access::Write { allocation, .. } => {
            storage.prepare(allocation).map(|prepared| prepared.any_existing)
        }
    };
    match check {
        Ok(check) => {
            if check {
                let trusted = assets.keeper.lock().load(&mut folder(assets));
                log::info!("{} of {} pieces are trusted", trusted.count(), trusted.len());
                let _ = assets.trusted.set(trusted);
            }
            bus.publish(Event::Disk(DiskEvent::Prepared { torrent, check }))
        }
        Err(error) => fail(torrent, bus, &error),
    }
}

/// A torrent cannot go on, also when that is because the disk is full: before anything was done
/// and after everything was there is nothing to wait for.
fn fail(torrent: TorrentKey, bus: &Bus, error: &StorageError) -> Result<(), BusClosed> {
    let message = error.to_string().into();
    bus.publish(Event::Disk(DiskEvent::Failed { torrent, message }))
}

/// Makes sure that a download is where its user will look for it. What was only read is as good as
/// it was when its pieces were compared, so nothing is asked of it.
fn settle(assets: &Assets) -> Result<(), StorageError> {
    match assets.access {
        Access::Read => Ok(()),
        Access::Write { flush, .. } => {
            if flush {
                assets.storage.sync()?;
            }
            // Last, because flushing may take its time.
            assets.storage.confirm()
        }
    }
}

/// Records the verified pieces. A record that cannot be written costs time at the next start and
/// nothing else, so that is no failure of the torrent.
fn save(assets: &Assets, last: bool) {
    let good = assets.shared.owned.snapshot();
    let flush = matches!(assets.access, Access::Write { flush: true, .. });
    let writers = if last { Writers::Gone { flush } } else { Writers::Busy };
    match assets.keeper.lock().save(&mut folder(assets), &good, writers) {
        Ok(_) => {}
        // Read-only media and full disks are served all the same.
        Err(error) if is_ordinary(&error) => log::info!("no resume record: {error}"),
        Err(error) => log::warn!("no resume record: {error}"),
    }
}

fn is_ordinary(error: &StorageError) -> bool {
    matches!(
        error.kind,
        StorageErrorKind::ReadOnly | StorageErrorKind::Permission | StorageErrorKind::DiskFull
    )
}

/// Whether there is room again: for some seconds of downloading, or for half of what is missing,
/// of which a part may have its room already. Where that cannot be told, a new attempt tells.
fn has_room(assets: &Assets) -> bool {
    let bytes = DISK_ROOM.min(assets.shared.left() / 2).max(1);
    folder(assets).has_room(bytes).unwrap_or_else(|error| {
        log::debug!("{error}");
        true
    })
}

fn folder(assets: &Assets) -> RecordFolder<'_> {
    RecordFolder::new(&assets.storage, &Shape::new(assets.shared.info_hash, &assets.shared.layout))
}
