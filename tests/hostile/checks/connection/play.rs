//! One connection from its first to its last word.

use super::ledger::Ledger;
use super::script::Script;
use cuerda::bitfield::Bitfield;
use cuerda::connection::event::{Answer, Command};
use cuerda::connection::introduction::Setup;
use cuerda::connection::machine::Connection;
use cuerda::connection::reason::CloseReason;
use cuerda::connection::shared::{PeerCounters, SharedTorrent};
use cuerda::id::{InfoHash, PeerId};
use cuerda::kit::clock::Time;
use cuerda::layout::{Block, Layout, PieceSpan};
use cuerda::limits::{BLOCK_LENGTH, REQUEST_LENGTH_MAX, UPLOAD_BATCH};
use cuerda::wire::codec::{Decoded, decode, messages};
use cuerda::wire::handshake::{Features, Handshake};
use cuerda::wire::message::Message;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// Plays the bytes to their end, then lets the connection leave.
pub(crate) fn check(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut play = Play::new(&mut script);
    let reason = loop {
        let Some(scene) = script.byte() else { break CloseReason::Stopped };
        if let Err(reason) = play.scene(scene, &mut script) {
            break reason;
        }
        play.heard_from();
    };
    let settled = script.below(3);
    play.settle(settled);
    play.connection.leave(reason);
    play.heard_from();
    play.ledger.audit();
}

/// A connection and its surroundings.
struct Play {
    connection: Connection,
    shared: Arc<SharedTorrent>,
    ledger: Ledger,
    now: Time,
    /// Orders that are on their way.
    orders: VecDeque<Command>,
    /// Blocks on their way into the file.
    storing: Vec<Block>,
}

impl Play {
    /// The first bytes say how large the torrent is and what both sides offer.
    fn new(script: &mut Script<'_>) -> Self {
        let (features, blocks) = (script.below(4), 1 + script.below(8));
        let pieces = 1 + script.below(140);
        let piece_length = u64::from(blocks * BLOCK_LENGTH);
        let length = piece_length * u64::from(pieces) - u64::from(script.below(255)) * 16;
        let layout = Layout::single(piece_length, length).expect("a torrent");
        let mut owned = Bitfield::new(pieces);
        let step = 1 + script.below(200);
        (0..pieces).step_by(step as usize).skip(1).for_each(|piece| {
            owned.insert(piece);
        });
        let layout = Arc::new(layout);
        let shared = Arc::new(SharedTorrent::new(InfoHash([7; 20]), Arc::clone(&layout), &owned));
        let features = Features { fast: features & 1 != 0, extensions: features & 2 != 0 };
        let setup = Setup {
            shared: Arc::clone(&shared),
            counters: Arc::new(PeerCounters::default()),
            handshake: Handshake {
                info_hash: shared.info_hash,
                peer_id: PeerId([2; 20]),
                features,
            },
            remote_ip: Ipv4Addr::LOCALHOST.into(),
            our_port: None,
            client: "test",
            throttle: Default::default(),
        };
        Self {
            connection: Connection::new(Time::ZERO, setup),
            ledger: Ledger::new(&layout),
            shared,
            now: Time::ZERO,
            orders: VecDeque::new(),
            storing: Vec::new(),
        }
    }

    /// One thing happens.
    fn scene(&mut self, scene: u8, script: &mut Script<'_>) -> Result<(), CloseReason> {
        match scene % 16 {
            0..=5 => {
                let message = script.message(&self.shared.layout);
                self.hear(&message)?;
            }
            6 => self.hear_raw(script.chunk())?,
            7 | 8 => self.answer(script),
            9 => self.deliver()?,
            10 => self.cancel(script),
            11 => self.own(script.below(256)),
            12 => {
                let millis = [1, 900, 20_000, 70_000][script.below(4) as usize];
                self.now = self.now + Duration::from_millis(millis);
            }
            13 => {
                let unchoke = Command::Unchoke(script.below(2) == 0);
                self.connection.handle_command(unchoke)?;
            }
            14 => self.serve(script.below(2) == 0),
            _ => self.claim_elsewhere(script),
        }
        if scene >= 128 {
            self.settle(u32::from(scene == 255));
            self.turn()?;
        }
        Ok(())
    }

    /// The peer says something; with Fast or extensions off, only what the codec would let pass.
    fn hear(&mut self, message: &Message<'_>) -> Result<(), CloseReason> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.hear_raw(&bytes)
    }

    /// The peer sends bytes. What is left of an unfinished message is forgotten.
    fn hear_raw(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        let bounds = self.connection.bounds();
        let mut rest = bytes;
        while let Decoded::Message { message, consumed } = decode(rest, &bounds)? {
            rest = &rest[consumed..];
            if let Some(block) = self.connection.handle_message(self.now, &message)? {
                let Message::Piece { .. } = message else { panic!("{} stored", message.kind()) };
                self.storing.push(block);
            }
        }
        Ok(())
    }

