//! Lookups under way: for the owner, for fingers, for the way in, for other rings.

use super::pending::{Purpose, Refusal, Timer, Wish};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::input::{Event, Outcome};
use crate::chord::lookup::{Lookup, Step};
use crate::chord::message::{Answer, Query, Standing};
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{LOOKUP_POOL_MAX, LOOKUPS_MAX};

impl Node {
    /// Looks up who follows a place, on behalf of the owner.
    pub(crate) fn find(&mut self, now: Time, command: u64, place: RingId) {
        self.search(now, place, Wish::Find(command));
    }

    /// Looks up a place, beginning with everybody known.
    pub(crate) fn search(&mut self, now: Time, place: RingId, wish: Wish) {
        if self.is_member()
            && let Some(nodes) = self.hood.from(place)
            && (self.hood.successors.covers(place) || nodes.first() == Some(&self.hood.me))
        {
            self.found(now, wish, nodes, (0, 0));
            return;
        }
        let mut first = self.closest_preceding(now, place, LOOKUP_POOL_MAX / 2);
        if first.len() < self.settings.parallel {
            first.extend(self.bootstrap.iter().copied().map(Contact::new));
        }
        self.look_up(now, place, &first, wish);
    }

    /// Looks up a place, beginning with the given contacts.
    pub(crate) fn look_up(&mut self, now: Time, place: RingId, first: &[Contact], wish: Wish) {
        if self.lookups.len() >= LOOKUPS_MAX || self.is_gone() {
            self.not_found(now, wish);
            return;
        }
        let number = self.number();
        let me = self.hood.me.id;
        let lookup = Lookup::new(now, me, place, first, self.settings.parallel);
        self.timers.insert((lookup.deadline, Timer::Lookup(number)));
        self.lookups.insert(number, (lookup, wish));
        self.go_on(now, number);
    }

    /// Sends what a lookup wants sent.
    pub(crate) fn go_on(&mut self, now: Time, number: u64) {
        while let Some((lookup, _)) = self.lookups.get_mut(&number) {
            match lookup.step(now) {
                Step::Ask(contact) => {
                    let late = now + self.cache.hedge(contact.id);
                    lookup.asked(contact.id, late);
                    self.timers.insert((late, Timer::Lookup(number)));
                    let query = Query::FindSuccessor { target: lookup.target, dead: lookup.dead() };
                    self.ask(now, contact, query, Purpose::Lookup(number));
                }
                Step::Wait(_) => return,
                Step::Fail => {
                    if let Some((_, wish)) = self.lookups.remove(&number) {
                        self.drop_calls(number);
                        self.not_found(now, wish);
                    }
                }
            }
        }
    }

    /// A contact answered a lookup's question, or did not.
    pub(crate) fn looked_up(
        &mut self,
        now: Time,
        number: u64,
        from: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let Some((lookup, _)) = self.lookups.get_mut(&number) else { return };
        match result {
            Ok(answer) => {
                if let Some(nodes) = lookup.answered(from, &answer)
                    && let Some((lookup, wish)) = self.lookups.remove(&number)
                {
                    self.drop_calls(number);
                    self.found(now, wish, nodes, (lookup.hops, lookup.requests));
                    return;
                }
            }
            Err(_) => lookup.failed(from.id),
        }
        self.go_on(now, number);
    }

    /// Questions of a lookup that is over need not be sent again. Their answers still count for
    /// the round-trip times of those that were slow, so they wait for them once more.
    fn drop_calls(&mut self, number: u64) {
        let over = Purpose::Lookup(number);
        for call in self.calls.values_mut().filter(|call| call.purpose == over) {
            call.purpose = Purpose::Courtesy;
        }
    }

    /// A lookup found the nodes at and after its place, with so many hops and requests.
    fn found(&mut self, now: Time, wish: Wish, nodes: Vec<Contact>, (hops, requests): (u32, u32)) {
        match wish {
            Wish::Join => self.found_own_place(now, &nodes),
            Wish::Finger(exponent) => self.found_finger(exponent, &nodes),
            Wish::Merge => self.found_ring(now, &nodes),
            Wish::Operation(number) => self.found_replicas(now, number, &nodes),
            Wish::Find(command) => {
                let outcome = Outcome::Found { nodes, hops, requests };
                self.tell(Event::Done { command, outcome });
            }
        }
    }

    /// A lookup found nothing.
    fn not_found(&mut self, now: Time, wish: Wish) {
        match wish {
            Wish::Join => self.join_failed(now),
            Wish::Operation(number) => self.found_replicas(now, number, &[]),
            Wish::Finger(_) | Wish::Merge => {}
            Wish::Find(command) => {
                self.tell(Event::Done { command, outcome: Outcome::Failed });
            }
        }
    }

    /// Looks up the next finger.
    pub(crate) fn fix_finger(&mut self, now: Time) {
        let successors = &self.hood.successors;
        if let Some((exponent, start)) = self.fingers.next(|place| successors.covers(place)) {
            self.search(now, start, Wish::Finger(exponent));
        }
    }

    /// A finger was found.
    fn found_finger(&mut self, exponent: usize, nodes: &[Contact]) {
        let alive = nodes.iter().find(|node| !self.cache.is_dead(node.id));
        if let Some(node) = alive {
            self.fingers.set(exponent, *node);
        }
    }

    /// Asks a remembered contact for this node's own place, going on only through its side's
    /// answers. In one ring that finds this node; if the ring was split, the other part.
    pub(crate) fn look_for_rings(&mut self, now: Time) {
        let from_bootstrap = self.random.below(4) == 0 || self.cache.is_empty();
        let known = self.cache.any(now, &mut self.random);
        let chosen = self.random.below(self.bootstrap.len() as u32) as usize;
        let first = self.bootstrap.get(chosen).copied().map(Contact::new);
        let first = if from_bootstrap { first.or(known) } else { known.or(first) };
        if let Some(first) = first.filter(|_| self.standing == Standing::Member) {
            self.look_up(now, self.hood.me.id, &[first], Wish::Merge);
        }
    }

    /// A remembered contact's ring says who is at this node's place. If that is somebody else, it
    /// does not know this node: so it is told, also if it is of no use as a successor here; it may
    /// be alone and know nobody who lives.
    fn found_ring(&mut self, now: Time, nodes: &[Contact]) {
        let me = self.hood.me.id;
        let unknown = nodes.first().is_some_and(|node| node.id != me);
        let Some(first) = nodes.iter().find(|node| node.id != me) else { return };
        if unknown {
            let former = self.hood.successors.first().filter(|former| former != first);
            self.ask(now, *first, Query::Notify { former }, Purpose::Courtesy);
        }
        let before = self.hints.len();
        self.hint(*first);
        if self.hints.len() > before {
            self.tell(Event::Merging);
        }
    }
}
