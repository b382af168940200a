//! Every message of a connection and its encoding (BEP 3, 6, 10).
//!
//! Numbers are as on the wire: a piece number or a span in a [`Message`] is the peer's claim until
//! `layout` has checked it. Reading messages out of bytes is in [`codec`](crate::wire::codec).

pub(crate) const CHOKE: u8 = 0;
pub(crate) const UNCHOKE: u8 = 1;
pub(crate) const INTERESTED: u8 = 2;
pub(crate) const NOT_INTERESTED: u8 = 3;
pub(crate) const HAVE: u8 = 4;
pub(crate) const BITFIELD: u8 = 5;
pub(crate) const REQUEST: u8 = 6;
pub(crate) const PIECE: u8 = 7;
pub(crate) const CANCEL: u8 = 8;
pub(crate) const PORT: u8 = 9;
pub(crate) const SUGGEST: u8 = 13;
pub(crate) const HAVE_ALL: u8 = 14;
pub(crate) const HAVE_NONE: u8 = 15;
pub(crate) const REJECT: u8 = 16;
pub(crate) const ALLOWED_FAST: u8 = 17;
pub(crate) const EXTENDED: u8 = 20;

/// Bytes before a message's payload: its length and its id.
pub const HEADER_LENGTH: usize = 5;

/// Bytes before the data of a piece message: the header, the piece's number and the offset.
pub const PIECE_HEADER_LENGTH: usize = 13;

/// A span of a piece as a message names it; unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockRequest {
    /// Number of the piece.
    pub piece: u32,
    /// Offset in the piece, in bytes.
    pub begin: u32,
    /// Length in bytes.
    pub length: u32,
}

/// A message; its bytes are borrowed from the buffer that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Nothing but a sign of life.
    KeepAlive,
    /// The sender will not answer requests.
    Choke,
    /// The sender will answer requests.
    Unchoke,
    /// The sender wants pieces of the receiver.
    Interested,
    /// The sender wants nothing.
    NotInterested,
    /// The sender has one more piece: its number.
    Have(u32),
    /// The pieces that the sender has, a bit each, the first piece highest.
    Bitfield(&'a [u8]),
    /// The sender asks for a span.
    Request(BlockRequest),
    /// The answer to a request.
    Piece {
        /// Number of the piece.
        piece: u32,
        /// Offset of the data in the piece, in bytes.
        begin: u32,
        /// The data.
        data: &'a [u8],
    },
    /// The sender takes a request back.
    Cancel(BlockRequest),
    /// UDP port of the sender's DHT node.
    Port(u16),
    /// Fast: a piece that the sender would like to serve.
    Suggest(u32),
    /// Fast: the sender has every piece.
    HaveAll,
    /// Fast: the sender has no piece.
    HaveNone,
    /// Fast: the sender will not answer this request.
    Reject(BlockRequest),
    /// Fast: a piece that may be requested while choked.
    AllowedFast(u32),
    /// A message of the extension protocol.
    Extended {
        /// Which extension, by the receiver's numbers; 0 is the extension handshake.
        id: u8,
        /// What the extension says.
        payload: &'a [u8],
    },
    /// A message that this program does not know; its payload was skipped.
    Unknown {
        /// The id it came with.
        id: u8,
    },
}

