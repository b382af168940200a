//! Every way that a tiny ring can go, on the real code: joins, crashes, turns of stabilization and
//! checks of predecessors, in every order up to a number of states. From each state, fair rounds
//! without further changes must end in the right ring (CHORD.md: workload W16).
//!
//! States are told apart by what the protocol rests on: lists, who is thought dead, what is on its
//! way. Times are left out, so two histories that differ in those alone count as one. Failures are
//! those that the protocol claims to survive: nobody is left without a live successor.
//!
//! `RING_STATES=n` looks at so many states instead of the usual few thousand.

use cuerda::chord::codec::decode;
use cuerda::chord::contact::{Contact, Family};
use cuerda::chord::input::{Command, Event, Input, Output, Turn};
use cuerda::chord::message::{Body, Standing};
use cuerda::chord::node::state::Node;
use cuerda::chord::settings::{Quorum, RingTag, Settings};
use cuerda::kit::clock::Time;
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Messages that one step may cause before it counts as a loop.
const MESSAGES_MAX: usize = 2_000;
/// Rounds after which the ring must be right: entries are pinged once a minute.
const ROUNDS_MAX: usize = 40;

/// A datagram on its way.
type Flying = (SocketAddr, SocketAddr, Vec<u8>);

/// A tiny ring in one state.
#[derive(Clone)]
struct Ring {
    settings: Arc<Settings>,
    now: Time,
    nodes: Vec<Option<Node>>,
    flying: VecDeque<Flying>,
    /// Nodes that found nobody and look for other rings: they take turns to merge, too.
    merging: BTreeSet<usize>,
    /// How it came about.
    story: Vec<String>,
}

/// Something that can happen next.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Join(usize, usize),
    Crash(usize),
    Turn(usize, Turn),
    /// A datagram arrives, of those on their way.
    Arrive(usize),
    /// Questions to those who have crashed are given up.
    GiveUp,
}

fn address(index: usize) -> SocketAddr {
    ([10, 0, 0, 1 + index as u8], 7_000).into()
}

impl Ring {
    fn new(places: usize, successors: usize) -> Self {
        let quorum = Quorum { replicas: 1, write: 1, read: 1 };
        let settings = Arc::new(Settings { quorum, successors, ..Settings::default() });
        let nodes = (0..places).map(|_| None).collect();
        let mut ring = Self {
            settings,
            now: Time::ZERO + Duration::from_secs(1),
            nodes,
            flying: VecDeque::new(),
            merging: BTreeSet::new(),
            story: Vec::new(),
        };
        ring.begin(0, &[]);
        ring.settle();
        ring
    }

    fn tag(&self) -> RingTag {
        self.settings.tag()
    }

    fn begin(&mut self, index: usize, via: &[usize]) {
        let secret = [index as u8 + 1; 32];
        self.nodes[index] = Some(Node::new(address(index), Arc::clone(&self.settings), secret));
        let bootstrap = via.iter().map(|via| address(*via)).collect();
        self.give(index, Input::Command(0, Command::Join(bootstrap)));
    }

