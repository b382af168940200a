//! Requests in flight, by age: which are late.
//!
//! An entry is only a reminder. Whether its block is still awaited is known to the leases, so an
//! answer costs nothing here; entries that were answered are dropped when they reach the front.

use crate::kit::clock::Time;
use crate::layout::Block;
use crate::limits::BLOCK_TIMEOUT;
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
    }

    /// The next block that has become late, once.
    pub fn next_late(&mut self, now: Time, is_awaited: impl Fn(Block) -> bool) -> Option<Block> {
        while self.sent.front().is_some_and(|front| !is_awaited(front.block)) {
            self.sent.pop_front();
        }
        if now.since(self.sent.front()?.asked_at) < BLOCK_TIMEOUT {
            return None;
        }
        self.sent.pop_front().map(|flight| flight.block)
    }

    /// When the next block becomes late.
    pub fn deadline(&self) -> Option<Time> {
        self.sent.front().map(|front| front.asked_at + BLOCK_TIMEOUT)
    }
}
