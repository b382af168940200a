//! Questions on their way: sent, sent again, answered or given up.
//!
//! A question waits as long as its contact usually takes (RFC 6298 with Karn's rule: the low bits
//! of the transaction tell which sending was answered). How often it is sent before its contact
//! counts as dead follows from how much gets lost: three times on a good network, more on a bad
//! one, so that loss is not mistaken for death.

use super::pending::{Call, Purpose, Refusal, Timer};
use super::state::Node;
use crate::chord::codec::encode;
use crate::chord::contact::Contact;
use crate::chord::input::Output;
use crate::chord::message::{Answer, Body, Cookie, Fault, Message, Query, Standing, Transaction};
use crate::chord::seal::SEAL_LENGTH;
use crate::chord::secrets::{from_transaction, to_transaction};
use crate::kit::clock::Time;
use crate::limits::{CALLS_MAX, DEATH_TIME_MIN, PADDED_QUERY, SENDS_LOOKUP_MAX, SENDS_MAX};
use std::net::SocketAddr;

impl Node {
    /// Asks a contact; the answer, or that there is none, comes back to the purpose.
    pub(crate) fn ask(&mut self, now: Time, to: Contact, query: Query, purpose: Purpose) {
        self.ask_with(now, to, (query, None), purpose);
    }

    /// The same with a token, which goes where the cookie would.
    pub(crate) fn ask_with(
        &mut self,
        now: Time,
        to: Contact,
        (query, token): (Query, Option<Cookie>),
        purpose: Purpose,
    ) {
        if to.id == self.hood.me.id {
            self.ask_myself(now, query, purpose);
            return;
        }
        if self.calls.len() >= CALLS_MAX {
            self.at_once.push_back((to, purpose, Err(Refusal::Overloaded)));
            return;
        }
        let number = self.secrets.transaction();
        let call = Call {
            to,
            query,
            token,
            cookie: None,
            purpose,
            first: now,
            last: now,
            sends: 0,
            due: now,
        };
        self.calls.insert(number, call);
        self.send_call(now, number);
    }

    /// A question is to be sent again, or given up.
    pub(crate) fn call_is_late(&mut self, now: Time, number: u32) {
        let Some(call) = self.calls.get(&number) else { return };
        if call.due > now {
            return;
        }
        let hurried = matches!(
            call.purpose,
            Purpose::Lookup(_)
                | Purpose::Forward(..)
                | Purpose::OnBehalf(_)
                | Purpose::Inquiry(_)
                | Purpose::Farewell
        );
        let most = if hurried {
            SENDS_LOOKUP_MAX
        } else if call.purpose == Purpose::Courtesy {
            1
        } else if matches!(call.purpose, Purpose::Visit(_)) {
            SENDS_MAX
        } else {
            self.sends_to_death()
        };
        if call.sends < most {
            let (to, sends) = (call.to, call.sends);
            let suspect = sends == 1 && call.purpose == Purpose::Successor;
            self.send_call(now, number);
            if suspect {
                self.check_next(now);
            }
            if sends == 2 && !hurried {
                self.inquire(now, to);
            }
            return;
        }
        let Some(call) = self.calls.remove(&number) else { return };
        // A stored peer or one to be visited need not be a node of the ring, so its silence
        // buries nobody.
        if hurried {
            if !matches!(call.purpose, Purpose::OnBehalf(_)) {
                self.doubt(now, call.to);
            }
        } else if self.is_vouched(now, call.to) {
            self.cache.suspect(now, call.to.id);
        } else if !matches!(
            call.purpose,
            Purpose::Courtesy | Purpose::Liveness(_) | Purpose::Visit(_)
        ) {
            self.bury(now, call.to);
        }
        self.came_back(now, call.to, call.purpose, Err(Refusal::Silent));
    }

