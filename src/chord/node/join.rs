//! Coming into the ring.
//!
//! Joining is a lookup of one's own place through a known node, and taking over the list of the
//! first node there that answers. Where nobody answers a ring is begun; the search for other
//! rings (`merge`) finds those that were unreachable.

use super::pending::{Purpose, Refusal, Timer, Wish};
use super::state::Node;
use crate::chord::contact::{Contact, Family};
use crate::chord::input::Event;
use crate::chord::message::{Answer, Query, Standing};
use crate::kit::clock::Time;
use crate::limits::{ACQUIRE_RETRY, JOIN_TRIES_MAX};
use std::net::SocketAddr;

impl Node {
    /// Joins the ring of any of these nodes; with none, begins one. A client only remembers them.
    pub(crate) fn join(&mut self, now: Time, bootstrap: Vec<SocketAddr>) {
        if self.standing != Standing::Client {
            return;
        }
        let me = self.hood.me.address;
        self.bootstrap = bootstrap;
        self.bootstrap.retain(|address| *address != me && Family::of(*address) == self.family);
        if !self.settings.client && !self.must_probe(now) {
            self.become_member(now);
        }
    }

    /// Goes into the ring: strangers reach this node, or need not.
    pub(crate) fn become_member(&mut self, now: Time) {
        self.standing = Standing::Joining;
        if self.bootstrap.is_empty() {
            self.begin_ring(now);
        } else {
            self.try_to_join(now);
        }
    }

    /// One try.
    pub(crate) fn try_to_join(&mut self, now: Time) {
        if self.standing != Standing::Joining {
            return;
        }
        if self.join_tries >= JOIN_TRIES_MAX {
            self.begin_ring(now);
            self.tell(Event::Alone);
            self.tell(Event::Merging);
            return;
        }
        self.join_tries += 1;
        let mut first: Vec<Contact> = self.bootstrap.iter().copied().map(Contact::new).collect();
        self.random.shuffle(&mut first);
        self.look_up(now, self.hood.me.id, &first, Wish::Join);
    }

    /// The nodes at this node's place were found.
    pub(crate) fn found_own_place(&mut self, now: Time, nodes: &[Contact]) {
        let me = self.hood.me.id;
        match nodes.iter().find(|node| node.id != me) {
            Some(first) if self.standing == Standing::Joining => {
                self.ask(now, *first, Query::GetNeighbors, Purpose::Join);
            }
            _ => self.join_failed(now),
        }
    }

    /// This try came to nothing.
    pub(crate) fn join_failed(&mut self, now: Time) {
        if self.standing == Standing::Joining {
            self.timers.insert((now + ACQUIRE_RETRY, Timer::Join));
        }
    }

    /// The first node at this node's place answered, or did not.
    pub(crate) fn joined_through(
        &mut self,
        now: Time,
        first: Contact,
        result: Result<Answer, Refusal>,
    ) {
        if self.standing != Standing::Joining {
            return;
        }
        let Ok(Answer { successors: Some(successors), .. }) = result else {
            self.join_failed(now);
            return;
        };
        let cache = &self.cache;
        self.hood.successors.adopt(first, &successors, |node| cache.is_dead(node.id));
        self.standing = Standing::Member;
        self.tell(Event::Joined);
        self.neighbors_changed(now);
        self.stabilize(now);
    }

    fn begin_ring(&mut self, now: Time) {
        self.standing = Standing::Member;
        self.tell(Event::Joined);
        self.neighbors_changed(now);
    }
}
