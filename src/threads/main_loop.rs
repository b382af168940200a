//! The `main` thread: the one that decides. Wait for an event, let the brain handle it, give its
//! orders away; nothing here or below waits for anything but the next event.
//!
//! Every turn is timed. A long one is logged with its event; one that does not end is reported by
//! the watchdog.

use crate::connection::event::Event as PeerEvent;
use crate::kit::clock::{Clock, Time};
use crate::limits::{STOP_DEADLINE, TURN_WARN};
use crate::swarm::event::{Control, Event, Hashed};
use crate::swarm::machine::Swarm;
use crate::threads::routes::Routes;
use crate::threads::watchdog::Pulse;
use crossbeam_channel::{Receiver, RecvTimeoutError};

/// What the thread owns.
#[derive(Debug)]
pub struct MainLoop {
    /// Where events come from.
    pub events: Receiver<Event>,
    /// Who decides.
    pub swarm: Swarm,
    /// Where orders go.
    pub routes: Routes,
    /// What time it is.
    pub clock: Clock,
    /// What the watchdog looks at.
    pub pulse: Pulse,
}

impl MainLoop {
    /// The thread's body. Ends when everything is let go of, or that takes too long.
    pub fn run(mut self) {
        let mut give_up: Option<Time> = None;
        while !self.swarm.is_stopped() {
            let event = match self.next_event(give_up) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let now = self.clock.now();
            if matches!(event, Some(Event::Control(Control::Stop))) {
                give_up.get_or_insert(now + STOP_DEADLINE);
            }
            self.turn(now, event);
            if give_up.is_some_and(|deadline| now >= deadline) {
                log::warn!("some peers did not leave in time");
                return;
            }
        }
    }

    /// The only call that waits: the next event, or none if something else is due.
    fn next_event(&self, give_up: Option<Time>) -> Result<Option<Event>, RecvTimeoutError> {
        if self.swarm.has_more() {
            return Ok(self.events.try_recv().ok());
        }
        let now = self.clock.now();
        let deadline = [self.swarm.deadline(now), give_up].into_iter().flatten().min();
        match deadline {
            Some(deadline) => self.events.recv_timeout(deadline.since(now)).map(Some),
            None => self.events.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn turn(&mut self, now: Time, event: Option<Event>) {
        let kind = event.as_ref().map_or(0, kind_of);
        self.pulse.begin(now, kind);
        if let Some(event) = event {
            log::debug!("{}: {event:?}", kind_name(kind));
            self.swarm.handle(now, event);
        }
        self.swarm.turn(now);
        while let Some(order) = self.swarm.next_order() {
            self.routes.perform(order);
        }
        self.pulse.end();
        let took = self.clock.now().since(now);
        if took >= TURN_WARN {
            log::warn!("event {} took {} ms", kind_name(kind), took.as_millis());
        }
    }
}

/// The kinds of events, by the numbers that [`kind_of`] gives them.
const KINDS: [&str; 27] = [
    "timer",
    "greeted",
    "joined",
    "word",
    "have-all",
    "have",
    "interest",
    "want",
    "candidate",
    "stored",
    "returned",
    "overdue",
    "word-gone",
    "closed",
    "arrived",
    "not-started",
    "good",
    "bad",
    "blamed",
    "checked",
    "disk",
    "choke",
    "control",
    "pass",
    "tracker",
    "spare",
    "unknown",
];

/// The name of a kind of event.
pub fn kind_name(kind: usize) -> &'static str {
    KINDS.get(kind).copied().unwrap_or("unknown")
}

fn kind_of(event: &Event) -> usize {
    match event {
        Event::Peer(_, event) => match event {
            PeerEvent::Greeted(_) => 1,
            PeerEvent::Joined(_) => 2,
            PeerEvent::Word { .. } => 3,
            PeerEvent::HaveAll => 4,
            PeerEvent::Have(_) => 5,
            PeerEvent::Interest(_) => 6,
            PeerEvent::Want { .. } => 7,
            PeerEvent::Candidate { .. } => 8,
            PeerEvent::Stored { .. } => 9,
            PeerEvent::Returned { .. } => 10,
            PeerEvent::Overdue { .. } => 11,
            PeerEvent::WordGone { .. } => 12,
            PeerEvent::Closed(_) => 13,
            PeerEvent::Pass => 23,
        },
        Event::Arrived { .. } => 14,
        Event::NotStarted(_) => 15,
        Event::Hashed(hashed) => match hashed {
            Hashed::Good(_) => 16,
            Hashed::Bad { .. } => 17,
            Hashed::Blamed { .. } => 18,
            Hashed::Checked { .. } => 19,
        },
        Event::Disk(_) => 20,
        Event::Choke { .. } => 21,
        Event::Tracker { .. } => 24,
        Event::Spare(_) => 25,
        Event::Control(_) => 22,
    }
}
