//! Who may write a block, decided once.
//!
//! When two peers were asked for the same block, both may receive it, each on its own thread.
//! Each block of a segment has one bit here; the thread that sets it writes the block, the other
//! discards. The bit stays set when the piece is verified, so no late write can touch it. Blocks
//! to be fetched again get a new word; whoever still holds the old one finds its bits taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The claims of up to 64 blocks. Clones are the same word.
#[derive(Debug, Clone, Default)]
pub struct ClaimWord(Arc<Claims>);

#[derive(Debug, Default)]
struct Claims {
    /// Blocks that somebody writes or has written.
    won: AtomicU64,
    /// Blocks that nobody may win any more, also if their claim is given back.
    closed: AtomicU64,
}

impl ClaimWord {
    /// A word with no block claimed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tries to claim one block. Exactly one caller per bit is told `true`.
    pub fn win(&self, bit: u64) -> bool {
        debug_assert_eq!(bit.count_ones(), 1);
        let free = self.0.won.fetch_or(bit, Ordering::AcqRel) & bit == 0;
        // Looked at second, and closed first in `take`: who wins after a claim was given back in
        // between sees it.
        free && self.0.closed.load(Ordering::Acquire) & bit == 0
    }

    /// Claims all of these blocks that nobody has claimed, and returns them: nobody begins to write
    /// one of them any more, also if a claim won before is given back.
    pub fn take(&self, bits: u64) -> u64 {
        let closed = self.0.closed.fetch_or(bits, Ordering::AcqRel);
        bits & !closed & !self.0.won.fetch_or(bits, Ordering::AcqRel)
    }

    /// Gives claims back that were won and not written.
    pub fn release(&self, bits: u64) {
        self.0.won.fetch_and(!bits, Ordering::AcqRel);
    }

    /// The blocks that are claimed now.
    pub fn claimed(&self) -> u64 {
        self.0.won.load(Ordering::Acquire) | self.0.closed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::thread::{Census, spawn};

    #[test]
    fn of_many_threads_exactly_one_wins_each_block() {
        let word = ClaimWord::new();
        let (tell, hear) = crossbeam_channel::bounded(1_000);
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (word, tell) = (word.clone(), tell.clone());
                spawn(&Census::default(), "claimer", 64 * 1024, move || {
                    let won = (0..64).filter(|block| word.win(1 << block)).count();
                    tell.send(won).unwrap();
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.unwrap().join());
        }
        assert_eq!(hear.try_iter().sum::<usize>(), 64);
    }

    #[test]
    fn taking_blocks_leaves_those_that_somebody_has_claimed() {
        let word = ClaimWord::new();
        assert!(word.win(0b10));
        assert_eq!(word.take(0b111), 0b101);
        assert!(!word.win(0b1));
    }

    #[test]
    fn what_was_taken_stays_so_when_a_claim_before_is_given_back() {
        let word = ClaimWord::new();
        assert!(word.win(0b1));
        word.take(0b11);
        word.release(0b1);
        assert_eq!(word.claimed(), 0b11);
        assert!(!word.win(0b1));
        assert_eq!(word.take(0b11), 0);
    }
}
