//! The body of `chord-listen`: waits for datagrams, orders and the nodes' deadlines, and passes on
//! what the nodes tell.
//!
//! A turn is bounded: so many datagrams of each socket, so many orders, and what is due. So a flood
//! of datagrams delays orders by a turn, and a flood of orders delays datagrams by one.

use crate::chord::input::{Command, Event, Input, Outcome};
use crate::chord::message::Flags;
use crate::chord::renewals::{Renewals, Subject};
use crate::chord::settings::Settings;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox};
use crate::limits::{
    CONTACTS_ASKED_MAX, CONTACTS_SAVE_FIRST, CONTACTS_SAVE_PERIOD, DATAGRAM_READ_MAX,
    OPERATIONS_MAX, RING_LEAVE_TIME, RING_ORDERS_PER_TURN, RING_WITHDRAW_TIME,
};
use crate::threads::chord_listen::askers::{Asked, Askers, Wish};
use crate::threads::chord_listen::leg::Leg;
use crate::threads::chord_listen::socket::Room;
use crate::threads::chord_listen::words::{RingNotice, RingOrder};
use crate::threads::chord_stabilize::{Beat, Drum};
use crossbeam_channel::Sender;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// State bit of the mailbox: leave the ring and end.
pub const STOP: u32 = 1;

/// The token of the mailbox; sockets have their index.
const MAILBOX: Token = Token(usize::MAX);
/// A ring of more nodes than this is stabilized more slowly.
const LARGE_RING: u64 = 1_000;

/// What the thread is started with.
#[derive(Debug)]
pub struct ListenParts {
    /// Its sockets, at most one for each family, and the address at which others see each.
    pub sockets: Vec<(UdpSocket, SocketAddr)>,
    /// The ring.
    pub settings: Arc<Settings>,
    /// Whom to ask for the way in.
    pub bootstrap: Vec<SocketAddr>,
    /// Time between two announces of what is kept announced.
    pub renewal_period: Duration,
    /// From the system's source of chance.
    pub secret: [u8; 32],
    /// What it is told.
    pub letters: Letters<RingOrder>,
    /// What time it is.
    pub clock: Clock,
    /// The rhythm of maintenance; none for clients.
    pub drum: Option<Drum>,
    /// Who saves contacts, if anybody does.
    pub saver: Option<Mailbox<Vec<SocketAddr>>>,
    /// Who may want to know what happens.
    pub notices: Sender<RingNotice>,
}

/// What the thread owns.
pub struct ChordListener {
    /// Readiness of its sockets.
    poll: Poll,
    /// The nodes.
    pub(super) legs: Vec<Leg>,
    /// Whom to ask for the way in.
    bootstrap: Vec<SocketAddr>,
    /// What it is told.
    letters: Letters<RingOrder>,
    /// Whether an order may wait that no bell will tell of.
    orders_left: bool,
    /// What time it is.
    clock: Clock,
    /// Who waits for what.
    pub(super) askers: Askers,
    /// The rhythm of maintenance.
    pub(super) drum: Option<Drum>,
    /// Who saves contacts.
    saver: Option<Mailbox<Vec<SocketAddr>>>,
    /// When contacts are saved next.
    save_at: Time,
    /// Who may want to know what happens.
    notices: Sender<RingNotice>,
    /// Nodes that have left.
    left: usize,
    /// What nodes told and nobody has looked at; kept for its memory.
    events: Vec<Event>,
}

