//! Sets of pieces: one that a single thread owns, and one that the main thread writes and
//! everyone reads.
//!
//! Both keep 64 pieces a word, least significant bit first, because the main thread is told of a
//! peer's pieces word by word. The wire's order (most significant bit of the first byte is piece
//! 0, BEP 3) exists only in [`Bitfield::from_wire`] and [`Bitfield::to_wire`].

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Pieces in one word.
pub const WORD_BITS: u32 = 64;

/// Why wire bytes are no bitfield for this torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitfieldError {
    /// The byte count does not fit the piece count.
    Length {
        /// Bytes received.
        got: usize,
        /// Bytes that the piece count wants.
        expected: usize,
    },
    /// A bit past the last piece is set.
    SpareBits,
}

impl fmt::Display for BitfieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, expected } => {
                write!(f, "bitfield of {got} bytes, expected {expected}")
            }
            Self::SpareBits => f.write_str("bitfield has bits set past the last piece"),
        }
    }
}

impl std::error::Error for BitfieldError {}

/// Number of words for that many pieces.
pub fn words_for(piece_count: u32) -> usize {
    piece_count.div_ceil(WORD_BITS) as usize
}

fn place(piece: u32) -> (usize, u64) {
    ((piece / WORD_BITS) as usize, 1 << (piece % WORD_BITS))
}

/// A set of pieces with one owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitfield {
    /// Bits of the pieces; those past the last piece are always clear.
    words: Box<[u64]>,
    /// Number of pieces the set is about.
    length: u32,
    /// Number of bits set.
    count: u32,
}

impl Bitfield {
    /// The empty set over `length` pieces.
    pub fn new(length: u32) -> Self {
        Self { words: vec![0; words_for(length)].into_boxed_slice(), length, count: 0 }
    }

    /// The set of all `length` pieces.
    pub fn full(length: u32) -> Self {
        let mut set = Self::new(length);
        set.fill();
        set
    }

    /// Number of pieces the set is about.
    pub fn len(&self) -> u32 {
        self.length
    }

    /// Whether no piece is in the set.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of pieces in the set.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether every piece is in the set.
    pub fn is_full(&self) -> bool {
        self.count == self.length
    }

    /// Whether the piece is in the set; `false` past the end.
    pub fn has(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Adds a piece; tells whether it is new. Past the end nothing is added.
    pub fn insert(&mut self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        if piece >= self.length || self.words[word] & bit != 0 {
            return false;
        }
        self.words[word] |= bit;
        self.count += 1;
        true
    }

    /// Removes a piece; tells whether it was there.
    pub fn remove(&mut self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        if !self.has(piece) {
            return false;
        }
        self.words[word] &= !bit;
        self.count -= 1;
        true
    }

    /// Puts every piece in. Cost: one step per word.
    pub fn fill(&mut self) {
        self.words.fill(u64::MAX);
        let spare = self.words.len() as u32 * WORD_BITS - self.length;
        if let Some(last) = self.words.last_mut().filter(|_| spare > 0) {
            *last >>= spare;
        }
        self.count = self.length;
    }

    /// The words, 64 pieces each.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The word with this number; 0 past the end.
    pub fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// Adds the pieces of one word and returns those that are new.
    pub fn merge_word(&mut self, index: usize, bits: u64) -> u64 {
        let Some(word) = self.words.get_mut(index) else { return 0 };
        let room = self.length - index as u32 * WORD_BITS;
        let valid = if room >= WORD_BITS { u64::MAX } else { (1 << room) - 1 };
        let new = bits & valid & !*word;
        *word |= new;
        self.count += new.count_ones();
        new
    }

    /// Takes all pieces of one word out and returns them.
    pub fn take_word(&mut self, index: usize) -> u64 {
        let Some(word) = self.words.get_mut(index) else { return 0 };
        self.count -= word.count_ones();
        std::mem::take(word)
    }

    /// Reads the payload of a `bitfield` message for that many pieces.
    pub fn from_wire(bytes: &[u8], length: u32) -> Result<Self, BitfieldError> {
        let expected = length.div_ceil(8) as usize;
        if bytes.len() != expected {
            return Err(BitfieldError::Length { got: bytes.len(), expected });
        }
        let mut set = Self::new(length);
        for (index, chunk) in bytes.chunks(8).enumerate() {
            let mut eight = [0; 8];
            eight[..chunk.len()].copy_from_slice(chunk);
            let bits = u64::from_be_bytes(eight).reverse_bits();
            if set.merge_word(index, bits) != bits {
                return Err(BitfieldError::SpareBits);
            }
        }
        Ok(set)
    }

    /// The payload of a `bitfield` message.
    pub fn to_wire(&self) -> Vec<u8> {
        wire_bytes(self.words.iter().copied(), self.length)
    }
}

/// A set that the main thread writes and every thread reads, such as the pieces that we have.
pub struct SharedBitfield {
    /// Bits of the pieces; only the main thread changes them.
    words: Box<[AtomicU64]>,
    /// Number of pieces the set is about.
    length: u32,
    /// Number of bits set; never ahead of the bits.
    count: AtomicU32,
}

impl SharedBitfield {
    /// A shared copy of this set.
    pub fn new(set: &Bitfield) -> Self {
        Self {
            words: set.words.iter().map(|&bits| AtomicU64::new(bits)).collect(),
            length: set.length,
            count: AtomicU32::new(set.count),
        }
    }

