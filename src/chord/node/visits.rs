//! Looking at a ring: one node is asked for its neighbors, on behalf of the owner.

use super::pending::{Purpose, Refusal};
use super::state::Node;
use crate::chord::contact::{Contact, Family};
use crate::chord::input::{Event, Outcome, Visit};
use crate::chord::message::{Answer, Query};
use crate::kit::clock::Time;
use std::net::SocketAddr;

impl Node {
    /// Asks the node at an address for its neighbors.
    pub(crate) fn visit(&mut self, now: Time, command: u64, address: SocketAddr) {
        if Family::of(address) != self.family || self.is_gone() {
            self.tell(Event::Done { command, outcome: Outcome::Failed });
            return;
        }
        self.ask(now, Contact::new(address), Query::GetNeighbors, Purpose::Visit(command));
    }

    /// The node answered, or did not.
    pub(crate) fn visited(&mut self, command: u64, result: Result<Answer, Refusal>) {
        let outcome = match result {
            Ok(Answer { successors: Some(successors), predecessors, total, .. }) => {
                let predecessors = predecessors.unwrap_or_default();
                Outcome::Visited(Visit { successors, predecessors, keys: total })
            }
            Ok(_) | Err(_) => Outcome::Failed,
        };
        self.tell(Event::Done { command, outcome });
    }
}
