//! The geometry of a torrent: pieces, blocks, segments and the files they lie in (BEP 3).
//!
//! This is the only maker of [`PieceIndex`] and [`Block`], so a number from a stranger becomes
//! one of them here or not at all, and nobody further in checks an index again. A *segment* is
//! our own unit between block and piece: up to 64 neighboring blocks of one piece, so that a set
//! of its blocks is one `u64`. Paths and hashes are not here.

use crate::limits::{BLOCK_LENGTH, FILES_MAX, PIECE_LENGTH_MAX, PIECES_MAX};
use std::fmt;
use std::ops::Range;

/// Blocks in a full segment: the bits of a `u64`.
pub const SEGMENT_BLOCKS: u32 = 64;

/// A piece number known to be below the torrent's piece count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceIndex(u32);

impl PieceIndex {
    /// The number as the wire has it.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One whole block of a piece: all of 16 KiB, or the shorter last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// The piece it belongs to.
    pub piece: PieceIndex,
    /// Its number in the piece, from 0.
    pub index: u32,
}

impl Block {
    /// Offset of the block in its piece, in bytes.
    pub fn begin(self) -> u32 {
        self.index * BLOCK_LENGTH
    }

    /// Number of the segment of the piece that holds the block.
    pub fn segment(self) -> u32 {
        self.index / SEGMENT_BLOCKS
    }

    /// The block's bit in its segment.
    pub fn bit(self) -> u64 {
        1 << (self.index % SEGMENT_BLOCKS)
    }
}

/// Any span of bytes inside one piece, checked to lie in it; what a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceSpan {
    /// The piece it lies in.
    pub piece: PieceIndex,
    /// Offset in the piece, in bytes.
    pub begin: u32,
    /// Length in bytes, at least 1.
    pub length: u32,
}

/// Where a file of the torrent lies in its byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSpan {
    /// Offset of the file's first byte in the torrent.
    pub offset: u64,
    /// Length in bytes; may be 0.
    pub length: u64,
    /// A pad file (BEP 47): zeros that are never written to disk.
    pub pad: bool,
}

/// A run of bytes inside one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRun {
    /// Index of the file in the torrent's list.
    pub file: usize,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length in bytes, at least 1.
    pub length: u64,
    /// The file is padding: read as zeros, written nowhere.
    pub pad: bool,
}

/// Why lengths make no torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutError {
    /// The piece length is zero or above the limit.
    PieceLength(u64),
    /// The content has no bytes at all.
    Empty,
    /// More pieces than the limit.
    TooManyPieces(u64),
    /// More files than the limit.
    TooManyFiles(usize),
    /// The lengths of the files do not fit 63 bits together.
    TooLong,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PieceLength(n) => {
                write!(f, "piece length is {n}, expected 1 to {PIECE_LENGTH_MAX} bytes")
            }
            Self::Empty => f.write_str("the content is empty, expected at least one byte"),
            Self::TooManyPieces(n) => write!(f, "{n} pieces, expected at most {PIECES_MAX}"),
            Self::TooManyFiles(n) => write!(f, "{n} files, expected at most {FILES_MAX}"),
            Self::TooLong => f.write_str("the file lengths add up to more than 2^63 bytes"),
        }
    }
}

impl std::error::Error for LayoutError {}

/// The geometry of one torrent. Immutable; shared by all threads that work on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of every piece but the last.
    piece_length: u32,
    /// Number of pieces, at least 1.
    piece_count: u32,
    /// Bytes of all files together, at least 1.
    total_length: u64,
    /// Spans in torrent order; offsets ascend without gaps.
    files: Box<[FileSpan]>,
}

impl Layout {
    /// The layout of files with these lengths, `true` marking pad files, one after another.
    pub fn new(
        piece_length: u64,
        files: impl IntoIterator<Item = (u64, bool)>,
    ) -> Result<Self, LayoutError> {
        if piece_length == 0 || piece_length > u64::from(PIECE_LENGTH_MAX) {
            return Err(LayoutError::PieceLength(piece_length));
        }
        let mut offset = 0_u64;
        let mut spans = Vec::new();
        for (length, pad) in files {
            if spans.len() == FILES_MAX {
                return Err(LayoutError::TooManyFiles(FILES_MAX + 1));
            }
            spans.push(FileSpan { offset, length, pad });
            offset = offset.checked_add(length).ok_or(LayoutError::TooLong)?;
            if offset > i64::MAX as u64 {
                return Err(LayoutError::TooLong);
            }
        }
        if offset == 0 {
            return Err(LayoutError::Empty);
        }
        let pieces = offset.div_ceil(piece_length);
        if pieces > u64::from(PIECES_MAX) {
            return Err(LayoutError::TooManyPieces(pieces));
        }
        Ok(Self {
            piece_length: piece_length as u32,
            piece_count: pieces as u32,
            total_length: offset,
            files: spans.into_boxed_slice(),
        })
    }

