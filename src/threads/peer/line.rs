//! A socket with its poll and its mailbox: everything a peer's thread waits for, in one place.

use crate::connection::reason::CloseReason;
use crate::kit::buffers::BufferPool;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::Letters;
use crate::threads::peer::words::PeerOrder;
use crate::wire::stream_messenger::StreamMessenger;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io::{self, ErrorKind};

/// The socket's token.
const SOCKET: Token = Token(0);
/// The mailbox's token.
const MAILBOX: Token = Token(1);

/// What a peer's thread waits for.
#[derive(Debug)]
pub(super) struct Line {
    /// Readiness.
    poll: Poll,
    /// What the last wait brought.
    events: Events,
    /// The other side.
    pub messenger: StreamMessenger<TcpStream>,
    /// The main thread.
    pub letters: Letters<PeerOrder>,
    /// Whether the socket may have something to read.
    pub readable: bool,
    /// Whether the socket may take something.
    pub writable: bool,
}

impl Line {
    /// A line over this socket. The mailbox is to be looked at once after this.
    pub(super) fn new(
        mut socket: TcpStream,
        pool: BufferPool,
        letters: Letters<PeerOrder>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        letters.attach(Waker::new(poll.registry(), MAILBOX)?);
        // Readiness is reported once for each change, so both can be asked for all the time.
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut socket, SOCKET, both)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(4),
            messenger: StreamMessenger::new(socket, pool),
            letters,
            readable: true,
            writable: true,
        })
    }

    /// Waits for the socket, the mailbox or the deadline.
    pub(super) fn wait(&mut self, clock: Clock, deadline: Time) -> Result<(), CloseReason> {
        let timeout = deadline.since(clock.now());
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CloseReason::Io(error.kind())),
        }
        for event in self.events.iter().filter(|event| event.token() == SOCKET) {
            self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
            self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        }
        Ok(())
    }
}
