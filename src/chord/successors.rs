//! The successor list: the only thing that the correctness of the ring rests on.
//!
//! Ordered clockwise from the node, never itself, nothing twice, at most r entries; in rings
//! smaller than that, all the others. It is replaced as a whole from one source whose head has
//! just answered (Zave's correct Chord), and loses dead entries one at a time.

use super::contact::Contact;
use super::ring_id::RingId;

/// The next nodes clockwise.
#[derive(Debug, Clone)]
pub struct SuccessorList {
    /// The node whose list this is.
    me: RingId,
    /// Most entries (r).
    capacity: usize,
    /// The nearest first.
    entries: Vec<Contact>,
    /// Whether the list is known to go all the way round.
    wrapped: bool,
}

impl SuccessorList {
    /// The list of a node that is alone.
    pub fn new(me: RingId, capacity: usize) -> Self {
        Self { me, capacity, entries: Vec::new(), wrapped: true }
    }

    /// The next node clockwise.
    pub fn first(&self) -> Option<Contact> {
        self.entries.first().copied()
    }

    /// The entries, the nearest first.
    pub fn entries(&self) -> &[Contact] {
        &self.entries
    }

    /// Whether the list goes all the way round: there is nobody else in the ring.
    pub fn is_wrapped(&self) -> bool {
        self.wrapped
    }

    /// Whether the place lies between the node and the end of the list.
    pub fn covers(&self, place: RingId) -> bool {
        self.wrapped || self.entries.last().is_some_and(|last| place.is_within(self.me, last.id))
    }

    /// Takes over another node's list: `head`, which answered, then its successors. Entries that
    /// are `dead` are left out. True if this changed anything.
    pub fn adopt(
        &mut self,
        head: Contact,
        tail: &[Contact],
        dead: impl Fn(&Contact) -> bool,
    ) -> bool {
        if head.id == self.me {
            return false;
        }
        let mut entries = vec![head];
        // A node with an empty list is alone; so head and this node are two.
        let mut wrapped = tail.is_empty();
        let mut last = head.id;
        for contact in tail {
            if contact.id == self.me || contact.id.is_between(self.me, last) {
                wrapped = true;
                break;
            }
            if contact.id.is_between(last, self.me) && !dead(contact) {
                if entries.len() == self.capacity {
                    break;
                }
                entries.push(*contact);
                last = contact.id;
            }
        }
        let changed = entries != self.entries;
        self.entries = entries;
        self.wrapped = wrapped;
        changed
    }

    /// Takes out a dead entry. True if it was there.
    pub fn remove(&mut self, id: RingId) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.id != id);
        if self.entries.is_empty() {
            self.wrapped = true;
        }
        self.entries.len() < before
    }

    /// What is wrong with the list, for the invariants of tests.
    pub fn fault(&self) -> Option<&'static str> {
        if self.entries.len() > self.capacity {
            return Some("a successor list is too long");
        }
        let mut last = self.me;
        for entry in &self.entries {
            if !entry.id.is_between(last, self.me) {
                return Some("a successor list is out of order, holds its node or a node twice");
            }
            last = entry.id;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contact(byte: u8) -> Contact {
        Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
    }

    fn list(me: u8, capacity: usize) -> SuccessorList {
        SuccessorList::new(RingId([me; 20]), capacity)
    }

    fn bytes(list: &SuccessorList) -> Vec<u8> {
        list.entries().iter().map(|entry| entry.id.0[0]).collect()
    }

    #[test]
    fn a_list_ends_where_it_reaches_its_own_node() {
        let mut mine = list(10, 8);
        let tail = [30, 200, 5, 10, 20].map(contact);
        assert!(mine.adopt(contact(20), &tail, |_| false));
        assert_eq!(bytes(&mine), [20, 30, 200, 5]);
        assert!(mine.is_wrapped() && mine.covers(RingId([15; 20])) && mine.covers(RingId([7; 20])));
        assert!(!mine.adopt(contact(20), &tail, |_| false), "nothing changed");
        mine.adopt(contact(20), &[30, 200, 12].map(contact), |_| false);
        assert_eq!((bytes(&mine), mine.is_wrapped()), (vec![20, 30, 200], true));
    }

    #[test]
    fn a_list_that_does_not_go_round_covers_only_its_arc() {
        let mut mine = list(10, 3);
        mine.adopt(contact(20), &[30, 40, 50].map(contact), |_| false);
        assert_eq!((bytes(&mine), mine.is_wrapped()), (vec![20, 30, 40], false));
        assert!(mine.covers(RingId([40; 20])) && !mine.covers(RingId([41; 20])));
        assert!(!mine.covers(RingId([10; 20])));
    }

    #[test]
    fn dead_entries_are_left_out_and_the_last_one_leaves_a_node_alone() {
        let mut mine = list(10, 3);
        mine.adopt(contact(20), &[30, 40].map(contact), |c| c.id.0[0] == 30);
        assert_eq!(bytes(&mine), [20, 40]);
        assert!(mine.remove(RingId([20; 20])) && !mine.remove(RingId([20; 20])));
        assert!(mine.remove(RingId([40; 20])) && mine.is_wrapped() && mine.first().is_none());
    }

    proptest! {
        #[test]
        fn no_list_from_outside_breaks_the_order(
            me: u8, head: u8, tail: Vec<u8>, capacity in 1_usize..8,
        ) {
            let mut mine = list(me, capacity);
            let tail: Vec<Contact> = tail.into_iter().map(contact).collect();
            mine.adopt(contact(head), &tail, |c| c.id.0[0].is_multiple_of(7));
            prop_assert_eq!(mine.fault(), None);
            prop_assert_eq!(mine.first().is_some(), me != head);
        }
    }
}
