//! Who is before this node: notifications, and whether the predecessor is still there.
//!
//! The predecessor is never cleared by a timer. If it is dead it is only suspect, until the next
//! node that notifies takes its place.

use super::pending::{Purpose, Refusal};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::message::{Answer, Query};
use crate::kit::clock::Time;
use std::time::Duration;

/// A predecessor heard of within this time is not asked again because somebody else notified.
const HEARD_JUST_NOW: Duration = Duration::from_secs(2);

impl Node {
    /// A node thinks that it is the predecessor. If it has not proved its address it is asked
    /// first: a forged notification must not become a pointer.
    pub(crate) fn notified(
        &mut self,
        now: Time,
        notifier: Contact,
        proven: bool,
        former: Option<Contact>,
    ) {
        if let Some(former) = former {
            self.hint(former);
        }
        let before = self.hood.predecessors.first();
        let news = self.hood.predecessors.yields_to(notifier.id)
            || self.hood.successors.first().is_none() && notifier.id != self.hood.me.id;
        if !proven {
            if news {
                self.ask(now, notifier, Query::GetNeighbors, Purpose::Predecessor);
            }
        } else if news {
            self.rectify(now, notifier);
        } else if let Some(before) = before.filter(|before| *before != notifier) {
            let heard = self.cache.heard_at(before.id);
            if heard.is_none_or(|at| now.since(at) > HEARD_JUST_NOW) {
                self.ask(now, before, Query::GetNeighbors, Purpose::Rectify { notifier });
            }
        }
    }

    /// Puts a node that is certainly there in the predecessor's place, if that is its place.
    fn rectify(&mut self, now: Time, notifier: Contact) {
        let alone = self.hood.successors.first().is_none() && notifier.id != self.hood.me.id;
        if self.hood.predecessors.yields_to(notifier.id) {
            self.hood.predecessors.set_first(notifier);
            self.neighbors_changed(now);
            // Its own predecessors are wanted too: they bound the arcs that this node holds.
            self.ask(now, notifier, Query::GetNeighbors, Purpose::Predecessor);
        }
        if alone {
            self.hood.successors.adopt(notifier, &[], |_| false);
            self.neighbors_changed(now);
            self.stabilize(now);
        }
    }

    /// Is the predecessor still there, and who is before it?
    pub(crate) fn check_predecessor(&mut self, now: Time) {
        let Some(before) = self.hood.predecessors.first() else { return };
        let asked = self.calls.values().any(|call| call.to == before);
        if !asked && !self.is_vouched(now, before) {
            self.ask(now, before, Query::GetNeighbors, Purpose::Predecessor);
        }
    }

    /// The predecessor, or one that may be, answered or is dead.
    pub(crate) fn predecessor_said(
        &mut self,
        now: Time,
        who: Contact,
        result: Result<Answer, Refusal>,
    ) {
        match result {
            Ok(answer) => {
                if self.hood.predecessors.first() != Some(who) {
                    self.rectify(now, who);
                }
                let cache = &self.cache;
                if self.hood.predecessors.first() == Some(who)
                    && let Some(tail) = answer.predecessors
                    && self.hood.predecessors.adopt(who, &tail, |node| cache.is_dead(node.id))
                {
                    self.neighbors_changed(now);
                }
            }
            Err(Refusal::Fault(..)) => self.strike(now, who),
            // Silence has struck it from the lists already.
            Err(Refusal::Silent | Refusal::Overloaded) => {}
        }
    }

    /// The predecessor answered, or is dead and another one wants its place.
    pub(crate) fn rectified(
        &mut self,
        now: Time,
        before: Contact,
        notifier: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let dead = result.is_err() && !self.is_vouched(now, before);
        self.predecessor_said(now, before, result);
        if dead {
            self.rectify(now, notifier);
        }
    }
}
