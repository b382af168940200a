//! The open pieces of a torrent by their number, for downloads in order: the lowest at or above a
//! bound is found in constant time, however many pieces there are.

use crate::swarm::bitmap::{BITMAP_NUMBERS, Bitmap};

/// The set.
#[derive(Debug)]
pub(super) struct Sequence {
    /// One bit a piece.
    pieces: Box<[u64]>,
    /// The words of it that are not empty.
    words: Bitmap,
}

const _: () = assert!(crate::limits::PIECES_MAX.div_ceil(64) <= BITMAP_NUMBERS, "all pieces fit");

impl Sequence {
    /// An empty set of pieces below `count`.
    pub(super) fn new(count: u32) -> Self {
        let words = count.div_ceil(64);
        Self { pieces: vec![0; words as usize].into_boxed_slice(), words: Bitmap::new(words) }
    }

    /// Puts a piece in or takes it out. Cost: O(1).
    pub(super) fn set(&mut self, piece: u32, present: bool) {
        let index = piece / 64;
        let Some(word) = self.pieces.get_mut(index as usize) else { return };
        let bit = 1 << (piece % 64);
        *word = if present { *word | bit } else { *word & !bit };
        self.words.set(index, *word != 0);
    }

    /// The lowest piece in the set that is at least `from`. Cost: O(1).
    pub(super) fn first_from(&self, from: u32) -> Option<u32> {
        let index = from / 64;
        let here = self.pieces.get(index as usize)? & (u64::MAX << (from % 64));
        if here != 0 {
            return Some(index * 64 + here.trailing_zeros());
        }
        let index = self.words.first_from(index + 1)?;
        Some(index * 64 + self.pieces.get(index as usize)?.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_lowest_is_found_after_any_changes(
            count in 1_u32..20_000,
            changes in proptest::collection::vec((0_u32..20_000, any::<bool>()), 0..200),
            from in 0_u32..20_000,
        ) {
            let (mut sequence, mut model) = (Sequence::new(count), BTreeSet::new());
            for (piece, present) in changes.into_iter().filter(|(piece, _)| *piece < count) {
                sequence.set(piece, present);
                if present { model.insert(piece) } else { model.remove(&piece) };
            }
            prop_assert_eq!(sequence.first_from(from), model.range(from..).next().copied());
        }
    }
}
