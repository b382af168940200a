//! The connection after its handshake: dispatches messages, commands and time to its halves and
//! collects what is to be done.
//!
//! Calls, in the order of a turn of the peer's thread:
//! 1. inputs: [`Connection::handle_message`] for each message, [`Connection::handle_command`] for
//!    each command, [`Connection::stored`] or [`Connection::not_stored`] for each block that
//!    `handle_message` said to store;
//! 2. [`Connection::end_turn`] once: reads the log of new pieces, refills requests, looks at the
//!    time;
//! 3. outputs: [`Connection::outbox`] (bytes, events), [`Connection::next_run`] while the socket
//!    takes more;
//! 4. [`Connection::deadline`]: when to call `end_turn` again if nothing happens.
//!
//! At the end [`Connection::leave`] gives back everything main counted, then `Closed` is the last
//! event.

use crate::bitfield::Bitfield;
use crate::connection::download::{Arrival, Download};
use crate::connection::event::{Command, Event, Joined};
use crate::connection::idle::IdleWords;
use crate::connection::introduction::{Setup, introduce};
use crate::connection::outbox::Outbox;
use crate::connection::pieces::RemotePieces;
use crate::connection::reason::{CloseReason, Violation};
use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::connection::toll::Toll;
use crate::connection::upload::{Upload, Use};
use crate::kit::clock::Time;
use crate::layout::{Block, PieceIndex, PieceSpan};
use crate::limits::{IDLE_TIMEOUT, KEEP_ALIVE};
use crate::wire::codec::Bounds;
use crate::wire::extension::{EXTENSION_HANDSHAKE_ID, ExtensionHandshake};
use crate::wire::handshake::Features;
use crate::wire::message::{BlockRequest, Message};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// One peer's protocol state.
#[derive(Debug)]
pub struct Connection {
    /// The torrent.
    shared: Arc<SharedTorrent>,
    /// The peer's figures.
    counters: Arc<PeerCounters>,
    /// What both sides speak.
    features: Features,
    /// What the peer has and what we want of it.
    pieces: RemotePieces,
    /// Our requests.
    download: Download,
    /// Its requests.
    upload: Upload,
    /// What is to be done.
    out: Outbox,
    /// Whether the peer's bitfield or first have has come.
    pieces_told: bool,
    /// Whether the main thread was told that the peer has everything, instead of words.
    all_told: bool,
    /// Whether the peer was told that we want something.
    interested: bool,
    /// Whether the peer downloads nothing any more (BEP 21).
    upload_only: bool,
    /// When the peer said something last.
    heard_at: Time,
    /// When we said something last.
    said_at: Time,
    /// Messages of the peer that said nothing.
    idle: IdleWords,
}

impl Connection {
    /// A connection whose handshakes are done. Queues what is said first.
    pub fn new(now: Time, setup: Setup) -> Self {
        let features = setup.handshake.features.shared(Features::OURS);
        let shared = Arc::clone(&setup.shared);
        let piece_count = shared.layout.piece_count();
        // The cursor is taken before the snapshot: a piece that comes in between is told twice,
        // never not at all.
        let cursor = shared.have_log.len();
        let owned = shared.owned.snapshot();
        let (up, down) = Toll::both(&shared.throttle, &setup.throttle);
        let (mut upload, mut out) = (Upload::new(features.fast, up), Outbox::default());
        introduce(&setup, features, &owned, &mut upload, &mut out);
        out.publish(Event::Joined(Box::new(Joined {
            peer_id: setup.handshake.peer_id,
            pieces: Bitfield::new(piece_count),
            counters: Arc::clone(&setup.counters),
        })));
        Self {
            pieces: RemotePieces::new(piece_count, cursor),
            download: Download::new(now, features.fast, down),
            upload,
            out,
            pieces_told: false,
            all_told: false,
            interested: false,
            upload_only: false,
            heard_at: now,
            said_at: now,
            idle: IdleWords::new(now),
            features,
            counters: setup.counters,
            shared,
        }
    }

