//! Questions of others. Every one gets exactly one answer or error, never longer than its asker
//! has earned.

use super::pending::{Asker, Purpose, Refusal};
use super::state::Node;
use crate::chord::codec::encode;
use crate::chord::contact::Contact;
use crate::chord::message::{Answer, Body, Fault, Message, Query, Standing};
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{AMPLIFICATION_MAX, CLOSER_CONTACTS, DATAGRAM_MAX};

/// What is answered.
pub(crate) type Reply = Result<Answer, (Fault, Box<Answer>)>;

impl Node {
    /// Answers a question.
    pub(crate) fn serve(&mut self, now: Time, asker: Asker, query: Query) {
        if self.probing.is_some() {
            self.stranger_asks(now, asker.from);
        }
        let contact = Contact::new(asker.from);
        let proven =
            asker.cookie.is_some_and(|cookie| self.secrets.is_cookie(now, asker.from, cookie));
        if proven && !asker.client {
            self.cache.touch(now, contact.id);
        } else if !asker.client && self.cache.is_dead(contact.id) {
            // Thought dead, but there it speaks, or somebody in its name: ask.
            if !self.calls.values().any(|call| call.to == contact) {
                self.ask(now, contact, Query::Ping, Purpose::Check);
            }
        }
        if let Some(reply) = self.reply(now, asker, proven, query) {
            self.respond(now, asker, proven, reply);
        }
    }

    /// Whether a source has not asked too much lately. Neighbors that have proved their address
    /// may ask more: they fetch records.
    pub(crate) fn may_ask(&mut self, now: Time, asker: Asker) -> bool {
        if !self.settings.is_guarded() || self.question_rate.allow(now, asker.from) {
            return true;
        }
        let contact = Contact::new(asker.from);
        let proven = |cookie| self.secrets.is_cookie(now, asker.from, cookie);
        let known = self.acquaintances().any(|node| node == contact)
            || self.holdings.pieces().iter().any(|piece| piece.view.contains(&contact));
        known && asker.cookie.is_some_and(proven)
    }

    /// Sends an answer, cut to what the asker has earned.
    pub(crate) fn respond(&mut self, now: Time, asker: Asker, proven: bool, reply: Reply) {
        let most =
            if proven { DATAGRAM_MAX } else { DATAGRAM_MAX.min(asker.length * AMPLIFICATION_MAX) };
        let most = most.saturating_sub(self.seal_length());
        let fresh = self.secrets.cookie(now, asker.from);
        let finish = |mut answer: Answer| {
            answer.seen = Some(asker.from);
            // A proven asker has a cookie already, but it may be about to run out.
            answer.cookie = answer.cookie.or(Some(fresh));
            Box::new(answer)
        };
        let body = match reply {
            Ok(answer) => Body::Answer(finish(answer)),
            Err((fault, answer)) => Body::Fault(fault, finish(*answer)),
        };
        let mut message = Message { transaction: asker.transaction, body };
        loop {
            let bytes = encode(&message, self.tag, 0);
            if bytes.len() <= most {
                self.put_out(now, asker.from, bytes);
                return;
            }
            let (Body::Answer(answer) | Body::Fault(_, answer)) = &mut message.body else { return };
            if !shorten(answer) {
                // Not even the bare answer fits: the question was shorter than any of ours.
                return;
            }
        }
    }

    /// Answers a question of this node to itself.
    pub(crate) fn ask_myself(&mut self, now: Time, query: Query, purpose: Purpose) {
        let me = self.hood.me;
        // Where an answer is deferred, the transaction leads back to who waits for it.
        let number = if let Purpose::Write(number) = purpose { number as u32 } else { 0 };
        let transaction = number.to_be_bytes();
        let client = !self.is_member();
        let asker = Asker { from: me.address, transaction, cookie: None, client, length: 0 };
        if let Some(reply) = self.reply(now, asker, true, query) {
            let result = reply.map_err(|(fault, answer)| Refusal::Fault(fault, answer));
            self.at_once.push_back((me, purpose, result));
        }
    }