    fn give(&mut self, index: usize, input: Input<'_>) {
        let Some(node) = self.nodes[index].as_mut() else { return };
        let mut out = Vec::new();
        node.handle(self.now, input, &mut out);
        assert_eq!(node.fault(), None, "{:?}", self.story);
        for output in out {
            match output {
                Output::Send { to, bytes } => self.flying.push_back((address(index), to, bytes)),
                Output::Event(Event::Merging) => {
                    self.merging.insert(index);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn arrive(&mut self, which: usize) {
        let Some((from, to, bytes)) = self.flying.remove(which) else { return };
        if let Some(index) = (0..self.nodes.len()).find(|index| address(*index) == to) {
            self.give(index, Input::Datagram { from, bytes: &bytes });
        }
    }

    /// Lets everything arrive, in order.
    fn deliver(&mut self) {
        for _ in 0..MESSAGES_MAX {
            if self.flying.is_empty() {
                return;
            }
            self.arrive(0);
        }
        panic!("no end of messages: {:?}", self.story);
    }

    /// Lets everything arrive, and questions to those who have crashed be given up.
    fn settle(&mut self) {
        for _ in 0..MESSAGES_MAX {
            self.deliver();
            let waiting = |node: &Option<Node>| {
                let joining = |node: &Node| node.standing() == Standing::Joining;
                node.as_ref().is_some_and(|node| node.calls_waiting() > 0 || joining(node))
            };
            let due = self.nodes.iter().flatten().filter_map(Node::deadline).min();
            let (Some(due), true) = (due, self.nodes.iter().any(waiting)) else { return };
            self.pass_to(due);
        }
        panic!("questions are never given up: {:?}", self.story);
    }

    /// Time passes, and what is due happens.
    fn pass_to(&mut self, time: Time) {
        self.now = self.now.max(time);
        for index in 0..self.nodes.len() {
            let due = self.nodes[index].as_ref().and_then(Node::deadline);
            if due.is_some_and(|due| due <= self.now) {
                self.give(index, Input::Deadline);
            }
        }
    }

    fn members(&self) -> Vec<(usize, &Node)> {
        let members = self.nodes.iter().enumerate();
        let members = members.filter_map(|(index, node)| Some((index, node.as_ref()?)));
        members.filter(|(_, node)| node.standing() == Standing::Member).collect()
    }

    /// Whether a node may crash: the others keep a live successor, and it is not the last.
    fn may_crash(&self, index: usize) -> bool {
        let others: Vec<_> = self.members().into_iter().filter(|(n, _)| *n != index).collect();
        let lives = |contact: &Contact| others.iter().any(|(_, n)| n.me() == *contact);
        if others.len() + 1 < self.nodes.iter().flatten().count() {
            // Somebody is on its way in, and may know nobody else.
            return false;
        }
        let keeps = |node: &Node| node.neighborhood().successors.entries().iter().any(lives);
        !others.is_empty() && (others.len() == 1 || others.iter().all(|(_, node)| keeps(node)))
    }

    /// What can happen; with `split`, datagrams arrive one by one in any order.
    fn next(&self, split: bool) -> Vec<Happening> {
        let members: Vec<usize> = self.members().iter().map(|(index, _)| *index).collect();
        let mut next: Vec<Happening> = (0..self.flying.len()).map(Happening::Arrive).collect();
        for index in 0..self.nodes.len() {
            if self.nodes[index].is_none() {
                let via = members.iter().filter(|via| **via != index);
                next.extend(via.map(|via| Happening::Join(index, *via)));
            }
        }
        for index in members {
            next.push(Happening::Turn(index, Turn::Stabilize));
            next.push(Happening::Turn(index, Turn::CheckPredecessor));
            if self.may_crash(index) {
                next.push(Happening::Crash(index));
            }
        }
        if split
            && self.flying.is_empty()
            && self.nodes.iter().flatten().any(|n| n.calls_waiting() > 0)
        {
            next.push(Happening::GiveUp);
        }
        next
    }

    fn after(&self, happening: Happening, split: bool) -> Self {
        let mut ring = self.clone();
        ring.story.push(format!("{happening:?}"));
        match happening {
            Happening::Join(index, via) => ring.begin(index, &[via]),
            Happening::Crash(index) => ring.nodes[index] = None,
            Happening::Turn(index, turn) => ring.give(index, Input::Turn(turn)),
            Happening::Arrive(which) => ring.arrive(which),
            Happening::GiveUp => ring.settle(),
        }
        // A node's way in is one step also where others are split: it changes nobody else.
        let joining = matches!(happening, Happening::Join(..)) && ring.flying.len() <= 1;
        if !split || joining {
            ring.settle();
        }
        ring
    }

    /// What tells states apart.
    fn print(&self) -> String {
        let mut print = String::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            let ends = |contacts: &[Contact]| -> String {
                contacts.iter().map(|contact| end(contact.address)).collect()
            };
            let lists = node.neighborhood();
            let dead: String = (0..self.nodes.len())
                .filter(|other| node.contacts().is_dead(Contact::new(address(*other)).id))
                .map(|other| end(address(other)))
                .collect();
            let _ = write!(
                print,
                "{index}{:?} {} {} {:?} x{dead} h{} c{};",
                node.standing(),
                ends(lists.successors.entries()),
                ends(lists.predecessors.entries()),
                lists.predecessors.trusted().map(|c| end(c.address)),
                ends(&node.hints().collect::<Vec<_>>()),
                node.calls_waiting(),
            );
        }
        let mut flying: Vec<String> = self.flying.iter().map(|flying| self.name(flying)).collect();
        flying.sort();
        print + &flying.join(",")
    }

    /// A datagram without what differs from history to history.
    fn name(&self, (from, to, bytes): &Flying) -> String {
        let body = match decode(bytes, self.tag(), Family::V4).map(|message| message.body) {
            Ok(Body::Query { query, .. }) => format!("{query:?}"),
            Ok(Body::Answer(mut answer) | Body::Fault(_, mut answer)) => {
                (answer.cookie, answer.seen) = (None, None);
                format!("{answer:?}")
            }
            Err(error) => panic!("nodes send only messages: {error}"),
        };
        format!("{}{}{body}", end(*from), end(*to))
    }

    /// What keeps the ring from being right.
    fn wrong(&self) -> Option<String> {
        let mut order: Vec<Contact> = self.members().iter().map(|(_, node)| node.me()).collect();
        if order.len() < self.nodes.iter().flatten().count() {
            return Some("somebody is not in".into());
        }
        order.sort();
        let count = order.len();
        for (place, me) in order.iter().enumerate() {
            let (_, node) = self.members().into_iter().find(|(_, node)| node.me() == *me)?;
            let right: Vec<Contact> = (1..count.min(self.settings.successors + 1))
                .map(|step| order[(place + step) % count])
                .collect();
            let lists = node.neighborhood();
            let before = (count > 1).then(|| order[(place + count - 1) % count]);
            if lists.successors.entries() != right || lists.predecessors.trusted() != before {
                return Some(format!("{me:?}: {:?}", lists.successors.entries()));
            }
        }
        None
    }

    /// Fair rounds without changes; what is wrong after the last.
    fn comes_right(mut self) -> Option<String> {
        self.settle();
        for _ in 0..ROUNDS_MAX {
            self.wrong()?;
            for index in 0..self.nodes.len() {
                let merge = self.merging.contains(&index).then_some(Turn::Merge);
                for turn in [Turn::Stabilize, Turn::CheckPredecessor].into_iter().chain(merge) {
                    self.give(index, Input::Turn(turn));
                    self.settle();
                }
            }
            let later = self.now + Duration::from_secs(5);
            self.pass_to(later);
            self.settle();
        }
        self.wrong()
    }
}

/// The last number of an address.
fn end(address: SocketAddr) -> char {
    char::from(b'a' + (address.ip().to_string().bytes().last().unwrap_or(0) - b'1'))
}

/// Looks at all states that follow from a ring of one, breadth first, up to a number.
fn explore(places: usize, successors: usize, split: bool, usual: usize) {
    let states = std::env::var("RING_STATES").ok().and_then(|text| text.parse().ok());
    let most: usize = states.unwrap_or(usual);
    let first = Ring::new(places, successors);
    let mut seen = BTreeSet::from([first.print()]);
    let mut open = VecDeque::from([first]);
    let mut looked_at = 0;
    while let Some(ring) = open.pop_front() {
        looked_at += 1;
        if let Some(wrong) = ring.clone().comes_right() {
            panic!("not right after {:?}: {wrong}", ring.story);
        }
        for happening in ring.next(split) {
            if seen.len() >= most {
                break;
            }
            let next = ring.after(happening, split);
            if seen.insert(next.print()) {
                open.push_back(next);
            }
        }
    }
    let all = if seen.len() < most { "all there are" } else { "as many as were asked for" };
    println!("{places} nodes, r={successors}, split {split}: {looked_at} states, {all}");
    assert!(looked_at >= 8, "something happened");
}

#[test]
fn rings_of_two_come_right_from_every_state() {
    explore(2, 2, false, 200);
    explore(2, 2, true, 300);
}

#[test]
fn rings_of_three_come_right_from_every_state() {
    // All of them: 2,721.
    explore(3, 2, false, 3_000);
}

#[test]
fn rings_of_three_come_right_however_messages_overtake_each_other() {
    explore(3, 2, true, 1_500);
}

#[test]
fn rings_of_four_come_right() {
    explore(4, 2, false, 1_500);
    explore(4, 3, false, 1_500);
}
