//! Who reaches whom: whether strangers reach this node before it becomes part of the ring, at
//! which address others see it, and whether a neighbor that does not answer this node answers
//! others.

use super::pending::{Asker, Probing, Purpose, Refusal, Timer};
use super::serve::Reply;
use super::state::Node;
use crate::chord::contact::{Contact, is_local, subnet};
use crate::chord::input::Event;
use crate::chord::message::{Answer, Fault, Query, Standing};
use crate::chord::secrets::from_transaction;
use crate::chord::votes::Verdict;
use crate::kit::clock::Time;
use crate::limits::{
    INQUIRIES, PROBE_AGAIN, PROBE_TIME, PROBE_TRIES, PROBES_ASKED, PROBES_MAX, PROBES_NEEDED,
    STRANGERS, VOUCHED_MAX, VOUCHED_TIME,
};
use std::net::SocketAddr;

impl Node {
    /// Whether this node must find out first whether strangers reach it. True if it began to.
    pub(crate) fn must_probe(&mut self, now: Time) -> bool {
        let exempt = self.settings.test_network || is_local(self.hood.me.address);
        if !self.settings.probe || exempt || self.reachable == Some(true) {
            return false;
        }
        if self.probing.is_some() {
            return true;
        }
        let mut asked: Vec<Contact> = self.bootstrap.iter().copied().map(Contact::new).collect();
        self.random.shuffle(&mut asked);
        asked.truncate(PROBES_ASKED);
        if asked.is_empty() {
            return false;
        }
        self.probing = Some(Probing::new(now + PROBE_TIME, asked.len()));
        self.timers.insert((now + PROBE_TIME, Timer::Probe));
        for node in &asked {
            let query = Query::Probe { target: None, spared: asked.clone() };
            self.ask(now, *node, query, Purpose::Probe);
        }
        true
    }

    /// A node was asked to have this one pinged: whether it has passed that on.
    pub(crate) fn probe_asked(&mut self, now: Time, result: &Result<Answer, Refusal>) {
        let Some(probing) = &mut self.probing else { return };
        probing.answers += 1;
        probing.passed_on += usize::from(result.is_ok());
        if probing.passed_on == 0 && probing.answers >= probing.asked {
            // Nobody has anybody to ask: the ring is too small for this.
            self.probe_ends(now);
        }
    }

    /// A question came from an address; perhaps from a stranger who was asked to ping this node.
    pub(crate) fn stranger_asks(&mut self, now: Time, from: SocketAddr) {
        let Some(probing) = &mut self.probing else { return };
        if !probing.knows(from) {
            probing.came.insert(from);
            if probing.came.len() >= PROBES_NEEDED {
                self.probe_ends(now);
            }
        }
    }

    /// Strangers had time to come, or it is time for another try.
    pub(crate) fn probe_is_over(&mut self, now: Time) {
        match &self.probing {
            Some(probing) if probing.until > now => {}
            Some(_) => self.probe_ends(now),
            None if self.standing == Standing::Client && self.reachable == Some(false) => {
                self.reachable = None;
                if !self.must_probe(now) {
                    self.become_member(now);
                }
            }
            None => {}
        }
    }

    /// Time is up, or enough strangers came.
    fn probe_ends(&mut self, now: Time) {
        let Some(probing) = self.probing.take() else { return };
        if probing.came.is_empty() && probing.passed_on > 0 {
            // Datagrams get lost, and strangers can be busy.
            self.probe_tries += 1;
            if self.probe_tries < PROBE_TRIES && self.must_probe(now) {
                return;
            }
            self.probe_tries = 0;
            self.reachable = Some(false);
            self.timers.insert((now + PROBE_AGAIN, Timer::Probe));
            return;
        }
        self.reachable = (!probing.came.is_empty()).then_some(true);
        self.become_member(now);
    }

    /// An answer tells where its question came from.
    pub(crate) fn note_address(&mut self, voter: SocketAddr, seen: Option<SocketAddr>) {
        let Some(seen) = seen else { return };
        self.votes.vote(voter, seen);
        match self.votes.verdict() {
            Verdict::Moved(address) => {
                self.votes.clear();
                self.tell(Event::Moved(address));
            }
            Verdict::Unsteady => self.reachable = Some(false),
            Verdict::Open | Verdict::Right => {}
        }
    }