    /// An answer came in. It counts only from whom was asked, while the question waits.
    pub(crate) fn returned(
        &mut self,
        now: Time,
        from: SocketAddr,
        transaction: Transaction,
        result: Result<Answer, Refusal>,
    ) {
        let (number, sent) = from_transaction(transaction);
        let Some(call) = self.calls.get(&number).filter(|call| call.to.address == from) else {
            return;
        };
        self.vouched.remove(&call.to.id);
        let Some(call) = self.calls.get(&number) else { return };
        let rtt = (sent == call.sends).then(|| now.since(call.last));
        let sends = call.sends;
        let Some(call) = self.calls.remove(&number) else { return };
        self.note_loss(sends);
        let (cookie, member) = match &result {
            Ok(answer) => (answer.cookie, Self::is_node(answer)),
            Err(Refusal::Fault(fault, answer)) => (answer.cookie, *fault != Fault::NotMember),
            Err(Refusal::Silent | Refusal::Overloaded) => (None, false),
        };
        let seen = match &result {
            Ok(answer) => answer.seen,
            Err(Refusal::Fault(_, answer)) => answer.seen,
            Err(Refusal::Silent | Refusal::Overloaded) => None,
        };
        self.note_address(from, seen);
        if member && self.cache.heard(now, call.to, rtt) {
            // It was thought dead: perhaps a part of the ring is back.
            self.hint(call.to);
        }
        let is_token = matches!(call.query, Query::GetPeers { .. });
        if let Some(cookie) = cookie.filter(|_| !is_token) {
            self.cache.set_cookie(now, call.to.id, cookie);
        }
        let unproved = matches!(result, Err(Refusal::Fault(Fault::Protocol, _)));
        if unproved && call.token.is_none() && call.cookie.is_none() && cookie.is_some() {
            // It wanted a cookie first, and has given one with its refusal.
            self.ask(now, call.to, call.query, call.purpose);
            return;
        }
        self.came_back(now, call.to, call.purpose, result);
    }

    /// Sends a question once more.
    fn send_call(&mut self, now: Time, number: u32) {
        let client = !matches!(self.standing, Standing::Member | Standing::Leaving);
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.sends += 1;
        call.last = now;
        let wait = self.cache.timeout(call.to.id);
        let factor = u32::from(call.sends.min(3)) + 1;
        call.due = now + wait * factor / 2;
        let last_try = call.sends == SENDS_MAX && !matches!(call.purpose, Purpose::Lookup(_));
        if last_try {
            call.due = call.due.max(call.first + DEATH_TIME_MIN);
        }
        let (to, due) = (call.to, call.due);
        let cookie = call.token.or_else(|| self.cache.cookie(now, to.id));
        call.cookie = cookie;
        let padded = if call.query.wants_much() && cookie.is_none() { PADDED_QUERY } else { 0 };
        let body = Body::Query { query: call.query.clone(), cookie, client };
        let message = Message { transaction: to_transaction(number, call.sends), body };
        let bytes = encode(&message, self.tag, padded);
        self.put_out(now, to.address, bytes);
        self.timers.insert((due, Timer::Call(number)));
    }

    /// Sends a datagram, in a closed ring with its seal.
    pub(crate) fn put_out(&mut self, now: Time, to: SocketAddr, bytes: Vec<u8>) {
        let seconds = self.unix_seconds(now);
        let bytes = match &mut self.seals {
            Some(seals) => seals.seal(seconds, bytes),
            None => bytes,
        };
        if let Some(probing) = &mut self.probing {
            probing.sent(to);
        }
        self.out.push(Output::Send { to, bytes });
    }

    /// Bytes that the seal of a datagram takes.
    pub(crate) fn seal_length(&self) -> usize {
        if self.seals.is_some() { SEAL_LENGTH } else { 0 }
    }

    /// A question was answered after being sent so often.
    fn note_loss(&mut self, sends: u8) {
        // In 64ths of a thousandth; each sending moves the mean by a 64th.
        for send in 1..=sends {
            let sample = if send < sends { 1_000 } else { 0 };
            self.loss = self.loss - self.loss / 64 + sample;
        }
    }

    /// How often a neighbor is asked before it counts as dead: about one in 100,000 calls to a
    /// live one may end so.
    fn sends_to_death(&self) -> u8 {
        match self.loss / 64 {
            0..=20 => SENDS_MAX,
            21..=60 => SENDS_MAX + 2,
            61..=150 => SENDS_MAX + 4,
            151..=300 => SENDS_MAX + 7,
            _ => SENDS_MAX + 11,
        }
    }

    /// A contact missed a lookup's questions: go round it, and if it matters, find out.
    fn doubt(&mut self, now: Time, contact: Contact) {
        self.cache.suspect(now, contact.id);
        let matters = self.acquaintances().any(|other| other.id == contact.id);
        let asked = self.calls.values().any(|call| call.to.id == contact.id);
        if matters && !asked && self.is_member() {
            self.ask(now, contact, Query::Ping, Purpose::Check);
        }
    }

    /// A contact is dead: it leaves every list.
    pub(crate) fn bury(&mut self, now: Time, contact: Contact) {
        self.cache.failed(now, contact);
        self.strike(now, contact);
    }

    /// A contact is no neighbor any more.
    pub(crate) fn strike(&mut self, now: Time, contact: Contact) {
        let was_successor = self.hood.successors.remove(contact.id);
        let was_predecessor = self.hood.predecessors.dead(contact.id);
        self.fingers.remove(contact.id);
        if was_successor || was_predecessor {
            self.neighbors_changed(now);
        }
    }
}
