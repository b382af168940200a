//! Why a datagram is no message of the ring.

use super::message::Transaction;
use crate::bencode::BencodeError;
use crate::limits::DATAGRAM_READ_MAX;
use std::fmt;

/// Why a datagram is no message of the ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageError {
    /// Longer than anything that a node sends.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not one bencoded dictionary, or one of the wrong types.
    Bencode(BencodeError),
    /// Of another ring, or of another protocol.
    OtherRing,
    /// A field that must be there is not.
    Missing {
        /// Its key.
        field: &'static str,
    },
    /// A field is not what it must be.
    Bad {
        /// Its key.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A question that this node does not know; it is answered with an error.
    UnknownQuery {
        /// Which question.
        transaction: Transaction,
    },
}

impl From<BencodeError> for MessageError {
    fn from(error: BencodeError) -> Self {
        Self::Bencode(error)
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(f, "ring datagram of {length} bytes, expected at most {DATAGRAM_READ_MAX}")
            }
            Self::Bencode(error) => write!(f, "ring datagram: {error}"),
            Self::OtherRing => f.write_str("ring datagram of another ring"),
            Self::Missing { field } => write!(f, "ring datagram without the field `{field}`"),
            Self::Bad { field, expected } => {
                write!(f, "ring datagram with a bad field `{field}`, expected {expected}")
            }
            Self::UnknownQuery { .. } => f.write_str("ring datagram with an unknown query"),
        }
    }
}

impl std::error::Error for MessageError {}
