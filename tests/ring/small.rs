//! Every way that a tiny ring can go, on the real code: joins, crashes, turns of stabilization and
//! checks of predecessors, in every order up to a number of states. From each state, fair rounds
//! without further changes must end in the right ring.
//!
//! States are told apart by what the protocol rests on: lists, who is thought dead, what is on its
//! way. Times are left out, so two histories that differ in those alone count as one. Failures are
//! those that the protocol claims to survive: nobody is left without a live successor.
//!
//! `RING_STATES=n` looks at so many states instead of the usual few thousand.

use crate::tiny::{Flying, Ring, address};
use cuerda::chord::codec::decode;
use cuerda::chord::contact::{Contact, Family};
use cuerda::chord::input::{Input, Turn};
use cuerda::chord::message::Body;
use cuerda::chord::node::state::Node;
use cuerda::chord::settings::{Quorum, Settings};
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// Rounds after which the ring must be right: entries are pinged once a minute.
const ROUNDS_MAX: usize = 40;

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

impl Ring {
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
    let quorum = Quorum { replicas: 1, write: 1, read: 1 };
    let mut first = Ring::new(places, Settings { quorum, successors, ..Settings::default() });
    first.begin(0, &[]);
    first.settle();
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