impl ChordListener {
    /// Registers everything; what can fail fails before the thread starts.
    pub fn new(parts: ListenParts) -> io::Result<Self> {
        let poll = Poll::new()?;
        parts.letters.attach(Waker::new(poll.registry(), MAILBOX)?);
        let mut legs = Vec::new();
        for (index, (mut socket, address)) in parts.sockets.into_iter().enumerate() {
            poll.registry().register(&mut socket, Token(index), Interest::READABLE)?;
            // Each family has chance of its own.
            let mut secret = parts.secret;
            secret[0] ^= index as u8;
            let seed = u64::from_be_bytes(std::array::from_fn(|index| secret[8 + index]));
            let renewals = Renewals::new(parts.renewal_period, seed);
            legs.push(Leg::new(socket, address, parts.settings.clone(), (secret, renewals)));
        }
        Ok(Self {
            poll,
            legs,
            bootstrap: parts.bootstrap,
            letters: parts.letters,
            orders_left: true,
            clock: parts.clock,
            askers: Askers::default(),
            drum: parts.drum,
            saver: parts.saver,
            save_at: parts.clock.now() + CONTACTS_SAVE_FIRST,
            notices: parts.notices,
            left: 0,
            events: Vec::new(),
        })
    }

    /// The thread's body. Ends after the order to stop, in bounded time.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(8);
        for index in 0..self.legs.len() {
            self.give(index, Input::Command(0, Command::Join(self.bootstrap.clone())));
        }
        while self.letters.state() & STOP == 0 {
            if self.turn(&mut events, None).is_err() {
                return;
            }
        }
        self.withdraw_all(&mut events);
        self.leave(&mut events);
        self.save();
    }

    /// Waits for something to do, but not past `until`, and does it.
    fn turn(&mut self, events: &mut Events, until: Option<Time>) -> io::Result<()> {
        let busy = self.orders_left || self.legs.iter().any(|leg| leg.readable);
        let save_at = self.saver.is_some().then_some(self.save_at);
        let due = self.legs.iter().filter_map(Leg::deadline).chain(until).chain(save_at).min();
        let now = self.clock.now();
        let timeout = if busy { Some(Duration::ZERO) } else { due.map(|due| due.since(now)) };
        if let Err(error) = self.poll.poll(events, timeout)
            && error.kind() != ErrorKind::Interrupted
        {
            log::error!("waiting for the ring's datagrams failed: {error}; this node ends");
            return Err(error);
        }
        for event in events.iter() {
            if let Some(leg) = self.legs.get_mut(event.token().0) {
                leg.readable = true;
            }
        }
        self.obey();
        self.read();
        self.expire();
        Ok(())
    }

    /// Takes orders, but not all of them if there are many.
    fn obey(&mut self) {
        self.letters.look();
        for _ in 0..RING_ORDERS_PER_TURN {
            match self.letters.take() {
                Some(order) => self.order(order),
                None => {
                    self.orders_left = false;
                    return;
                }
            }
        }
        self.orders_left = true;
    }

    /// Reads what has come.
    fn read(&mut self) {
        let mut room: Room = [0; DATAGRAM_READ_MAX + 1];
        for index in 0..self.legs.len() {
            if self.legs[index].readable {
                let now = self.clock.now();
                let mut events = std::mem::take(&mut self.events);
                self.legs[index].read(now, &mut room, &mut events);
                self.all_told(index, events);
            }
        }
    }

    /// Does what is due.
    fn expire(&mut self) {
        for index in 0..self.legs.len() {
            let now = self.clock.now();
            if self.legs[index].node.deadline().is_some_and(|due| due <= now) {
                self.give(index, Input::Deadline);
            }
            while let Some((subject, flags)) = self.legs[index].renewals.next(now) {
                self.announce(index, subject, flags, Wish::Renewal);
            }
        }
        if self.clock.now() >= self.save_at {
            self.save();
        }
    }

    /// Gives a node a command.
    pub(super) fn command(
        &mut self,
        index: usize,
        command: Command,
        wish: Wish,
        subject: Option<Subject>,
    ) {
        let family = self.legs[index].family;
        let number = self.askers.note(Asked { family, wish, subject });
        self.give(index, Input::Command(number, command));
    }

    /// Gives a node something.
    pub(super) fn give(&mut self, index: usize, input: Input<'_>) {
        let mut events = std::mem::take(&mut self.events);
        self.legs[index].give(self.clock.now(), input, &mut events);
        self.all_told(index, events);
    }

    /// Passes on what a node told.
    fn all_told(&mut self, index: usize, mut events: Vec<Event>) {
        for event in events.drain(..) {
            self.told(index, event);
        }
        self.events = events;
    }

    /// A node told something.
    fn told(&mut self, index: usize, event: Event) {
        let family = self.legs[index].family;
        let notice = match event {
            Event::Joined => RingNotice::Joined(family),
            Event::Alone => RingNotice::Alone(family),
            Event::Changed => {
                if let Some(drum) = &self.drum {
                    drum.beat(Beat::Changed(family));
                }
                RingNotice::Changed(family)
            }
            Event::Merging => {
                if let Some(drum) = &self.drum {
                    drum.beat(Beat::Merging(family));
                }
                return;
            }
            Event::Moved(address) => {
                self.start_anew(index, address);
                RingNotice::Moved(address)
            }
            Event::Left => {
                self.left += 1;
                return;
            }
            Event::Peers { command, peers } => {
                self.askers.peers(command, peers);
                return;
            }
            Event::Done { command, outcome } => {
                let enough = matches!(outcome, Outcome::Counted { complete: true, .. });
                if let Some(subject) = self.askers.done(command, outcome) {
                    self.legs[index].renewals.done(self.clock.now(), subject, enough);
                }
                return;
            }
        };
        // Nobody has to read notices.
        let _ = self.notices.try_send(notice);
    }

    /// Tells the rhythm what a node knows of its ring.
    pub(super) fn tell_rhythm(&self, index: usize) {
        if let Some(drum) = &self.drum {
            let node = &self.legs[index].node;
            let large = node.estimated_nodes() > LARGE_RING;
            drum.learned(self.legs[index].family, node.fingers().is_complete(), large);
        }
    }

    /// A node is seen at another address: what it was lies elsewhere on the circle.
    fn start_anew(&mut self, index: usize, address: SocketAddr) {
        log::warn!("others see this node at {address}: it joins the ring anew from there");
        let mut bootstrap: Vec<SocketAddr> = self.legs[index].contacts().collect();
        bootstrap.truncate(CONTACTS_ASKED_MAX);
        bootstrap.extend(&self.bootstrap);
        self.legs[index].renew(address);
        for subject in self.askers.give_up(self.legs[index].family) {
            self.legs[index].renewals.done(self.clock.now(), subject, false);
        }
        self.give(index, Input::Command(0, Command::Join(bootstrap)));
    }

    /// Has the contacts saved.
    fn save(&mut self) {
        self.save_at = self.clock.now() + CONTACTS_SAVE_PERIOD;
        let contacts: Vec<SocketAddr> = self.legs.iter().flat_map(Leg::contacts).collect();
        if let Some(saver) = self.saver.as_ref().filter(|_| !contacts.is_empty()) {
            // One that waits already is as good.
            let _ = saver.post(contacts);
        }
    }

    /// Withdraws what is kept announced, as much as is possible in a short time.
    fn withdraw_all(&mut self, events: &mut Events) {
        let end = self.clock.now() + RING_WITHDRAW_TIME;
        for index in 0..self.legs.len() {
            let subjects: Vec<Subject> =
                self.legs[index].renewals.subjects().take(OPERATIONS_MAX).collect();
            for subject in subjects {
                self.legs[index].renewals.forget(subject);
                let flags = Flags { gone: true, ..Flags::default() };
                self.announce(index, subject, flags, Wish::Farewell);
            }
        }
        while self.askers.takes_leave() && self.clock.now() < end {
            if self.turn(events, Some(end)).is_err() {
                return;
            }
        }
    }

    /// Tells the neighbors about each other, and answers for what the nodes hold until others do.
    fn leave(&mut self, events: &mut Events) {
        for index in 0..self.legs.len() {
            self.give(index, Input::Command(0, Command::Leave));
        }
        let end = self.clock.now() + RING_LEAVE_TIME;
        while self.left < self.legs.len() && self.clock.now() < end {
            if self.turn(events, Some(end)).is_err() {
                return;
            }
        }
    }
}
