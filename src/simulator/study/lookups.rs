//! Looking things up in simulated rings: one after another, each beginning with the same ring, or
//! many at once in a ring that lives.

use crate::chord::contact::Contact;
use crate::chord::input::{Command, Event, Outcome};
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::simulator::placed::Order;
use crate::simulator::world::World;
use std::time::Duration;

/// A lookup that went as far as it could.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The nodes found, the first one first; none if it failed.
    pub nodes: Vec<Contact>,
    /// Answers that led nearer: the papers' path length, which leaves out the last contact.
    pub hops: u32,
    /// Requests sent.
    pub requests: u32,
    /// How long it took.
    pub time: Duration,
}

impl Tried {
    /// What an event of a command that began then says, if it is its end.
    fn of(begun: Time, at: Time, outcome: &Outcome) -> Self {
        let time = at.since(begun);
        match outcome {
            Outcome::Found { nodes, hops, requests } => {
                Self { nodes: nodes.clone(), hops: *hops, requests: *requests, time }
            }
            Outcome::Visited(_) | Outcome::Counted { .. } | Outcome::Failed => {
                Self { nodes: Vec::new(), hops: 0, requests: 0, time }
            }
        }
    }

    /// Whether the first living node found is the one that owns the place, and how many dead ones
    /// stand before it.
    pub fn judge(&self, living: &Order, place: RingId) -> (bool, u32) {
        let right = living.after(place);
        let alive = |node: &Contact| living.after(node.id) == Some(*node);
        let dead = self.nodes.iter().take_while(|node| !alive(node)).count();
        (right.is_some() && self.nodes.get(dead).copied() == right, dead as u32)
    }
}

/// Looks a place up and puts the node back as it was, so that it has learned nothing.
pub fn look_up_afresh(world: &mut World, slot: usize, place: RingId) -> Tried {
    let before = world.slots[slot].node.clone();
    world.slots[slot].events.clear();
    let begun = world.now;
    let number = world.command(slot, Command::FindSuccessor(place));
    let mut tried = None;
    while tried.is_none() {
        tried = world.outcome(slot, number).map(|outcome| Tried::of(begun, world.now, outcome));
        if tried.is_none() && !world.step() {
            break;
        }
    }
    world.put_back(slot, before);
    tried.unwrap_or_else(|| Tried::of(begun, world.now, &Outcome::Failed))
}

/// A lookup that is under way in a ring that lives.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// Who looks.
    pub slot: usize,
    /// The command.
    pub number: u64,
    /// For what.
    pub place: RingId,
    /// Since when.
    pub at: Time,
}

/// Begins a lookup.
pub fn begin(world: &mut World, slot: usize, place: RingId) -> Begun {
    let at = world.now;
    let number = world.command(slot, Command::FindSuccessor(place));
    Begun { slot, number, place, at }
}

/// How a lookup went, if it is over.
pub fn end(world: &World, begun: &Begun) -> Option<Tried> {
    world.slots[begun.slot].events.iter().find_map(|(at, event)| match event {
        Event::Done { command, outcome } if *command == begun.number => {
            Some(Tried::of(begun.at, *at, outcome))
        }
        Event::Done { .. }
        | Event::Joined
        | Event::Alone
        | Event::Left
        | Event::Changed
        | Event::Merging
        | Event::Moved(_)
        | Event::Peers { .. } => None,
    })
}
