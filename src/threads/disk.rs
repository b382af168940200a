//! The `disk` thread: makes and looks at files, which may take as long as it takes.

use crate::kit::mailbox::{Letters, Waited};
use crate::swarm::event::{DiskEvent, Event};
use crate::threads::assets::{Access, Assets};
use crate::threads::bus::Bus;
use std::sync::Arc;

/// What the disk thread is told.
#[derive(Debug)]
pub enum DiskOrder {
    /// Make the torrent's files, or look at them.
    Prepare(Arc<Assets>),
}

/// The thread's body. Ends when nobody can give orders any more.
pub fn run(letters: &Letters<DiskOrder>, bus: &Bus) {
    while let Waited::Word(DiskOrder::Prepare(assets)) = letters.wait(None) {
        let Some(torrent) = assets.key() else { continue };
        let check = match assets.access {
            Access::Read => Ok(true),
            Access::Write(allocation) => {
                assets.storage.prepare(allocation).map(|prepared| prepared.any_existing)
            }
        };
        let published = match check {
            Ok(check) => bus.publish(Event::Disk(DiskEvent::Prepared { torrent, check })),
            Err(error) => assets.publish_failure(bus, &error),
        };
        if published.is_err() {
            return;
        }
    }
}
