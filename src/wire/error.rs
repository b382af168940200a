//! What can be wrong with the bytes of a peer: one small value that is copied, compared and shown.

use crate::wire::message::kind_of;
use std::fmt;

/// Why bytes are not what the peer protocol allows. Any of them ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// The first bytes are not those of BitTorrent's handshake.
    Protocol {
        /// Where the first wrong byte is, from 0.
        offset: usize,
        /// The wrong byte.
        found: u8,
    },
    /// A message's length does not fit its id.
    Length {
        /// The message's id.
        id: u8,
        /// The length it states, id included, in bytes.
        length: u32,
        /// Shortest length allowed, in bytes.
        least: u32,
        /// Longest length allowed, in bytes.
        most: u32,
    },
    /// A message of an extension that both sides did not agree on in the handshake.
    NotNegotiated {
        /// The message's id.
        id: u8,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Protocol { offset, found } => write!(
                f,
                "handshake: byte {offset} is 0x{found:02x}, expected the BitTorrent protocol string"
            ),
            Self::Length { id, length, least, most } if least == most => {
                write!(f, "{} message (id {id}): length is {length}, expected {least}", kind_of(id))
            }
            Self::Length { id, length, least, most } => write!(
                f,
                "{} message (id {id}): length is {length}, expected {least} to {most}",
                kind_of(id)
            ),
            Self::NotNegotiated { id } => write!(
                f,
                "{} message (id {id}): expected only after both handshakes offered its extension",
                kind_of(id)
            ),
        }
    }
}

impl std::error::Error for WireError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_came_and_what_was_expected() {
        let wrong = WireError::Length { id: 4, length: 6, least: 5, most: 5 };
        assert_eq!(wrong.to_string(), "have message (id 4): length is 6, expected 5");
        let wrong = WireError::Length { id: 7, length: 8, least: 9, most: 16_393 };
        assert_eq!(wrong.to_string(), "piece message (id 7): length is 8, expected 9 to 16393");
        let wrong = WireError::NotNegotiated { id: 14 };
        assert!(wrong.to_string().starts_with("have-all message (id 14): expected only after"));
        let wrong = WireError::Protocol { offset: 0, found: 0x47 };
        assert!(wrong.to_string().starts_with("handshake: byte 0 is 0x47, expected"));
    }
}
