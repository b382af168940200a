//! Fingers: for each power of two, a node at or after the place that far ahead. They make lookups
//! short; the ring is correct without them.

use super::contact::Contact;
use super::ring_id::{RING_BITS, RingId};
use std::collections::BTreeMap;

/// The finger table; only fingers beyond the successor list are kept, about log2 N of them.
#[derive(Debug, Clone)]
pub struct Fingers {
    /// Whose fingers these are.
    me: RingId,
    /// By exponent.
    entries: BTreeMap<u8, Contact>,
    /// The exponent to look up next.
    next: usize,
    /// Whether all of them were looked up once.
    complete: bool,
}

impl Fingers {
    /// No fingers yet.
    pub fn new(me: RingId) -> Self {
        Self { me, entries: BTreeMap::new(), next: RING_BITS - 1, complete: false }
    }

    /// The fingers, the nearest first, with their exponents.
    pub fn entries(&self) -> impl Iterator<Item = (usize, Contact)> {
        self.entries.iter().map(|(exponent, contact)| (usize::from(*exponent), *contact))
    }

    /// Whether all of them were looked up once since the node joined.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Which finger to look up now, from the farthest down to those that the successor list
    /// `covers`, and then again from the farthest. `None` if that covers all.
    pub fn next(&mut self, covers: impl Fn(RingId) -> bool) -> Option<(usize, RingId)> {
        let start = self.me.plus_power(self.next);
        if covers(start) {
            // All below are covered too.
            self.entries.retain(|exponent, _| usize::from(*exponent) > self.next);
            self.complete = true;
            self.next = RING_BITS - 1;
            let start = self.me.plus_power(self.next);
            return (!covers(start)).then(|| self.take(start));
        }
        Some(self.take(start))
    }

    /// Notes a finger.
    pub fn set(&mut self, exponent: usize, contact: Contact) {
        if contact.id != self.me && exponent < RING_BITS {
            self.entries.insert(exponent as u8, contact);
        }
    }

    /// Puts in all fingers at once, as after a pass over all of them: for simulations that begin
    /// with a settled ring.
    pub fn place(&mut self, fingers: impl Iterator<Item = (usize, Contact)>) {
        fingers.for_each(|(exponent, contact)| self.set(exponent, contact));
        self.complete = true;
    }

    /// Takes a dead node out.
    pub fn remove(&mut self, id: RingId) {
        self.entries.retain(|_, contact| contact.id != id);
    }

    fn take(&mut self, start: RingId) -> (usize, RingId) {
        let exponent = self.next;
        self.next = self.next.checked_sub(1).unwrap_or(RING_BITS - 1);
        (exponent, start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingers_are_looked_up_from_far_to_near_and_again() {
        let me = RingId([9; 20]);
        let mut fingers = Fingers::new(me);
        let end = me.plus_power(155);
        let covers = |place: RingId| place.is_within(me, end);
        let asked: Vec<usize> =
            (0..6).map(|_| fingers.next(covers).unwrap()).map(|(exponent, _)| exponent).collect();
        assert_eq!(asked, [159, 158, 157, 156, 159, 158]);
        assert!(fingers.is_complete());
        assert_eq!(Fingers::new(me).next(|_| true), None);
        let (exponent, start) = Fingers::new(me).next(covers).unwrap();
        assert_eq!(start, me.plus_power(exponent));
    }

    #[test]
    fn a_node_is_no_finger_of_its_own_and_the_dead_go() {
        let node = Contact::new(([127, 0, 0, 1], 1).into());
        let mut fingers = Fingers::new(node.id);
        fingers.set(3, node);
        assert_eq!(fingers.entries().count(), 0);
        let other = Contact::new(([127, 0, 0, 1], 2).into());
        fingers.set(3, other);
        fingers.set(7, other);
        fingers.remove(other.id);
        assert_eq!(fingers.entries().count(), 0);
    }
}