    /// Somebody wants a ping: of itself by a stranger, or of a target by this node.
    pub(crate) fn serve_probe(
        &mut self,
        now: Time,
        asker: Asker,
        (target, spared): (Option<SocketAddr>, &[Contact]),
    ) -> Option<Reply> {
        if !self.probe_rate.allow(now, asker.from) {
            let retry = Answer { retry: Some(1), ..Answer::default() };
            return Some(Err((Fault::Busy, Box::new(retry))));
        }
        let from = Contact::new(asker.from);
        let Some(target) = target.map(Contact::new) else {
            return Some(self.find_stranger(now, from, spared));
        };
        if asker.client || target == self.hood.me {
            return Some(Err((Fault::Protocol, Box::default())));
        }
        let same = |other: &Asker| {
            let numbers = [other.transaction, asker.transaction].map(from_transaction);
            other.from == asker.from && numbers[0].0 == numbers[1].0
        };
        if self.probes.values().any(same) {
            return None;
        }
        if self.probes.len() >= PROBES_MAX {
            return Some(Err((Fault::Busy, Box::default())));
        }
        let number = self.number();
        self.probes.insert(number, asker);
        self.ask(now, target, Query::Ping, Purpose::OnBehalf(number));
        None
    }

    /// Asks nodes that the newcomer has not asked to ping it.
    fn find_stranger(&mut self, now: Time, newcomer: Contact, spared: &[Contact]) -> Reply {
        let mut others: Vec<Contact> = self.acquaintances().collect();
        others.sort();
        others.dedup();
        let near = subnet(newcomer.address);
        others.retain(|node| {
            let neighbor = !is_local(node.address) && subnet(node.address) == near;
            *node != newcomer && !spared.contains(node) && !neighbor && *node != self.hood.me
        });
        if others.is_empty() {
            return Err((Fault::Generic, Box::default()));
        }
        self.random.shuffle(&mut others);
        for stranger in others.into_iter().take(STRANGERS) {
            let query = Query::Probe { target: Some(newcomer.address), spared: Vec::new() };
            self.ask(now, stranger, query, Purpose::Courtesy);
        }
        Ok(Answer::default())
    }

    /// A target that was pinged on behalf of somebody answered, or did not.
    pub(crate) fn pinged_on_behalf(
        &mut self,
        now: Time,
        number: u64,
        result: Result<Answer, Refusal>,
    ) {
        let Some(asker) = self.probes.remove(&number) else { return };
        let reply = match result {
            Ok(answer) => Ok(Answer { standing: answer.standing, ..Answer::default() }),
            Err(_) => Err((Fault::Generic, Box::default())),
        };
        self.respond(now, asker, true, reply);
    }

    /// The next node on either side has missed two questions: do others hear of it? Some pairs of
    /// nodes cannot speak to each other although everybody else can speak to both.
    pub(crate) fn inquire(&mut self, now: Time, about: Contact) {
        let next = [self.hood.successors.first(), self.hood.predecessors.first()];
        if !next.contains(&Some(about)) {
            return;
        }
        let mut others: Vec<Contact> = self.acquaintances().collect();
        others.sort();
        others.dedup();
        others.retain(|node| *node != about && self.cache.is_usable(now, node.id));
        self.random.shuffle(&mut others);
        for other in others.into_iter().take(INQUIRIES) {
            let query = Query::Probe { target: Some(about.address), spared: Vec::new() };
            self.ask(now, other, query, Purpose::Inquiry(about));
        }
    }

    /// Another node said whether it hears of a neighbor that does not answer this one.
    pub(crate) fn inquired(&mut self, now: Time, about: Contact, result: &Result<Answer, Refusal>) {
        if result.is_ok() {
            let times = self.vouched.get(&about.id).map_or(0, |(_, times)| *times);
            let ended = self.vouched.get(&about.id).is_none_or(|(until, _)| *until <= now);
            let times = times + u8::from(ended);
            let until = if times > VOUCHED_MAX { now } else { now + VOUCHED_TIME };
            self.vouched.insert(about.id, (until, times));
        }
        let neighbors: Vec<_> = self.acquaintances().map(|node| node.id).collect();
        self.vouched.retain(|id, _| neighbors.contains(id));
    }

    /// Whether others hear of a neighbor that does not answer this node.
    pub(crate) fn is_vouched(&self, now: Time, node: Contact) -> bool {
        self.vouched.get(&node.id).is_some_and(|(until, _)| *until > now)
    }
}
