//! What can be wrong with bencoded bytes: where, and what was expected there.

use crate::limits::BENCODE_REASON_MAX;
use std::fmt;

/// Why bytes are not the bencoded value they should be. Offsets count bytes from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BencodeError {
    /// The bytes end in the middle of a value.
    Ended {
        /// Length of the input.
        offset: usize,
        /// What should have followed.
        expected: &'static str,
    },
    /// A byte or value that cannot stand here.
    Unexpected {
        /// Where the offending byte or value begins.
        offset: usize,
        /// What should have stood there.
        expected: &'static str,
    },
    /// A list or dictionary nested deeper than allowed.
    TooDeep {
        /// Where the list or dictionary begins.
        offset: usize,
        /// The deepest nesting allowed.
        limit: usize,
    },
    /// More values and keys than allowed.
    TooManyTokens {
        /// Where the first one too many begins.
        offset: usize,
        /// The most allowed.
        limit: usize,
    },
    /// The value is complete, and more bytes follow it.
    Trailing {
        /// Where the value ended.
        offset: usize,
    },
    /// Well-formed bencode, but of the wrong types, or with a key missing.
    Shape {
        /// What did not fit, cut to a printable line.
        reason: String,
    },
}

impl BencodeError {
    /// Keeps a bounded, printable form of what serde says: it may quote a stranger's bytes.
    pub(super) fn shape(error: &serde_bencode::Error) -> Self {
        let mut reason = String::new();
        for character in error.to_string().chars() {
            if reason.len() + character.len_utf8() > BENCODE_REASON_MAX {
                break;
            }
            reason.push(if character.is_control() { '.' } else { character });
        }
        Self::Shape { reason }
    }
}

impl fmt::Display for BencodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { offset, expected } => {
                write!(f, "bencode ends at byte {offset}, expected {expected}")
            }
            Self::Unexpected { offset, expected } => {
                write!(f, "bad bencode at byte {offset}, expected {expected}")
            }
            Self::TooDeep { offset, limit } => {
                write!(f, "bencode at byte {offset} is nested deeper than {limit} levels")
            }
            Self::TooManyTokens { offset, limit } => {
                write!(f, "bencode has more than {limit} values (at byte {offset})")
            }
            Self::Trailing { offset } => {
                write!(f, "bencode is complete at byte {offset}, expected nothing after it")
            }
            Self::Shape { reason } => write!(f, "bencode of an unexpected shape: {reason}"),
        }
    }
}

impl std::error::Error for BencodeError {}
