//! The [`Messenger`] over any stream that answers "would block" instead of waiting.
//!
//! It knows neither sockets nor readiness: it reads and writes when it is told to. Its memory is
//! a window in each direction, taken from a pool while bytes are under way.

use crate::kit::buffers::BufferPool;
use crate::limits::REQUEST_LENGTH_MAX;
use crate::wire::message::{BlockRequest, Message, PIECE_HEADER_LENGTH, piece_header};
use crate::wire::messenger::{Fill, Messenger, ReadBlocks};
use crate::wire::window::Window;
use std::io::{self, ErrorKind, IoSliceMut, Read, Write};

/// A connection over a stream.
#[derive(Debug)]
pub struct StreamMessenger<S> {
    /// What carries the bytes.
    stream: S,
    /// Where buffers come from.
    pool: BufferPool,
    /// Bytes received and not consumed.
    incoming: Window,
    /// Bytes queued and not sent.
    outgoing: Window,
}

impl<S> StreamMessenger<S> {
    /// A connection over `stream`, which must not block, with buffers of `pool`.
    pub fn new(stream: S, pool: BufferPool) -> Self {
        Self { stream, pool, incoming: Window::default(), outgoing: Window::default() }
    }

    /// What carries the bytes.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// What carries the bytes, to have it misbehave.
    #[cfg(test)]
    fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Bytes of memory held by the buffers of both directions.
    pub fn held(&self) -> usize {
        self.incoming.held() + self.outgoing.held()
    }
}

impl<S: Read + Write> Messenger for StreamMessenger<S> {
    fn fill(&mut self) -> io::Result<Fill> {
        if !self.incoming.reserve_for_read(&self.pool) {
            let what = "the read buffer is full: expected messages to be consumed before a read";
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        loop {
            return match self.stream.read(self.incoming.room()) {
                Ok(0) => Ok(Fill::Closed),
                Ok(count) => {
                    self.incoming.filled(count);
                    Ok(Fill::Bytes(count))
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Fill::WouldBlock),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
        }
    }

    fn pending(&self) -> &[u8] {
        self.incoming.pending()
    }

    fn consume(&mut self, bytes: usize) {
        self.incoming.consume(bytes);
    }

    fn send(&mut self, message: &Message<'_>) {
        let (head, tail) = message.parts();
        self.outgoing.reserve(head.as_slice().len() + tail.len(), &self.pool);
        self.outgoing.append(head.as_slice(), &self.pool);
        self.outgoing.append(tail, &self.pool);
    }

    fn send_raw(&mut self, bytes: &[u8]) {
        self.outgoing.append(bytes, &self.pool);
    }

    fn send_blocks(
        &mut self,
        blocks: &[BlockRequest],
        read: &mut ReadBlocks<'_>,
    ) -> io::Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        if blocks.iter().any(|block| block.length > REQUEST_LENGTH_MAX) {
            let what = format!("a block to send: expected at most {REQUEST_LENGTH_MAX} bytes");
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        let size = |block: &BlockRequest| PIECE_HEADER_LENGTH + block.length as usize;
        let total = blocks.iter().map(size).sum();
        self.outgoing.reserve(total, &self.pool);
        let mut rest = self.outgoing.room();
        let mut slices = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (header, behind) = rest.split_at_mut(PIECE_HEADER_LENGTH);
            let (data, behind) = behind.split_at_mut(block.length as usize);
            header.copy_from_slice(&piece_header(block.piece, block.begin, block.length));
            slices.push(IoSliceMut::new(data));
            rest = behind;
        }
        read(&mut slices)?;
        self.outgoing.filled(total);
        Ok(())
    }

    fn unsent(&self) -> usize {
        self.outgoing.len()
    }

    fn flush(&mut self) -> io::Result<bool> {
        while !self.outgoing.is_empty() {
            match self.stream.write(self.outgoing.pending()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.outgoing.consume(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn rest(&mut self) {
        self.incoming.rest(&self.pool);
        self.outgoing.rest(&self.pool);
    }
}

#[cfg(test)]
mod tests;