    /// A single file of that many bytes.
    pub fn single(piece_length: u64, length: u64) -> Result<Self, LayoutError> {
        Self::new(piece_length, [(length, false)])
    }

    /// Bytes of every piece but the last.
    pub fn piece_length(&self) -> u32 {
        self.piece_length
    }

    /// Number of pieces, at least 1.
    pub fn piece_count(&self) -> u32 {
        self.piece_count
    }

    /// Bytes of all files together, pads included.
    pub fn total_length(&self) -> u64 {
        self.total_length
    }

    /// The files in torrent order.
    pub fn files(&self) -> &[FileSpan] {
        &self.files
    }

    /// The piece with this number, if there is one.
    pub fn piece(&self, number: u32) -> Option<PieceIndex> {
        (number < self.piece_count).then_some(PieceIndex(number))
    }

    /// All pieces in order.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = PieceIndex> + use<> {
        (0..self.piece_count).map(PieceIndex)
    }

    /// Bytes of this piece; only the last may be shorter.
    pub fn piece_size(&self, piece: PieceIndex) -> u32 {
        let begin = self.piece_offset(piece);
        (self.total_length - begin).min(u64::from(self.piece_length)) as u32
    }

    /// Offset of the piece in the torrent, in bytes.
    pub fn piece_offset(&self, piece: PieceIndex) -> u64 {
        u64::from(piece.0) * u64::from(self.piece_length)
    }

    /// Number of blocks of this piece, at least 1.
    pub fn block_count(&self, piece: PieceIndex) -> u32 {
        self.piece_size(piece).div_ceil(BLOCK_LENGTH)
    }

    /// Number of segments of this piece, at least 1.
    pub fn segment_count(&self, piece: PieceIndex) -> u32 {
        self.block_count(piece).div_ceil(SEGMENT_BLOCKS)
    }

    /// The set of blocks that exist in this segment, one bit each; 0 past the piece's end.
    pub fn segment_mask(&self, piece: PieceIndex, segment: u32) -> u64 {
        let first = segment.saturating_mul(SEGMENT_BLOCKS);
        match self.block_count(piece).saturating_sub(first) {
            0 => 0,
            count if count >= SEGMENT_BLOCKS => u64::MAX,
            count => (1 << count) - 1,
        }
    }

    /// Block number `index` of the piece, if it exists.
    pub fn block(&self, piece: PieceIndex, index: u32) -> Option<Block> {
        (index < self.block_count(piece)).then_some(Block { piece, index })
    }

    /// Bytes of the block: 16 KiB, or fewer at the piece's end.
    pub fn block_size(&self, block: Block) -> u32 {
        (self.piece_size(block.piece) - block.begin()).min(BLOCK_LENGTH)
    }

    /// The block that a message names by piece, offset and length, if it is exactly one.
    pub fn block_at(&self, piece: u32, begin: u32, length: u32) -> Option<Block> {
        let piece = self.piece(piece)?;
        if !begin.is_multiple_of(BLOCK_LENGTH) {
            return None;
        }
        let block = self.block(piece, begin / BLOCK_LENGTH)?;
        (self.block_size(block) == length).then_some(block)
    }

    /// The span that a message names, if it is not empty and lies inside one piece.
    pub fn span_at(&self, piece: u32, begin: u32, length: u32) -> Option<PieceSpan> {
        let piece = self.piece(piece)?;
        let end = begin.checked_add(length)?;
        (length > 0 && end <= self.piece_size(piece)).then_some(PieceSpan { piece, begin, length })
    }

    /// The whole piece as a span.
    pub fn whole(&self, piece: PieceIndex) -> PieceSpan {
        PieceSpan { piece, begin: 0, length: self.piece_size(piece) }
    }

    /// The runs of files that hold this span, in order. Zero-length files never appear.
    ///
    /// Cost: a binary search over the files, then one step per file touched.
    pub fn runs(&self, span: PieceSpan) -> impl Iterator<Item = FileRun> + '_ {
        let begin = self.piece_offset(span.piece) + u64::from(span.begin);
        let end = begin + u64::from(span.length);
        let first = self.files.partition_point(|file| file.offset + file.length <= begin);
        (first..self.files.len())
            .map(|file| (file, self.files[file]))
            .take_while(move |(_, at)| at.offset < end)
            .filter(|(_, at)| at.length > 0)
            .map(move |(file, at)| {
                let from = begin.max(at.offset);
                let to = end.min(at.offset + at.length);
                FileRun { file, offset: from - at.offset, length: to - from, pad: at.pad }
            })
    }

    /// The pieces that hold any byte of this file; empty for a zero-length file.
    pub fn pieces_of_file(&self, file: usize) -> Range<u32> {
        let Some(span) = self.files.get(file).filter(|span| span.length > 0) else { return 0..0 };
        let length = u64::from(self.piece_length);
        let last = (span.offset + span.length - 1) / length;
        (span.offset / length) as u32..last as u32 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout(piece_length: u64, files: &[u64]) -> Layout {
        Layout::new(piece_length, files.iter().map(|&length| (length, false))).unwrap()
    }

    #[test]
    fn refuses_lengths_that_make_no_torrent() {
        assert_eq!(Layout::single(0, 1), Err(LayoutError::PieceLength(0)));
        assert_eq!(Layout::single(16384, 0), Err(LayoutError::Empty));
        assert_eq!(Layout::single(1, u64::MAX), Err(LayoutError::TooLong));
        assert!(matches!(Layout::single(1, 1 << 40), Err(LayoutError::TooManyPieces(_))));
        let wrap = Layout::new(16384, [(u64::MAX, false), (2, false)]);
        assert_eq!(wrap, Err(LayoutError::TooLong));
    }

    #[test]
    fn piece_length_need_not_be_a_multiple_of_the_block() {
        let layout = Layout::single(40_000, 100_000).unwrap();
        let last = layout.piece(2).unwrap();
        assert_eq!(layout.piece_count(), 3);
        assert_eq!(layout.piece_size(last), 20_000);
        assert_eq!(layout.block_count(layout.piece(0).unwrap()), 3);
        assert_eq!(layout.block_size(layout.block(layout.piece(0).unwrap(), 2).unwrap()), 7_232);
        assert!(layout.block_at(0, 32_768, 7_232).is_some());
        assert!(layout.block_at(0, 32_768, 16_384).is_none());
        assert!(layout.block_at(0, 1, 16_384).is_none());
    }

    #[test]
    fn spans_end_inside_their_piece() {
        let layout = Layout::single(32_768, 40_000).unwrap();
        assert!(layout.span_at(1, 0, 7_232).is_some());
        assert!(layout.span_at(1, 1, 7_232).is_none());
        assert!(layout.span_at(0, u32::MAX, 2).is_none());
        assert!(layout.span_at(0, 0, 0).is_none());
        assert!(layout.span_at(2, 0, 1).is_none());
    }

    #[test]
    fn runs_skip_empty_files_and_cross_borders() {
        let layout = layout(10, &[3, 0, 4, 0, 8]);
        let runs: Vec<_> = layout
            .runs(layout.whole(layout.piece(0).unwrap()))
            .map(|run| (run.file, run.offset, run.length))
            .collect();
        assert_eq!(runs, [(0, 0, 3), (2, 0, 4), (4, 0, 3)]);
        assert_eq!(layout.pieces_of_file(1), 0..0);
        assert_eq!(layout.pieces_of_file(4), 0..2);
    }

    #[test]
    fn segment_masks_cover_exactly_the_blocks() {
        let layout = Layout::single(u64::from(BLOCK_LENGTH) * 100, 1 << 30).unwrap();
        let piece = layout.piece(0).unwrap();
        assert_eq!(layout.segment_count(piece), 2);
        assert_eq!(layout.segment_mask(piece, 0), u64::MAX);
        assert_eq!(layout.segment_mask(piece, 1).count_ones(), 36);
        assert_eq!(layout.segment_mask(piece, 2), 0);
    }

    proptest! {
        #[test]
        fn pieces_blocks_and_runs_tile_the_torrent(
            piece_length in 1_u64..100_000,
            files in proptest::collection::vec(0_u64..150_000, 1..12),
        ) {
            prop_assume!(files.iter().sum::<u64>() > 0);
            let layout = layout(piece_length, &files);
            let mut total = 0;
            let mut stream = 0_u64;
            for piece in layout.pieces() {
                total += u64::from(layout.piece_size(piece));
                let blocks = layout.block_count(piece);
                let sizes: u32 = (0..blocks)
                    .map(|index| layout.block_size(layout.block(piece, index).unwrap()))
                    .sum();
                prop_assert_eq!(sizes, layout.piece_size(piece));
                let bits: u32 = (0..layout.segment_count(piece))
                    .map(|segment| layout.segment_mask(piece, segment).count_ones())
                    .sum();
                prop_assert_eq!(bits, blocks);
                for run in layout.runs(layout.whole(piece)) {
                    prop_assert_eq!(layout.files()[run.file].offset + run.offset, stream);
                    stream += run.length;
                }
            }
            prop_assert_eq!(total, layout.total_length());
            prop_assert_eq!(stream, layout.total_length());
        }
    }
}
