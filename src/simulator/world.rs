//! Simulated nodes, time, and what happens. One thread, one seed: the same seed gives the same
//! history, and [`World::trace`] is a number that says so.

use super::network::Network;
use crate::chord::input::{Command, Event, Input, Output};
use crate::chord::node::state::Node;
use crate::chord::rhythm::Rhythm;
use crate::chord::settings::Settings;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Happenings remembered for the report of a failure.
const REMEMBERED: usize = 1_000;
/// Steps of one node within one virtual second; more is a loop.
const STEPS_PER_SECOND_MAX: u32 = 20_000;

/// A ring, or several, and the network between their nodes.
#[derive(Debug, Clone)]
pub struct World {
    /// What time it is.
    pub now: Time,
    /// Between the nodes.
    pub network: Network,
    /// Every place where a node is or was.
    pub slots: Vec<Slot>,
    /// A number that depends on everything that happened.
    pub trace: u64,
    /// Datagrams that arrived, and their bytes.
    pub datagrams: u64,
    /// See [`World::datagrams`].
    pub bytes: u64,
    /// What all nodes are set to, unless told otherwise.
    pub settings: Arc<Settings>,
    /// Whether new nodes get public addresses, each in a subnet of its own, so that quotas hold.
    pub public: bool,
    /// Whether no turns of maintenance come: lists and fingers stay as they are.
    pub still: bool,
    /// Whether every node's invariants are looked at after every step, which takes time.
    pub watch: bool,
    /// Which slot has an address.
    by_address: BTreeMap<SocketAddr, usize>,
    /// What is to come, by time and order of planning.
    queue: BTreeMap<(Time, u64), Coming>,
    /// Things planned so far.
    planned: u64,
    /// Commands given so far.
    commands: u64,
    /// The world's own chance.
    pub(super) random: Random,
    /// The last happenings.
    last: VecDeque<String>,
    /// Whether happenings are remembered: costs time.
    pub remember: bool,
}

/// A place where a node is or was.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Where it is asked.
    pub address: SocketAddr,
    /// The node, while it runs.
    pub node: Option<Node>,
    /// When its turns come.
    pub rhythm: Rhythm,
    /// It does nothing until then.
    pub paused_until: Time,
    /// What it told its owner, with the time.
    pub events: Vec<(Time, Event)>,
    /// Bytes that it sent.
    pub sent_bytes: u64,
    /// Datagrams that it sent.
    pub sent: u64,
    /// When it is woken next.
    wake: Option<Time>,
    /// Steps within the current second.
    steps: (u64, u32),
}

/// Something to come.
#[derive(Debug, Clone)]
enum Coming {
    /// A datagram arrives.
    Datagram {
        /// At which slot.
        to: usize,
        /// From which address.
        from: SocketAddr,
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// A slot's node or its rhythm has something due.
    Wake(usize),
}

impl World {
    /// A world without nodes.
    pub fn new(seed: u64, settings: Settings) -> Self {
        settings.check().expect("the settings of a simulation can work");
        Self {
            now: Time::ZERO + Duration::from_secs(1),
            network: Network::new(seed),
            slots: Vec::new(),
            trace: seed,
            datagrams: 0,
            bytes: 0,
            settings: Arc::new(settings),
            public: false,
            still: false,
            watch: true,
            by_address: BTreeMap::new(),
            queue: BTreeMap::new(),
            planned: 0,
            commands: 0,
            random: Random::new(seed ^ 0x5eed),
            last: VecDeque::new(),
            remember: false,
        }
    }

    /// Adds a place for a node; it is empty until the node is started.
    pub fn add_slot(&mut self, address: SocketAddr) -> usize {
        let index = self.slots.len();
        self.by_address.insert(address, index);
        self.slots.push(Slot {
            address,
            node: None,
            rhythm: Rhythm::new(self.now, self.settings.periods, 0),
            paused_until: Time::ZERO,
            events: Vec::new(),
            sent_bytes: 0,
            sent: 0,
            wake: None,
            steps: (0, 0),
        });
        index
    }

    /// Starts a node in an empty place; it knows nothing of what was there before.
    pub fn start(&mut self, slot: usize, settings: Arc<Settings>) {
        self.start_as(slot, self.slots[slot].address, settings);
    }

