//! Going round a ring: every node that anybody names is asked for its neighbors, many at once. What
//! the nodes say is compared, so one sees whether they agree.

use super::handle::{RingGoneError, RingHandle};
use crate::chord::contact::{Contact, Family};
use crate::chord::input::{Outcome, Visit};
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::kit::mailbox::{Letters, Mailbox, Waited, mailbox};
use crate::limits::{WALK_NODES_MAX, WALK_PARALLEL};
use crate::threads::chord_listen::words::RingWord;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A walk under way.
#[derive(Debug)]
pub struct Walk {
    /// Who asks.
    handle: RingHandle,
    /// Everybody named so far, by place, and what they said.
    named: BTreeMap<RingId, (Contact, Said)>,
    /// Whom to ask yet.
    ahead: Vec<Contact>,
    /// How many are being asked.
    under_way: usize,
    /// Where answers come in.
    words: Mailbox<RingWord>,
    /// The same.
    letters: Letters<RingWord>,
}

/// What came of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// Not yet anything.
    Nothing,
    /// This.
    This(Visit),
    /// Nothing, although it was asked several times; or that it is no member.
    NoAnswer,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walked {
    /// The nodes that answered, by place.
    pub nodes: Vec<(Contact, Visit)>,
    /// Nodes that somebody names and that do not answer, or are no members.
    pub silent: Vec<Contact>,
    /// Whether there were more than are visited.
    pub cut: bool,
}

impl Walk {
    /// A walk that begins at this node.
    pub fn new(handle: RingHandle, via: SocketAddr) -> Self {
        let (words, letters) = mailbox(WALK_PARALLEL);
        let mut walk = Self {
            handle,
            named: BTreeMap::new(),
            ahead: Vec::new(),
            under_way: 0,
            words,
            letters,
        };
        walk.name(Contact::new(via));
        walk
    }

    /// Goes on until nobody is left to ask or the time is over; tells after each visit how many
    /// nodes were asked and how many are known.
    pub fn run(
        &mut self,
        deadline: Time,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<(), RingGoneError> {
        loop {
            while self.under_way < WALK_PARALLEL
                && let Some(next) = self.ahead.pop()
            {
                self.handle.visit(next.address, self.words.clone())?;
                self.under_way += 1;
            }
            if self.under_way == 0 {
                return Ok(());
            }
            let left = deadline.since(self.handle.clock.now());
            match self.letters.wait(Some(left)) {
                Waited::Word(RingWord::Visited { address, outcome }) => {
                    self.under_way -= 1;
                    self.visited(Contact::new(address), outcome);
                }
                Waited::Word(_) => {}
                Waited::Timeout => return Ok(()),
                Waited::Closed => return Err(RingGoneError),
            }
            let known = self.named.len();
            progress(known - self.ahead.len() - self.under_way, known);
        }
    }

    /// What was found so far.
    pub fn found(self) -> Walked {
        let mut walked = Walked { cut: self.named.len() >= WALK_NODES_MAX, ..Walked::default() };
        for (contact, said) in self.named.into_values() {
            match said {
                Said::This(visit) => walked.nodes.push((contact, visit)),
                Said::Nothing | Said::NoAnswer => walked.silent.push(contact),
            }
        }
        walked
    }

    /// A node was visited.
    fn visited(&mut self, who: Contact, outcome: Outcome) {
        let said = if let Outcome::Visited(visit) = outcome {
            for contact in visit.successors.iter().chain(&visit.predecessors) {
                self.name(*contact);
            }
            Said::This(visit)
        } else {
            Said::NoAnswer
        };
        if let Some((_, entry)) = self.named.get_mut(&who.id) {
            *entry = said;
        }
    }

    /// Somebody named a node.
    fn name(&mut self, contact: Contact) {
        let room = self.named.len() < WALK_NODES_MAX;
        if room && !self.named.contains_key(&contact.id) {
            self.named.insert(contact.id, (contact, Said::Nothing));
            self.ahead.push(contact);
        }
    }
}

impl Walked {
    /// What a node says that the others do not bear out, in words; nothing if all agree. `depth` is
    /// how many successors a list should hold.
    pub fn faults(&self, index: usize, depth: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let count = self.nodes.len();
        let Some((_, visit)) = self.nodes.get(index) else { return faults };
        let at = |step: usize| self.nodes[(index + step) % count].0;
        let listed = depth.min(count - 1);
        let wrong = (1..=listed).find(|step| visit.successors.get(step - 1) != Some(&at(*step)));
        if let Some(step) = wrong {
            faults.push(match visit.successors.get(step - 1) {
                Some(found) => format!("successor {step} is {}", found.address),
                None => format!("knows only {} successors", step - 1),
            });
        } else if count <= depth && visit.successors.len() > listed {
            faults.push(format!("names {}", visit.successors[listed].address));
        }
        let before = (count > 1).then(|| at(count - 1));
        if visit.predecessors.first().copied() != before {
            faults.push(match visit.predecessors.first() {
                Some(found) => format!("predecessor is {}", found.address),
                None => "knows no predecessor".to_owned(),
            });
        }
        faults
    }

    /// Whether all nodes that answered form one ring, each with its right neighbors.
    pub fn is_ideal(&self, depth: usize) -> bool {
        !self.nodes.is_empty()
            && !self.cut
            && (0..self.nodes.len()).all(|index| self.faults(index, depth).is_empty())
    }

    /// The family of the ring.
    pub fn family(&self) -> Option<Family> {
        self.nodes.first().map(|(contact, _)| Family::of(contact.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring as it should be: each node knows up to `depth` successors and its predecessor.
    fn ring(count: u16, depth: usize) -> Walked {
        let mut contacts: Vec<Contact> =
            (0..count).map(|port| Contact::new(([127, 0, 0, 1], 7_000 + port).into())).collect();
        contacts.sort();
        let count = contacts.len();
        let visit = |index: usize| Visit {
            successors: (1..=depth.min(count - 1))
                .map(|step| contacts[(index + step) % count])
                .collect(),
            predecessors: (count > 1)
                .then(|| contacts[(index + count - 1) % count])
                .into_iter()
                .collect(),
            keys: Some(0),
        };
        let nodes = (0..count).map(|index| (contacts[index], visit(index))).collect();
        Walked { nodes, ..Walked::default() }
    }

    #[test]
    fn a_ring_that_agrees_is_ideal_at_every_size() {
        for count in [1, 2, 3, 24, 25, 26, 60] {
            assert!(ring(count, 24).is_ideal(24), "{count}");
        }
        assert!(!Walked::default().is_ideal(24));
    }

    #[test]
    fn what_is_wrong_is_told_of_the_node_that_says_it() {
        let mut walked = ring(30, 24);
        let (third, _) = walked.nodes[3];
        walked.nodes[0].1.successors.remove(1);
        walked.nodes[1].1.predecessors.clear();
        walked.nodes[2].1.successors.pop();
        assert_eq!(walked.faults(0, 24), [format!("successor 2 is {}", third.address)]);
        assert_eq!(walked.faults(1, 24), ["knows no predecessor"]);
        assert_eq!(walked.faults(2, 24), ["knows only 23 successors"]);
        assert!(walked.faults(3, 24).is_empty() && !walked.is_ideal(24));
        let mut small = ring(3, 24);
        let stranger = Contact::new(([127, 0, 0, 2], 1).into());
        small.nodes[0].1.successors.push(stranger);
        assert_eq!(small.faults(0, 24), ["names 127.0.0.2:1"]);
    }
}
