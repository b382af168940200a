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
        match *self {
            Self::KeepAlive => out.extend_from_slice(&[0; 4]),
            Self::Choke => put(out, CHOKE, &[]),
            Self::Unchoke => put(out, UNCHOKE, &[]),
            Self::Interested => put(out, INTERESTED, &[]),
            Self::NotInterested => put(out, NOT_INTERESTED, &[]),
            Self::Have(piece) => put(out, HAVE, &piece.to_be_bytes()),
            Self::Bitfield(bits) => put(out, BITFIELD, bits),
            Self::Request(block) => put(out, REQUEST, &block.encode()),
            Self::Piece { piece, begin, data } => {
                // Blocks are never longer than a message may be.
                out.extend_from_slice(&piece_header(piece, begin, data.len() as u32));
                out.extend_from_slice(data);
            }
            Self::Cancel(block) => put(out, CANCEL, &block.encode()),
            Self::Port(port) => put(out, PORT, &port.to_be_bytes()),
            Self::Suggest(piece) => put(out, SUGGEST, &piece.to_be_bytes()),
            Self::HaveAll => put(out, HAVE_ALL, &[]),
            Self::HaveNone => put(out, HAVE_NONE, &[]),
            Self::Reject(block) => put(out, REJECT, &block.encode()),
            Self::AllowedFast(piece) => put(out, ALLOWED_FAST, &piece.to_be_bytes()),
            Self::Extended { id, payload } => {
                put_header(out, EXTENDED, 1 + payload.len());
                out.push(id);
                out.extend_from_slice(payload);
            }
            Self::Unknown { id } => put(out, id, &[]),
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

fn put(out: &mut Vec<u8>, id: u8, payload: &[u8]) {
    put_header(out, id, payload.len());
    out.extend_from_slice(payload);
}

fn put_header(out: &mut Vec<u8>, id: u8, payload_length: usize) {
    // What we send is bounded far below 4 GiB.
    out.extend_from_slice(&(payload_length as u32 + 1).to_be_bytes());
    out.push(id);
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
