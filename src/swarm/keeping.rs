//! Handlers for what the disk keeps: when verified pieces are recorded, and what happens while the
//! disk is full.
//!
//! A full disk is a state, not a failure: nothing is granted, all else goes on, the blocks that
//! could not be written come back like any others, and the disk thread tries every few seconds
//! whether there is room.

use crate::kit::clock::Time;
use crate::limits::{DISK_FULL_PAUSE, SAVE_PAUSE, STOPS_PER_TURN};
use crate::swarm::machine::{Swarm, Timer};
use crate::swarm::order::{Notice, Order};
use crate::swarm::stage::{Phase, Recording};
use crate::swarm::state::TorrentKey;
use crate::swarm::torrents::is_running;
use std::sync::atomic::Ordering::Relaxed;

impl Swarm {
    /// A piece was verified: it is recorded in a while, with others. Cost: O(1).
    pub(super) fn save_soon(&mut self, now: Time, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        match torrent.record {
            Recording::Done => {
                torrent.record = Recording::Later;
                self.timers.set(now + SAVE_PAUSE, Timer::Save(key));
            }
            Recording::UnderWay => torrent.record = Recording::UnderWayWithMore,
            Recording::Later | Recording::UnderWayWithMore => {}
        }
    }

    /// Verified pieces are to be recorded now. Cost: O(1).
    pub(super) fn save(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        match torrent.record {
            Recording::Done | Recording::Later => {
                torrent.record = Recording::UnderWay;
                self.order(Order::Save { torrent: key, last: false });
            }
            // One order at a time; another follows.
            Recording::UnderWay | Recording::UnderWayWithMore => {
                torrent.record = Recording::UnderWayWithMore;
            }
        }
    }

    /// The disk thread has recorded. Cost: O(1).
    pub(super) fn saved(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        let more = torrent.record == Recording::UnderWayWithMore;
        torrent.record = Recording::Done;
        if more {
            self.save(key);
        }
    }

    /// While stopping, after the last peer's last word: records the next torrents for the last
    /// time; tells whether that was all. Cost: O(k).
    pub(super) fn save_last(&mut self) -> bool {
        let end = (self.recording + STOPS_PER_TURN).min(self.torrents.slots());
        for slot in self.recording..end {
            let key = self.torrents.key_at(slot);
            // What is not checked to its end is not known better than the record has it.
            if let Some(torrent) = key
                && self.torrents.get(torrent).is_some_and(is_running)
            {
                self.order(Order::Save { torrent, last: true });
            }
        }
        self.recording = end;
        end == self.torrents.slots()
    }

    /// The disk has no room for a torrent's blocks. Cost: O(1).
    pub(super) fn disk_full(&mut self, now: Time, key: TorrentKey, message: Box<str>) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        if torrent.disk_full || torrent.phase == Phase::Failed {
            return;
        }
        torrent.disk_full = true;
        torrent.shared.stats.disk_full.store(true, Relaxed);
        self.timers.set(now + DISK_FULL_PAUSE, Timer::Probe(key));
        self.notify(Notice::DiskFull { torrent: key, message });
    }

    /// A disk was full for a while. For a torrent that has failed since nobody looks any more.
    /// Cost: O(1).
    pub(super) fn probe(&mut self, key: TorrentKey) {
        if self.torrents.get(key).is_some_and(|torrent| torrent.phase != Phase::Failed) {
            self.order(Order::Probe(key));
        }
    }

    /// Whether there is room again. Cost: O(k).
    pub(super) fn probed(&mut self, now: Time, key: TorrentKey, room: bool) {
        let Some(torrent) = self.torrents.get_mut(key).filter(|torrent| torrent.disk_full) else {
            return;
        };
        if !room {
            self.timers.set(now + DISK_FULL_PAUSE, Timer::Probe(key));
            return;
        }
        torrent.disk_full = false;
        torrent.shared.stats.disk_full.store(false, Relaxed);
        self.notify(Notice::DiskHasRoom(key));
        self.work_appeared(key);
    }

    /// Whether nothing is granted because the disk is full.
    pub(super) fn has_no_room(&self, key: TorrentKey) -> bool {
        self.torrents.get(key).is_some_and(|torrent| torrent.disk_full)
    }
}
