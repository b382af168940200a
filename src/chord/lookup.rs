//! One iterative lookup: which nodes follow a place. Asks the nearest known before it, takes over
//! nearer ones from their answers, and ends as soon as any list covers the place.
//!
//! Hedged: a request that is late no longer counts against the few that may be in flight, so one
//! dead contact costs a round trip and not a timeout. Pure: the node sends and keeps time.

use super::contact::Contact;
use super::message::Answer;
use super::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{DEAD_LISTED_MAX, LOOKUP_POOL_MAX, LOOKUP_REQUESTS_MAX, LOOKUP_TIME_MAX};

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Not asked yet.
    New,
    /// Asked; counts against those in flight until then.
    Asked(Time),
    /// Answered.
    Answered,
    /// Did not answer, or is no member.
    Failed,
}

/// What a lookup wants done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask this one.
    Ask(Contact),
    /// Nothing before that time, unless something is answered.
    Wait(Time),
    /// Nobody is left to ask.
    Fail,
}

/// One lookup.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The place looked for.
    pub target: RingId,
    /// The node that looks.
    me: RingId,
    /// When it gives up.
    pub deadline: Time,
    /// Requests so far.
    pub requests: u32,
    /// Answers so far that led nearer: the path.
    pub hops: u32,
    /// Most requests in flight at once.
    parallel: usize,
    /// Contacts to ask, the nearest before the target first.
    pool: Vec<(Contact, Fate)>,
}

impl Lookup {
    /// A lookup that begins with the given contacts.
    pub fn new(now: Time, me: RingId, target: RingId, first: &[Contact], parallel: usize) -> Self {
        let deadline = now + LOOKUP_TIME_MAX;
        let (requests, hops, pool) = (0, 0, Vec::new());
        let mut lookup = Self { target, me, deadline, requests, hops, parallel, pool };
        lookup.add(first);
        lookup
    }

    /// What to do now.
    pub fn step(&self, now: Time) -> Step {
        if now >= self.deadline || self.requests >= LOOKUP_REQUESTS_MAX {
            return Step::Fail;
        }
        let in_flight = self.pool.iter().filter_map(|(_, fate)| match fate {
            Fate::Asked(until) if *until > now => Some(*until),
            Fate::New | Fate::Asked(_) | Fate::Answered | Fate::Failed => None,
        });
        let (count, first_late) =
            in_flight.fold((0, None), |(count, first): (usize, Option<Time>), until| {
                (count + 1, Some(first.map_or(until, |first| first.min(until))))
            });
        let fresh = self.pool.iter().find(|(_, fate)| *fate == Fate::New);
        let waits = self.pool.iter().any(|(_, fate)| matches!(fate, Fate::Asked(_)));
        match fresh {
            Some((contact, _)) if count < self.parallel => Step::Ask(*contact),
            Some(_) => Step::Wait(first_late.unwrap_or(self.deadline).min(self.deadline)),
            None if waits => Step::Wait(self.deadline),
            None => Step::Fail,
        }
    }

    /// A contact was asked; it counts as in flight until it is late.
    pub fn asked(&mut self, contact: RingId, late: Time) {
        self.requests += 1;
        self.mark(contact, Fate::Asked(late));
    }

    /// A contact did not answer in time, or refused.
    pub fn failed(&mut self, contact: RingId) {
        self.mark(contact, Fate::Failed);
    }

    /// A contact answered. Returns the nodes at and after the target if it knew them.
    pub fn answered(&mut self, from: Contact, answer: &Answer) -> Option<Vec<Contact>> {
        self.mark(from.id, Fate::Answered);
        if let Some(successors) = &answer.successors
            && (answer.first || !successors.is_empty())
        {
            self.hops += 1;
            let mut nodes = Vec::with_capacity(successors.len() + 1);
            nodes.extend(answer.first.then_some(from));
            nodes.extend(successors);
            nodes.sort_by_key(|node| self.target.distance_to(node.id));
            nodes.dedup();
            return Some(nodes);
        }
        let nearer = |contact: &&Contact| contact.id.is_between(from.id, self.target);
        let closer: Vec<Contact> = answer.closer.iter().flatten().filter(nearer).copied().collect();
        self.hops += u32::from(!closer.is_empty());
        self.add(&closer);
        None
    }

    /// Contacts that failed, to be told to those asked next.
    pub fn dead(&self) -> Vec<Contact> {
        let failed = self.pool.iter().filter(|(_, fate)| *fate == Fate::Failed);
        failed.map(|(contact, _)| *contact).take(DEAD_LISTED_MAX).collect()
    }

    fn mark(&mut self, id: RingId, fate: Fate) {
        if let Some(entry) = self.pool.iter_mut().find(|(contact, _)| contact.id == id) {
            entry.1 = fate;
        }
    }

    fn add(&mut self, contacts: &[Contact]) {
        for contact in contacts {
            let known = self.pool.iter().any(|(other, _)| other.id == contact.id);
            if !known && contact.id != self.me {
                self.pool.push((*contact, Fate::New));
            }
        }
        self.pool.sort_by_key(|(contact, _)| contact.id.distance_to(self.target));
        while self.pool.len() > LOOKUP_POOL_MAX {
            let far = self.pool.iter().rposition(|(_, fate)| *fate == Fate::New);
            match far {
                Some(index) => self.pool.remove(index),
                None => break,
            };
        }
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
