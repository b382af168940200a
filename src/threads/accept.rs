//! The `accept` thread: takes connections from the listening sockets as fast as they come and
//! publishes each. Whether one is admitted is the main thread's decision.

use crate::kit::mailbox::Letters;
use crate::limits::{ACCEPT_RETRY, LISTEN_BACKLOG};
use crate::swarm::event::Event;
use crate::threads::arrivals::Arrivals;
use crate::threads::bus::{Bus, BusClosed};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

/// State bit of the mailbox: end.
pub const STOP: u32 = 1;

/// The token of the mailbox; listeners have their index.
const MAILBOX: Token = Token(usize::MAX);

/// A socket that listens on this address. IPv6 sockets take IPv6 only, so that both families can
/// have the same port.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A port of a process that ended a moment ago can be used again.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// What the thread owns.
#[derive(Debug)]
pub struct Acceptor {
    /// Readiness of all its sockets.
    poll: Poll,
    /// The listening sockets.
    listeners: Vec<TcpListener>,
    /// Where sockets wait.
    arrivals: Arrivals,
    /// Where it tells of them.
    bus: Bus,
    /// Tells it to end.
    letters: Letters<()>,
}

impl Acceptor {
    /// Registers everything; what can fail fails before the thread starts.
    pub fn new(
        mut listeners: Vec<TcpListener>,
        arrivals: Arrivals,
        bus: Bus,
        letters: Letters<()>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        letters.attach(Waker::new(poll.registry(), MAILBOX)?);
        for (index, listener) in listeners.iter_mut().enumerate() {
            poll.registry().register(listener, Token(index), Interest::READABLE)?;
        }
        Ok(Self { poll, listeners, arrivals, bus, letters })
    }

    /// The thread's body.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(8);
        let mut retry = None;
        loop {
            if let Err(error) = self.poll.poll(&mut events, retry)
                && error.kind() != ErrorKind::Interrupted
            {
                log::error!("waiting for connections failed: {error}; no more are accepted");
                return;
            }
            self.letters.look();
            if self.letters.state() & STOP != 0 {
                return;
            }
            retry = match self.accept_all() {
                Ok(retry) => retry,
                Err(BusClosed) => return,
            };
        }
    }

    /// Takes everything that waits on all listeners. After an error that passes (no descriptor
    /// left) it says when to try again, since no new readiness will be reported.
    fn accept_all(&self) -> Result<Option<Duration>, BusClosed> {
        let mut retry = None;
        for listener in &self.listeners {
            loop {
                match listener.accept() {
                    Ok((socket, address)) => {
                        let _ = socket.set_nodelay(true);
                        if let Some(arrival) = self.arrivals.enter(socket) {
                            self.bus.publish(Event::Arrived { arrival, address })?;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if is_of_one_connection(error.kind()) => {}
                    Err(error) => {
                        log::warn!("a connection could not be accepted: {error}");
                        retry = Some(ACCEPT_RETRY);
                        break;
                    }
                }
            }
        }
        Ok(retry)
    }
}

/// Whether an error concerns one connection that went away, not the listener.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
