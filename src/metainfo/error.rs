//! Why bytes are no torrent that we can work with.

use crate::bencode::BencodeError;
use crate::layout::LayoutError;
use std::fmt;

/// Why bytes are no usable torrent. Keys are named as BEP 3 spells them, files by their position,
/// which counts from 0 here and from 1 in what people read, as `cuerda info` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetainfoError {
    /// The file is larger than any torrent read here.
    TooLarge {
        /// Its length in bytes.
        length: u64,
        /// The most allowed, in bytes.
        limit: u64,
    },
    /// Not bencode, or not of a torrent's shape.
    Bencode(BencodeError),
    /// A key that must be there is not.
    Missing {
        /// The key.
        key: &'static str,
        /// Position in `files` of the file that lacks it, if it belongs to one.
        file: Option<usize>,
    },
    /// A value is of the wrong type.
    WrongType {
        /// Its key.
        key: &'static str,
        /// Position in `files` of the file that has it, if it belongs to one.
        file: Option<usize>,
        /// The type it should have.
        expected: &'static str,
    },
    /// A length is negative.
    Negative {
        /// Its key.
        key: &'static str,
        /// Position in `files` of the file that has it, if it belongs to one.
        file: Option<usize>,
        /// What it says.
        value: i64,
    },
    /// Both `length` and `files` are there: two torrents in one.
    LengthAndFiles,
    /// `pieces` is not made of whole 20-byte digests; its length in bytes.
    PiecesLength(usize),
    /// There are more or fewer digests than the lengths need.
    PieceCount {
        /// Pieces that the lengths make.
        expected: u32,
        /// Digests that are there.
        found: usize,
    },
    /// The torrent has no v1 half (BEP 52).
    VersionTwoOnly,
    /// The lengths make no torrent.
    Layout(LayoutError),
    /// A symbolic link (BEP 47) points to nothing in the torrent; position in `files`.
    SymlinkTarget(usize),
}

impl fmt::Display for MetainfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |file: &Option<usize>| match file {
            Some(index) => format!(" of file {}", index + 1),
            None => String::new(),
        };
        match self {
            Self::TooLarge { length, limit } => {
                write!(f, "torrent of {length} bytes, expected at most {limit}")
            }
            Self::Bencode(error) => write!(f, "not a torrent: {error}"),
            Self::Missing { key, file } => {
                write!(f, "torrent without the key `{key}`{}", place(file))
            }
            Self::WrongType { key, file, expected } => {
                write!(f, "`{key}`{} is of the wrong type, expected {expected}", place(file))
            }
            Self::Negative { key, file, value } => {
                write!(f, "`{key}`{} is {value}, expected 0 or more", place(file))
            }
            Self::LengthAndFiles => {
                f.write_str("torrent with both `length` and `files`, expected one of them")
            }
            Self::PiecesLength(length) => {
                write!(f, "`pieces` has {length} bytes, expected a multiple of 20")
            }
            Self::PieceCount { expected, found } => {
                write!(f, "`pieces` has {found} digests, expected {expected} for these lengths")
            }
            Self::VersionTwoOnly => f.write_str(
                "torrent of version 2 only (BEP 52), expected version 1 or a hybrid of both",
            ),
            Self::Layout(error) => write!(f, "torrent with impossible lengths: {error}"),
            Self::SymlinkTarget(index) => write!(
                f,
                "file {} is a symbolic link, expected its target to be inside the torrent",
                index + 1
            ),
        }
    }
}

impl std::error::Error for MetainfoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Bencode(error) = self {
            Some(error)
        } else if let Self::Layout(error) = self {
            Some(error)
        } else {
            None
        }
    }
}

impl From<BencodeError> for MetainfoError {
    fn from(error: BencodeError) -> Self {
        Self::Bencode(error)
    }
}

impl From<LayoutError> for MetainfoError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}
