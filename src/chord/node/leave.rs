//! Going out of the ring with a word. A node that leaves is in nobody's lists any more, but answers
//! for the arcs that it holds until others have taken them over: so no acknowledged announce goes
//! with it, however many leave at once. A crash comes to the same ring, only later.

use super::pending::{Purpose, Timer, Wish};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::input::{Event, Outcome};
use crate::chord::message::{Query, Standing};
use crate::kit::clock::Time;
use crate::limits::LEAVE_TIME_MAX;

impl Node {
    /// Leaves: the neighbors, who hold its arcs or are about to, are told about each other.
    pub(crate) fn leave(&mut self, now: Time) {
        let was_member = self.is_member();
        if self.standing == Standing::Leaving {
            return;
        }
        self.standing = Standing::Leaving;
        if was_member {
            let replicas = self.settings.quorum.replicas;
            let after = self.hood.successors.entries();
            let before = self.hood.predecessors.entries();
            let query = Query::Leave { successors: after.to_vec(), predecessors: before.to_vec() };
            let told = after.iter().take(replicas).chain(before.iter().take(replicas));
            let mut told: Vec<Contact> = told.copied().collect();
            told.sort();
            told.dedup();
            if told.is_empty() {
                self.holdings = Default::default();
            }
            for neighbor in told {
                self.ask(now, neighbor, query.clone(), Purpose::Farewell);
            }
        }
        self.timers.insert((now + LEAVE_TIME_MAX, Timer::Leave));
    }

    /// Whether a question is answered by a node that is leaving: those about what it holds.
    pub(crate) fn serves_while_leaving(&self, query: &Query) -> bool {
        let about_arcs = matches!(
            query,
            Query::Sync { .. }
                | Query::Activate { .. }
                | Query::Fetch { .. }
                | Query::Transfer { .. }
                | Query::GetPeers { .. }
                | Query::AnnouncePeer(_)
        );
        matches!(query, Query::Ping) || self.standing == Standing::Leaving && about_arcs
    }

    /// Whether others have taken over everything that a leaving node held.
    pub(crate) fn has_handed_over(&self) -> bool {
        let holds = self.holdings.pieces().iter().any(|piece| piece.warm);
        self.standing == Standing::Leaving && !self.left && !holds && self.deferred.is_empty()
    }

    /// The last thing that a node does.
    pub(crate) fn leave_now(&mut self) {
        if self.standing != Standing::Leaving || self.left {
            return;
        }
        self.left = true;
        let lookups = std::mem::take(&mut self.lookups).into_values();
        let finds = lookups.filter_map(|(_, wish)| match wish {
            Wish::Find(command) => Some(command),
            Wish::Join | Wish::Finger(_) | Wish::Merge | Wish::Operation(_) => None,
        });
        let operations = std::mem::take(&mut self.operations).into_values();
        let untold = operations.filter(|operation| !operation.told);
        let commands: Vec<u64> = finds.chain(untold.map(|operation| operation.command)).collect();
        for command in commands {
            self.tell(Event::Done { command, outcome: Outcome::Failed });
        }
        self.calls.clear();
        self.timers.clear();
        self.tell(Event::Left);
    }

    /// A neighbor leaves, and tells who is on its other side.
    pub(crate) fn neighbor_leaves(
        &mut self,
        now: Time,
        who: Contact,
        successors: &[Contact],
        predecessors: &[Contact],
    ) {
        let was_first = self.hood.successors.first() == Some(who);
        let was_before = self.hood.predecessors.first() == Some(who);
        // As if dead: lists of those who have not heard of it yet must not bring it back.
        self.bury(now, who);
        if let Some(next) = successors.first().filter(|_| was_first) {
            self.hint(*next);
        }
        if let Some(before) = predecessors.first().filter(|_| was_before) {
            // It becomes the predecessor if it answers.
            self.ask(now, *before, Query::GetNeighbors, Purpose::Predecessor);
        }
    }
}
