//! What must be true, seen from above: the oracle knows all nodes at once.

use super::world::World;
use crate::chord::contact::Contact;
use crate::chord::holdings::hash_view;
use crate::chord::message::Standing;
use crate::chord::node::state::Node;
use crate::chord::ring_id::RingId;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// The members of the ring, by place.
    pub fn members(&self) -> BTreeMap<RingId, usize> {
        let members = self.running().filter(|(_, node)| node.standing() == Standing::Member);
        members.map(|(slot, node)| (node.me().id, slot)).collect()
    }

    /// The first `count` members at or after a place.
    pub fn followers(&self, place: RingId, count: usize) -> Vec<Contact> {
        let members = self.members();
        follow(&members, place).take(count).map(|(_, slot)| self.contact(*slot)).collect()
    }

    /// What keeps the ring from being ideal: successor lists, predecessors.
    pub fn not_ideal(&self) -> Option<String> {
        self.first_fault(self.settings.successors)
    }

    /// What keeps the ring from being right where it matters: the predecessor and the first n
    /// successors of every node.
    pub fn not_right(&self) -> Option<String> {
        self.first_fault(self.settings.quorum.replicas)
    }

    /// Whether all running nodes are members, and each has the right first `depth` successors and
    /// the right predecessor.
    fn first_fault(&self, depth: usize) -> Option<String> {
        let outside = self.running().find(|(_, node)| node.standing() != Standing::Member);
        if let Some((slot, node)) = outside {
            return Some(format!("{slot} is {:?}", node.standing()));
        }
        let members = self.members();
        let order: Vec<Contact> = members.values().map(|slot| self.contact(*slot)).collect();
        let count = order.len();
        for (index, me) in order.iter().enumerate() {
            let node = self.slots[*members.get(&me.id)?].node.as_ref()?;
            let listed = depth.min(count - 1);
            let mine = node.neighborhood().successors.entries();
            for step in 1..=listed {
                let right = order[(index + step) % count];
                if mine.get(step - 1) != Some(&right) {
                    let found = mine.get(step - 1);
                    return Some(format!("{me:?} has successor {step} {found:?}, not {right:?}"));
                }
            }
            if depth >= count && mine.len() > count - 1 {
                return Some(format!("{me:?} lists nodes that are none: {mine:?}"));
            }
            let before = (count > 1).then(|| order[(index + count - 1) % count]);
            let mine = node.neighborhood().predecessors.trusted();
            if mine != before {
                return Some(format!("{me:?} has predecessor {mine:?}, right is {before:?}"));
            }
        }
        None
    }

    /// What keeps the arcs from being held by whom the neighbors say: every node must hold the arcs
    /// that it should, complete, and have agreed on the same replicas as the others.
    pub fn not_agreed(&self) -> Option<String> {
        for (slot, node) in self.running() {
            for (arc, view) in node.neighborhood().arcs() {
                let piece = node.holdings().of(arc.end);
                let agreed = piece
                    .is_some_and(|piece| piece.warm && hash_view(&piece.view) == hash_view(&view));
                if !agreed {
                    return Some(format!("{slot} holds {piece:?}, its neighbors say {view:?}"));
                }
            }
        }
        None
    }

    /// Fingers that are not the first node after where they point.
    pub fn wrong_fingers(&self) -> usize {
        let members = self.members();
        let wrong = |node: &Node| {
            let fingers = node.fingers().entries();
            let right = |exponent| {
                let place = node.me().id.plus_power(exponent);
                follow(&members, place).next().map(|(id, _)| *id)
            };
            fingers.filter(|(exponent, contact)| right(*exponent) != Some(contact.id)).count()
        };
        self.running().map(|(_, node)| wrong(node)).sum()
    }

    /// How many rings there are: cycles of first live successors.
    pub fn rings(&self) -> usize {
        let members = self.members();
        let next = |id: RingId| {
            let node = self.slots[*members.get(&id)?].node.as_ref()?;
            let mut successors = node.neighborhood().successors.entries().iter();
            successors.find(|next| members.contains_key(&next.id)).map_or(Some(id), |n| Some(n.id))
        };
        let mut cycles = BTreeSet::new();
        for id in members.keys() {
            let mut at = *id;
            for _ in 0..members.len() {
                at = next(at).unwrap_or(at);
            }
            // Now on a cycle: its lowest place names it.
            let (mut lowest, start) = (at, at);
            for _ in 0..members.len() {
                at = next(at).unwrap_or(at);
                lowest = lowest.min(at);
                if at == start {
                    break;
                }
            }
            cycles.insert(lowest);
        }
        cycles.len()
    }

    /// Members none of whose successors lives although there is somebody else: outside the
    /// assumption under which a ring keeps together.
    pub fn isolated(&self) -> usize {
        let members = self.members();
        let alone = |node: &Node| {
            let mut successors = node.neighborhood().successors.entries().iter();
            !successors.any(|next| members.contains_key(&next.id))
        };
        if members.len() < 2 {
            return 0;
        }
        members
            .values()
            .filter_map(|slot| self.slots[*slot].node.as_ref())
            .filter(|n| alone(n))
            .count()
    }

    /// The node in a slot as others know it.
    pub fn contact(&self, slot: usize) -> Contact {
        Contact::new(self.slots[slot].address)
    }
}

/// Members from a place on, all the way round.
fn follow(
    members: &BTreeMap<RingId, usize>,
    place: RingId,
) -> impl Iterator<Item = (&RingId, &usize)> {
    members.range(place..).chain(members.range(..place))
}
