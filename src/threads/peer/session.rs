//! The exchange of messages and blocks, turn by turn.
//!
//! A turn takes the orders that wait, reads what has come, writes the blocks in it to the file,
//! lets the connection draw its conclusions, publishes, and sends. Blocks go from the socket's
//! buffer to the file in this thread, neighbors together in one system call; blocks that the peer
//! asked for are read together and sent together.

use crate::connection::event::Command;
use crate::connection::machine::Connection;
use crate::connection::reason::CloseReason;
use crate::connection::upload::wire_form;
use crate::kit::clock::Time;
use crate::layout::{Block, PieceSpan};
use crate::limits::{READS_PER_WAKE_MAX, UNSENT_MAX, UPLOAD_BATCH, UPLOADS_PER_TURN_MAX};
use crate::storage::{StorageError, StorageErrorKind};
use crate::swarm::event::Event;
use crate::swarm::state::PeerKey;
use crate::threads::assets::Assets;
use crate::threads::peer::line::Line;
use crate::threads::peer::words::{PeerContext, PeerOrder, UNCHOKED};
use crate::wire::codec::messages;
use crate::wire::message::Message;
use crate::wire::messenger::{Fill, Messenger};
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A connection with everything it works on.
#[derive(Debug)]
pub(super) struct Session {
    /// What every peer's thread is given.
    context: PeerContext,
    /// Its own name.
    key: PeerKey,
    /// Socket and mailbox.
    line: Line,
    /// The torrent's files.
    assets: Arc<Assets>,
    /// The protocol.
    connection: Connection,
    /// Spans being served, kept for its memory.
    run: Vec<PieceSpan>,
}

impl Session {
    /// A session whose first turn has not begun.
    pub(super) fn new(
        context: PeerContext,
        key: PeerKey,
        line: Line,
        assets: Arc<Assets>,
        connection: Connection,
    ) -> Self {
        Self { context, key, line, assets, connection, run: Vec::new() }
    }

    /// Turns until the connection ends; returns why.
    pub(super) fn run(&mut self) -> Result<Infallible, CloseReason> {
        // What came with the handshake is in the buffer already.
        self.read_messages()?;
        loop {
            self.take_orders()?;
            self.receive()?;
            let now = self.context.clock.now();
            self.connection.end_turn(now)?;
            self.publish()?;
            self.send()?;
            if !self.has_more(now) {
                self.line.messenger.rest();
                let deadline = self.deadline(now);
                self.line.wait(self.context.clock, deadline)?;
            }
        }
    }

    /// The last words: everything main counted, then why.
    pub(super) fn leave(mut self, reason: CloseReason) {
        self.connection.leave(reason);
        // Nobody to tell any more is no error while stopping.
        let _ = self.publish();
    }

    /// Whether a turn would find something to do without waiting.
    fn has_more(&self, now: Time) -> bool {
        (self.line.readable && self.may_read())
            || (self.line.writable && (self.line.messenger.unsent() > 0 || self.has_uploads(now)))
    }

    /// Whether the peer has requests that may be served now.
    fn has_uploads(&self, now: Time) -> bool {
        self.connection.uploads_due().is_some_and(|due| now >= due)
    }

    /// When there is something to do though nothing happens. Uploads that a limit of speed holds
    /// are due only if the socket would take them.
    fn deadline(&self, now: Time) -> Time {
        let uploads = self.connection.uploads_due().filter(|_| self.line.writable);
        let rest = self.connection.deadline(now);
        uploads.map_or(rest, |due| due.min(rest))
    }

    /// A peer that does not read what we answer is not read either, so that our answers to it
    /// have a bound.
    fn may_read(&self) -> bool {
        self.line.messenger.unsent() < UNSENT_MAX
    }

    fn take_orders(&mut self) -> Result<(), CloseReason> {
        self.line.letters.look();
        while let Some(order) = self.line.letters.take() {
            if let PeerOrder::Command(command) = order {
                self.connection.handle_command(command)?;
            }
        }
        let unchoked = self.line.letters.state() & UNCHOKED != 0;
        self.connection.handle_command(Command::Unchoke(unchoked))
    }

    /// Reads until nothing has come, at most a few buffers, and handles each as it comes.
    fn receive(&mut self) -> Result<(), CloseReason> {
        for _ in 0..READS_PER_WAKE_MAX {
            if !self.line.readable || !self.may_read() {
                return Ok(());
            }
            match self.line.messenger.fill() {
                Ok(Fill::Bytes(_)) => self.read_messages()?,
                Ok(Fill::WouldBlock) => self.line.readable = false,
                Ok(Fill::Closed) => return Err(CloseReason::RemoteClosed),
                Err(error) => return Err(CloseReason::Io(error.kind())),
            }
        }
        Ok(())
    }

