//! The life of a peer's thread, from the first packet to its last word.
//!
//! Whatever happens, a panic of ours included, the last word is exactly one `Closed`, and before
//! it come back all leases and pieces that the main thread counted.

use crate::connection::event::{Command, Event as PeerEvent};
use crate::connection::greeting::{Greeting, Step};
use crate::connection::introduction::Setup;
use crate::connection::machine::Connection;
use crate::connection::reason::CloseReason;
use crate::connection::shared::PeerCounters;
use crate::kit::mailbox::Letters;
use crate::limits::{CONNECT_TIMEOUT, HANDSHAKE_TIMEOUT};
use crate::swarm::event::Event;
use crate::swarm::state::PeerKey;
use crate::threads::assets::Assets;
use crate::threads::peer::line::Line;
use crate::threads::peer::session::Session;
use crate::threads::peer::words::{Origin, PeerContext, PeerOrder};
use crate::wire::handshake::{HANDSHAKE_LENGTH, Handshake};
use crate::wire::messenger::{Fill, Messenger};
use mio::net::TcpStream;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What the thread owns before it has a connection.
#[derive(Debug)]
pub struct PeerThread {
    /// What every peer's thread is given.
    context: PeerContext,
    /// Its own name.
    key: PeerKey,
    /// Where it is told.
    letters: Letters<PeerOrder>,
    /// How the connection begins.
    origin: Origin,
}

impl PeerThread {
    /// A thread that has not started.
    pub fn new(
        context: PeerContext,
        key: PeerKey,
        letters: Letters<PeerOrder>,
        origin: Origin,
    ) -> Self {
        Self { context, key, letters, origin }
    }

    /// The thread's body.
    pub fn run(self) {
        let Self { context, key, letters, origin } = self;
        let mut session: Option<Session> = None;
        let life = AssertUnwindSafe(|| {
            let opened = open(&context, key, letters, origin)?;
            session.insert(opened).run()
        });
        let reason = match catch_unwind(life) {
            Ok(Ok(never)) => match never {},
            Ok(Err(reason)) => reason,
            Err(_) => CloseReason::Panicked,
        };
        log::debug!("peer {key} leaves: {reason}");
        let close = |reason| {
            // Nobody to tell any more is no error while stopping.
            let _ = context.bus.publish(Event::Peer(key, PeerEvent::Closed(reason)));
        };
        match session {
            Some(session) => {
                let leave = AssertUnwindSafe(|| session.leave(reason));
                if catch_unwind(leave).is_err() {
                    // Should its last word be out already, nobody knows it by this key any more.
                    close(CloseReason::Panicked);
                }
            }
            None => close(reason),
        }
    }
}

/// Everything up to the end of the handshake.
fn open(
    context: &PeerContext,
    key: PeerKey,
    letters: Letters<PeerOrder>,
    origin: Origin,
) -> Result<Session, CloseReason> {
    let (address, socket, assets) = match origin {
        Origin::Dial { address, assets } => {
            let failed = |error: std::io::Error| CloseReason::ConnectFailed(error.kind());
            (address, TcpStream::connect(address).map_err(failed)?, Some(assets))
        }
        Origin::Accepted { address, socket } => (address, socket, None),
    };
    let mut line = Line::new(socket, context.pool.clone(), letters)
        .map_err(|error| CloseReason::Io(error.kind()))?;
    if assets.is_some() {
        connect(context, &mut line)?;
    }
    let (theirs, assets) = greet(context, key, &mut line, assets)?;
    let setup = Setup {
        shared: Arc::clone(&assets.shared),
        counters: Arc::new(PeerCounters::default()),
        throttle: context.throttle.clone(),
        handshake: theirs,
        remote_ip: address.ip().to_canonical(),
        our_port: context.our_port,
        client: context.client_name,
    };
    let connection = Connection::new(context.clock.now(), setup);
    Ok(Session::new(context.clone(), key, line, assets, connection))
}

/// Waits until the connection stands.
fn connect(context: &PeerContext, line: &mut Line) -> Result<(), CloseReason> {
    let deadline = context.clock.now() + CONNECT_TIMEOUT;
    loop {
        look_for_stop(line)?;
        let socket = line.messenger.stream();
        if let Ok(Some(error)) | Err(error) = socket.take_error() {
            return Err(CloseReason::ConnectFailed(error.kind()));
        }
        match socket.peer_addr() {
            Ok(_) => {
                let _ = socket.set_nodelay(true);
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => {}
            Err(error) => return Err(CloseReason::ConnectFailed(error.kind())),
        }
        if context.clock.now() >= deadline {
            return Err(CloseReason::ConnectTimeout);
        }
        line.wait(context.clock, deadline)?;
    }
}

/// The exchange of handshakes.
fn greet(
    context: &PeerContext,
    key: PeerKey,
    line: &mut Line,
    assets: Option<Arc<Assets>>,
) -> Result<(Handshake, Arc<Assets>), CloseReason> {
    let deadline = context.clock.now() + HANDSHAKE_TIMEOUT;
    let mut assets = assets;
    let mut greeting = match &assets {
        Some(assets) => {
            let (greeting, hello) = Greeting::dialed(context.our_id, assets.shared.info_hash);
            line.messenger.send_raw(&hello);
            greeting
        }
        None => Greeting::accepted(context.our_id),
    };
    loop {
        if let Some(welcome) = take_welcome(line)? {
            assets = Some(welcome);
            if let Some(hello) = greeting.welcomed() {
                line.messenger.send_raw(&hello);
            }
        }
        flush(line)?;
        let closed = line.readable && fill(line)?;
        match greeting.advance(line.messenger.pending())? {
            Step::Wait if closed => return Err(CloseReason::RemoteClosed),
            Step::Wait => {}
            Step::Ask(info_hash) => {
                let asked = Event::Peer(key, PeerEvent::Greeted(info_hash));
                context.bus.publish(asked).map_err(|_| CloseReason::Stopped)?;
            }
            Step::Done(theirs) => {
                line.messenger.consume(HANDSHAKE_LENGTH);
                let assets = assets.ok_or(CloseReason::UnknownTorrent)?;
                return Ok((theirs, assets));
            }
        }
        if context.clock.now() >= deadline {
            return Err(CloseReason::HandshakeTimeout);
        }
        line.wait(context.clock, deadline)?;
    }
}

/// Before the handshake is done the only order that matters is to leave.
fn look_for_stop(line: &Line) -> Result<(), CloseReason> {
    take_welcome(line).map(|_| ())
}

fn take_welcome(line: &Line) -> Result<Option<Arc<Assets>>, CloseReason> {
    line.letters.look();
    let mut welcome = None;
    while let Some(order) = line.letters.take() {
        match order {
            PeerOrder::Welcome(assets) => welcome = Some(assets),
            PeerOrder::Command(Command::Stop(reason)) => return Err(reason),
            PeerOrder::Command(_) => {}
        }
    }
    Ok(welcome)
}

fn flush(line: &mut Line) -> Result<(), CloseReason> {
    line.writable = line.messenger.flush().map_err(|error| CloseReason::Io(error.kind()))?;
    Ok(())
}

/// Reads what has come. Tells whether the other side has closed.
fn fill(line: &mut Line) -> Result<bool, CloseReason> {
    match line.messenger.fill() {
        Ok(Fill::Bytes(_)) => Ok(false),
        Ok(Fill::WouldBlock) => {
            line.readable = false;
            Ok(false)
        }
        Ok(Fill::Closed) => Ok(true),
        Err(error) => Err(CloseReason::Io(error.kind())),
    }
}