impl Message<'_> {
    /// Appends the message's bytes to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (head, tail) = self.parts();
        out.extend_from_slice(head.as_slice());
        out.extend_from_slice(tail);
    }

    /// The message's bytes as a short head and a borrowed tail, for whoever owns other memory
    /// than a vector.
    pub(crate) fn parts(&self) -> (Head, &[u8]) {
        let plain = |id| (Head::new(id, &[], 0), &[][..]);
        let number = |id, piece: u32| (Head::new(id, &piece.to_be_bytes(), 0), &[][..]);
        let span = |id, block: BlockRequest| (Head::new(id, &block.encode(), 0), &[][..]);
        match *self {
            Self::KeepAlive => (Head::KEEP_ALIVE, &[]),
            Self::Choke => plain(CHOKE),
            Self::Unchoke => plain(UNCHOKE),
            Self::Interested => plain(INTERESTED),
            Self::NotInterested => plain(NOT_INTERESTED),
            Self::Have(piece) => number(HAVE, piece),
            Self::Bitfield(bits) => (Head::new(BITFIELD, &[], bits.len()), bits),
            Self::Request(block) => span(REQUEST, block),
            Self::Piece { piece, begin, data } => {
                let [a, b, c, d] = piece.to_be_bytes();
                let [e, f, g, h] = begin.to_be_bytes();
                (Head::new(PIECE, &[a, b, c, d, e, f, g, h], data.len()), data)
            }
            Self::Cancel(block) => span(CANCEL, block),
            Self::Port(port) => (Head::new(PORT, &port.to_be_bytes(), 0), &[]),
            Self::Suggest(piece) => number(SUGGEST, piece),
            Self::HaveAll => plain(HAVE_ALL),
            Self::HaveNone => plain(HAVE_NONE),
            Self::Reject(block) => span(REJECT, block),
            Self::AllowedFast(piece) => number(ALLOWED_FAST, piece),
            Self::Extended { id, payload } => (Head::new(EXTENDED, &[id], payload.len()), payload),
            Self::Unknown { id } => plain(id),
        }
    }

    /// The message's name, for logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::Choke => kind_of(CHOKE),
            Self::Unchoke => kind_of(UNCHOKE),
            Self::Interested => kind_of(INTERESTED),
            Self::NotInterested => kind_of(NOT_INTERESTED),
            Self::Have(_) => kind_of(HAVE),
            Self::Bitfield(_) => kind_of(BITFIELD),
            Self::Request(_) => kind_of(REQUEST),
            Self::Piece { .. } => kind_of(PIECE),
            Self::Cancel(_) => kind_of(CANCEL),
            Self::Port(_) => kind_of(PORT),
            Self::Suggest(_) => kind_of(SUGGEST),
            Self::HaveAll => kind_of(HAVE_ALL),
            Self::HaveNone => kind_of(HAVE_NONE),
            Self::Reject(_) => kind_of(REJECT),
            Self::AllowedFast(_) => kind_of(ALLOWED_FAST),
            Self::Extended { .. } => kind_of(EXTENDED),
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl BlockRequest {
    fn encode(self) -> [u8; 12] {
        let [a, b, c, d] = self.piece.to_be_bytes();
        let [e, f, g, h] = self.begin.to_be_bytes();
        let [i, j, k, l] = self.length.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

/// What stands before `length` bytes of data in a piece message.
pub fn piece_header(piece: u32, begin: u32, length: u32) -> [u8; PIECE_HEADER_LENGTH] {
    let [a, b, c, d] = length.saturating_add(9).to_be_bytes();
    let [e, f, g, h] = piece.to_be_bytes();
    let [i, j, k, l] = begin.to_be_bytes();
    [a, b, c, d, PIECE, e, f, g, h, i, j, k, l]
}

/// The name of the message with this id.
pub(crate) fn kind_of(id: u8) -> &'static str {
    match id {
        CHOKE => "choke",
        UNCHOKE => "unchoke",
        INTERESTED => "interested",
        NOT_INTERESTED => "not-interested",
        HAVE => "have",
        BITFIELD => "bitfield",
        REQUEST => "request",
        PIECE => "piece",
        CANCEL => "cancel",
        PORT => "port",
        SUGGEST => "suggest",
        HAVE_ALL => "have-all",
        HAVE_NONE => "have-none",
        REJECT => "reject",
        ALLOWED_FAST => "allowed-fast",
        EXTENDED => "extended",
        _ => "unknown",
    }
}

/// The bytes of a message that are not borrowed: length, id and fixed fields.
pub(crate) struct Head {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Head {
    /// The header and the three numbers of a request.
    const CAPACITY: usize = HEADER_LENGTH + 12;

    const KEEP_ALIVE: Self = Self { bytes: [0; Self::CAPACITY], length: 4 };

    /// The head of a message with these fields before a tail of so many bytes.
    fn new(id: u8, fields: &[u8], tail_length: usize) -> Self {
        // What we send is bounded far below 4 GiB.
        let stated = (1 + fields.len() + tail_length) as u32;
        let mut bytes = [0; Self::CAPACITY];
        let parts = [&stated.to_be_bytes()[..], &[id], fields];
        for (byte, value) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *value;
        }
        Self { bytes, length: HEADER_LENGTH + fields.len() }
    }

    /// The head's bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(message: Message<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    }

    #[test]
    fn bytes_are_those_of_the_protocol() {
        let block = BlockRequest { piece: 1, begin: 0x4000, length: 0x0102_0304 };
        let cases: [(Message<'_>, &[u8]); 10] = [
            (Message::KeepAlive, b"\0\0\0\0"),
            (Message::Unchoke, b"\0\0\0\x01\x01"),
            (Message::Have(0x0a0b_0c0d), b"\0\0\0\x05\x04\x0a\x0b\x0c\x0d"),
            (Message::Bitfield(&[0x80, 1]), b"\0\0\0\x03\x05\x80\x01"),
            (Message::Request(block), b"\0\0\0\x0d\x06\0\0\0\x01\0\0\x40\0\x01\x02\x03\x04"),
            (
                Message::Piece { piece: 2, begin: 3, data: b"xy" },
                b"\0\0\0\x0b\x07\0\0\0\x02\0\0\0\x03xy",
            ),
            (Message::Port(6881), b"\0\0\0\x03\x09\x1a\xe1"),
            (Message::HaveAll, b"\0\0\0\x01\x0e"),
            (Message::Reject(block), b"\0\0\0\x0d\x10\0\0\0\x01\0\0\x40\0\x01\x02\x03\x04"),
            (Message::Extended { id: 3, payload: b"de" }, b"\0\0\0\x04\x14\x03de"),
        ];
        for (message, bytes) in cases {
            assert_eq!(encoded(message), bytes, "{}", message.kind());
        }
    }

    #[test]
    fn a_piece_header_stands_before_its_data() {
        let data = [5; 100];
        let message = encoded(Message::Piece { piece: 9, begin: 32_768, data: &data });
        assert_eq!(message, [&piece_header(9, 32_768, 100)[..], &data].concat());
    }

    #[test]
    fn kinds_are_the_names_of_the_ids() {
        assert_eq!(Message::KeepAlive.kind(), "keep-alive");
        assert_eq!(Message::NotInterested.kind(), "not-interested");
        assert_eq!(Message::Unknown { id: 21 }.kind(), "unknown");
        assert_eq!(kind_of(21), "unknown");
    }
}
