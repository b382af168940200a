//! The `discover` thread: owns the announce schedule of every torrent, starts a thread for each
//! announce that is due, and learns from it how it went.
//!
//! Its lists may be as long as they like: nobody waits for it, except a client that stops, and that
//! at most for [`STOPPED_DEADLINE`].

use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox, Waited};
use crate::kit::random::Random;
use crate::kit::thread::{Census, Thread, spawn};
use crate::limits::{
    ANNOUNCES_MAX, STOPPED_DEADLINE, STOPPED_GRACE, THREAD_STACK, TRACKER_TIMEOUT, UDP_PATIENCE,
};
use crate::swarm::event::Event;
use crate::swarm::state::TorrentKey;
use crate::threads::assets::Assets;
use crate::threads::bus::Bus;
use crate::threads::discover::records::{Attempt, Entry, Run, answered, failed, families, request};
use crate::threads::tracker::job::{Switch, Task};
use crate::threads::tracker::network::Network;
use crate::threads::tracker::ourselves::Ourselves;
use crate::threads::tracker::outcome::{Failure, Memory, Outcome};
use crate::tracker::announce::{AnnounceEvent, Family};
use crate::tracker::report::Report;
use crate::tracker::schedule::{Due, Schedule};
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What the thread is told.
#[derive(Debug)]
pub enum DiscoverOrder {
    /// The torrent exchanges pieces from now on.
    Begin {
        /// Which torrent.
        torrent: TorrentKey,
        /// What it means to threads.
        assets: Arc<Assets>,
        /// Whether nothing is missing.
        complete: bool,
    },
    /// The torrent's last piece has come.
    Completed(TorrentKey),
    /// The torrent exchanges no more pieces.
    Withdraw(TorrentKey),
    /// The announce in this slot has ended.
    Ended(usize, Box<Outcome>),
    /// Say last words and end.
    Stop,
}

/// What the thread is given.
#[derive(Debug)]
pub struct DiscoverParts {
    /// What it is told.
    pub letters: Letters<DiscoverOrder>,
    /// For its announces, to tell how they went.
    pub back: Mailbox<DiscoverOrder>,
    /// Where peers and reports are published.
    pub bus: Bus,
    /// What time it is.
    pub clock: Clock,
    /// What announces share.
    pub network: Network,
    /// What we are known by.
    pub ourselves: Ourselves,
    /// All chance comes from this.
    pub seed: u64,
}

/// What the thread owns.
#[derive(Debug)]
pub struct Discover {
    /// What it was given.
    parts: DiscoverParts,
    /// What we are known by.
    ourselves: Arc<Ourselves>,
    /// All chance.
    random: Random,
    /// The torrents.
    torrents: HashMap<TorrentKey, Entry>,
    /// When which torrent is looked at again.
    wakes: BTreeSet<(Time, TorrentKey)>,
    /// Announces under way, by number.
    attempts: HashMap<u64, Attempt>,
    /// The number of the next.
    next_attempt: u64,
    /// Their threads.
    runs: [Option<Run>; ANNOUNCES_MAX],
    /// Counts those.
    census: Census,
    /// When stopping began.
    stopping: Option<Time>,
}

impl Discover {
    /// The thread's state before its first order.
    pub fn new(parts: DiscoverParts) -> Self {
        Self {
            ourselves: Arc::new(parts.ourselves.clone()),
            random: Random::new(parts.seed),
            parts,
            torrents: HashMap::new(),
            wakes: BTreeSet::new(),
            attempts: HashMap::new(),
            next_attempt: 0,
            runs: [const { None }; ANNOUNCES_MAX],
            census: Census::default(),
            stopping: None,
        }
    }

    /// The thread's body.
    pub fn run(mut self) {
        loop {
            let now = self.parts.clock.now();
            let timeout = self.deadline(now).map(|deadline| deadline.since(now));
            match self.parts.letters.wait(timeout) {
                Waited::Word(order) => self.handle(order),
                Waited::Timeout => {}
                Waited::Closed => return,
            }
            let now = self.parts.clock.now();
            self.announce_some();
            if self.stopping.is_some_and(|since| self.has_said_all(now, since)) {
                self.leave();
                return;
            }
        }
    }

    /// When something is due though nobody says anything.
    fn deadline(&self, now: Time) -> Option<Time> {
        let wake = self.wakes.first().map(|(time, _)| *time).filter(|_| self.has_room());
        let stop = self.stopping.map(|since| {
            let grace = since + STOPPED_GRACE;
            if now < grace { grace } else { since + STOPPED_DEADLINE }
        });
        wake.into_iter().chain(stop).min()
    }

