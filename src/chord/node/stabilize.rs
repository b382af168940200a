//! Stabilization after Zave's correct Chord, with the rules that make small rings safe (see
//! `docs/ring.md`): no pointer is adopted whose node has not itself just answered, a list is
//! replaced as a whole from one source, a dead head is dropped one at a time, and every
//! stabilization ends with exactly one notification.
//!
//! It never blocks: questions of others are answered in between from the current state, and an
//! answer that the state has outrun is discarded.

use super::pending::{Purpose, Refusal};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::input::Event;
use crate::chord::message::{Answer, Query};
use crate::kit::clock::Time;
use crate::limits::{
    CHECKED_BEHIND_SUSPECT, CHECKS_PER_TURN, DEATH_TIME_MIN, ENTRY_FRESH, HINTS_MAX,
};

impl Node {
    /// Asks the successor who is before it; a hint at a better one goes first.
    pub(crate) fn stabilize(&mut self, now: Time) {
        if self.stabilizing || !self.is_member() {
            return;
        }
        self.check_entries(now);
        while let Some(hint) = self.hints.pop_front() {
            if self.would_follow(hint) {
                self.stabilizing = true;
                self.ask(now, hint, Query::GetNeighbors, Purpose::Candidate);
                return;
            }
        }
        let (next, purpose) = match (self.hood.successors.first(), self.hood.predecessors.first()) {
            (Some(first), _) => (first, Purpose::Successor),
            // The last entry died: the predecessor may be all that is left of the ring.
            (None, Some(before)) => (before, Purpose::Candidate),
            (None, None) => return,
        };
        self.stabilizing = true;
        match self.hood.successors.entries().get(1) {
            // Only others hear of the successor: the one behind it tells the list.
            Some(second) if purpose == Purpose::Successor && self.is_vouched(now, next) => {
                self.ask(now, *second, Query::GetNeighbors, Purpose::Around);
            }
            Some(_) | None => self.ask(now, next, Query::GetNeighbors, purpose),
        }
    }

    /// The node behind a successor that only others hear of told its list, or is dead.
    pub(crate) fn said_around(
        &mut self,
        now: Time,
        second: Contact,
        result: Result<Answer, Refusal>,
    ) {
        self.stabilizing = false;
        let Some(head) = self.hood.successors.first() else { return };
        if let Ok(Answer { successors: Some(tail), .. }) = result
            && self.is_vouched(now, head)
            && self.hood.successors.entries().get(1) == Some(&second)
        {
            let mut list = vec![second];
            list.extend(tail);
            self.adopt(now, head, &list);
        }
    }

    /// The successor answered, or is dead.
    pub(crate) fn successor_said(
        &mut self,
        now: Time,
        head: Contact,
        result: Result<Answer, Refusal>,
    ) {
        self.stabilizing = false;
        if self.hood.successors.first() != Some(head) {
            // Outrun: the question was about a successor that is none any more.
            self.stabilize(now);
            return;
        }
        let Ok(Answer { successors: Some(tail), predecessors, .. }) = result else {
            if matches!(result, Err(Refusal::Fault(..))) {
                // It has left, or is not in yet after a restart.
                self.strike(now, head);
                self.stabilize(now);
            }
            return;
        };
        self.adopt(now, head, &tail);
        self.stabilizing = true;
        let predecessors = predecessors.unwrap_or_default();
        let before: Vec<Contact> =
            predecessors.iter().filter(|node| self.would_follow(**node)).copied().collect();
        self.check_back(now, &before);
        match self.nearer(head, &predecessors) {
            Some(between) => self.ask(now, between, Query::GetNeighbors, Purpose::Candidate),
            None => self.notify(now, head, None),
        }
    }

    /// Of the predecessors that a successor tells, the one that follows this node most closely.
    fn nearer(&self, successor: Contact, predecessors: &[Contact]) -> Option<Contact> {
        let me = self.hood.me.id;
        let between = predecessors
            .iter()
            .filter(|node| node.id.is_between(me, successor.id) && !self.cache.is_dead(node.id));
        between.min_by_key(|node| me.distance_to(node.id)).copied()
    }

