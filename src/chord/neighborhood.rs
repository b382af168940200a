//! A node and its neighbors on both sides: which nodes hold a key, and which arcs this one holds.
//!
//! The replicas of a key are the first n nodes at or after it, in an open ring from pairwise
//! different subnets (a /24 has 254 · 65,535 places to offer, and one owner); if there are not
//! so many subnets, then the nearest of the others. Every node that knows the same neighbors
//! names the same replicas.

use super::contact::{Contact, is_local, subnet};
use super::predecessors::Predecessors;
use super::ring_id::RingId;
use super::settings::Settings;
use super::successors::SuccessorList;

/// The clockwise arc from `begin`, without it, to `end`, with it; the whole circle if they are
/// one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arc {
    /// The place before the first one.
    pub begin: RingId,
    /// The last place.
    pub end: RingId,
}

impl Arc {
    /// Whether the arc holds the place.
    pub fn holds(self, place: RingId) -> bool {
        place.is_within(self.begin, self.end)
    }
}

/// A node and its neighbors.
#[derive(Debug, Clone)]
pub struct Neighborhood {
    /// The node.
    pub me: Contact,
    /// Clockwise.
    pub successors: SuccessorList,
    /// Counterclockwise.
    pub predecessors: Predecessors,
    /// Replicas of a key.
    replicas: usize,
    /// Whether replicas come from different subnets.
    guarded: bool,
}

impl Neighborhood {
    /// A node that is alone.
    pub fn new(me: Contact, settings: &Settings) -> Self {
        let spare = crate::limits::PREDECESSORS_PER_REPLICA;
        let replicas = settings.quorum.replicas;
        Self {
            me,
            successors: SuccessorList::new(me.id, settings.successors),
            predecessors: Predecessors::new(me.id, replicas * spare),
            replicas,
            guarded: settings.is_guarded(),
        }
    }

    /// Whether all nodes of the ring are known: the successors go round, or meet the predecessors.
    pub fn is_whole_ring(&self) -> bool {
        let met = |last: &Contact| self.successors.covers(last.id);
        self.successors.is_wrapped() || self.predecessors.entries().last().is_some_and(met)
    }

    /// The first nodes at or after a place as far as they are known without a gap; `None` if the
    /// place itself is not between known nodes.
    pub fn from(&self, place: RingId) -> Option<Vec<Contact>> {
        let (before, after) = (self.predecessors.entries(), self.successors.entries());
        let begin = before.last().map_or(self.me.id, |last| last.id);
        let end = after.last().map_or(self.me.id, |last| last.id);
        if !self.is_whole_ring() && (begin == end || !place.is_within(begin, end)) {
            return None;
        }
        let everybody = before.iter().chain([&self.me]).chain(after).copied();
        let whole = self.is_whole_ring();
        let follows = |node: &Contact| {
            whole || node.id == place || place != end && node.id.is_within(place, end)
        };
        let mut known: Vec<Contact> = everybody.filter(follows).collect();
        known.sort_by_key(|node| place.distance_to(node.id));
        known.dedup();
        Some(known)
    }

    /// The replicas of a key; `None` if not all of them are known.
    pub fn replicas_of(&self, key: RingId) -> Option<Vec<Contact>> {
        let picked = pick_replicas(&self.from(key)?, self.replicas, self.guarded);
        (self.is_whole_ring() || picked.len() == self.replicas).then_some(picked)
    }

    /// The arcs that this node holds, the nearest first, each with its replicas.
    pub fn arcs(&self) -> Vec<(Arc, Vec<Contact>)> {
        let mut ends = vec![self.me];
        if self.is_whole_ring() {
            ends = self.from(self.me.id).unwrap_or_default();
            // Clockwise from this node: counterclockwise is the same the other way round.
            ends[1..].reverse();
            ends.push(self.me);
        } else {
            ends.extend(self.predecessors.entries());
        }
        let mut arcs = Vec::new();
        for pair in ends.windows(2) {
            let arc = Arc { begin: pair[1].id, end: pair[0].id };
            let Some(view) = self.replicas_of(arc.end) else { continue };
            if view.iter().any(|node| node.id == self.me.id) {
                arcs.push((arc, view));
            }
        }
        arcs
    }
}

/// The replicas among nodes that follow a key in order.
pub fn pick_replicas(nodes: &[Contact], replicas: usize, guarded: bool) -> Vec<Contact> {
    let mut picked: Vec<Contact> = Vec::with_capacity(replicas);
    let mut skipped = Vec::new();
    for node in nodes {
        if picked.len() == replicas {
            return picked;
        }
        let owner = subnet(node.address);
        let counted = guarded && !is_local(node.address);
        if counted && picked.iter().any(|other| subnet(other.address) == owner) {
            skipped.push(*node);
        } else {
            picked.push(*node);
        }
    }
    picked.extend(skipped);
    picked.truncate(replicas);
    picked
}

#[cfg(test)]
#[path = "neighborhood_tests.rs"]
mod tests;