    fn handle(&mut self, order: DiscoverOrder) {
        let now = self.parts.clock.now();
        match order {
            DiscoverOrder::Begin { torrent, assets, complete } => {
                self.begin(now, torrent, &assets, complete);
            }
            DiscoverOrder::Completed(torrent) => {
                if let Some(entry) = self.torrents.get_mut(&torrent) {
                    entry.schedule.completed(now);
                }
                self.wake(torrent, Some(now));
            }
            DiscoverOrder::Withdraw(torrent) => {
                if let Some(entry) = self.torrents.get_mut(&torrent) {
                    entry.schedule.stop();
                }
                self.wake(torrent, Some(now));
            }
            DiscoverOrder::Ended(slot, outcome) => self.ended(now, slot, *outcome),
            DiscoverOrder::Stop => self.stop(now),
        }
    }

    fn begin(&mut self, now: Time, torrent: TorrentKey, assets: &Assets, complete: bool) {
        if self.stopping.is_some() {
            return;
        }
        let random = Random::new(self.random.next_u64());
        let trackers = &assets.trackers;
        let mut schedule = Schedule::new(&trackers.tiers, trackers.rule, random);
        schedule.start(now, complete);
        let key = self.random.next_u64() as u32;
        let shared = Arc::clone(&assets.shared);
        let entry = Entry { shared, schedule, memories: HashMap::new(), key, wake: None };
        self.torrents.insert(torrent, entry);
        self.wake(torrent, Some(now));
    }

    /// Looks at a torrent again at that time, and not at the one before.
    fn wake(&mut self, torrent: TorrentKey, time: Option<Time>) {
        let Some(entry) = self.torrents.get_mut(&torrent) else { return };
        if let Some(before) = entry.wake.take() {
            self.wakes.remove(&(before, torrent));
        }
        entry.wake = time;
        self.wakes.extend(time.map(|time| (time, torrent)));
    }

    /// Whether the threads for one more announce may be started.
    fn has_room(&self) -> bool {
        self.runs.iter().filter(|run| run.is_none()).count() >= 2
    }

    /// Makes the announces that are due, as far as there is room. Who made one goes behind the
    /// other torrents that wait, so that none with many trackers takes all places.
    fn announce_some(&mut self) {
        while let Some(&(time, torrent)) = self.wakes.first().filter(|_| self.has_room()) {
            let now = self.parts.clock.now();
            if time > now {
                return;
            }
            let Some(entry) = self.torrents.get_mut(&torrent) else { return };
            let hungry = entry.is_hungry();
            let next = match entry.schedule.due(now, hungry) {
                Some(due) => {
                    self.announce(torrent, &due);
                    Some(now)
                }
                None => entry.schedule.deadline(),
            };
            self.wake(torrent, next);
        }
    }

    fn announce(&mut self, torrent: TorrentKey, due: &Due) {
        let families = families(&due.url, &self.ourselves);
        let switch = due.switches.then(Switch::default);
        let number = self.next_attempt;
        self.next_attempt += 1;
        self.attempts.insert(
            number,
            Attempt {
                torrent,
                tracker: due.tracker,
                url: Arc::clone(&due.url),
                event: due.event,
                running: families.len(),
                settled: false,
                failure: None,
            },
        );
        for family in families {
            self.start((number, torrent), due, family, switch.clone());
        }
    }

    /// Starts the thread of one family.
    fn start(
        &mut self,
        (number, torrent): (u64, TorrentKey),
        due: &Due,
        family: Family,
        switch: Option<Switch>,
    ) {
        let Some(slot) = self.runs.iter().position(Option::is_none) else { return };
        let Some(entry) = self.torrents.get(&torrent) else { return };
        let now = self.parts.clock.now();
        let usual = TRACKER_TIMEOUT.max(UDP_PATIENCE);
        let left = self.stopping.map(|since| (since + STOPPED_DEADLINE).since(now));
        let task = Task {
            torrent,
            url: Arc::clone(&due.url),
            family,
            switch,
            request: request(entry, due, family, &self.ourselves),
            memory: entry.memories.get(&(due.tracker, family)).copied().unwrap_or_default(),
            patience: left.unwrap_or(usual).min(usual),
            seed: self.random.next_u64(),
        };
        log::debug!("tracker-{slot}: {:?} to {} over {family}", due.event, due.url);
        let DiscoverParts { network, bus, clock, back, .. } = &self.parts;
        let ourselves = Arc::clone(&self.ourselves);
        let (job, cutter) = task.prepare(network, ourselves, bus.clone(), *clock);
        let back = back.clone();
        let body = move || {
            let run = catch_unwind(AssertUnwindSafe(|| job.run()));
            let outcome = run.unwrap_or_else(|_| {
                let result = Err(Failure::new("a bug of ours ended the announce"));
                Outcome { memory: Memory::default(), result }
            });
            // There is room for a word of each slot.
            let _ = back.post(DiscoverOrder::Ended(slot, Box::new(outcome)));
        };
        let thread = match spawn(&self.census, format!("tracker-{slot}"), THREAD_STACK, body) {
            Ok(thread) => Some(thread),
            Err(error) => {
                let result = Err(Failure::new(format!("no thread for it: {error}")));
                let outcome = Box::new(Outcome { memory: Memory::default(), result });
                let _ = self.parts.back.post(DiscoverOrder::Ended(slot, outcome));
                None
            }
        };
        self.runs[slot] = Some(Run { attempt: number, family, cutter: Some(cutter), thread });
    }

