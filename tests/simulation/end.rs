//! One end of a simulated connection: does what a peer's thread does, with bytes that come by
//! calls instead of a socket.
//!
//! A turn takes the orders that wait, handles the bytes that came, ends the turn of the core,
//! publishes, and sends. How it misbehaves is up to the client's manners.

use crate::client::Client;
use crate::content::Content;
use crate::plan::{Broken, Serving, draw};
use cuerda::connection::event::{Command, Event as PeerEvent};
use cuerda::connection::greeting::{Greeting, Step};
use cuerda::connection::introduction::Setup;
use cuerda::connection::machine::Connection;
use cuerda::connection::reason::CloseReason;
use cuerda::connection::shared::PeerCounters;
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::layout::Block;
use cuerda::limits::{HANDSHAKE_TIMEOUT, MAILBOX_MAX, UPLOAD_BATCH};
use cuerda::swarm::event::Event;
use cuerda::swarm::state::{PeerKey, TorrentKey};
use cuerda::wire::codec::messages;
use cuerda::wire::handshake::{Features, HANDSHAKE_LENGTH, Handshake};
use cuerda::wire::message::Message;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that wait to be sent before no more blocks are added.
pub(crate) const SEND_BUFFER: usize = 128 * 1024;

/// What the end is told by its main loop.
#[derive(Debug)]
pub(crate) enum Letter {
    /// The torrent that was asked for is served.
    Welcome(TorrentKey),
    /// A command for the connection.
    Command(Command),
}

/// How far the end has come.
enum State {
    /// It is being dialed, or its client has not admitted it.
    Waiting,
    /// The handshakes are under way.
    Greeting(Greeting),
    /// It exchanges messages.
    Open(Box<Connection>),
    /// It has said its last word.
    Closed,
}

/// One end.
pub(crate) struct End {
    /// Whose end it is.
    pub(crate) client: usize,
    /// What its main loop calls it.
    pub(crate) key: Option<PeerKey>,
    /// The end on the other side, once they are connected.
    pub(crate) remote: Option<usize>,
    /// Where the other side is.
    pub(crate) address: SocketAddr,
    /// Time that bytes take to the other side.
    pub(crate) latency: Duration,
    /// How far it has come.
    state: State,
    /// The torrent, once it is known.
    torrent: Option<TorrentKey>,
    /// Orders that wait.
    mailbox: VecDeque<Letter>,
    /// Whether the peer may download: the state bit of the mailbox.
    pub(crate) unchoked: bool,
    /// A flapping client's own mind about that.
    pub(crate) whim: Option<bool>,
    /// Bytes that came and were not handled.
    pub(crate) inbox: Vec<u8>,
    /// Bytes that wait to be sent.
    pub(crate) outgoing: VecDeque<u8>,
    /// The other side has ended the stream.
    pub(crate) ended: bool,
    /// Whether it waits for its turn on the client's line.
    pub(crate) lined_up: bool,
    /// When the last bytes on their way to the other side arrive.
    pub(crate) last_arrival: Time,
    /// When its next turn is.
    pub(crate) turn_at: Option<Time>,
    /// Entries of the have log when the herald woke it last.
    pub(crate) told: u32,
    /// When it began.
    began: Time,
    /// The write under way, and when it is done.
    writing: Option<(Block, u64, Time)>,
}

impl End {
    /// An end of that client.
    pub(crate) fn new(client: usize, address: SocketAddr, began: Time, latency: Duration) -> Self {
        Self {
            client,
            key: None,
            remote: None,
            latency,
            address,
            state: State::Waiting,
            torrent: None,
            mailbox: VecDeque::new(),
            unchoked: false,
            whim: None,
            inbox: Vec::new(),
            outgoing: VecDeque::new(),
            ended: false,
            lined_up: false,
            last_arrival: Time::ZERO,
            turn_at: None,
            told: 0,
            began,
            writing: None,
        }
    }

    /// The side that dialed has a connection: it speaks first.
    pub(crate) fn dialed(&mut self, client: &Client, torrent: TorrentKey) {
        let info_hash = client.torrent(torrent).shared.info_hash;
        let (greeting, hello) = Greeting::dialed(client.id, info_hash);
        self.torrent = Some(torrent);
        self.state = State::Greeting(greeting);
        self.send_handshake(client, hello);
    }

    /// The side that was dialed is admitted.
    pub(crate) fn admitted(&mut self, client: &Client, key: PeerKey) {
        self.key = Some(key);
        self.state = State::Greeting(Greeting::accepted(client.id));
    }

    /// Whether it has said its last word.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The torrent of an open connection.
    pub(crate) fn open_torrent(&self) -> Option<TorrentKey> {
        self.torrent.filter(|_| matches!(self.state, State::Open(_)))
    }