    /// A node that may be a better successor answered, or is dead.
    pub(crate) fn candidate_said(
        &mut self,
        now: Time,
        candidate: Contact,
        result: Result<Answer, Refusal>,
    ) {
        self.stabilizing = false;
        let first = self.hood.successors.first();
        match result {
            Ok(Answer { successors: Some(tail), predecessors, .. })
                if self.would_follow(candidate) =>
            {
                self.adopt(now, candidate, &tail);
                self.stabilizing = true;
                // Many may have joined at once: go on at once, each step leads nearer.
                match self.nearer(candidate, &predecessors.unwrap_or_default()) {
                    Some(nearer) => {
                        self.ask(now, nearer, Query::GetNeighbors, Purpose::Candidate);
                    }
                    None => self.notify(now, candidate, first),
                }
            }
            Err(Refusal::Silent | Refusal::Fault(..)) if first.is_none() => {
                if self.hood.predecessors.first() == Some(candidate) {
                    // Nobody is left: this node is the ring.
                    self.hood.predecessors.forget_first();
                    self.neighbors_changed(now);
                }
            }
            _ => {
                if let Some(first) = first {
                    self.stabilizing = true;
                    self.notify(now, first, None);
                }
            }
        }
    }

    /// Whether a node, if it lives, follows this one more closely than the successor.
    fn would_follow(&self, node: Contact) -> bool {
        let me = self.hood.me.id;
        let first = self.hood.successors.first();
        node.id != me && first.is_none_or(|first| node.id.is_between(me, first.id))
    }

    /// Notes a node that may be a better successor.
    pub(crate) fn hint(&mut self, node: Contact) {
        let known = self.hints.contains(&node);
        if self.would_follow(node) && !known && self.hints.len() < HINTS_MAX {
            self.hints.push_back(node);
            self.tell(Event::Changed);
        }
    }

    /// The end of every stabilization. A former successor is told too: the two may lie on
    /// different rings that are about to become one.
    fn notify(&mut self, now: Time, successor: Contact, former: Option<Contact>) {
        self.ask(now, successor, Query::Notify { former }, Purpose::Notify);
    }

    /// Takes over a list whose head has just answered.
    fn adopt(&mut self, now: Time, head: Contact, tail: &[Contact]) {
        let cache = &self.cache;
        if self.hood.successors.adopt(head, tail, |node| cache.is_dead(node.id)) {
            self.neighbors_changed(now);
        }
        self.check_back(now, tail);
    }

    /// Who still names a node that is thought dead may know better: it may have come back with its
    /// address.
    fn check_back(&mut self, now: Time, named: &[Contact]) {
        let back = named.iter().filter(|node| self.cache.may_be_back(now, node.id));
        let mut back: Vec<Contact> = back.copied().collect();
        back.retain(|node| !self.calls.values().any(|call| call.to.id == node.id));
        for node in back.into_iter().take(CHECKS_PER_TURN) {
            self.ask(now, node, Query::Ping, Purpose::Check);
        }
    }

    /// Pings entries of the list that were not heard of for long: copied from list to list, a dead
    /// node would else go round for ever in a ring smaller than its lists.
    fn check_entries(&mut self, now: Time) {
        let stale = |node: &&Contact| {
            self.cache.heard_at(node.id).is_none_or(|at| now.since(at) > ENTRY_FRESH)
        };
        let rest = self.hood.successors.entries().iter().skip(1);
        let mut stale: Vec<Contact> = rest.filter(stale).copied().collect();
        stale.retain(|node| !self.calls.values().any(|call| call.to.id == node.id));
        self.random.shuffle(&mut stale);
        for node in stale.into_iter().take(CHECKS_PER_TURN) {
            self.ask(now, node, Query::Ping, Purpose::Check);
        }
    }

    /// An entry answered a ping; if it is no member, it is leaving or was begun anew.
    pub(crate) fn checked(&mut self, now: Time, who: Contact, result: &Result<Answer, Refusal>) {
        if result.as_ref().is_ok_and(|answer| !Self::is_node(answer)) {
            self.strike(now, who);
        }
    }

    /// The successor missed a question: see which of those after it are there, so that several
    /// that crashed together are found dead together.
    pub(crate) fn check_next(&mut self, now: Time) {
        let rest = self.hood.successors.entries().iter().skip(1);
        let next: Vec<Contact> = rest.take(CHECKED_BEHIND_SUSPECT).copied().collect();
        for node in next {
            let heard = self.cache.heard_at(node.id);
            let silent = heard.is_none_or(|at| now.since(at) > DEATH_TIME_MIN);
            if silent && !self.calls.values().any(|call| call.to.id == node.id) {
                self.ask(now, node, Query::Ping, Purpose::Check);
            }
        }
    }

    /// Neighbors came or went.
    pub(crate) fn neighbors_changed(&mut self, now: Time) {
        self.tell(Event::Changed);
        self.arcs_may_change(now);
    }
}