    /// What the peer may say.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            piece_count: self.shared.layout.piece_count(),
            fast: self.features.fast,
            extensions: self.features.extensions,
        }
    }

    /// What is to be sent and published.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.out
    }

    /// A message came. A block that is to be stored is returned.
    pub fn handle_message(
        &mut self,
        now: Time,
        message: &Message<'_>,
    ) -> Result<Option<Block>, CloseReason> {
        self.heard_at = now;
        if let Message::Piece { piece, begin, data } = *message {
            return Ok(self.block_came(now, piece, begin, data.len())?);
        }
        if self.other_message(now, message)? == Use::Idle {
            self.idle.count(now)?;
        }
        Ok(None)
    }

    /// The main thread gave an order.
    pub fn handle_command(&mut self, command: Command) -> Result<(), CloseReason> {
        match command {
            Command::Grant(grant) => self.download.granted(grant, &mut self.out),
            Command::Answer(answer) => {
                self.download.answered(answer, &self.shared, &mut self.pieces, &mut self.out);
            }
            Command::Cancel { lease, blocks } => {
                self.download.cancelled(lease, blocks, &self.shared.layout, &mut self.out);
            }
            Command::Work => self.download.woken(),
            Command::Unchoke(unchoked) => self.upload.set_unchoked(unchoked, &mut self.out),
            Command::Stop(reason) => return Err(reason),
        }
        Ok(())
    }

    /// A block that was to be stored is in the file.
    pub fn stored(&mut self, block: Block) {
        self.download.stored(block, &mut self.out);
    }

    /// A block that was to be stored is not in the file.
    pub fn not_stored(&mut self, block: Block) {
        self.download.not_stored(block, &mut self.out);
    }

    /// After all inputs of a turn: whatever follows from them and from the time.
    pub fn end_turn(&mut self, now: Time) -> Result<(), CloseReason> {
        self.read_log();
        self.tell_interest();
        self.download.timed_out(now, &self.shared.layout, &mut self.out);
        self.counters.snubbing.store(self.download.is_snubbed(), Relaxed);
        self.download.refill(now, &self.shared, &mut self.pieces, &mut self.out);
        if self.shared.is_upload_only() && (self.pieces.has().is_full() || self.upload_only) {
            return Err(CloseReason::BothComplete);
        }
        if now.since(self.heard_at) >= IDLE_TIMEOUT {
            return Err(CloseReason::IdleTimeout);
        }
        if !self.out.bytes().is_empty() {
            self.said_at = now;
        } else if now.since(self.said_at) >= KEEP_ALIVE {
            self.out.send(Message::KeepAlive);
            self.said_at = now;
        }
        Ok(())
    }

    /// When to call [`Self::end_turn`] if nothing happens before.
    pub fn deadline(&self, now: Time) -> Time {
        let quiet = (self.said_at + KEEP_ALIVE).min(self.heard_at + IDLE_TIMEOUT);
        self.download.deadline(now).map_or(quiet, |due| due.min(quiet))
    }

    /// The requests to serve next: spans that follow each other, up to `bytes_max` bytes and what
    /// limits of speed allow.
    pub fn next_run(&mut self, now: Time, bytes_max: u32, run: &mut Vec<PieceSpan>) {
        self.upload.next_run(now, bytes_max, run);
    }

    /// When requests of the peer may be served, if any wait.
    pub fn uploads_due(&self) -> Option<Time> {
        self.upload.is_waiting().then(|| self.upload.wait_until().unwrap_or(Time::ZERO))
    }

    /// Blocks of that many bytes were handed to the socket.
    pub fn uploaded(&mut self, now: Time, bytes: u64) {
        self.said_at = now;
        self.counters.uploaded.fetch_add(bytes, Relaxed);
        self.shared.stats.uploaded.fetch_add(bytes, Relaxed);
    }

    /// Requests that could not be read from the disk.
    pub fn unreadable(&mut self, run: &[PieceSpan]) {
        self.upload.unreadable(run, &mut self.out);
    }

    /// The connection ends: gives back leases and pieces, then says its last word.
    pub fn leave(&mut self, reason: CloseReason) {
        self.download.leave(&mut self.out);
        self.upload.leave();
        if !self.all_told {
            for index in self.pieces.take_words() {
                self.out.publish(Event::WordGone { index });
            }
        }
        self.out.publish(Event::Closed(reason));
    }

    fn other_message(&mut self, now: Time, message: &Message<'_>) -> Result<Use, CloseReason> {
        Ok(match *message {
            Message::KeepAlive
            | Message::Port(_)
            | Message::Suggest(_)
            | Message::Unknown { .. } => Use::Idle,
            Message::Choke if self.download.is_choked() => Use::Idle,
            Message::Choke => {
                self.download.choked(&mut self.out);
                // Flapping costs the main thread events, so it counts as idle words.
                Use::Idle
            }
            Message::Unchoke if !self.download.is_choked() => Use::Idle,
            Message::Unchoke => {
                self.download.unchoked(now);
                Use::Useful
            }
            Message::Interested => self.peer_interest(true),
            Message::NotInterested => self.peer_interest(false),
            Message::Have(piece) => self.peer_has(piece)?,
            Message::Bitfield(bytes) => self.peer_bitfield(bytes)?,
            Message::HaveAll => self.all_pieces(),
            Message::HaveNone => {
                self.pieces_told = true;
                Use::Idle
            }
            Message::Request(request) => {
                self.upload.requested(&self.shared, request, &mut self.out)?
            }
            Message::Cancel(request) => self.upload.cancelled(request, &mut self.out),
            Message::Reject(request) => self.peer_rejects(now, request)?,
            Message::AllowedFast(piece) => {
                Use::of(self.download.allowed_fast(self.checked(piece)?))
            }
            Message::Extended { id: EXTENSION_HANDSHAKE_ID, payload } => {
                self.peer_extensions(payload)
            }
            Message::Extended { .. } => Use::Idle,
            Message::Piece { .. } => Use::Useful,
        })
    }

    fn block_came(
        &mut self,
        now: Time,
        piece: u32,
        begin: u32,
        bytes: usize,
    ) -> Result<Option<Block>, Violation> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let block = self.shared.layout.block_at(piece, begin, bytes);
        let block = block.ok_or(Violation::BlockShape)?;
        self.shared.stats.downloaded.fetch_add(u64::from(bytes), Relaxed);
        if self.download.arrived(now, block, bytes, &mut self.out) == Arrival::Store {
            // Only what was of use earns the peer a slot.
            self.counters.downloaded.fetch_add(u64::from(bytes), Relaxed);
            return Ok(Some(block));
        }
        // Not ours to write: late after a cancel, or never asked for. The first is common in
        // endgame, the second is a flood of 16 KiB a message.
        self.shared.stats.wasted.fetch_add(u64::from(bytes), Relaxed);
        self.idle.count(now)?;
        Ok(None)
    }

    fn peer_interest(&mut self, interested: bool) -> Use {
        if self.counters.interested.swap(interested, Relaxed) != interested {
            self.out.publish(Event::Interest(interested));
        }
        // Of use once, but flapping costs the main thread events.
        Use::Idle
    }

    fn peer_has(&mut self, piece: u32) -> Result<Use, Violation> {
        let piece = self.checked(piece)?;
        self.pieces_told = true;
        if !self.pieces.add(&self.shared, piece) {
            return Ok(Use::Idle);
        }
        self.out.publish(Event::Have(piece));
        self.download.work_appeared();
        self.note_if_seed();
        Ok(Use::Useful)
    }

    /// Belongs before all else (BEP 3), but aria2 sends another one in place of many haves.
    fn peer_bitfield(&mut self, bytes: &[u8]) -> Result<Use, Violation> {
        let count = self.shared.layout.piece_count();
        let set = Bitfield::from_wire(bytes, count).map_err(Violation::Bitfield)?;
        if set.is_full() {
            return Ok(self.all_pieces());
        }
        self.pieces_told = true;
        Ok(self.more_pieces(&set))
    }

    /// Publishes those of the pieces that are news, word by word.
    fn more_pieces(&mut self, set: &Bitfield) -> Use {
        let mut used = Use::Idle;
        for (index, &bits) in set.words().iter().enumerate() {
            let new = self.pieces.add_word(&self.shared, index, bits);
            if new != 0 {
                self.out.publish(Event::Word { index: index as u32, bits: new });
                used = Use::Useful;
            }
        }
        if used == Use::Useful {
            self.download.work_appeared();
            self.note_if_seed();
        }
        used
    }

    /// The peer has everything. Said first, one event tells it; said later, the pieces that are
    /// news are told, since the main thread counts the others already.
    fn all_pieces(&mut self) -> Use {
        let full = Bitfield::full(self.shared.layout.piece_count());
        if std::mem::replace(&mut self.pieces_told, true) {
            return self.more_pieces(&full);
        }
        for (index, &bits) in full.words().iter().enumerate() {
            self.pieces.add_word(&self.shared, index, bits);
        }
        self.all_told = true;
        self.out.publish(Event::HaveAll);
        self.note_if_seed();
        Use::Useful
    }

    fn note_if_seed(&self) {
        self.counters.seed.store(self.pieces.has().is_full(), Relaxed);
    }

    fn peer_rejects(&mut self, now: Time, request: BlockRequest) -> Result<Use, Violation> {
        let BlockRequest { piece, begin, length } = request;
        let block = self.shared.layout.block_at(piece, begin, length);
        let block = block.ok_or(Violation::BlockShape)?;
        // A reject may cross our cancel, so one for nothing is idle and not a violation.
        Ok(Use::of(self.download.rejected(now, block, &mut self.out)))
    }

    fn peer_extensions(&mut self, payload: &[u8]) -> Use {
        let Ok(hello) = ExtensionHandshake::decode(payload) else { return Use::Idle };
        if let Some(length) = hello.request_queue {
            self.download.request_queue_announced(length);
        }
        self.upload_only = hello.upload_only.unwrap_or(self.upload_only);
        Use::Idle
    }

    fn checked(&self, piece: u32) -> Result<PieceIndex, Violation> {
        self.shared.layout.piece(piece).ok_or(Violation::PieceIndex(piece))
    }

    /// Tells the peer of pieces that we came to own; those it has itself it need not hear of.
    fn read_log(&mut self) {
        while let Some(piece) = self.pieces.next_owned(&self.shared) {
            if !self.pieces.has().has(piece) {
                self.out.send(Message::Have(piece));
            }
        }
    }

    fn tell_interest(&mut self) {
        let interested = self.shared.fetch && self.pieces.is_interesting();
        if interested != self.interested {
            self.interested = interested;
            self.counters.wanted.store(interested, Relaxed);
            self.out.send(if interested { Message::Interested } else { Message::NotInterested });
        }
    }
}