    /// Puts an order into its mailbox.
    pub(crate) fn post(&mut self, letter: Letter) {
        assert!(self.mailbox.len() < MAILBOX_MAX, "a mailbox is full");
        self.mailbox.push_back(letter);
    }

    /// Orders that wait.
    pub(crate) fn waiting_orders(&self) -> usize {
        self.mailbox.len()
    }

    /// A turn. Returns when the next one is due though nothing happens.
    pub(crate) fn turn(
        &mut self,
        now: Time,
        client: &mut Client,
        contents: &[Content],
        random: &mut Random,
    ) -> Option<Time> {
        let outcome = self.try_turn(now, client, contents, random);
        self.publish(client);
        match outcome {
            Ok(next) => next,
            Err(reason) => {
                self.close(reason, client);
                None
            }
        }
    }

    /// The last words.
    pub(crate) fn close(&mut self, reason: CloseReason, client: &mut Client) {
        if let State::Open(connection) = &mut self.state {
            connection.leave(reason);
            self.publish(client);
        } else if let (Some(key), false) = (self.key, self.is_closed()) {
            client.events.push_back(Event::Peer(key, PeerEvent::Closed(reason)));
        }
        self.state = State::Closed;
        self.inbox = Vec::new();
        self.outgoing = VecDeque::new();
        self.mailbox = VecDeque::new();
    }

    fn try_turn(
        &mut self,
        now: Time,
        client: &mut Client,
        contents: &[Content],
        random: &mut Random,
    ) -> Result<Option<Time>, CloseReason> {
        if self.is_writing(now, client)? {
            return Ok(self.writing.map(|(_, _, until)| until));
        }
        match &self.state {
            State::Waiting => return self.look_for_stop().map(|()| None),
            State::Closed => return Ok(None),
            State::Greeting(_) => {
                if !self.greet(now, client)? {
                    if now >= self.began + HANDSHAKE_TIMEOUT {
                        return Err(CloseReason::HandshakeTimeout);
                    }
                    return Ok(Some(self.began + HANDSHAKE_TIMEOUT));
                }
            }
            State::Open(_) => self.take_orders()?,
        }
        self.receive(now, client, contents, random)?;
        if let Some((_, _, until)) = self.writing {
            return Ok(Some(until));
        }
        if self.ended {
            return Err(CloseReason::RemoteClosed);
        }
        let State::Open(connection) = &mut self.state else { return Ok(None) };
        connection.end_turn(now)?;
        let outbox = connection.outbox();
        self.outgoing.extend(outbox.bytes());
        outbox.clear_bytes();
        self.serve(now, client, contents, random)?;
        let State::Open(connection) = &mut self.state else { return Ok(None) };
        Ok(Some(connection.deadline(now)))
    }

    /// Before there is a connection the only order that matters is to leave.
    fn look_for_stop(&mut self) -> Result<(), CloseReason> {
        while let Some(letter) = self.mailbox.pop_front() {
            if let Letter::Command(Command::Stop(reason)) = letter {
                return Err(reason);
            }
        }
        Ok(())
    }

    /// Goes on with the handshakes; tells whether they are done.
    fn greet(&mut self, now: Time, client: &mut Client) -> Result<bool, CloseReason> {
        let State::Greeting(mut greeting) = self.state else { return Ok(true) };
        while let Some(letter) = self.mailbox.pop_front() {
            match letter {
                Letter::Welcome(torrent) => {
                    self.torrent = Some(torrent);
                    if let Some(hello) = greeting.welcomed() {
                        self.send_handshake(client, hello);
                    }
                }
                Letter::Command(Command::Stop(reason)) => return Err(reason),
                Letter::Command(_) => {}
            }
        }
        let step = greeting.advance(&self.inbox)?;
        self.state = State::Greeting(greeting);
        match (step, self.key) {
            (Step::Wait, _) if self.ended => Err(CloseReason::RemoteClosed),
            (Step::Wait, _) => Ok(false),
            (Step::Ask(hash), Some(key)) => {
                client.events.push_back(Event::Peer(key, PeerEvent::Greeted(hash)));
                Ok(false)
            }
            (Step::Done(theirs), _) => {
                self.inbox.drain(..HANDSHAKE_LENGTH);
                self.open(now, client, theirs);
                Ok(true)
            }
            (Step::Ask(_), None) => unreachable!("an end greets once it is admitted"),
        }
    }

