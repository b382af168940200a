//! The interface that hides bits on the socket: whoever speaks the protocol reads waiting bytes
//! and queues messages here, and does not know what carries them.
//!
//! Whoever drives a messenger calls [`fill`](Messenger::fill) when the other side may have sent,
//! reads [`pending`](Messenger::pending) with [`messages`](crate::wire::codec::messages),
//! consumes what it read, queues its answers, and ends its turn with
//! [`flush`](Messenger::flush) and, before it waits, [`rest`](Messenger::rest).

use crate::wire::message::{BlockRequest, Message};
use std::io::{self, IoSliceMut};

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// So many more bytes wait, at least one.
    Bytes(usize),
    /// Nothing now; the other side may send later.
    WouldBlock,
    /// The other side has ended the stream. What waits may still be read.
    Closed,
}

/// Reads the data of blocks from where they are stored: one slice for each block, in their order,
/// to be filled entirely. The error goes to the caller of
/// [`send_blocks`](Messenger::send_blocks) unchanged.
pub type ReadBlocks<'a> = dyn FnMut(&mut [IoSliceMut<'_>]) -> io::Result<()> + 'a;

/// One peer's end of a connection.
pub trait Messenger {
    /// One read from the other side into the buffer.
    ///
    /// Whole messages should have been consumed before: the buffer grows only for one message,
    /// and it is an error to fill one that is as large as any message may be.
    fn fill(&mut self) -> io::Result<Fill>;

    /// The raw bytes that wait.
    fn pending(&self) -> &[u8];

    /// Forgets the first `bytes` of the bytes that wait.
    fn consume(&mut self, bytes: usize);

    /// Puts one message in the send queue, encoded at once; nothing is sent before `flush`.
    fn send(&mut self, message: &Message<'_>);

    /// Puts bytes in the send queue as they are: the handshake.
    fn send_raw(&mut self, bytes: &[u8]);

    /// Puts a run of piece messages in the send queue. `read` fills all their data at once, in
    /// place, between the headers.
    ///
    /// Either all the messages are queued or, with the error of `read`, none of them. The blocks
    /// have been checked against the torrent; one longer than a request may be is an error
    /// ([`io::ErrorKind::InvalidInput`]).
    fn send_blocks(&mut self, blocks: &[BlockRequest], read: &mut ReadBlocks<'_>)
    -> io::Result<()>;

    /// Bytes queued and not sent. The queue has no bound of its own: whoever queues looks here.
    fn unsent(&self) -> usize;

    /// Sends as much as the other side takes; true when nothing is left.
    fn flush(&mut self) -> io::Result<bool>;

    /// Gives back the memory that is not needed while waiting; a connection on which nothing is
    /// under way holds none.
    fn rest(&mut self);
}
