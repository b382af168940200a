//! A connection to a made-up peer, and short words for what both sides of it say.

use crate::bitfield::Bitfield;
use crate::connection::event::{Answer, Command, Event, Grant, LeaseId};
use crate::connection::introduction::Setup;
use crate::connection::machine::Connection;
use crate::connection::reason::CloseReason;
use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::connection::toll::Throttle;
use crate::id::{InfoHash, PeerId};
use crate::kit::claim::ClaimWord;
use crate::kit::clock::Time;
use crate::layout::{Block, Layout};
use crate::limits::BLOCK_LENGTH;
use crate::wire::codec::messages;
use crate::wire::handshake::{Features, Handshake};
use crate::wire::message::{BlockRequest, Message};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

/// What we say, without the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// A request for a block: piece and block.
    Request(u32, u32),
    /// A request taken back: piece and block.
    Cancel(u32, u32),
    /// A request refused: piece and block.
    Reject(u32, u32),
    /// Anything else, by its name.
    Word(&'static str),
}

/// A connection and its surroundings.
pub(super) struct Scene {
    /// The connection.
    pub(super) connection: Connection,
    /// What time it is.
    pub(super) now: Time,
    /// What its torrent's threads share.
    pub(super) shared: Arc<SharedTorrent>,
    /// Leases granted so far.
    leases: u64,
}

impl Scene {
    /// A new connection for a torrent of so many pieces of so many blocks, of which we have
    /// `owned`. What is said first is taken away.
    pub(super) fn new(fast: bool, pieces: u32, blocks: u32, owned: &[u32]) -> Self {
        Self::with(fast, pieces, blocks, owned, true)
    }

    /// The same, of a torrent of which we fetch what is missing or not.
    pub(super) fn with(fast: bool, pieces: u32, blocks: u32, owned: &[u32], fetch: bool) -> Self {
        let piece_length = u64::from(blocks * BLOCK_LENGTH);
        let layout = Layout::single(piece_length, piece_length * u64::from(pieces)).unwrap();
        let mut set = Bitfield::new(pieces);
        owned.iter().for_each(|&piece| assert!(set.insert(piece)));
        let shared = SharedTorrent::new(InfoHash([7; 20]), Arc::new(layout), &set);
        let shared = Arc::new(if fetch { shared } else { shared.as_mere_seed() });
        let handshake = Handshake {
            info_hash: shared.info_hash,
            peer_id: PeerId([2; 20]),
            features: Features { fast, extensions: false },
        };
        let setup = Setup {
            shared: Arc::clone(&shared),
            counters: Arc::new(PeerCounters::default()),
            throttle: Throttle::default(),
            handshake,
            remote_ip: IpAddr::V6(Ipv6Addr::LOCALHOST),
            our_port: None,
            client: "test",
        };
        let connection = Connection::new(Time::ZERO, setup);
        let mut scene = Self { connection, now: Time::ZERO, shared, leases: 0 };
        scene.events();
        scene.said();
        scene
    }

    /// A connection to a peer that has everything and lets us download; work was asked for.
    pub(super) fn unchoked(fast: bool, pieces: u32, blocks: u32) -> Self {
        let mut scene = Self::new(fast, pieces, blocks, &[]);
        let all = Bitfield::full(pieces).to_wire();
        scene.hear(&Message::Bitfield(&all));
        scene.hear(&Message::Unchoke);
        scene.turn();
        scene.said();
        let events = scene.events();
        assert!(matches!(events[..], [Event::HaveAll, Event::Want { .. }]), "{events:?}");
        scene
    }

    /// The peer says something that is no violation and no block to store.
    pub(super) fn hear(&mut self, message: &Message<'_>) {
        assert_eq!(self.connection.handle_message(self.now, message), Ok(None));
    }

    /// The peer says something forbidden.
    pub(super) fn hear_bad(&mut self, message: &Message<'_>) -> CloseReason {
        self.connection.handle_message(self.now, message).unwrap_err()
    }

    /// The peer sends a block; tells whether it is to be stored.
    pub(super) fn hear_block(&mut self, piece: u32, block: u32) -> Option<Block> {
        let data = vec![0; BLOCK_LENGTH as usize];
        let message = Message::Piece { piece, begin: block * BLOCK_LENGTH, data: &data };
        self.connection.handle_message(self.now, &message).unwrap()
    }

    /// The peer sends a block, and it is stored.
    pub(super) fn store(&mut self, piece: u32, block: u32) {
        let stored = self.hear_block(piece, block).expect("it was asked for");
        self.connection.stored(stored);
    }

    /// The main thread grants blocks of the first segment of a piece.
    pub(super) fn grant(&mut self, piece: u32, blocks: u64) -> Grant {
        self.leases += 1;
        let grant = Grant {
            lease: LeaseId(self.leases),
            piece: self.shared.layout.piece(piece).unwrap(),
            segment: 0,
            blocks,
            claims: ClaimWord::new(),
        };
        self.order(Command::Grant(grant.clone()));
        grant
    }

    /// The main thread answers a request for work.
    pub(super) fn answer(&mut self, answer: Answer) {
        self.order(Command::Answer(answer));
    }

    /// The main thread gives an order.
    pub(super) fn order(&mut self, command: Command) {
        assert_eq!(self.connection.handle_command(command), Ok(()));
    }

    /// The end of a turn.
    pub(super) fn turn(&mut self) {
        assert_eq!(self.connection.end_turn(self.now), Ok(()));
    }

    /// Time passes, and a turn.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.turn();
    }

    /// What was published since the last call.
    pub(super) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.connection.outbox().next_event()).collect()
    }

    /// Blocks that were published as returned since the last call, by lease; everything else that
    /// was published is dropped.
    pub(super) fn returned(&mut self) -> Vec<(LeaseId, u64)> {
        let events = self.events().into_iter();
        let returned = events.filter_map(|event| match event {
            Event::Returned { lease, blocks } => Some((lease, blocks)),
            _ => None,
        });
        returned.collect()
    }

    /// What was said since the last call.
    pub(super) fn said(&mut self) -> Vec<Said> {
        let bounds = self.connection.bounds();
        let outbox = self.connection.outbox();
        let of = |request: BlockRequest| (request.piece, request.begin / BLOCK_LENGTH);
        let said = messages(outbox.bytes(), &bounds).map(|message| match message.unwrap() {
            Message::Request(request) => Said::Request(of(request).0, of(request).1),
            Message::Cancel(request) => Said::Cancel(of(request).0, of(request).1),
            Message::Reject(request) => Said::Reject(of(request).0, of(request).1),
            other => Said::Word(other.kind()),
        });
        let said = said.collect();
        outbox.clear_bytes();
        said
    }

    /// Blocks asked for since the last call; everything else that was said is dropped.
    pub(super) fn requests(&mut self) -> Vec<(u32, u32)> {
        let said = self.said().into_iter();
        let requests = said.filter_map(|said| match said {
            Said::Request(piece, block) => Some((piece, block)),
            _ => None,
        });
        requests.collect()
    }
}

/// The request for a whole block.
pub(super) fn request(piece: u32, block: u32) -> BlockRequest {
    BlockRequest { piece, begin: block * BLOCK_LENGTH, length: BLOCK_LENGTH }
}
