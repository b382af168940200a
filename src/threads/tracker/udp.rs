//! An announce over UDP: one socket, connected to the tracker, so that nobody else's packets come
//! in and a closed port is told by the system at once.

use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::Letters;
use crate::kit::random::Random;
use crate::limits::TRACKER_PACKET_MAX;
use crate::threads::tracker::names::resolve;
use crate::threads::tracker::outcome::{Failure, Memory, in_seconds};
use crate::tracker::announce::{AnnounceEvent, Family};
use crate::tracker::udp_exchange::{Answer, Exchange, Poll as Next, Question};
use crate::tracker::url::TrackerUrl;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// State bit of the mailbox: give up.
pub const CUT: u32 = 1;

/// Packets read before the deadline and the mailbox are looked at again.
const PACKETS_PER_TURN: u32 = 64;
/// The token of the mailbox.
const MAILBOX: Token = Token(0);
/// The token of the socket.
const SOCKET: Token = Token(1);

/// What is asked of whom, and for how long.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The tracker.
    pub url: &'a TrackerUrl,
    /// Over which family.
    pub family: Family,
    /// How long an answer is waited for.
    pub patience: Duration,
    /// Names transactions.
    pub seed: u64,
    /// Says when to give up.
    pub letters: &'a Letters<()>,
}

/// Asks and waits for the answer.
pub fn ask(
    asking: &Asking<'_>,
    question: Question,
    memory: &mut Memory,
    clock: Clock,
) -> Result<Answer, Failure> {
    let deadline = clock.now() + asking.patience;
    let leaving = matches!(&question, Question::Announce(request, _)
        if request.event == AnnounceEvent::Stopped);
    let address = find(asking, memory, leaving)?;
    let known = memory.connection.take().filter(|_| memory.address == Some(address));
    memory.address = Some(address);
    let random = Random::new(asking.seed);
    let mut exchange = Exchange::new(question, asking.family, known, random, clock.now());
    let talked = Talk::open(address, asking.letters)
        .map_err(Said::Io)
        .and_then(|mut talk| talk.until_answered(&mut exchange, asking.letters, deadline, clock));
    memory.connection = exchange.connection();
    talked.map_err(|said| {
        memory.failures = memory.failures.wrapping_add(1);
        memory.address = None;
        match said {
            Said::Cut => Failure::new("cut off"),
            Said::Nothing => {
                Failure::new(format!("no answer in {} s", in_seconds(asking.patience)))
            }
            Said::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                Failure::new("nobody listens at its port")
            }
            Said::Io(error) => Failure::new(error),
        }
    })
}

/// Where the tracker is. Failures before make the next of its addresses be tried. Who leaves has
/// no time for names.
fn find(asking: &Asking<'_>, memory: &Memory, leaving: bool) -> Result<SocketAddr, Failure> {
    if let Some(address) = memory.address.filter(|_| leaving) {
        return Ok(address);
    }
    let (host, port) = (asking.url.host(), asking.url.port());
    let found = resolve(host, port, asking.family)
        .map_err(|error| Failure::absent(format!("its host is not found: {error}")))?;
    let turn = memory.failures as usize % found.len().max(1);
    let none = || Failure::absent(format!("its host has no {} address", asking.family));
    found.get(turn).copied().ok_or_else(none)
}

/// Why no answer came.
#[derive(Debug)]
enum Said {
    /// Somebody wants us to give up.
    Cut,
    /// Nothing was heard.
    Nothing,
    /// The system says something.
    Io(io::Error),
}

/// A socket and what waits for it.
struct Talk {
    /// Readiness.
    poll: Poll,
    /// The socket.
    socket: UdpSocket,
    /// Whether everything that came was read.
    drained: bool,
}

impl Talk {
    fn open(address: SocketAddr, letters: &Letters<()>) -> io::Result<Self> {
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let poll = Poll::new()?;
        letters.attach(Waker::new(poll.registry(), MAILBOX)?);
        let mut socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE)?;
        Ok(Self { poll, socket, drained: true })
    }

    fn until_answered(
        &mut self,
        exchange: &mut Exchange,
        letters: &Letters<()>,
        deadline: Time,
        clock: Clock,
    ) -> Result<Answer, Said> {
        let mut events = Events::with_capacity(4);
        let mut buffer = vec![0; TRACKER_PACKET_MAX];
        loop {
            letters.look();
            if letters.state() & CUT != 0 {
                return Err(Said::Cut);
            }
            let now = clock.now();
            if now >= deadline {
                return Err(Said::Nothing);
            }
            match exchange.poll(now) {
                Next::GiveUp => return Err(Said::Nothing),
                Next::Send(packet) => {
                    self.socket.send(&packet).map_err(Said::Io)?;
                }
                Next::Wait(due) => {
                    // Readiness is told once: what was left unread would not be told again.
                    let pause =
                        if self.drained { due.min(deadline).since(now) } else { Duration::ZERO };
                    let waited = self.poll.poll(&mut events, Some(pause));
                    match waited {
                        Err(error) if error.kind() != ErrorKind::Interrupted => {
                            return Err(Said::Io(error));
                        }
                        Ok(()) | Err(_) => {}
                    }
                    if let Some(answer) = self.listen(exchange, &mut buffer, clock)? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    /// Reads what has come, some packets at a time: a flood of wrong ones must not outlast the
    /// deadline.
    fn listen(
        &mut self,
        exchange: &mut Exchange,
        buffer: &mut [u8],
        clock: Clock,
    ) -> Result<Option<Answer>, Said> {
        self.drained = false;
        for _ in 0..PACKETS_PER_TURN {
            match self.socket.recv(buffer) {
                Ok(length) => {
                    let answer = exchange.received(clock.now(), &buffer[..length]);
                    if answer.is_some() {
                        return Ok(answer);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.drained = true;
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Said::Io(error)),
            }
        }
        Ok(None)
    }
}