    /// Number of pieces the set is about.
    pub fn len(&self) -> u32 {
        self.length
    }

    /// Number of pieces in the set.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Whether no piece is in the set.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Whether every piece is in the set.
    pub fn is_full(&self) -> bool {
        self.count() == self.length
    }

    /// Whether the piece is in the set; `false` past the end.
    pub fn has(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        self.words.get(word).is_some_and(|bits| bits.load(Ordering::Acquire) & bit != 0)
    }

    /// The word with this number; 0 past the end.
    pub fn word(&self, index: usize) -> u64 {
        self.words.get(index).map_or(0, |bits| bits.load(Ordering::Acquire))
    }

    /// Adds a piece; tells whether it is new. Only the main thread calls this.
    pub fn insert(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        if piece >= self.length || self.words[word].fetch_or(bit, Ordering::AcqRel) & bit != 0 {
            return false;
        }
        self.count.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// Takes a piece out; tells whether it was there. Only the main thread calls this.
    pub fn remove(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        let removed =
            piece < self.length && self.words[word].fetch_and(!bit, Ordering::AcqRel) & bit != 0;
        if removed {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
        removed
    }

    /// The set as it is now, for one owner.
    pub fn snapshot(&self) -> Bitfield {
        let words: Box<[u64]> = self.words.iter().map(|w| w.load(Ordering::Acquire)).collect();
        let count = words.iter().map(|bits| bits.count_ones()).sum();
        Bitfield { words, length: self.length, count }
    }
}

/// As a count: sets of millions of pieces appear in log lines.
impl fmt::Debug for Bitfield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bitfield({} of {})", self.count, self.length)
    }
}

/// As a count, like [`Bitfield`].
impl fmt::Debug for SharedBitfield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedBitfield({} of {})", self.count(), self.length)
    }
}

fn wire_bytes(words: impl Iterator<Item = u64>, length: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.flat_map(|bits| bits.reverse_bits().to_be_bytes()).collect();
    bytes.truncate(length.div_ceil(8) as usize);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn piece_zero_is_the_first_bytes_highest_bit() {
        let set = Bitfield::from_wire(&[0b1000_0001, 0b0100_0000], 10).unwrap();
        let pieces: Vec<_> = (0..10).filter(|&piece| set.has(piece)).collect();
        assert_eq!(pieces, [0, 7, 9]);
    }

    #[test]
    fn refuses_wrong_lengths_and_spare_bits() {
        let length = BitfieldError::Length { got: 1, expected: 2 };
        assert_eq!(Bitfield::from_wire(&[0], 10), Err(length));
        assert_eq!(Bitfield::from_wire(&[0, 0b0010_0000], 10), Err(BitfieldError::SpareBits));
    }

    #[test]
    fn full_sets_have_no_bit_past_the_end() {
        for length in [1, 63, 64, 65, 128, 1000] {
            let set = Bitfield::full(length);
            assert!(set.is_full());
            assert_eq!(set.words().iter().map(|w| w.count_ones()).sum::<u32>(), length);
        }
    }

    #[test]
    fn shared_set_counts_each_piece_once() {
        let shared = SharedBitfield::new(&Bitfield::new(70));
        assert!(shared.insert(69));
        assert!(!shared.insert(69));
        assert!(!shared.insert(70));
        assert_eq!(shared.count(), 1);
        assert!(shared.snapshot().has(69));
    }

    proptest! {
        #[test]
        fn wire_form_reads_back(pieces in proptest::collection::vec(any::<bool>(), 1..300)) {
            let mut set = Bitfield::new(pieces.len() as u32);
            for (piece, &has) in pieces.iter().enumerate() {
                if has { set.insert(piece as u32); }
            }
            let again = Bitfield::from_wire(&set.to_wire(), set.len()).unwrap();
            prop_assert_eq!(&again, &set);
            for (piece, &has) in pieces.iter().enumerate() {
                prop_assert_eq!(again.has(piece as u32), has);
            }
        }

        #[test]
        fn words_move_in_and_out_whole(length in 1_u32..300, bits: u64, index in 0_usize..6) {
            let mut set = Bitfield::new(length);
            let new = set.merge_word(index, bits);
            prop_assert_eq!(set.count(), new.count_ones());
            prop_assert_eq!(set.merge_word(index, bits), 0);
            prop_assert_eq!(set.take_word(index), new);
            prop_assert!(set.is_empty());
        }
    }
}