    /// The thread of a slot has ended.
    fn ended(&mut self, now: Time, slot: usize, outcome: Outcome) {
        let Some(run) = self.runs.get_mut(slot).and_then(Option::take) else { return };
        if let Some(thread) = run.thread {
            thread.join();
        }
        let Some(attempt) = self.attempts.get_mut(&run.attempt) else { return };
        attempt.running -= 1;
        let (torrent, tracker) = (attempt.torrent, attempt.tracker);
        let last = attempt.running == 0;
        let mut report = None;
        if let Some(entry) = self.torrents.get_mut(&torrent) {
            entry.memories.insert((tracker, run.family), outcome.memory);
            match outcome.result {
                Ok((reply, peers)) => {
                    log::debug!("tracker-{slot}: {} answers with {peers} peers", attempt.url);
                    if !attempt.settled {
                        attempt.settled = true;
                        entry.schedule.answered(now, tracker, &reply);
                        report = Some(answered(&reply, peers));
                    }
                }
                Err(failure) => {
                    log::debug!("tracker-{slot}: {}: {}", attempt.url, failure.reason);
                    // What the host has no address for says less than any other reason.
                    if attempt.failure.as_ref().is_none_or(|before| before.absent) {
                        attempt.failure = Some(failure);
                    }
                    if last && !attempt.settled {
                        attempt.settled = true;
                        report = failed(attempt, &mut entry.schedule, now);
                    }
                }
            }
        }
        let told = attempt.event != AnnounceEvent::Stopped;
        let url = Arc::clone(&attempt.url);
        if last {
            self.attempts.remove(&run.attempt);
        }
        if let Some(outcome) = report.filter(|_| told && self.stopping.is_none()) {
            let report = Box::new(Report { tracker: url.to_string().into(), outcome });
            // A main thread that is gone wants no reports.
            let _ = self.parts.bus.publish(Event::Tracker { torrent, report });
        }
        self.wake(torrent, Some(now));
    }

    /// We leave: trackers that know us are told so, what is of no more use is cut off.
    fn stop(&mut self, now: Time) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(now);
        self.cut(|event| event == AnnounceEvent::Regular);
        let torrents: Vec<TorrentKey> = self.torrents.keys().copied().collect();
        for torrent in torrents {
            if let Some(entry) = self.torrents.get_mut(&torrent) {
                if entry.shared.settled.load(Relaxed) {
                    entry.schedule.completed(now);
                }
                entry.schedule.stop();
            }
            self.wake(torrent, Some(now));
        }
    }

    /// Cuts off the announces with such events, and those that are settled.
    fn cut(&mut self, useless: impl Fn(AnnounceEvent) -> bool) {
        for run in self.runs.iter_mut().flatten() {
            let Some(attempt) = self.attempts.get_mut(&run.attempt) else { continue };
            if !attempt.settled && !useless(attempt.event) {
                continue;
            }
            if let Some(cutter) = run.cutter.take() {
                cutter.cut();
            }
            if !attempt.settled {
                attempt.settled = true;
                if let Some(entry) = self.torrents.get_mut(&attempt.torrent) {
                    entry.schedule.cut(attempt.tracker);
                }
            }
        }
    }

    /// Whether nothing more can or may be said.
    fn has_said_all(&mut self, now: Time, since: Time) -> bool {
        if now >= since + STOPPED_DEADLINE {
            return true;
        }
        if now >= since + STOPPED_GRACE {
            self.cut(|event| event == AnnounceEvent::Started);
        }
        let spoken = self.runs.iter().flatten().all(|run| run.cutter.is_none());
        spoken && self.wakes.is_empty()
    }

    /// Ends. Threads that have been cut off end by themselves; one that waits for a name or a
    /// connection cannot be woken and is left to the end of the process.
    fn leave(&mut self) {
        self.cut(|_| true);
        for run in self.runs.iter_mut().filter_map(Option::take) {
            if let Some(thread) = run.thread.filter(Thread::is_finished) {
                thread.join();
            }
        }
        let left = self.census.living();
        if left > 0 {
            log::debug!("{left} announces did not end in time");
        }
    }
}
