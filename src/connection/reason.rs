//! Why a connection ends, in words for people, and whether to try the address again.

use crate::bitfield::BitfieldError;
use crate::wire::error::WireError;
use std::fmt;
use std::io;

/// What a peer did that the protocol forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Bytes that are no message.
    Wire(WireError),
    /// A bitfield of the wrong size.
    Bitfield(BitfieldError),
    /// A piece number past the last piece.
    PieceIndex(u32),
    /// A span that is empty or not inside one piece.
    Span,
    /// A block of a shape that nobody asks for.
    BlockShape,
    /// More requests queued than we said we would take.
    TooManyRequests,
    /// Too many messages that say nothing.
    Flood,
    /// Blocks that differ from the verified ones.
    BadData,
}

/// Why a connection ended or never came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// We are stopping.
    Stopped,
    /// Neither side needs anything of the other (BEP 21).
    BothComplete,
    /// The peer closed the connection.
    RemoteClosed,
    /// Reading or writing the socket failed.
    Io(io::ErrorKind),
    /// The address did not answer.
    ConnectFailed(io::ErrorKind),
    /// No connection within the time for one.
    ConnectTimeout,
    /// No complete handshake within the time for one.
    HandshakeTimeout,
    /// The peer said nothing for too long.
    IdleTimeout,
    /// The peer broke the protocol.
    Violation(Violation),
    /// The peer serves another torrent.
    OtherTorrent,
    /// The peer asked for a torrent that we do not serve now.
    UnknownTorrent,
    /// The peer is ourselves.
    Ourselves,
    /// We are connected to this peer already.
    Duplicate,
    /// The peer gave us bad data before.
    Banned,
    /// We have as many peers as we want.
    TooManyPeers,
    /// It was of no use to either side, and somebody else needed its place.
    Displaced,
    /// The torrent is private and has another tracker now (BEP 27).
    OtherTracker,
    /// Our own disk refused to read or write.
    DiskFailed,
    /// The system could not start a thread for it.
    NoThread,
    /// A bug of ours ended its thread.
    Panicked,
}

impl Violation {
    /// A violation in a sentence.
    fn explain(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("protocol violation: ")?;
        match self {
            Self::Wire(error) => write!(f, "{error}"),
            Self::Bitfield(error) => write!(f, "{error}"),
            Self::PieceIndex(piece) => write!(f, "piece {piece} does not exist"),
            Self::Span => f.write_str("request outside a piece"),
            Self::BlockShape => f.write_str("block of a shape nobody asked for"),
            Self::TooManyRequests => f.write_str("more requests than the queue it was promised"),
            Self::Flood => f.write_str("a flood of messages that say nothing"),
            Self::BadData => f.write_str("blocks that fail the piece's hash"),
        }
    }
}

impl CloseReason {
    /// Whether the same address may be worth another try.
    pub fn is_transient(self) -> bool {
        match self {
            Self::RemoteClosed
            | Self::Io(_)
            | Self::ConnectFailed(_)
            | Self::ConnectTimeout
            | Self::HandshakeTimeout
            | Self::IdleTimeout
            | Self::TooManyPeers
            | Self::Displaced
            | Self::OtherTracker
            | Self::Duplicate
            | Self::NoThread
            | Self::Panicked => true,
            Self::Stopped
            | Self::BothComplete
            | Self::Violation(_)
            | Self::OtherTorrent
            | Self::UnknownTorrent
            | Self::Ourselves
            | Self::Banned
            | Self::DiskFailed => false,
        }
    }
}

impl From<Violation> for CloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<WireError> for CloseReason {
    fn from(error: WireError) -> Self {
        Self::Violation(Violation::Wire(error))
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::BothComplete => f.write_str("both sides are complete"),
            Self::RemoteClosed => f.write_str("the peer closed the connection"),
            Self::Io(kind) => write!(f, "connection lost: {kind}"),
            Self::ConnectFailed(kind) => write!(f, "no connection: {kind}"),
            Self::ConnectTimeout => f.write_str("no connection: timed out"),
            Self::HandshakeTimeout => f.write_str("no handshake in time"),
            Self::IdleTimeout => f.write_str("silent for too long"),
            Self::Violation(violation) => violation.explain(f),
            Self::OtherTorrent => f.write_str("the peer serves another torrent"),
            Self::UnknownTorrent => f.write_str("it asked for a torrent that is not served here"),
            Self::Ourselves => f.write_str("that is this client itself"),
            Self::Duplicate => f.write_str("already connected to this peer"),
            Self::Banned => f.write_str("banned for bad data"),
            Self::TooManyPeers => f.write_str("enough peers"),
            Self::Displaced => f.write_str("no use to either side, and its place was needed"),
            Self::OtherTracker => f.write_str("the private torrent has another tracker now"),
            Self::DiskFailed => f.write_str("the disk failed"),
            Self::NoThread => f.write_str("the system gives no more threads"),
            Self::Panicked => f.write_str("internal error"),
        }
    }
}
