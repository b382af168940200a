//! Keeping what is held: records run out, replicas compare theirs, and addresses that do not
//! answer are taken out.

use super::pending::{Purpose, Refusal};
use super::state::Node;
use crate::chord::contact::Contact;
use crate::chord::message::{Answer, Flags, Query, Standing};
use crate::chord::neighborhood::Arc;
use crate::chord::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{LIVENESS_PINGS_MAX, MISSES_GONE, TOMBSTONE_TIME};
use std::net::SocketAddr;
use std::time::Duration;

/// An address that missed a ping is pinged again after this long, or after the usual period if
/// that is shorter.
const PING_AGAIN: Duration = Duration::from_secs(20);

impl Node {
    /// Forgets what has run out and what belongs to others now; from time to time, compares an arc
    /// with another replica.
    pub(crate) fn repair(&mut self, now: Time) {
        self.retired.retain(|(_, until)| *until > now);
        if now >= self.expire_at {
            self.expire_at = now + Duration::from_secs(10);
            self.store.expire(now);
            let (holdings, retired, acquisitions) =
                (&self.holdings, &self.retired, &self.acquisitions);
            self.store.keep_keys(|key| {
                holdings.of(key).is_some()
                    || retired.iter().any(|(arc, _)| arc.holds(key))
                    || acquisitions.values().any(|other| other.arc.holds(key))
            });
        }
        if now >= self.compare_at {
            let pieces = self.holdings.pieces().len().max(1) as u32;
            // Each arc once a period.
            let pause = self.settings.periods.repair / pieces;
            self.compare_at = now + pause;
            let chosen = self.random.below(pieces) as usize;
            if let Some(piece) = self.holdings.pieces().get(chosen) {
                let arc = piece.arc;
                let me = self.hood.me;
                let mut others = self.hood.replicas_of(arc.end).unwrap_or_default();
                others.extend(&piece.view);
                others.retain(|node| *node != me);
                let other = self.random.below(others.len() as u32) as usize;
                if let Some(other) = others.get(other) {
                    self.compare(now, *other, arc);
                }
            }
        }
    }

    /// Asks another replica what it holds of an arc.
    pub(crate) fn compare(&mut self, now: Time, other: Contact, arc: Arc) {
        let digests = Some(Box::new(self.store.digests(arc)));
        let query = Query::Sync { arc, digests, learner: None };
        self.ask(now, other, query, Purpose::Sync(None, arc));
    }

    /// Another replica told its digests and view of an arc.
    pub(crate) fn compared(
        &mut self,
        now: Time,
        from: Contact,
        arc: Arc,
        result: Result<Answer, Refusal>,
    ) {
        let Ok(answer) = result else { return };
        if let Some(until) = answer.until {
            let part = Arc { begin: arc.begin, end: until };
            if until != arc.end && until.is_between(arc.begin, arc.end) {
                self.compare(now, from, part);
            }
            return;
        }
        let Some(view) = answer.view else { return };
        let warm = answer.warm == Some(true);
        let me = self.hood.me;
        let mine = self.hood.replicas_of(arc.end);
        let meant = mine.as_ref().is_some_and(|mine| mine.contains(&me));
        if warm && !view.contains(&me) && view.contains(&from) && !meant {
            // The others have gone on without this node, and its neighbors agree.
            self.take_over_without_me(now, arc);
            return;
        }
        if let Some(differing) = answer.differing.filter(|mask| *mask != 0) {
            self.begin_fetch(now, from, (arc, differing), None);
        }
        self.arcs_may_change(now);
    }

    fn take_over_without_me(&mut self, now: Time, arc: Arc) {
        if self.holdings.carve(arc) {
            self.holdings.remove(arc);
            self.holdings.join();
            self.retired.push((arc, now + crate::limits::RETIRED_KEPT));
        }
    }

    /// Pings stored addresses, each by one of its replicas.
    pub(crate) fn ping_stored(&mut self, now: Time) {
        let me = self.hood.me;
        let period = self.settings.periods.liveness;
        let mut due: Vec<(RingId, SocketAddr)> = Vec::new();
        let holdings = &self.holdings;
        for (key, address, lease) in self.store.iter_mut() {
            let skipped = lease.flags.gone || lease.flags.unpingable || address == me.address;
            if skipped || lease.ping > now {
                continue;
            }
            let Some(piece) = holdings.of(key).filter(|piece| piece.warm) else { continue };
            let hash = Contact::new(address).id.0[0];
            let turn = usize::from(hash) % piece.view.len().max(1);
            if piece.view.get(turn) != Some(&me) {
                continue;
            }
            if lease.ping == Time::ZERO {
                // Just announced: that is life enough for now.
                let share = u32::from(hash) + 128;
                lease.ping = now + period * share / 384;
                continue;
            }
            if due.len() < LIVENESS_PINGS_MAX {
                lease.ping = now + period;
                due.push((key, address));
            }
        }
        for (key, address) in due {
            self.ask(now, Contact::new(address), Query::Ping, Purpose::Liveness(key));
        }
    }

    /// A stored address answered a ping, or did not; the third time in a row it is taken out, and
    /// the other replicas are told.
    pub(crate) fn pinged(
        &mut self,
        now: Time,
        key: RingId,
        who: Contact,
        result: Result<Answer, Refusal>,
    ) {
        let period = self.settings.periods.liveness;
        let Some(lease) = self.store.get_mut(key, who.address) else { return };
        if !matches!(result, Err(Refusal::Silent)) {
            lease.misses = 0;
            return;
        }
        lease.misses += 1;
        lease.ping = now + PING_AGAIN.min(period);
        if lease.misses < MISSES_GONE {
            return;
        }
        let Some(mut record) = self.store.record(now, key, who.address) else { return };
        record.flags = Flags { gone: true, ..record.flags };
        record.lease = TOMBSTONE_TIME.as_secs() as u16;
        let _ = self.store.put(now, &record);
        let me = self.hood.me;
        let others = self.holdings.of(key).map(|piece| piece.view.clone()).unwrap_or_default();
        for other in others.into_iter().filter(|other| *other != me) {
            let query = Query::Transfer { records: vec![record] };
            self.ask(now, other, query, Purpose::Courtesy);
        }
    }

    /// Whether a contact that answered a ping is worth remembering as a node of the ring.
    pub(crate) fn is_node(answer: &Answer) -> bool {
        answer.standing.is_none_or(|standing| standing == Standing::Member)
    }
}
