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
        let kind = event.as_ref().map_or(Kind::Timer, kind_of) as usize;
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

/// Declares the kinds of events, each with its name: a kind's number is that of its name.
macro_rules! kinds {
    ($($kind:ident $name:literal),* $(,)?) => {
        /// What a turn is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Kind { $($kind),* }

        /// The names of kinds, by their numbers.
        const NAMES: &[&str] = &[$($name),*];
    };
}

kinds! {
    Timer "timer",
    Greeted "greeted",
    Joined "joined",
    Word "word",
    HaveAll "have-all",
    Have "have",
    Interest "interest",
    Want "want",
    Candidate "candidate",
    Pass "pass",
    Stored "stored",
    Returned "returned",
    Overdue "overdue",
    WordGone "word-gone",
    Closed "closed",
    Arrived "arrived",
    NotStarted "not-started",
    Good "good",
    Bad "bad",
    Blamed "blamed",
    Checked "checked",
    Disk "disk",
    Choke "choke",
    Tracker "tracker",
    Spare "spare",
    Broken "broken",
    Control "control",
}

/// The name of a kind of event.
pub fn kind_name(kind: usize) -> &'static str {
    NAMES.get(kind).copied().unwrap_or("unknown")
}

fn kind_of(event: &Event) -> Kind {
    match event {
        Event::Peer(_, event) => match event {
            PeerEvent::Greeted(_) => Kind::Greeted,
            PeerEvent::Joined(_) => Kind::Joined,
            PeerEvent::Word { .. } => Kind::Word,
            PeerEvent::HaveAll => Kind::HaveAll,
            PeerEvent::Have(_) => Kind::Have,
            PeerEvent::Interest(_) => Kind::Interest,
            PeerEvent::Want { .. } => Kind::Want,
            PeerEvent::Candidate { .. } => Kind::Candidate,
            PeerEvent::Pass => Kind::Pass,
            PeerEvent::Stored { .. } => Kind::Stored,
            PeerEvent::Returned { .. } => Kind::Returned,
            PeerEvent::Overdue { .. } => Kind::Overdue,
            PeerEvent::WordGone { .. } => Kind::WordGone,
            PeerEvent::Closed(_) => Kind::Closed,
        },
        Event::Arrived { .. } => Kind::Arrived,
        Event::NotStarted(_) => Kind::NotStarted,
        Event::Hashed(hashed) => match hashed {
            Hashed::Good(_) => Kind::Good,
            Hashed::Bad { .. } => Kind::Bad,
            Hashed::Blamed { .. } => Kind::Blamed,
            Hashed::Checked { .. } => Kind::Checked,
        },
        Event::Disk(_) => Kind::Disk,
        Event::Choke { .. } => Kind::Choke,
        Event::Tracker { .. } => Kind::Tracker,
        Event::Spare(_) => Kind::Spare,
        Event::Broken { .. } => Kind::Broken,
        Event::Control(_) => Kind::Control,
    }
}
