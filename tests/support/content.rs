//! Content made from a seed: what a torrent is made of, and what every copy must be, byte for byte.
//!
//! Copies are compared with the seed's bytes, not with the origin, so a client that harms what it
//! seeds is found too.

use super::torrent::{self, Files, Torrent};
use sha1::{Digest, Sha1};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Bytes made, written and compared at once.
const CHUNK: usize = 256 * 1024;

/// Whether a copy must have the files of no bytes: some clients do not make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    /// They must be there.
    Required,
    /// They may be missing.
    Optional,
}

/// One set of files and how it is cut into pieces.
pub(crate) struct Content {
    /// Name of the file or folder.
    pub(crate) name: &'static str,
    /// Path below the folder and length of each file; one with an empty path for a single file.
    pub(crate) files: Vec<(&'static str, u64)>,
    /// Bytes of a piece.
    pub(crate) piece_length: u32,
}

impl Content {
    /// One file.
    pub(crate) fn single(name: &'static str, length: u64, piece_length: u32) -> Content {
        Content { name, files: vec![("", length)], piece_length }
    }

    /// One file of 5 MiB in pieces of 256 KiB.
    pub(crate) fn one_file() -> Content {
        Content::single("one-file.bin", 5 * 1024 * 1024, 256 * 1024)
    }

    /// Folders with odd sizes, empty files, files smaller than a block, names of many scripts.
    pub(crate) fn tree() -> Content {
        let files = vec![
            ("a.txt", 1),
            ("empty at the start", 0),
            ("año/pingüino — cuerda.bin", 700_001),
            ("año/レース/最初.bin", 16_384),
            ("deep/er/and/deeper/still/last.bin", 131_071),
            ("no-extension", 49_999),
            ("π ≈ 3.14159 (ok) [x] & more.dat", 1_234_567),
            ("zero/empty in the middle", 0),
            ("zero/z.bin", 3),
            ("zz empty at the end", 0),
        ];
        Content { name: "árbol of files", files, piece_length: 32 * 1024 }
    }

    /// A file smaller than a block.
    pub(crate) fn smaller_than_a_block() -> Content {
        Content::single("tiny.bin", 1_000, 16 * 1024)
    }

    /// 20,000 pieces of one block each: 312.5 MiB.
    pub(crate) fn many_pieces() -> Content {
        Content::single("many-pieces.bin", 20_000 * 16 * 1024, 16 * 1024)
    }

    /// A piece length that no power of two divides past 64, with a short last piece.
    pub(crate) fn odd_pieces() -> Content {
        Content::single("odd-pieces.bin", 1_999_999, 40_000)
    }

    /// A piece length that is odd and just above three blocks. Transmission takes none like it.
    pub(crate) fn uneven_pieces() -> Content {
        Content::single("uneven-pieces.bin", 2_000_003, 49_153)
    }

    /// Sum of the files' lengths, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.files.iter().map(|(_, length)| length).sum()
    }

    /// Whether it takes so long that nothing else should run beside it.
    pub(crate) fn is_heavy(&self) -> bool {
        self.length() > 64 * 1024 * 1024
    }

    /// Where one of its files lies when the content is in a folder.
    pub(crate) fn path(&self, folder: &Path, file: &str) -> PathBuf {
        let base = folder.join(self.name);
        if file.is_empty() { base } else { base.join(file) }
    }

    /// Writes the files into a folder and makes their torrent.
    pub(crate) fn write(&self, folder: &Path) -> Torrent {
        let mut bytes = Stream::new(self.name);
        let mut pieces = Pieces::new(self.piece_length);
        for (file, length) in &self.files {
            let path = self.path(folder, file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders can be made");
            let mut out = File::create(path).expect("the file can be made");
            for size in chunks(*length) {
                let chunk = bytes.next_chunk(size);
                pieces.update(&chunk);
                out.write_all(&chunk).expect("the file can be written");
            }
        }
        torrent::make(self.name, self.piece_length, pieces.finish(), self.layout())
    }

    /// Tells the first difference between what lies in a folder and what should.
    pub(crate) fn compare(&self, folder: &Path, empty: Empty) -> Result<(), String> {
        let mut bytes = Stream::new(self.name);
        for (file, length) in &self.files {
            let path = self.path(folder, file);
            if *length == 0 && empty == Empty::Optional && !path.exists() {
                continue;
            }
            let mut copy = File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let found = copy.metadata().map_err(|e| format!("{}: {e}", path.display()))?.len();
            if found != *length {
                return Err(format!("{}: {found} bytes instead of {length}", path.display()));
            }
            let mut offset = 0;
            for size in chunks(*length) {
                let expected = bytes.next_chunk(size);
                let mut chunk = vec![0; size];
                copy.read_exact(&mut chunk).map_err(|e| format!("{}: {e}", path.display()))?;
                if let Some(at) = (0..size).find(|&at| chunk[at] != expected[at]) {
                    return Err(format!("{}: differs at byte {}", path.display(), offset + at));
                }
                offset += size;
            }
        }
        Ok(())
    }

    fn layout(&self) -> Files {
        if let [("", length)] = self.files[..] {
            return Files::Single(length);
        }
        let split = |path: &str| path.split('/').map(str::to_owned).collect();
        Files::Several(self.files.iter().map(|(path, length)| (*length, split(path))).collect())
    }
}

/// Sizes of the chunks that make up a length.
fn chunks(length: u64) -> impl Iterator<Item = usize> {
    (0..length.div_ceil(CHUNK as u64))
        .map(move |index| (length - index * CHUNK as u64).min(CHUNK as u64) as usize)
}

/// Bytes that look random and are the same each time (xorshift64*).
struct Stream(u64);

impl Stream {
    fn new(name: &str) -> Stream {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Stream(name.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    fn next_chunk(&mut self, size: usize) -> Vec<u8> {
        let mut chunk = vec![0; size];
        for word in chunk.chunks_mut(8) {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let bytes = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes();
            word.copy_from_slice(&bytes[..word.len()]);
        }
        chunk
    }
}

/// Cuts a stream of bytes into pieces and hashes each.
struct Pieces {
    /// Bytes of a piece.
    length: usize,
    /// Bytes of the piece under way.
    filled: usize,
    /// Hash of the piece under way.
    hasher: Sha1,
    /// Hashes of the pieces that are done.
    hashes: Vec<u8>,
}

impl Pieces {
    fn new(length: u32) -> Pieces {
        Pieces { length: length as usize, filled: 0, hasher: Sha1::new(), hashes: Vec::new() }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.length - self.filled));
            self.hasher.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == self.length {
                self.hashes.extend(self.hasher.finalize_reset());
                self.filled = 0;
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.hashes.extend(self.hasher.finalize());
        }
        self.hashes
    }
}
