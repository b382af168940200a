//! Questions about what this node holds: peers, announces, and the replicas' own.

use super::pending::{Asker, Deferred, Purpose};
use super::serve::Reply;
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::holdings::hash_view;
use crate::chord::message::{Announce, Answer, Fault, Query, Record, ViewHash};
use crate::chord::neighborhood::Arc;
use crate::chord::packed::PEER_TAIL;
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{
    DEFERRED_MAX, LEASE_MAX, PEERS_BYTES_MAX, RECORDS_BYTES_MAX, RETIRED_KEPT, TOMBSTONE_TIME,
};
use std::net::SocketAddr;

impl Node {
    /// Who has a torrent?
    pub(crate) fn serve_peers(
        &mut self,
        now: Time,
        asker: Contact,
        key: RingId,
        most: usize,
    ) -> Reply {
        let room = PEERS_BYTES_MAX / (self.family.width() + PEER_TAIL);
        let (peers, total) = self.store.peers(now, key, (most, room), self.random.next_u64());
        let token = self.secrets.token(now, asker.address, key);
        let answer = Answer {
            peers: Some(peers),
            total: Some(total as u32),
            cookie: Some(token),
            ..self.standing_of(key)
        };
        if answer.view.is_none() {
            Err((Fault::NotResponsible, Box::new(answer)))
        } else {
            Ok(answer)
        }
    }

    /// A peer has a torrent. What is accepted is acknowledged when all learners of its arc have
    /// it too; then the answer is sent from there and `None` returned.
    pub(crate) fn serve_announce(
        &mut self,
        now: Time,
        asker: Asker,
        announce: Announce,
    ) -> Option<Reply> {
        let key = RingId::of_key(announce.info_hash);
        let myself = asker.from == self.hood.me.address;
        let token = asker.cookie.unwrap_or_default();
        if !myself && !self.secrets.is_token(now, asker.from, key, token) {
            return Some(Err((Fault::Protocol, Box::default())));
        }
        let answer = self.standing_of(key);
        if answer.view.is_none() {
            return Some(Err((Fault::NotResponsible, Box::new(answer))));
        }
        let port = announce.port.filter(|port| *port != 0).unwrap_or(asker.from.port());
        let most = if announce.flags.gone { TOMBSTONE_TIME } else { LEASE_MAX };
        let lease = announce.lease.min(most.as_secs() as u16).max(1);
        let record = Record {
            key,
            address: SocketAddr::new(asker.from.ip(), port),
            flags: announce.flags,
            sequence: announce.sequence,
            lease,
        };
        let busy = |seconds| {
            let retry = Answer { retry: Some(seconds), ..Answer::default() };
            Some(Err((Fault::Busy, Box::new(retry))))
        };
        let new = self.settings.is_guarded() && !self.store.holds(key, record.address);
        if new && !self.record_rate.allow(now, asker.from) {
            return busy(1);
        }
        if self.store.put(now, &record).is_err() {
            return busy(60);
        }
        let answer = Answer { lease: Some(lease), ..answer };
        let learners: Vec<Contact> = self
            .holdings
            .of(key)
            .iter()
            .flat_map(|piece| piece.learners.iter())
            .filter(|(_, _, until)| *until > now)
            .map(|(learner, ..)| *learner)
            .collect();
        if learners.is_empty() {
            return Some(Ok(answer));
        }
        if self.deferred.len() >= DEFERRED_MAX {
            return busy(1);
        }
        let number = self.number();
        let waiting = learners.len();
        self.deferred.insert(number, Deferred { asker, answer, waiting });
        for learner in learners {
            let query = Query::Transfer { records: vec![record] };
            self.ask(now, learner, query, Purpose::Forward(number, key));
        }
        None
    }

    /// A learner has got what was forwarded, or is dead: then it is none any more.
    pub(crate) fn forwarded(
        &mut self,
        now: Time,
        (number, key): (u64, RingId),
        learner: Contact,
        failed: bool,
    ) {
        if failed && let Some(piece) = self.holdings.of_mut(key) {
            piece.learners.retain(|(other, ..)| *other != learner);
        }
        let Some(deferred) = self.deferred.get_mut(&number) else { return };
        deferred.waiting -= 1;
        if deferred.waiting > 0 {
            return;
        }
        let Some(deferred) = self.deferred.remove(&number) else { return };
        // The view may have changed while the answer waited: it must not count for the old one.
        let answer = Answer { lease: deferred.answer.lease, ..self.standing_of(key) };
        if deferred.asker.from == self.hood.me.address {
            let me = self.hood.me;
            let number = u64::from(u32::from_be_bytes(deferred.asker.transaction));
            self.at_once.push_back((me, Purpose::Write(number), Ok(answer)));
            return;
        }
        self.respond(now, deferred.asker, true, Ok(answer));
    }

