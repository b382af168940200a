//! The nodes before this one: who decide which keys it holds.
//!
//! The nearest is Zave's `prdc`: replaced only by who notified and is nearer, or when it is dead;
//! never cleared by a timer. The others come from it, for the bounds of arcs only.

use super::contact::Contact;
use super::ring_id::RingId;

/// The previous nodes, counterclockwise.
#[derive(Debug, Clone)]
pub struct Predecessors {
    /// The node whose list this is.
    me: RingId,
    /// Most entries.
    capacity: usize,
    /// The nearest first.
    entries: Vec<Contact>,
    /// Whether the nearest did not answer: the next who notifies replaces it.
    suspect: bool,
    /// Whether the list is known to go all the way round.
    wrapped: bool,
}

impl Predecessors {
    /// Knows nobody.
    pub fn new(me: RingId, capacity: usize) -> Self {
        Self { me, capacity, entries: Vec::new(), suspect: false, wrapped: false }
    }

    /// The nearest, also if it is suspect.
    pub fn first(&self) -> Option<Contact> {
        self.entries.first().copied()
    }

    /// The nearest, unless it is suspect.
    pub fn trusted(&self) -> Option<Contact> {
        self.first().filter(|_| !self.suspect)
    }

    /// All that are not suspect, the nearest first.
    pub fn entries(&self) -> &[Contact] {
        &self.entries[usize::from(self.suspect && !self.entries.is_empty())..]
    }

    /// Whether the list goes all the way round.
    pub fn is_wrapped(&self) -> bool {
        self.wrapped
    }

    /// Whether who notifies takes the nearest's place without asking that one.
    pub fn yields_to(&self, notifier: RingId) -> bool {
        match self.first() {
            None => notifier != self.me,
            Some(first) => {
                notifier.is_between(first.id, self.me) || self.suspect && notifier != self.me
            }
        }
    }

    /// Puts a node in the nearest's place; farther ones stay, nearer ones go.
    pub fn set_first(&mut self, first: Contact) {
        if first.id == self.me {
            return;
        }
        let me = self.me;
        self.entries.retain(|entry| entry.id.is_between(me, first.id));
        self.entries.insert(0, first);
        self.entries.truncate(self.capacity);
        self.suspect = false;
    }

    /// Takes over the predecessors that the nearest, which just answered, told. True if changed.
    pub fn adopt(
        &mut self,
        first: Contact,
        tail: &[Contact],
        dead: impl Fn(&Contact) -> bool,
    ) -> bool {
        let mut entries = vec![first];
        let mut last = first.id;
        let mut wrapped = false;
        for contact in tail {
            if contact.id == self.me || contact.id.is_between(last, self.me) {
                wrapped = true;
                break;
            }
            if contact.id.is_between(self.me, last) && !dead(contact) {
                if entries.len() == self.capacity {
                    break;
                }
                entries.push(*contact);
                last = contact.id;
            }
        }
        let changed = entries != self.entries || self.suspect;
        self.entries = entries;
        self.suspect = false;
        self.wrapped = wrapped;
        changed
    }

    /// The node is dead. The nearest becomes suspect, others go. True if this changed anything.
    pub fn dead(&mut self, id: RingId) -> bool {
        if self.first().is_some_and(|first| first.id == id) {
            let changed = !self.suspect;
            self.suspect = true;
            return changed;
        }
        let before = self.entries.len();
        self.entries.retain(|entry| entry.id != id);
        self.entries.len() < before
    }

    /// Forgets the nearest: nobody is left who could replace it.
    pub fn forget_first(&mut self) {
        if !self.entries.is_empty() {
            self.entries.remove(0);
        }
        self.suspect = false;
    }

    /// What is wrong with the list, for the invariants of tests.
    pub fn fault(&self) -> Option<&'static str> {
        let mut last = self.me;
        for entry in &self.entries {
            if !entry.id.is_between(self.me, last) {
                return Some("predecessors are out of order, hold their node or a node twice");
            }
            last = entry.id;
        }
        (self.entries.len() > self.capacity).then_some("there are too many predecessors")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contact(byte: u8) -> Contact {
        Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
    }

    fn bytes(list: &Predecessors) -> Vec<u8> {
        list.entries().iter().map(|entry| entry.id.0[0]).collect()
    }

    #[test]
    fn only_a_nearer_node_replaces_a_live_predecessor_and_anybody_a_dead_one() {
        let mut mine = Predecessors::new(RingId([100; 20]), 4);
        assert!(mine.yields_to(RingId([5; 20])) && !mine.yields_to(RingId([100; 20])));
        mine.set_first(contact(50));
        assert!(mine.yields_to(RingId([60; 20])) && !mine.yields_to(RingId([40; 20])));
        assert!(mine.dead(RingId([50; 20])) && mine.trusted().is_none());
        assert!(mine.yields_to(RingId([40; 20])));
        mine.set_first(contact(40));
        assert_eq!(bytes(&mine), [40]);
    }

    #[test]
    fn the_others_come_from_the_nearest_and_end_at_the_node() {
        let mut mine = Predecessors::new(RingId([100; 20]), 4);
        mine.adopt(contact(90), &[80, 70, 60, 50].map(contact), |_| false);
        assert_eq!((bytes(&mine), mine.is_wrapped()), (vec![90, 80, 70, 60], false));
        mine.adopt(contact(90), &[80, 100, 90].map(contact), |_| false);
        assert_eq!((bytes(&mine), mine.is_wrapped()), (vec![90, 80], true));
        mine.set_first(contact(85));
        assert_eq!(bytes(&mine), [85, 80]);
    }

    proptest! {
        #[test]
        fn no_list_from_outside_breaks_the_order(me: u8, head: u8, tail: Vec<u8>, then: u8) {
            prop_assume!(me != head);
            let mut mine = Predecessors::new(RingId([me; 20]), 4);
            let tail: Vec<Contact> = tail.into_iter().map(contact).collect();
            mine.adopt(contact(head), &tail, |_| false);
            prop_assert_eq!(mine.fault(), None);
            mine.set_first(contact(then));
            prop_assert_eq!(mine.fault(), None);
        }
    }
}
