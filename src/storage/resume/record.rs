//! The record of a torrent's verified pieces, as bytes. Values only, no IO.
//!
//! All numbers are big-endian; a record has exactly the length that its torrent gives it, so a
//! reader knows before it allocates.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `cuerdaR1`: the kind of file and its version |
//! | 20 | the torrent's info-hash |
//! | 4, 4, 8, 4 | piece length, pieces, bytes and files of the torrent |
//! | 20 | which start of the system it is bound to; zeros if it survives a power failure |
//! | ⌈pieces / 8⌉ | verified pieces, in the order of a `bitfield` message (BEP 3) |
//! | 41 for each file | 1 and its stamp, or 0 and nothing known of it |
//! | 20 | SHA-1 of all bytes before |

use crate::bitfield::Bitfield;
use crate::id::InfoHash;
use crate::layout::Layout;
use crate::storage::stamp::{FileTime, Stamp};
use sha1::{Digest, Sha1};
use std::fmt;

/// The kind of file and its version.
const MAGIC: [u8; 8] = *b"cuerdaR1";
/// Bytes of everything before the verified pieces.
const HEAD: usize = MAGIC.len() + 20 + 4 + 4 + 8 + 4;
/// Bytes that tell one start of the system from others.
const BOOT: usize = 20;
/// Bytes for one file.
const STAMP: usize = 1 + 8 + 12 + 12 + 8;
/// Bytes of the checksum.
const CHECKSUM: usize = 20;

/// Which torrent a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// What the torrent is called outside.
    pub info_hash: InfoHash,
    /// Bytes of a piece.
    pub piece_length: u32,
    /// Number of pieces.
    pub pieces: u32,
    /// Bytes of all files.
    pub length: u64,
    /// Number of files.
    pub files: u32,
}

/// One start of the operating system, told from all others.
pub type Boot = [u8; BOOT];

/// What was verified, and what the files looked like then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The start of the system that this is bound to, if not all of it is on the medium.
    pub boot: Option<Boot>,
    /// Pieces that were verified.
    pub good: Bitfield,
    /// For each file its stamp, if its pieces may be trusted as long as that stays the same.
    pub stamps: Vec<Option<Stamp>>,
}

/// Why bytes are no record of this torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// They are something else, or of another version.
    NotARecord,
    /// They are not as many as a record of this torrent has.
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// They are not what was written.
    Damaged,
    /// They are about another torrent.
    OtherTorrent,
    /// They hold what no writer writes.
    Malformed,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecord => f.write_str("it is no resume record of this version"),
            Self::Length { found, expected } => {
                write!(f, "it has {found} bytes, expected {expected}")
            }
            Self::Damaged => f.write_str("its checksum is wrong"),
            Self::OtherTorrent => f.write_str("it is about another torrent"),
            Self::Malformed => f.write_str("it holds impossible values"),
        }
    }
}

impl std::error::Error for RecordError {}

impl Shape {
    /// The shape of a torrent.
    pub fn new(info_hash: InfoHash, layout: &Layout) -> Self {
        Self {
            info_hash,
            piece_length: layout.piece_length(),
            pieces: layout.piece_count(),
            length: layout.total_length(),
            // `FILES_MAX` fits.
            files: layout.files().len() as u32,
        }
    }

    /// Bytes of a record about this torrent.
    pub fn record_length(&self) -> u64 {
        let pieces = u64::from(self.pieces.div_ceil(8));
        (HEAD + BOOT + CHECKSUM) as u64 + pieces + u64::from(self.files) * STAMP as u64
    }

    /// The bytes that every record about this torrent begins with.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(HEAD);
        head.extend(MAGIC);
        head.extend(self.info_hash.0);
        head.extend(self.piece_length.to_be_bytes());
        head.extend(self.pieces.to_be_bytes());
        head.extend(self.length.to_be_bytes());
        head.extend(self.files.to_be_bytes());
        head
    }
}

impl Record {
    /// The record as bytes.
    pub fn encode(&self, shape: &Shape) -> Vec<u8> {
        debug_assert_eq!(self.stamps.len(), shape.files as usize);
        let mut bytes = shape.head();
        bytes.extend(self.boot.unwrap_or_default());
        bytes.extend(self.good.to_wire());
        for stamp in &self.stamps {
            bytes.extend(encode_stamp(stamp.as_ref()));
        }
        let checksum: [u8; CHECKSUM] = Sha1::digest(&bytes).into();
        bytes.extend(checksum);
        bytes
    }

    /// Reads a record about this torrent. Allocates no more than that torrent needs.
    pub fn decode(bytes: &[u8], shape: &Shape) -> Result<Self, RecordError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(RecordError::NotARecord);
        }
        let (found, expected) = (bytes.len() as u64, shape.record_length());
        if found != expected {
            return Err(RecordError::Length { found, expected });
        }
        let parts = bytes.split_last_chunk::<CHECKSUM>();
        let (body, checksum) = parts.ok_or(RecordError::Malformed)?;
        let digest: [u8; CHECKSUM] = Sha1::digest(body).into();
        if digest != *checksum {
            return Err(RecordError::Damaged);
        }
        let rest = body.strip_prefix(&*shape.head()).ok_or(RecordError::OtherTorrent)?;
        let (boot, rest) = rest.split_first_chunk::<BOOT>().ok_or(RecordError::Malformed)?;
        let boot = (*boot != [0; BOOT]).then_some(*boot);
        let parts = rest.split_at_checked(shape.pieces.div_ceil(8) as usize);
        let (good, stamps) = parts.ok_or(RecordError::Malformed)?;
        let good = Bitfield::from_wire(good, shape.pieces).map_err(|_| RecordError::Malformed)?;
        let stamps: Option<_> = stamps.chunks(STAMP).map(decode_stamp).collect();
        Ok(Self { boot, good, stamps: stamps.ok_or(RecordError::Malformed)? })
    }
}

/// A file's entry.
fn encode_stamp(stamp: Option<&Stamp>) -> [u8; STAMP] {
    let mut entry = [0; STAMP];
    if let Some(stamp) = stamp {
        let bytes = [1].into_iter().chain(stamp.length.to_be_bytes());
        let bytes = bytes.chain(encode_time(stamp.modified)).chain(encode_time(stamp.changed));
        let bytes = bytes.chain(stamp.inode.to_be_bytes());
        entry.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    }
    entry
}

fn encode_time(time: FileTime) -> impl Iterator<Item = u8> {
    time.seconds.to_be_bytes().into_iter().chain(time.nanos.to_be_bytes())
}

/// A file's stamp, if it has one; nothing if the entry is none.
fn decode_stamp(mut entry: &[u8]) -> Option<Option<Stamp>> {
    let entry = &mut entry;
    match take::<1>(entry)? {
        [0] if entry.iter().all(|byte| *byte == 0) => Some(None),
        [1] => {
            let length = u64::from_be_bytes(take(entry)?);
            let (modified, changed) = (decode_time(entry)?, decode_time(entry)?);
            let inode = u64::from_be_bytes(take(entry)?);
            Some(Some(Stamp { length, modified, changed, inode }))
        }
        [_] => None,
    }
}

fn decode_time(bytes: &mut &[u8]) -> Option<FileTime> {
    let seconds = i64::from_be_bytes(take(bytes)?);
    Some(FileTime { seconds, nanos: u32::from_be_bytes(take(bytes)?) })
}

/// Takes so many bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (front, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*front)
}
