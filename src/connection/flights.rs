//! Requests in flight, by age: which are late, and which are so late that they count as lost.
//!
//! An entry is only a reminder. Whether its block is still awaited is known to the leases, so an
//! answer costs nothing here; entries that were answered are dropped when they reach the front.

use crate::kit::clock::Time;
use crate::layout::Block;
use crate::limits::{BLOCK_LOST, BLOCK_TIMEOUT, LATE_PAUSE};
use std::collections::VecDeque;

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Flight {
    /// What was asked for.
    block: Block,
    /// When.
    asked_at: Time,
}

/// The requests in flight.
#[derive(Debug, Default)]
pub struct Flights {
    /// Requests in the order they were sent.
    sent: VecDeque<Flight>,
    /// Requests that are late, in the same order.
    late: VecDeque<Flight>,
    /// Nobody looks for late requests before this time.
    look_at: Option<Time>,
}

impl Flights {
    /// A request was sent.
    pub fn asked(&mut self, now: Time, block: Block) {
        self.sent.push_back(Flight { block, asked_at: now });
    }

    /// A block came. Nearly always it is the one that is due next.
    pub fn answered(&mut self, block: Block) {
        if self.sent.front().is_some_and(|front| front.block == block) {
            self.sent.pop_front();
        }
    }

    /// Nothing is awaited any more.
    pub fn clear(&mut self) {
        self.sent.clear();
        self.late.clear();
    }

    /// Whether it is time to look for requests that are late or lost. After a look the next one is
    /// a while off, so that requests that were sent one by one are told of together.
    pub fn is_time_to_look(&mut self, now: Time) -> bool {
        let due = self.deadline().is_some_and(|due| due <= now);
        if due {
            self.look_at = Some(now + LATE_PAUSE);
        }
        due
    }

    /// The next block that has become late, once.
    pub fn next_late(&mut self, now: Time, is_awaited: impl Fn(Block) -> bool) -> Option<Block> {
        let flight = pop_due(&mut self.sent, now, BLOCK_TIMEOUT, is_awaited)?;
        self.late.push_back(flight);
        Some(flight.block)
    }

    /// The next block that will not come any more.
    pub fn next_lost(&mut self, now: Time, is_awaited: impl Fn(Block) -> bool) -> Option<Block> {
        pop_due(&mut self.late, now, BLOCK_LOST, is_awaited).map(|flight| flight.block)
    }

    /// When one of the two has something to say, at the earliest.
    pub fn deadline(&self) -> Option<Time> {
        let late = self.sent.front().map(|front| front.asked_at + BLOCK_TIMEOUT);
        let lost = self.late.front().map(|front| front.asked_at + BLOCK_LOST);
        let due = [late, lost].into_iter().flatten().min()?;
        Some(self.look_at.map_or(due, |at| due.max(at)))
    }
}

/// Takes the first entry out if it is that old; those before it that are not awaited are dropped.
fn pop_due(
    queue: &mut VecDeque<Flight>,
    now: Time,
    age: std::time::Duration,
    is_awaited: impl Fn(Block) -> bool,
) -> Option<Flight> {
    while queue.front().is_some_and(|front| !is_awaited(front.block)) {
        queue.pop_front();
    }
    if now.since(queue.front()?.asked_at) < age { None } else { queue.pop_front() }
}