    /// Handles every whole message in the buffer and stores the blocks in them.
    fn read_messages(&mut self) -> Result<(), CloseReason> {
        let now = self.context.clock.now();
        let bounds = self.connection.bounds();
        let mut arriving = messages(self.line.messenger.pending(), &bounds);
        let mut blocks = BlockRun::default();
        let mut full = None;
        let mut outcome = Ok(());
        for message in arriving.by_ref() {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    outcome = Err(Failure::Peer(error.into()));
                    break;
                }
            };
            let stored = match self.connection.handle_message(now, &message) {
                Ok(Some(block)) => {
                    let Message::Piece { data, .. } = message else {
                        continue;
                    };
                    blocks.add(&self.assets, &mut self.connection, block, data)
                }
                Ok(None) => Ok(()),
                Err(reason) => {
                    outcome = Err(Failure::Peer(reason));
                    break;
                }
            };
            if let Err(error) = endure(stored, &mut full) {
                outcome = Err(Failure::Disk(error));
                break;
            }
        }
        // Blocks that came before a violation are as good as any.
        let written = blocks.write(&self.assets, &mut self.connection);
        let written = endure(written, &mut full).map_err(Failure::Disk);
        let consumed = arriving.consumed();
        self.line.messenger.consume(consumed);
        if let Some(error) = full {
            let _ = self.assets.publish_failure(&self.context.bus, &error);
        }
        match outcome.and(written) {
            Ok(()) => Ok(()),
            Err(Failure::Peer(reason)) => Err(reason),
            Err(Failure::Disk(error)) => Err(self.disk_failed(&error)),
        }
    }

    fn disk_failed(&self, error: &StorageError) -> CloseReason {
        // Everybody hears of it by the torrent's failure.
        log::info!("{error}");
        let _ = self.assets.publish_failure(&self.context.bus, error);
        CloseReason::DiskFailed
    }

    fn publish(&mut self) -> Result<(), CloseReason> {
        while let Some(event) = self.connection.outbox().next_event() {
            log::trace!("publishes {event:?}");
            let published = self.context.bus.publish(Event::Peer(self.key, event));
            published.map_err(|_| CloseReason::Stopped)?;
        }
        Ok(())
    }

    /// Sends what the connection has to say, then blocks as long as the socket takes them.
    fn send(&mut self) -> Result<(), CloseReason> {
        self.send_bytes();
        for _ in 0..UPLOADS_PER_TURN_MAX {
            if !self.line.writable {
                return Ok(());
            }
            self.line.writable =
                self.line.messenger.flush().map_err(|error| CloseReason::Io(error.kind()))?;
            let now = self.context.clock.now();
            if !self.line.writable || !self.has_uploads(now) {
                return Ok(());
            }
            self.queue_blocks()?;
        }
        Ok(())
    }

    /// Hands what the connection has to say to the messenger.
    fn send_bytes(&mut self) {
        let outbox = self.connection.outbox();
        if !outbox.bytes().is_empty() {
            self.line.messenger.send_raw(outbox.bytes());
            outbox.clear_bytes();
        }
    }

    /// Reads the next run of blocks that the peer asked for into the send queue.
    fn queue_blocks(&mut self) -> Result<(), CloseReason> {
        self.connection.next_run(self.context.clock.now(), UPLOAD_BATCH, &mut self.run);
        let (Some(first), Some(last)) = (self.run.first(), self.run.last()) else { return Ok(()) };
        let length = last.begin + last.length - first.begin;
        let span = PieceSpan { piece: first.piece, begin: first.begin, length };
        let requests: Vec<_> = self.run.iter().map(|span| wire_form(*span)).collect();
        let mut failed = None;
        let storage = &self.assets.storage;
        let queued = self.line.messenger.send_blocks(&requests, &mut |slices| {
            storage.read(span, slices).map_err(|error| {
                failed = Some(error);
                io::ErrorKind::Other.into()
            })
        });
        match (queued, failed) {
            (Ok(()), _) => {
                self.connection.uploaded(self.context.clock.now(), u64::from(length));
                Ok(())
            }
            (Err(_), Some(error)) => {
                // One bad sector, or a file cut short under a seed, ends this connection and not
                // the torrent: the rest may be readable.
                log::warn!("a peer's request cannot be served: {error}");
                self.connection.unreadable(&self.run);
                self.send_bytes();
                let _ = self.line.messenger.flush();
                Err(CloseReason::DiskFailed)
            }
            (Err(error), None) => Err(CloseReason::Io(error.kind())),
        }
    }
}

/// A disk that is full is no reason to leave: the block goes back like one that never came, and the
/// main thread, which is to be told, grants no more until there is room.
fn endure(
    stored: Result<(), StorageError>,
    full: &mut Option<StorageError>,
) -> Result<(), StorageError> {
    match stored {
        Err(error) if error.kind == StorageErrorKind::DiskFull => {
            *full = Some(error);
            Ok(())
        }
        other => other,
    }
}

/// Why a buffer could not be handled to its end.
enum Failure {
    /// It is the peer's fault.
    Peer(CloseReason),
    /// It is the disk's.
    Disk(StorageError),
}

/// Blocks that follow each other in a piece, to be written at once.
#[derive(Default)]
struct BlockRun<'a> {
    /// The blocks.
    blocks: Vec<Block>,
    /// Their data.
    data: Vec<IoSlice<'a>>,
}

impl<'a> BlockRun<'a> {
    /// Adds a block; what does not follow on is written first.
    fn add(
        &mut self,
        assets: &Assets,
        connection: &mut Connection,
        block: Block,
        data: &'a [u8],
    ) -> Result<(), StorageError> {
        let follows = self
            .blocks
            .last()
            .is_none_or(|last| last.piece == block.piece && last.index + 1 == block.index);
        let written = if follows { Ok(()) } else { self.write(assets, connection) };
        self.blocks.push(block);
        self.data.push(IoSlice::new(data));
        written
    }

    /// Writes what was gathered and tells the connection.
    fn write(&mut self, assets: &Assets, connection: &mut Connection) -> Result<(), StorageError> {
        let Some(first) = self.blocks.first() else { return Ok(()) };
        let length = self.data.iter().map(|slice| slice.len() as u32).sum();
        let span = PieceSpan { piece: first.piece, begin: first.begin(), length };
        let written = assets.storage.write(span, &self.data);
        if written.is_err() {
            assets.shared.stats.wasted.fetch_add(u64::from(length), Relaxed);
        }
        for block in self.blocks.drain(..) {
            match written {
                Ok(()) => connection.stored(block),
                Err(_) => connection.not_stored(block),
            }
        }
        self.data.clear();
        written
    }
}
