//! What is downloaded, without the bytes: each block has one value of up to eight bytes, which its
//! payload repeats. A liar's value differs. A disk keeps values, and a piece is good when all of
//! its values are those of the content.

use cuerda::id::InfoHash;
use cuerda::layout::{Block, Layout, PieceIndex, SEGMENT_BLOCKS};
use cuerda::swarm::evidence::Evidence;
use std::sync::Arc;

/// One torrent of the simulated world.
pub(crate) struct Content {
    /// What it is called.
    pub(crate) info_hash: InfoHash,
    /// Its geometry.
    pub(crate) layout: Arc<Layout>,
}

impl Content {
    /// Torrent number `number` of that geometry.
    pub(crate) fn new(number: u64, piece_length: u64, length: u64) -> Self {
        let mut hash = [0; 20];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let layout = Layout::single(piece_length, length).expect("a plan has sound lengths");
        Self { info_hash: InfoHash(hash), layout: Arc::new(layout) }
    }

    /// What the block is.
    pub(crate) fn truth(&self, block: Block) -> u64 {
        let place = self.layout.piece_offset(block.piece) + u64::from(block.begin());
        let torrent = u64::from_be_bytes(*self.info_hash.0.first_chunk().expect("20 bytes"));
        mix(place ^ torrent << 48) & mask(self.layout.block_size(block))
    }

    /// What a liar says that the block is.
    pub(crate) fn lie(&self, block: Block, liar: usize) -> u64 {
        let salt = (liar as u64) << 8 | 1;
        (self.truth(block) ^ salt) & mask(self.layout.block_size(block))
    }

    /// The payload that stands for a value.
    pub(crate) fn fill(&self, block: Block, value: u64, payload: &mut Vec<u8>) {
        payload.clear();
        let size = self.layout.block_size(block) as usize;
        payload.resize(size, 0);
        for chunk in payload.chunks_mut(8) {
            chunk.copy_from_slice(&value.to_le_bytes()[..chunk.len()]);
        }
    }

    /// The value that a payload stands for. All of it has to say the same, or bytes got lost or
    /// mixed up on the way.
    pub(crate) fn read(&self, block: Block, payload: &[u8]) -> u64 {
        assert_eq!(payload.len(), self.layout.block_size(block) as usize, "a whole block");
        let mut first = [0; 8];
        let count = payload.len().min(8);
        first[..count].copy_from_slice(&payload[..count]);
        let (chunks, rest) = payload.as_chunks::<8>();
        let same = chunks.iter().all(|chunk| *chunk == first) && *rest == first[..rest.len()];
        assert!(same, "the payload of {block:?} is mixed up");
        u64::from_le_bytes(first)
    }
}

/// One client's copy of a torrent.
pub(crate) struct Disk {
    /// Values by piece and block, where something was written.
    pieces: Vec<Vec<Option<u64>>>,
    /// Pieces that the client holds to be good: nothing may be written to them any more.
    verified: Vec<bool>,
    /// Pieces that are being compared with their hash: nothing may be written to them now.
    hashing: Vec<bool>,
}

impl Disk {
    /// A disk on which those pieces are.
    pub(crate) fn new(content: &Content, has: impl Fn(u32) -> bool) -> Self {
        let layout = &content.layout;
        let piece = |piece: PieceIndex| {
            let blocks = (0..layout.block_count(piece)).map(|index| Block { piece, index });
            blocks.map(|block| has(piece.get()).then(|| content.truth(block))).collect()
        };
        let count = layout.piece_count() as usize;
        Self {
            pieces: layout.pieces().map(piece).collect(),
            verified: vec![false; count],
            hashing: vec![false; count],
        }
    }

    /// Writes a block.
    pub(crate) fn write(&mut self, block: Block, value: u64) {
        let piece = block.piece.index();
        assert!(!self.verified[piece], "{block:?} is written to a verified piece");
        assert!(!self.hashing[piece], "{block:?} is written while its piece is hashed");
        self.pieces[piece][block.index as usize] = Some(value);
    }

    /// Reads a block.
    pub(crate) fn read(&self, block: Block) -> Option<u64> {
        self.pieces[block.piece.index()][block.index as usize]
    }

    /// Whether a piece is what it should be.
    pub(crate) fn is_good(&self, content: &Content, piece: PieceIndex) -> bool {
        let values = self.pieces[piece.index()].iter().enumerate();
        values.into_iter().all(|(index, value)| {
            *value == Some(content.truth(Block { piece, index: index as u32 }))
        })
    }

    /// A hash thread begins with this piece: all of it has to be there.
    pub(crate) fn begin_hash(&mut self, piece: PieceIndex) {
        let whole = self.pieces[piece.index()].iter().all(Option::is_some);
        assert!(whole, "{piece:?} is hashed before it is whole");
        assert!(!self.verified[piece.index()], "{piece:?} is hashed again");
        self.hashing[piece.index()] = true;
    }

    /// A hash thread is done with this piece.
    pub(crate) fn end_hash(&mut self, piece: PieceIndex, good: bool) {
        self.hashing[piece.index()] = false;
        self.verified[piece.index()] = good;
    }

    /// What the blocks of a piece are.
    pub(crate) fn evidence(&self, piece: PieceIndex) -> Evidence {
        let digest = |value: &Option<u64>| {
            let mut digest = [0; 20];
            digest[..8].copy_from_slice(&value.unwrap_or_default().to_be_bytes());
            digest
        };
        Evidence(self.pieces[piece.index()].iter().map(digest).collect())
    }
}

/// Segments in which two states of a piece differ, with the blocks that do.
pub(crate) fn differing(bad: &Evidence, good: &Evidence) -> Vec<(u32, u64)> {
    let mut segments: Vec<(u32, u64)> = Vec::new();
    for (index, _) in bad.0.iter().zip(good.0.iter()).enumerate().filter(|(_, (a, b))| a != b) {
        let (segment, bit) = (index as u32 / SEGMENT_BLOCKS, 1 << (index as u32 % SEGMENT_BLOCKS));
        match segments.last_mut() {
            Some((last, bits)) if *last == segment => *bits |= bit,
            _ => segments.push((segment, bit)),
        }
    }
    segments
}

fn mask(size: u32) -> u64 {
    if size >= 8 { u64::MAX } else { (1 << (8 * size)) - 1 }
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
