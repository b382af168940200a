//! Rings that begin settled: every node with the right neighbors, fingers and arcs, as if the ring
//! had been there for long. Growing one by joins takes thousands of times as long.

use super::world::World;
use crate::chord::contact::Contact;
use crate::chord::ring_id::{RING_BITS, RingId};
use crate::limits::PREDECESSORS_PER_REPLICA;
use std::sync::Arc;

/// The members of a ring in the order of their places.
#[derive(Debug, Clone, Default)]
pub struct Order(Vec<Contact>);

impl Order {
    /// These members.
    pub fn new(mut members: Vec<Contact>) -> Self {
        members.sort_by_key(|contact| contact.id);
        Self(members)
    }

    /// The members, by place.
    pub fn members(&self) -> &[Contact] {
        &self.0
    }

    /// The number of the first member at or after a place.
    pub fn index_after(&self, place: RingId) -> usize {
        let index = self.0.partition_point(|contact| contact.id < place);
        if index == self.0.len() { 0 } else { index }
    }

    /// The first member at or after a place: who owns the keys there.
    pub fn after(&self, place: RingId) -> Option<Contact> {
        self.0.get(self.index_after(place)).copied()
    }

    /// The member that many steps clockwise from another.
    fn step(&self, index: usize, steps: usize) -> Contact {
        self.0[(index + steps) % self.0.len()]
    }
}

impl World {
    /// The running members in the order of their places.
    pub fn order(&self) -> Order {
        Order::new(self.members().into_values().map(|slot| self.contact(slot)).collect())
    }

    /// Adds the nodes of a settled ring to a world that has none.
    pub fn place(&mut self, count: usize) {
        let slots: Vec<usize> = (0..count).map(|_| self.add_slot(self.next_address())).collect();
        let order = Order::new(slots.iter().map(|slot| self.contact(*slot)).collect());
        for slot in slots {
            self.start(slot, Arc::clone(&self.settings));
            let me = self.contact(slot);
            let index = order.index_after(me.id);
            // One more than the lists hold: the node itself there says that the ring is no larger.
            let ahead = (self.settings.successors + 1).min(count);
            let behind = self.settings.quorum.replicas * PREDECESSORS_PER_REPLICA;
            let behind = (behind + 1).min(count);
            let successors: Vec<Contact> = (1..=ahead).map(|by| order.step(index, by)).collect();
            let predecessors: Vec<Contact> =
                (1..=behind).map(|by| order.step(index, count - by)).collect();
            let Some(node) = self.slots[slot].node.as_mut() else { continue };
            if count == 1 {
                node.place(&[], &[], std::iter::empty());
                continue;
            }
            let last = successors[self.settings.successors.min(count - 1) - 1];
            let fingers = (0..RING_BITS).filter_map(|exponent| {
                let start = me.id.plus_power(exponent);
                let covered =
                    count <= self.settings.successors + 1 || start.is_within(me.id, last.id);
                let finger = order.after(start)?;
                (!covered).then_some((exponent, finger))
            });
            node.place(&successors, &predecessors, fingers);
        }
    }

    /// Lets every node remember `count` others, about as many near as far, as those are that
    /// answer lookups: it knows how long each of them takes.
    pub fn acquaint(&mut self, count: usize) {
        let order = self.order();
        let nodes = order.members().len();
        if nodes < 2 {
            return;
        }
        let now = self.now;
        for slot in self.running_slots() {
            let index = order.index_after(self.contact(slot).id);
            for _ in 0..count {
                let chance = f64::from(self.random.below(1 << 30)) / f64::from(1 << 30);
                let steps = ((nodes - 1) as f64).powf(chance) as usize;
                let contact = order.step(index, steps);
                let Some(other) = self.slot_of(contact.address) else { continue };
                let round_trip = self.network.typical(slot, other) * 2;
                if let Some(node) = self.slots[slot].node.as_mut() {
                    node.acquaint(now, contact, round_trip);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chord::settings::Settings;
    use std::time::Duration;

    #[test]
    fn a_placed_ring_is_ideal_and_has_nothing_to_mend() {
        for count in [1, 2, 3, 5, 24, 25, 26, 40] {
            let mut world = World::new(count as u64, Settings::default());
            world.place(count);
            assert_eq!(world.not_ideal(), None, "{count}");
            assert_eq!(world.wrong_fingers(), 0, "{count}");
            let cold = |world: &World| {
                let pieces = |node: &crate::chord::node::state::Node| {
                    node.holdings().pieces().iter().filter(|piece| !piece.warm).count()
                };
                world.running().map(|(_, node)| pieces(node)).sum::<usize>()
            };
            assert_eq!(cold(&world), 0, "{count}");
            world.run_for(Duration::from_secs(40));
            assert_eq!((world.not_ideal(), cold(&world)), (None, 0), "{count}");
            assert_eq!(world.wrong_fingers(), 0, "{count}");
        }
    }

    #[test]
    fn acquaintances_are_near_and_far() {
        let mut world = World::new(1, Settings::default());
        world.place(200);
        world.acquaint(64);
        let order = world.order();
        for slot in 0..200 {
            let me = order.index_after(world.contact(slot).id);
            let node = world.slots[slot].node.as_ref().unwrap();
            let steps = node
                .contacts()
                .live()
                .map(|contact| (order.index_after(contact.id) + 200 - me) % 200);
            let (near, far): (Vec<usize>, Vec<usize>) = steps.partition(|steps| *steps < 15);
            assert!(near.len() > 4 && far.len() > 4, "{} near, {} far", near.len(), far.len());
        }
    }
}