    /// The disk is done with what it was given: it is written, or not, or nobody knows.
    fn settle(&mut self, how: u32) {
        for block in std::mem::take(&mut self.storing) {
            match how {
                0 => self.connection.stored(block),
                1 => self.connection.not_stored(block),
                _ => {}
            }
        }
    }

    /// The end of a turn: it must not be due again at once.
    fn turn(&mut self) -> Result<(), CloseReason> {
        self.connection.end_turn(self.now)?;
        assert!(self.connection.deadline(self.now) > self.now, "it would never sleep");
        Ok(())
    }

    /// The main thread answers a question, with grants or without.
    fn answer(&mut self, script: &mut Script<'_>) {
        let Some(mut wanted) = self.ledger.question.take() else {
            if script.below(4) == 0 {
                self.orders.push_back(Command::Work);
            }
            return;
        };
        for _ in 0..script.below(4) {
            let pieces = self.shared.layout.piece_count();
            let Some(piece) = self.shared.layout.piece(script.below(pieces)) else { continue };
            if self.shared.owned.has(piece.get()) {
                continue;
            }
            let few = (1_u64 << wanted.min(60)) - 1;
            let mask = self.shared.layout.segment_mask(piece, 0) & few;
            if let Some(grant) = self.ledger.grant(piece, mask) {
                wanted -= grant.blocks.count_ones().min(wanted);
                self.orders.push_back(Command::Grant(grant));
            }
        }
        let answers = [Answer::Granted, Answer::NothingNear, Answer::Denied, Answer::Wait];
        self.orders.push_back(Command::Answer(answers[script.below(4) as usize]));
    }

    /// The orders that wait arrive.
    fn deliver(&mut self) -> Result<(), CloseReason> {
        while let Some(order) = self.orders.pop_front() {
            match &order {
                Command::Grant(grant) => self.ledger.granted(grant),
                Command::Cancel { lease, blocks } => self.ledger.cancelled(*lease, *blocks),
                Command::Answer(_) | Command::Work | Command::Unchoke(_) | Command::Stop(_) => {}
            }
            self.connection.handle_command(order)?;
        }
        Ok(())
    }

    /// Somebody else was faster: the main thread takes blocks back.
    fn cancel(&mut self, script: &mut Script<'_>) {
        let (chance, mask) = (script.below(256), u64::from(script.byte().unwrap_or(0)));
        if let Some((lease, open)) = self.ledger.pick(chance) {
            let blocks = open & (mask | mask << 8);
            if blocks != 0 {
                self.orders.push_back(Command::Cancel { lease, blocks });
            }
        }
    }

    /// A piece is verified: others have claimed what this peer has not.
    fn own(&mut self, piece: u32) {
        let Some(piece) = self.shared.layout.piece(piece) else { return };
        if self.storing.iter().any(|block| block.piece == piece) {
            return;
        }
        let entry = &mut self.ledger.pieces[piece.index()];
        entry.others |= entry.claims.take(self.shared.layout.segment_mask(piece, 0));
        if self.shared.owned.insert(piece.get()) {
            self.shared.have_log.append(piece.get());
        }
    }

    /// Another peer's thread wins a block.
    fn claim_elsewhere(&mut self, script: &mut Script<'_>) {
        let Some(piece) = self.shared.layout.piece(script.below(140)) else { return };
        let bit = 1 << script.below(self.shared.layout.block_count(piece));
        let entry = &mut self.ledger.pieces[piece.index()];
        if entry.claims.win(bit) {
            entry.others |= bit;
        }
    }

    /// What the peer asked for is sent, or cannot be read.
    fn serve(&mut self, readable: bool) {
        let mut run: Vec<PieceSpan> = Vec::new();
        self.connection.next_run(self.now, UPLOAD_BATCH, &mut run);
        assert!(run.iter().map(|span| span.length).sum::<u32>() <= UPLOAD_BATCH);
        for span in &run {
            assert!(self.shared.owned.has(span.piece.get()), "not ours to give");
            assert!(span.length > 0 && span.length <= REQUEST_LENGTH_MAX);
            let (begin, length) = (span.begin, span.length);
            assert!(self.shared.layout.span_at(span.piece.get(), begin, length).is_some());
        }
        if readable {
            self.connection.uploaded(self.now, run.len() as u64);
        } else {
            self.connection.unreadable(&run);
        }
    }

    /// What was published and said since the last scene.
    fn heard_from(&mut self) {
        let bounds = self.connection.bounds();
        let layout = &self.shared.layout;
        let outbox = self.connection.outbox();
        let mut said = messages(outbox.bytes(), &bounds);
        for message in said.by_ref() {
            if let Message::Request(request) = message.expect("we speak the protocol") {
                let block = layout.block_at(request.piece, request.begin, request.length);
                let block = block.expect("we ask for whole blocks");
                assert!(self.ledger.holds(request.piece, block.bit()), "not granted: {block:?}");
            }
        }
        assert_eq!(said.consumed(), outbox.bytes().len(), "half a message");
        outbox.clear_bytes();
        while let Some(event) = outbox.next_event() {
            self.ledger.told(event);
        }
    }
}
