//! A set of small numbers that finds the lowest at or above a bound in constant time: three
//! levels of words, each bit of a level saying whether the word below it holds anything.

/// Numbers that fit: 64 to the third.
pub const BITMAP_NUMBERS: u32 = 64 * 64 * 64;

/// The set.
#[derive(Debug, Clone)]
pub struct Bitmap {
    /// One bit a number.
    low: Box<[u64]>,
    /// One bit a word of `low`.
    middle: Box<[u64]>,
    /// One bit a word of `middle`.
    high: u64,
}

impl Bitmap {
    /// An empty set of numbers below `bound`, which is at most [`BITMAP_NUMBERS`].
    pub fn new(bound: u32) -> Self {
        debug_assert!(bound <= BITMAP_NUMBERS, "three levels hold no more");
        let low = bound.min(BITMAP_NUMBERS).div_ceil(64).max(1) as usize;
        Self {
            low: vec![0; low].into_boxed_slice(),
            middle: vec![0; low.div_ceil(64)].into_boxed_slice(),
            high: 0,
        }
    }

    /// Puts a number in or takes it out. Cost: O(1).
    pub fn set(&mut self, number: u32, present: bool) {
        let (word, group) = ((number / 64) as usize, (number / 4096) as usize);
        let Some(bits) = self.low.get_mut(word) else { return };
        put(bits, number % 64, present);
        let word_used = *bits != 0;
        let bits = &mut self.middle[group];
        put(bits, number / 64 % 64, word_used);
        put(&mut self.high, number / 4096, *bits != 0);
    }

    /// The lowest number in the set that is at least `from`. Cost: O(1).
    pub fn first_from(&self, from: u32) -> Option<u32> {
        let word = from / 64;
        if let Some(bit) = self.low.get(word as usize).and_then(|bits| lowest(*bits, from % 64)) {
            return Some(word * 64 + bit);
        }
        let group = (word + 1) / 64;
        let next_word = match self.middle.get(group as usize) {
            Some(bits) => lowest(*bits, (word + 1) % 64).map(|bit| group * 64 + bit),
            None => None,
        };
        let next_word = next_word.or_else(|| {
            let group = lowest(self.high, group + 1)?;
            lowest(*self.middle.get(group as usize)?, 0).map(|bit| group * 64 + bit)
        })?;
        lowest(*self.low.get(next_word as usize)?, 0).map(|bit| next_word * 64 + bit)
    }
}

fn put(word: &mut u64, bit: u32, present: bool) {
    if present {
        *word |= 1 << bit;
    } else {
        *word &= !(1 << bit);
    }
}

/// The lowest bit set at or above `from`.
fn lowest(word: u64, from: u32) -> Option<u32> {
    let rest = if from < 64 { word & (u64::MAX << from) } else { 0 };
    (rest != 0).then(|| rest.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_behaves_like_a_sorted_set(
            steps in proptest::collection::vec(
                (0_u32..20_000, any::<bool>(), 0_u32..20_100),
                1..200,
            ),
        ) {
            let mut bitmap = Bitmap::new(20_000);
            let mut model = BTreeSet::new();
            for (number, present, from) in steps {
                bitmap.set(number, present);
                if present { model.insert(number); } else { model.remove(&number); }
                prop_assert_eq!(bitmap.first_from(from), model.range(from..).next().copied());
                prop_assert_eq!(bitmap.first_from(0), model.first().copied());
            }
        }
    }
}