    /// What to answer; nothing if the answer is deferred.
    fn reply(&mut self, now: Time, asker: Asker, proven: bool, query: Query) -> Option<Reply> {
        if !self.is_member() && !self.serves_while_leaving(&query) {
            let standing = Some(self.standing);
            return Some(Err((
                Fault::NotMember,
                Box::new(Answer { standing, ..Answer::default() }),
            )));
        }
        let contact = Contact::new(asker.from);
        let reply = match query {
            Query::Ping => Ok(Answer { standing: Some(self.standing), ..Answer::default() }),
            Query::FindSuccessor { target, dead } => Ok(self.known_about(now, target, &dead)),
            Query::GetNeighbors => Ok(Answer {
                predecessors: Some(self.hood.predecessors.entries().to_vec()),
                successors: Some(self.hood.successors.entries().to_vec()),
                total: Some(self.store.key_count() as u32),
                ..Answer::default()
            }),
            Query::Notify { former } => {
                if !asker.client {
                    self.notified(now, contact, proven, former);
                }
                Ok(Answer::default())
            }
            Query::GetPeers { info_hash, most } => {
                self.serve_peers(now, contact, RingId::of_key(info_hash), most.into())
            }
            Query::AnnouncePeer(announce) => return self.serve_announce(now, asker, announce),
            Query::Probe { target, spared } if proven => {
                return self.serve_probe(now, asker, (target, &spared));
            }
            Query::Probe { .. } => Err((Fault::Protocol, Box::default())),
            other @ (Query::Leave { .. }
            | Query::Sync { .. }
            | Query::Activate { .. }
            | Query::Fetch { .. }
            | Query::Transfer { .. }) => {
                self.reply_to_neighbor(now, contact, proven && !asker.client, other)
            }
        };
        Some(reply)
    }

    /// What to answer to questions that change or show what only nodes of the ring should: the
    /// asker must have proved its address.
    fn reply_to_neighbor(
        &mut self,
        now: Time,
        asker: Contact,
        proven: bool,
        query: Query,
    ) -> Reply {
        if !proven {
            return Err((Fault::Protocol, Box::default()));
        }
        match query {
            Query::Leave { successors, predecessors } => {
                self.neighbor_leaves(now, asker, &successors, &predecessors);
                Ok(Answer::default())
            }
            Query::Sync { arc, digests, learner } => {
                self.serve_sync(now, asker, (arc, digests.as_deref()), learner)
            }
            Query::Activate { arc, view, olds } => {
                self.serve_activate(now, asker, arc, (&view, &olds))
            }
            Query::Fetch { arc, after } => self.serve_fetch(now, asker, arc, after),
            Query::Transfer { records } => self.serve_transfer(now, asker, &records),
            Query::Ping
            | Query::FindSuccessor { .. }
            | Query::GetNeighbors
            | Query::Notify { .. }
            | Query::GetPeers { .. }
            | Query::AnnouncePeer(_)
            | Query::Probe { .. } => Err((Fault::Unknown, Box::default())),
        }
    }

    /// What this node knows about who follows a place.
    fn known_about(&self, now: Time, target: RingId, dead: &[Contact]) -> Answer {
        let me = self.hood.me;
        let successors = self.hood.successors.entries();
        let mine = self
            .hood
            .predecessors
            .trusted()
            .is_some_and(|before| target.is_within(before.id, me.id));
        if mine || target == me.id || successors.is_empty() {
            let successors = Some(successors.to_vec());
            return Answer { first: true, successors, ..Answer::default() };
        }
        if self.hood.successors.covers(target) {
            let mut after: Vec<Contact> = successors.to_vec();
            let mut first = false;
            if target.is_within(me.id, successors[successors.len() - 1].id) {
                after.retain(|node| !node.id.is_between(me.id, target) || node.id == target);
            } else {
                // Behind the last of all: this node is the first that follows.
                first = true;
            }
            return Answer { first, successors: Some(after), ..Answer::default() };
        }
        let mut closer = self.closest_preceding(now, target, CLOSER_CONTACTS + dead.len());
        closer.retain(|contact| !dead.contains(contact));
        closer.truncate(CLOSER_CONTACTS);
        Answer { closer: Some(closer), ..Answer::default() }
    }

    /// Whether this node is on its way out or has left.
    pub(crate) fn is_gone(&self) -> bool {
        self.standing == Standing::Leaving
    }
}

/// Leaves something out of an answer; false if nothing is left that could be.
fn shorten(answer: &mut Answer) -> bool {
    if let Some(peers) = answer.peers.as_mut().filter(|peers| !peers.is_empty()) {
        peers.truncate(peers.len() * 3 / 4);
    } else if let Some(records) = answer.records.as_mut().filter(|records| !records.is_empty()) {
        records.truncate(records.len() / 2);
        answer.more = true;
    } else if let Some(list) = answer.successors.as_mut().filter(|list| list.len() > 1) {
        list.truncate(list.len() * 3 / 4);
    } else if let Some(list) = answer.predecessors.as_mut().filter(|list| !list.is_empty()) {
        list.truncate(list.len() / 2);
    } else if let Some(list) = answer.closer.as_mut().filter(|list| !list.is_empty()) {
        list.truncate(list.len() / 2);
    } else if answer.successors.is_some() || answer.view.is_some() {
        answer.successors = None;
        answer.first = false;
        answer.view = None;
    } else {
        return answer.seen.take().is_some();
    }
    true
}
