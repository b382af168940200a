//! Messages out of bytes (BEP 3, 6, 10), without copying or allocating.
//!
//! A message's length is checked against its id as soon as the first five bytes are there, so
//! nobody waits for, or makes room for, more than the protocol lets that message have. What the
//! numbers inside say is not judged here.

use crate::limits::{BLOCK_LENGTH, EXTENDED_MESSAGE_MAX, PIECES_MAX, UNKNOWN_MESSAGE_MAX};
use crate::wire::error::WireError;
use crate::wire::message::{
    ALLOWED_FAST, BITFIELD, BlockRequest, CANCEL, CHOKE, EXTENDED, HAVE, HAVE_ALL, HAVE_NONE,
    HEADER_LENGTH, INTERESTED, Message, NOT_INTERESTED, PIECE, PORT, REJECT, REQUEST, SUGGEST,
    UNCHOKE,
};

/// Bytes of a message's length, which does not count itself.
const PREFIX_LENGTH: usize = 4;

/// What a connection lets a peer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pieces of the torrent, from which a bitfield's exact byte count follows; 0 while they are
    /// not known (a magnet without its metadata): then a bitfield may have up to
    /// [`PIECES_MAX`] bits.
    pub piece_count: u32,
    /// The Fast extension was negotiated; without it its messages are a violation.
    pub fast: bool,
    /// The extension protocol was negotiated; without it its messages are a violation.
    pub extensions: bool,
}

/// What the front of some bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole message.
    Message {
        /// The message.
        message: Message<'a>,
        /// Bytes it took.
        consumed: usize,
    },
    /// The beginning of a message.
    NeedMore {
        /// Total bytes, counted from the start of this message, before it is worth a new look.
        at_least: usize,
    },
}

/// Reads the message at the front of `bytes`. Cost: constant.
pub fn decode<'a>(bytes: &'a [u8], bounds: &Bounds) -> Result<Decoded<'a>, WireError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LENGTH>() else {
        return Ok(Decoded::NeedMore { at_least: PREFIX_LENGTH });
    };
    let length = u32::from_be_bytes(*prefix);
    if length == 0 {
        return Ok(Decoded::Message { message: Message::KeepAlive, consumed: PREFIX_LENGTH });
    }
    let Some(&id) = rest.first() else {
        return Ok(Decoded::NeedMore { at_least: HEADER_LENGTH });
    };
    check_length(id, length, bounds)?;
    let consumed = PREFIX_LENGTH + length as usize;
    match bytes.get(HEADER_LENGTH..consumed) {
        Some(payload) => Ok(Decoded::Message { message: parse(id, payload), consumed }),
        None => Ok(Decoded::NeedMore { at_least: consumed }),
    }
}

/// The whole messages at the front of `bytes`, one after the other.
///
/// Their payloads stay borrowed from `bytes`, so a caller can gather the data of many and consume
/// all of it at once.
pub fn messages<'a>(bytes: &'a [u8], bounds: &'a Bounds) -> Messages<'a> {
    Messages { rest: bytes, bounds, consumed: 0, failed: false }
}

/// The iterator of [`messages`]. It ends before the first incomplete message or after an error.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    /// Bytes not read yet.
    rest: &'a [u8],
    /// What the peer may say.
    bounds: &'a Bounds,
    /// Bytes of the messages given so far.
    consumed: usize,
    /// An error was given; nothing after it means anything.
    failed: bool,
}

impl Messages<'_> {
    /// Bytes of the messages given so far; an error counts for none.
    pub fn consumed(&self) -> usize {
        self.consumed
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match decode(self.rest, self.bounds) {
            Ok(Decoded::Message { message, consumed }) => {
                self.rest = self.rest.get(consumed..).unwrap_or_default();
                self.consumed += consumed;
                Some(Ok(message))
            }
            Ok(Decoded::NeedMore { .. }) => None,
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

/// Refuses a message by its header alone.
fn check_length(id: u8, length: u32, bounds: &Bounds) -> Result<(), WireError> {
    let negotiated = match id {
        SUGGEST | HAVE_ALL | HAVE_NONE | REJECT | ALLOWED_FAST => bounds.fast,
        EXTENDED => bounds.extensions,
        _ => true,
    };
    if !negotiated {
        return Err(WireError::NotNegotiated { id });
    }
    let (least, most) = lengths(id, bounds.piece_count);
    if length < least || length > most {
        return Err(WireError::Length { id, length, least, most });
    }
    Ok(())
}

/// Shortest and longest length that a message of this id may state, its id included.
fn lengths(id: u8, piece_count: u32) -> (u32, u32) {
    let exactly = |length| (length, length);
    match id {
        CHOKE | UNCHOKE | INTERESTED | NOT_INTERESTED | HAVE_ALL | HAVE_NONE => exactly(1),
        PORT => exactly(3),
        HAVE | SUGGEST | ALLOWED_FAST => exactly(5),
        REQUEST | CANCEL | REJECT => exactly(13),
        PIECE => (9, 9 + BLOCK_LENGTH),
        BITFIELD if piece_count == 0 => (1, 1 + PIECES_MAX.div_ceil(8)),
        BITFIELD => exactly(1 + piece_count.div_ceil(8)),
        EXTENDED => (2, EXTENDED_MESSAGE_MAX),
        _ => (1, UNKNOWN_MESSAGE_MAX),
    }
}

/// A message whose length has been checked.
fn parse(id: u8, payload: &[u8]) -> Message<'_> {
    let (words, _) = payload.as_chunks::<4>();
    match (id, words) {
        (CHOKE, _) => Message::Choke,
        (UNCHOKE, _) => Message::Unchoke,
        (INTERESTED, _) => Message::Interested,
        (NOT_INTERESTED, _) => Message::NotInterested,
        (HAVE, [piece]) => Message::Have(u32::from_be_bytes(*piece)),
        (BITFIELD, _) => Message::Bitfield(payload),
        (REQUEST, [piece, begin, length]) => Message::Request(block(piece, begin, length)),
        (PIECE, [piece, begin, ..]) => Message::Piece {
            piece: u32::from_be_bytes(*piece),
            begin: u32::from_be_bytes(*begin),
            data: payload.get(8..).unwrap_or_default(),
        },
        (CANCEL, [piece, begin, length]) => Message::Cancel(block(piece, begin, length)),
        (PORT, _) => {
            let port = payload.first_chunk().copied().unwrap_or_default();
            Message::Port(u16::from_be_bytes(port))
        }
        (SUGGEST, [piece]) => Message::Suggest(u32::from_be_bytes(*piece)),
        (HAVE_ALL, _) => Message::HaveAll,
        (HAVE_NONE, _) => Message::HaveNone,
        (REJECT, [piece, begin, length]) => Message::Reject(block(piece, begin, length)),
        (ALLOWED_FAST, [piece]) => Message::AllowedFast(u32::from_be_bytes(*piece)),
        (EXTENDED, _) => match payload.split_first() {
            Some((&id, payload)) => Message::Extended { id, payload },
            None => Message::Unknown { id },
        },
        _ => Message::Unknown { id },
    }
}

fn block(piece: &[u8; 4], begin: &[u8; 4], length: &[u8; 4]) -> BlockRequest {
    BlockRequest {
        piece: u32::from_be_bytes(*piece),
        begin: u32::from_be_bytes(*begin),
        length: u32::from_be_bytes(*length),
    }
}

#[cfg(test)]
mod tests;