    fn open(&mut self, now: Time, client: &Client, mut theirs: Handshake) {
        theirs.features.fast &= client.plan.fast;
        let torrent = self.torrent.expect("the handshake names the torrent");
        let setup = Setup {
            shared: Arc::clone(&client.torrent(torrent).shared),
            counters: Arc::new(PeerCounters::default()),
            throttle: Default::default(),
            handshake: theirs,
            remote_ip: self.address.ip(),
            our_port: Some(client.address.port()),
            client: "simulation",
        };
        self.state = State::Open(Box::new(Connection::new(now, setup)));
    }

    /// A client without Fast clears its bit.
    fn send_handshake(&mut self, client: &Client, hello: [u8; HANDSHAKE_LENGTH]) {
        let Ok(Some(mut hello)) = Handshake::decode(&hello) else { unreachable!("it is ours") };
        hello.features = Features { fast: client.plan.fast, ..hello.features };
        self.outgoing.extend(hello.encode());
    }

    fn take_orders(&mut self) -> Result<(), CloseReason> {
        let State::Open(connection) = &mut self.state else { return Ok(()) };
        while let Some(letter) = self.mailbox.pop_front() {
            if let Letter::Command(command) = letter {
                connection.handle_command(command)?;
            }
        }
        let unchoked = self.whim.unwrap_or(self.unchoked);
        connection.handle_command(Command::Unchoke(unchoked))
    }

    /// Ends a write whose time has come; tells whether one is under way.
    fn is_writing(&mut self, now: Time, client: &mut Client) -> Result<bool, CloseReason> {
        let Some((block, value, until)) = self.writing else { return Ok(false) };
        if now < until {
            return Ok(true);
        }
        self.writing = None;
        let torrent = self.torrent.expect("it is open");
        if let State::Open(connection) = &mut self.state {
            client.write(torrent, connection, block, value)?;
        }
        Ok(false)
    }

    /// Handles every whole message that came, and stores the blocks.
    fn receive(
        &mut self,
        now: Time,
        client: &mut Client,
        contents: &[Content],
        random: &mut Random,
    ) -> Result<(), CloseReason> {
        let State::Open(connection) = &mut self.state else { return Ok(()) };
        let pause = client.plan.writing.clone();
        let torrent = self.torrent.expect("it is open");
        let content = &contents[client.torrent(torrent).content];
        let bounds = connection.bounds();
        let mut arriving = messages(&self.inbox, &bounds);
        for message in arriving.by_ref() {
            let message = message?;
            let Some(block) = connection.handle_message(now, &message)? else { continue };
            let Message::Piece { data, .. } = message else {
                panic!("{} is to be stored", message.kind());
            };
            let value = content.read(block, data);
            if pause.end.is_zero() {
                client.write(torrent, connection, block, value)?;
                continue;
            }
            self.writing = Some((block, value, now + draw(random, &pause)));
            break;
        }
        let consumed = arriving.consumed();
        self.inbox.drain(..consumed);
        Ok(())
    }

    fn publish(&mut self, client: &mut Client) {
        let (State::Open(connection), Some(key)) = (&mut self.state, self.key) else { return };
        while let Some(event) = connection.outbox().next_event() {
            client.events.push_back(Event::Peer(key, event));
        }
    }

    /// Serves the peer's requests as far as the send buffer goes, in the client's manner.
    fn serve(
        &mut self,
        now: Time,
        client: &mut Client,
        contents: &[Content],
        random: &mut Random,
    ) -> Result<(), CloseReason> {
        let State::Open(connection) = &mut self.state else { return Ok(()) };
        let serving = client.plan.serving;
        let torrent = client.torrent(self.torrent.expect("it is open"));
        let content = &contents[torrent.content];
        if serving == Serving::Never {
            return Ok(());
        }
        let (mut run, mut payload, mut bytes) = (vec![], vec![], vec![]);
        while self.outgoing.len() < SEND_BUFFER && connection.uploads_due().is_some() {
            connection.next_run(now, UPLOAD_BATCH, &mut run);
            if run.iter().any(|span| client.try_disk(Broken::Read, span.piece).is_err()) {
                connection.unreadable(&run);
                return Err(CloseReason::DiskFailed);
            }
            for span in &run {
                let block = content.layout.block_at(span.piece.get(), span.begin, span.length);
                let block: Block = block.expect("our side asks for whole blocks");
                let value = torrent.disk.read(block).expect("what is owned is there");
                let chance = random.below(100);
                let lie = content.lie(block, client.index);
                let Some(value) = serving.says(chance, value, lie) else { continue };
                content.fill(block, value, &mut payload);
                bytes.clear();
                let (piece, begin) = (span.piece.get(), span.begin);
                Message::Piece { piece, begin, data: &payload }.encode(&mut bytes);
                self.outgoing.extend(&bytes);
                connection.uploaded(now, u64::from(span.length));
            }
        }
        Ok(())
    }
}
