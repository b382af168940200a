//! Handlers for a thread of ours that has failed.
//!
//! What was asked of it may never be answered, so nothing that counts on it would end. Every
//! torrent fails then, a few a turn, and says which thread it was.

use crate::limits::STOPS_PER_TURN;
use crate::swarm::machine::Swarm;
use crate::swarm::stage::Breakdown;

impl Swarm {
    /// A thread ended in a panic; the first one counts. Cost: O(1).
    pub(super) fn broken(&mut self, thread: &str) {
        self.breakdown.get_or_insert_with(|| Breakdown {
            message: format!("the thread {thread} failed; please report this as a bug").into(),
            next: 0,
        });
    }

    /// Whether there are torrents that have to fail.
    pub(super) fn has_to_fail(&self) -> bool {
        self.breakdown.as_ref().is_some_and(|breakdown| breakdown.next < self.torrents.slots())
    }

    /// After a thread has failed, fails the next torrents. Cost: O(k).
    pub(super) fn fail_some(&mut self) {
        let Some(breakdown) = &mut self.breakdown else { return };
        let begin = breakdown.next;
        let end = (begin + STOPS_PER_TURN).min(self.torrents.slots());
        breakdown.next = end;
        let message = breakdown.message.clone();
        for slot in begin..end {
            if let Some(key) = self.torrents.key_at(slot) {
                self.fail(key, message.clone());
            }
        }
    }
}
