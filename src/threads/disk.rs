//! The `disk` thread: makes, looks at and flushes files, which may take as long as it takes.

use crate::kit::mailbox::{Letters, Waited};
use crate::storage::StorageError;
use crate::swarm::event::{DiskEvent, Event};
use crate::threads::assets::{Access, Assets};
use crate::threads::bus::Bus;
use std::sync::Arc;

/// What the disk thread is told.
#[derive(Debug)]
pub enum DiskOrder {
    /// Make the torrent's files, or look at them.
    Prepare(Arc<Assets>),
    /// Every piece is verified: flush the files if that is wanted, and see that they are where
    /// they should be.
    Settle(Arc<Assets>),
}

/// The thread's body. Ends when nobody can give orders any more.
pub fn run(letters: &Letters<DiskOrder>, bus: &Bus) {
    while let Waited::Word(order) = letters.wait(None) {
        let (DiskOrder::Prepare(assets) | DiskOrder::Settle(assets)) = &order;
        let Some(torrent) = assets.key() else { continue };
        let done = match &order {
            DiskOrder::Prepare(assets) => {
                prepare(assets).map(|check| DiskEvent::Prepared { torrent, check })
            }
            DiskOrder::Settle(assets) => settle(assets).map(|()| DiskEvent::Settled { torrent }),
        };
        let published = match done {
            Ok(event) => bus.publish(Event::Disk(event)),
            Err(error) => assets.publish_failure(bus, &error),
        };
        if published.is_err() {
            return;
        }
    }
}

/// Makes the files, or looks at them; tells whether there may be data in them.
fn prepare(assets: &Assets) -> Result<bool, StorageError> {
    match assets.access {
        Access::Read => assets.storage.check_obstacles().map(|()| true),
        Access::Write { allocation, .. } => {
            assets.storage.prepare(allocation).map(|prepared| prepared.any_existing)
        }
    }
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
