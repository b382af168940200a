//! Coming into a ring that has settled long ago, without a word to anybody: for simulations, which
//! can so begin with rings of any size.

use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::message::Standing;
use crate::kit::clock::Time;
use std::time::Duration;

impl Node {
    /// Makes a fresh node a member with these neighbors, the nearest first, and these fingers. The
    /// arcs that follow from the neighbors are held, agreed upon and empty. All nodes of the ring
    /// have to be placed so, from one and the same picture of it.
    pub fn place(
        &mut self,
        successors: &[Contact],
        predecessors: &[Contact],
        fingers: impl Iterator<Item = (usize, Contact)>,
    ) {
        self.standing = Standing::Member;
        if let Some((head, tail)) = successors.split_first() {
            // The node itself after the last one says that the list goes all the way round.
            self.hood.successors.adopt(*head, tail, |_| false);
        }
        if let Some((first, tail)) = predecessors.split_first() {
            self.hood.predecessors.adopt(*first, tail, |_| false);
        }
        self.fingers.place(fingers);
        for (arc, view) in self.hood.arcs() {
            if !self.holdings.carve(arc) {
                return;
            }
            for piece in self.holdings.within(arc) {
                (piece.view, piece.warm) = (view.clone(), true);
            }
        }
    }

    /// Remembers a contact as one that has answered after that time.
    pub fn acquaint(&mut self, now: Time, contact: Contact, round_trip: Duration) {
        self.cache.heard(now, contact, Some(round_trip));
    }
}