    /// What do you hold of this arc?
    pub(crate) fn serve_sync(
        &mut self,
        now: Time,
        asker: Contact,
        (arc, digests): (Arc, Option<&[u64; 16]>),
        learner: Option<ViewHash>,
    ) -> Reply {
        let Some((_, part)) = self.holdings.beginning(arc) else {
            return Err((Fault::NotResponsible, Box::default()));
        };
        if part != arc {
            // Asked again with the part alone, it gets its answer.
            return Ok(Answer { until: Some(part.end), ..Answer::default() });
        }
        if learner.is_some() && !self.holdings.carve(arc) {
            return Err((Fault::Busy, Box::new(Answer { retry: Some(1), ..Answer::default() })));
        }
        if let Some(aim) = learner
            && !self.holdings.learn(now, arc.end, asker, aim)
        {
            return Err((Fault::Busy, Box::new(Answer { retry: Some(1), ..Answer::default() })));
        }
        let mine = self.store.digests(arc);
        let theirs = digests.copied().unwrap_or_default();
        let differing = (0..16).filter(|part| mine[*part] != theirs[*part]);
        let mask = differing.fold(0, |mask, part| mask | 1 << part);
        Ok(Answer { differing: Some(mask), ..self.standing_of(arc.end) })
    }

    /// These are the replicas of this arc from now on.
    pub(crate) fn serve_activate(
        &mut self,
        now: Time,
        asker: Contact,
        arc: Arc,
        (view, olds): (&[Contact], &[ViewHash]),
    ) -> Reply {
        let inside = view.contains(&asker) && view.len() <= self.settings.quorum.replicas;
        let known = self.acquaintances().any(|node| node == asker)
            || self.holdings.of(arc.end).is_some_and(|piece| piece.view.contains(&asker));
        if !inside {
            return Err((Fault::Protocol, Box::default()));
        }
        // A stranger cannot take arcs over; a newcomer is a neighbor as soon as lists have it.
        if known && self.take_over(now, arc, view, olds) {
            if olds.len() > 1 && view.contains(&self.hood.me) {
                // Several views become one. This node was in one of them; the asker has the
                // records of all.
                self.compare(now, asker, arc);
            }
            Ok(Answer::default())
        } else {
            Err((Fault::Busy, Box::new(Answer { retry: Some(1), ..Answer::default() })))
        }
    }

    /// Takes a new view of an arc over, if the agreed one is among those that it replaces. True if
    /// it holds for all of the arc afterwards.
    pub(crate) fn take_over(
        &mut self,
        now: Time,
        arc: Arc,
        view: &[Contact],
        olds: &[ViewHash],
    ) -> bool {
        let me = self.hood.me;
        if !view.contains(&me) && self.holdings.beginning(arc).is_none() {
            return true;
        }
        if !self.holdings.carve(arc) {
            return false;
        }
        let new = hash_view(view);
        let fits = self.holdings.within(arc).all(|piece| {
            let mine = hash_view(&piece.view);
            !piece.warm || mine == new || olds.contains(&mine)
        });
        if fits {
            for piece in self.holdings.within(arc) {
                piece.view = view.to_vec();
                piece.learners.retain(|(node, _, until)| *until > now && !view.contains(node));
            }
            if !view.contains(&me) {
                self.holdings.remove(arc);
                self.retired.push((arc, now + RETIRED_KEPT));
            }
        }
        self.holdings.join();
        fits
    }

    /// Give me your records of this arc.
    pub(crate) fn serve_fetch(
        &mut self,
        now: Time,
        asker: Contact,
        arc: Arc,
        after: Option<(RingId, SocketAddr)>,
    ) -> Reply {
        if let Some(piece) = self.holdings.of_mut(arc.end) {
            let until = now + crate::limits::LEARNER_TIME;
            let learners = piece.learners.iter_mut().filter(|(node, ..)| *node == asker);
            learners.for_each(|(_, _, time)| *time = until);
        }
        let room = (RECORDS_BYTES_MAX, self.family.width());
        let (records, more) = self.store.records(now, arc, after, room);
        Ok(Answer { records: Some(records), more, ..Answer::default() })
    }

    /// Here are records for you: from neighbors and replicas only, and only of arcs held.
    pub(crate) fn serve_transfer(
        &mut self,
        now: Time,
        asker: Contact,
        records: &[Record],
    ) -> Reply {
        let known = self.acquaintances().any(|node| node == asker)
            || self.holdings.pieces().iter().any(|piece| piece.view.contains(&asker))
            || self.acquisitions.values().any(|other| other.target.contains(&asker));
        if !known {
            return Err((Fault::Protocol, Box::default()));
        }
        let held = |key| {
            self.holdings.of(key).is_some()
                || self.acquisitions.values().any(|other| other.arc.holds(key))
        };
        let wanted: Vec<&Record> = records.iter().filter(|record| held(record.key)).collect();
        let mut taken = 0;
        for record in wanted {
            if self.store.put(now, record).is_err() {
                return Err((Fault::Busy, Box::default()));
            }
            taken += 1;
        }
        Ok(Answer { total: Some(taken), ..Answer::default() })
    }

    /// How this node stands to a key: who its replicas are, and whether its records are complete.
    fn standing_of(&self, key: RingId) -> Answer {
        match self.holdings.of(key) {
            Some(piece) if !piece.view.is_empty() => Answer {
                warm: Some(piece.warm),
                view: Some(piece.view.clone()),
                ..Answer::default()
            },
            Some(_) => Answer {
                warm: Some(false),
                view: Some(self.hood.replicas_of(key).unwrap_or_default()),
                ..Answer::default()
            },
            None => Answer {
                warm: Some(false),
                successors: self.hood.replicas_of(key),
                ..Answer::default()
            },
        }
    }
}
