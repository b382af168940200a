//! Counting what replicas say: only those count whose records are complete, that are in the view
//! they report, and only together with others that report the same view.

use super::contact::Contact;
use super::holdings::hash_view;
use super::message::{Answer, ViewHash};
use super::ring_id::RingId;
use std::collections::BTreeMap;

/// Replies of replicas.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By who replied: the view it reported, if it counts, and how many nodes that has.
    replies: BTreeMap<RingId, (ViewHash, usize)>,
    /// Nodes of any reported view.
    named: BTreeMap<RingId, Contact>,
}

impl Tally {
    /// A replica replied.
    pub fn add(&mut self, from: Contact, answer: &Answer) {
        let view = answer.view.as_deref().or(answer.successors.as_deref()).unwrap_or_default();
        self.named.extend(view.iter().map(|node| (node.id, *node)));
        if answer.warm == Some(true) && answer.view.is_some() && view.contains(&from) {
            self.replies.insert(from.id, (hash_view(view), view.len()));
        } else {
            self.replies.remove(&from.id);
        }
    }

    /// Everybody that some view names.
    pub fn named(&self) -> impl Iterator<Item = Contact> {
        self.named.values().copied()
    }

    /// The most replies that agree on one view, and how many replicas that has.
    pub fn best(&self) -> (usize, usize) {
        let mut counts: BTreeMap<(ViewHash, usize), usize> = BTreeMap::new();
        for reply in self.replies.values() {
            *counts.entry(*reply).or_default() += 1;
        }
        let best = counts.into_iter().max_by_key(|(_, count)| *count);
        best.map_or((0, 0), |((_, members), count)| (count, members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(byte: u8) -> Contact {
        Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
    }

    fn reply(view: &[u8], warm: bool) -> Answer {
        let view = Some(view.iter().copied().map(node).collect());
        Answer { warm: Some(warm), view, ..Answer::default() }
    }

    #[test]
    fn only_warm_members_of_one_view_count_together() {
        let mut tally = Tally::default();
        tally.add(node(1), &reply(&[1, 2, 3], true));
        tally.add(node(2), &reply(&[1, 2, 4], true));
        tally.add(node(3), &reply(&[1, 2, 3], false));
        tally.add(node(9), &reply(&[1, 2, 3], true));
        assert_eq!(tally.best().0, 1, "two views, one not warm, one not a member");
        tally.add(node(2), &reply(&[3, 2, 1], true));
        assert_eq!(tally.best(), (2, 3), "a later reply replaces, and order does not matter");
        assert_eq!(tally.named().count(), 4);
    }
}