    /// The same with a node that thinks that it is at `address`, as one behind a NAT does.
    pub fn start_as(&mut self, slot: usize, address: SocketAddr, settings: Arc<Settings>) {
        let mut secret = [0; 32];
        for chunk in secret.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.random.next_u64().to_be_bytes());
        }
        let seed = self.random.next_u64();
        self.slots[slot].rhythm = Rhythm::new(self.now, settings.periods, seed);
        self.slots[slot].node = Some(Node::new(address, settings, secret));
        self.slots[slot].wake = None;
        self.happened(|| format!("{slot} starts at {address}"));
        self.plan_wake(slot);
    }

    /// Stops a node without a word.
    pub fn stop(&mut self, slot: usize) {
        self.slots[slot].node = None;
        self.slots[slot].wake = None;
        self.happened(|| format!("{slot} stops"));
    }

    /// Gives a node a command; its events name the number.
    pub fn command(&mut self, slot: usize, command: Command) -> u64 {
        self.commands += 1;
        let number = self.commands;
        self.happened(|| format!("{slot} is told {number}: {command:?}"));
        self.give(slot, Input::Command(number, command));
        number
    }

    /// Gives a node something, now.
    pub fn give(&mut self, slot: usize, input: Input<'_>) {
        let now = self.now;
        let Some(node) = self.slots[slot].node.as_mut() else { return };
        let mut out = Vec::new();
        node.handle(now, input, &mut out);
        if self.watch
            && let Some(fault) = node.fault()
        {
            let node = format!("{node:#?}");
            panic!("node {slot} at {now}: {fault}\n{node}\n{}", self.report());
        }
        self.count_step(slot);
        for output in out {
            match output {
                Output::Send { to, bytes } => self.send(slot, to, bytes),
                Output::Event(event) => self.told(slot, event),
            }
        }
        self.plan_wake(slot);
    }

    /// Puts a datagram on the network, also one that no node would send.
    pub fn send(&mut self, slot: usize, to: SocketAddr, bytes: Vec<u8>) {
        let from = self.network.source(slot, self.slots[slot].address, to);
        if from != self.slots[slot].address {
            self.by_address.insert(from, slot);
        }
        self.slots[slot].sent += 1;
        self.slots[slot].sent_bytes += bytes.len() as u64;
        self.inject(slot, from, to, bytes);
    }

    /// Puts a datagram on the network that claims to come from an address.
    pub fn inject(&mut self, slot: usize, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let Some(&target) = self.by_address.get(&to) else { return };
        let arrivals = self.network.deliver(self.now, (slot, from), (target, to), bytes.len());
        for at in arrivals {
            self.plan(at, Coming::Datagram { to: target, from, bytes: bytes.clone() });
        }
    }

    /// Lets the next thing happen; false if nothing ever will.
    pub fn step(&mut self) -> bool {
        let Some(((at, _), coming)) = self.queue.pop_first() else { return false };
        self.now = self.now.max(at);
        match coming {
            Coming::Datagram { to, from, bytes } => self.arrive(to, from, bytes),
            Coming::Wake(slot) => self.woken(slot, at),
        }
        true
    }

    /// Lets everything happen until a time.
    pub fn run_until(&mut self, end: Time) {
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= end) {
            self.step();
        }
        self.now = self.now.max(end);
    }

    /// Lets everything happen for a while.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// Takes from the network what is on its way, the earliest first: for exhaustive searches,
    /// which decide themselves what arrives when.
    pub fn take_datagrams(&mut self) -> Vec<(usize, SocketAddr, Vec<u8>)> {
        let mut taken = Vec::new();
        self.queue.retain(|_, coming| match coming {
            Coming::Datagram { to, from, bytes } => {
                taken.push((*to, *from, std::mem::take(bytes)));
                false
            }
            Coming::Wake(_) => true,
        });
        taken
    }

    /// The slots whose nodes run.
    pub fn running(&self) -> impl Iterator<Item = (usize, &Node)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((index, slot.node.as_ref()?)))
    }

    /// What happened last, for a failure's message.
    pub fn report(&self) -> String {
        self.last.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    fn arrive(&mut self, to: usize, from: SocketAddr, bytes: Vec<u8>) {
        if self.slots[to].paused_until > self.now {
            let at = self.slots[to].paused_until;
            self.plan(at, Coming::Datagram { to, from, bytes });
            return;
        }
        if self.slots[to].node.is_none() {
            return;
        }
        self.datagrams += 1;
        self.bytes += bytes.len() as u64;
        self.hash(self.now.as_nanos());
        self.hash(to as u64 ^ (bytes.len() as u64) << 32);
        for chunk in bytes.chunks(8) {
            self.hash(chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
        let text = || format!("{to} hears from {from}: {}", String::from_utf8_lossy(&bytes));
        self.happened(text);
        self.give(to, Input::Datagram { from, bytes: &bytes });
    }

    fn woken(&mut self, slot: usize, at: Time) {
        if self.slots[slot].wake != Some(at) {
            return;
        }
        self.slots[slot].wake = None;
        if self.slots[slot].paused_until > self.now {
            self.plan_wake(slot);
            return;
        }
        let now = self.now;
        let due = self.slots[slot].node.as_ref().and_then(Node::deadline);
        if due.is_some_and(|due| due <= now) {
            self.give(slot, Input::Deadline);
        }
        if self.still {
            self.plan_wake(slot);
            return;
        }
        if let Some(node) = &self.slots[slot].node {
            let (complete, large) = (node.fingers().is_complete(), node.estimated_nodes() > 1_000);
            self.slots[slot].rhythm.learned(complete, large);
        }
        while let Some(turn) = self.slots[slot].rhythm.next(now) {
            self.give(slot, Input::Turn(turn));
        }
        self.plan_wake(slot);
    }

    /// A node told its owner something.
    fn told(&mut self, slot: usize, event: Event) {
        let now = self.now;
        match &event {
            Event::Changed => self.slots[slot].rhythm.changed(now),
            Event::Merging => self.slots[slot].rhythm.merging(now),
            Event::Joined
            | Event::Alone
            | Event::Left
            | Event::Moved(_)
            | Event::Peers { .. }
            | Event::Done { .. } => {
                self.happened(|| format!("{slot} says {event:?}"));
                let left = event == Event::Left;
                self.slots[slot].events.push((now, event));
                if left {
                    self.stop(slot);
                }
            }
        }
    }

    /// Makes sure that a slot is woken in time.
    fn plan_wake(&mut self, slot: usize) {
        let Some(node) = &self.slots[slot].node else { return };
        let rhythm = (!self.still).then(|| self.slots[slot].rhythm.deadline());
        let Some(at) = node.deadline().into_iter().chain(rhythm).min() else { return };
        let at = at.max(self.now).max(self.slots[slot].paused_until);
        if self.slots[slot].wake.is_none_or(|planned| planned > at) {
            self.slots[slot].wake = Some(at);
            self.plan(at, Coming::Wake(slot));
        }
    }

    fn plan(&mut self, at: Time, coming: Coming) {
        self.planned += 1;
        self.queue.insert((at, self.planned), coming);
    }

    fn count_step(&mut self, slot: usize) {
        let second = self.now.as_nanos() / 1_000_000_000;
        let steps = &mut self.slots[slot].steps;
        *steps = if steps.0 == second { (second, steps.1 + 1) } else { (second, 1) };
        assert!(steps.1 < STEPS_PER_SECOND_MAX, "node {slot} does not come to rest");
    }

    fn hash(&mut self, word: u64) {
        self.trace = (self.trace ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }

    fn happened(&mut self, what: impl FnOnce() -> String) {
        if self.remember {
            if self.last.len() == REMEMBERED {
                self.last.pop_front();
            }
            let line = format!("{} {}", self.now, what());
            self.last.push_back(line);
        }
    }

    /// The slot at an address.
    pub fn slot_of(&self, address: SocketAddr) -> Option<usize> {
        self.by_address.get(&address).copied()
    }

    /// Puts a node back into the state that it was in before, with what it told.
    pub(super) fn put_back(&mut self, slot: usize, node: Option<Node>) {
        let place = &mut self.slots[slot];
        (place.node, place.wake) = (node, None);
        place.events.clear();
        self.plan_wake(slot);
    }

    /// Slots that run, for choosing one.
    pub fn running_slots(&self) -> Vec<usize> {
        self.running().map(|(slot, _)| slot).collect()
    }

    /// The addresses of running nodes, for those who look for any.
    pub fn running_addresses(&self) -> BTreeSet<SocketAddr> {
        self.running().map(|(_, node)| node.me().address).collect()
    }
}
