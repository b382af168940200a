//! Nodes that have answered: how fast, whether they still do, and their cookies.
//!
//! It shortens lookups (about as many contacts near as far), is what a node comes back with after
//! a restart, and finds rings that were split off: the dead are remembered and asked again, ever
//! more rarely.

use super::contact::{Contact, is_local, subnet};
use super::message::Cookie;
use super::ring_id::{RING_BITS, RingId};
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{
    CACHE_PER_SUBNET_MAX, COOKIE_USED, DEAD_FORGOTTEN, DEAD_RETRY_FIRST, DEAD_RETRY_MAX,
    DOUBTED_AGAIN, HEDGE_MIN, HEDGE_UNKNOWN, RTO_FIRST, RTO_MAX, RTO_MIN,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a contact that missed a lookup's question is not recommended.
const SUSPECT_TIME: Duration = Duration::from_secs(20);

/// What is known of a contact.
#[derive(Debug, Clone)]
struct Known {
    /// Who.
    contact: Contact,
    /// Smoothed round-trip time in microseconds (RFC 6298); 0 until measured.
    smoothed: u32,
    /// Its mean deviation.
    deviation: u32,
    /// When it last said something.
    heard: Time,
    /// Not recommended until then.
    suspect: Option<Time>,
    /// When it last failed to answer.
    failed: Time,
    /// If it is thought dead: when to ask again, and the pause after that.
    dead: Option<(Time, Duration)>,
    /// The cookie that it gave us, and when.
    cookie: Option<(Cookie, Time)>,
}

/// The nodes that have answered.
#[derive(Debug, Clone)]
pub struct ContactCache {
    /// The node that remembers.
    me: RingId,
    /// Most contacts.
    capacity: usize,
    /// Whether one subnet has only so many places.
    guarded: bool,
    /// By place on the circle.
    known: BTreeMap<RingId, Known>,
    /// Contacts in each power of two of distance.
    bands: Vec<u16>,
    /// Contacts thought dead.
    dead: usize,
}

impl ContactCache {
    /// An empty cache.
    pub fn new(me: RingId, capacity: usize, guarded: bool) -> Self {
        let bands = vec![0; RING_BITS];
        Self { me, capacity, guarded, known: BTreeMap::new(), bands, dead: 0 }
    }

    /// Contacts remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Everybody remembered who is not thought dead, for a file.
    pub fn live(&self) -> impl Iterator<Item = Contact> {
        self.known.values().filter(|known| known.dead.is_none()).map(|known| known.contact)
    }

    /// The contact answered; `rtt` if it is certain which sending it answered. True if it was
    /// thought dead.
    pub fn heard(&mut self, now: Time, contact: Contact, rtt: Option<Duration>) -> bool {
        if contact.id == self.me || !self.admit(contact) {
            return false;
        }
        let Some(known) = self.known.get_mut(&contact.id) else { return false };
        known.heard = now;
        known.suspect = None;
        let revived = known.dead.take().is_some();
        self.dead -= usize::from(revived);
        if let Some(rtt) = rtt {
            let sample = u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX).max(1);
            if known.smoothed == 0 {
                (known.smoothed, known.deviation) = (sample, sample / 2);
            } else {
                let error = known.smoothed.abs_diff(sample);
                known.deviation = known.deviation / 4 * 3 + error / 4;
                known.smoothed = known.smoothed / 8 * 7 + sample / 8;
            }
        }
        revived
    }

    /// A contact that we were told of is alive says so itself: it is not thought dead any more.
    /// Contacts not remembered stay so.
    pub fn touch(&mut self, now: Time, id: RingId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.heard = now;
            known.suspect = None;
            self.dead -= usize::from(known.dead.take().is_some());
        }
    }

    /// The contact does not answer although it was asked again and again. Dead ones are kept too:
    /// they may be the way to a ring that was split off.
    pub fn failed(&mut self, now: Time, contact: Contact) {
        if contact.id == self.me || !self.admit(contact) {
            return;
        }
        let Some(known) = self.known.get_mut(&contact.id) else { return };
        let pause = known.dead.map_or(DEAD_RETRY_FIRST, |(_, pause)| pause);
        self.dead += usize::from(known.dead.is_none());
        known.dead = Some((now + pause, (pause * 2).min(DEAD_RETRY_MAX)));
        known.cookie = None;
        known.failed = now;
        if now.since(known.heard) > DEAD_FORGOTTEN {
            self.remove(contact.id);
        }
    }

    /// The contact missed one question of a lookup: it is not recommended for a while.
    pub fn suspect(&mut self, now: Time, id: RingId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.suspect = Some(now + SUSPECT_TIME);
        }
    }

    /// Whether the contact is thought dead.
    pub fn is_dead(&self, id: RingId) -> bool {
        self.known.get(&id).is_some_and(|known| known.dead.is_some())
    }

    /// Whether the contact is worth asking.
    pub fn is_usable(&self, now: Time, id: RingId) -> bool {
        self.known.get(&id).is_none_or(|known| known.is_usable(now))
    }

    /// Whether the contact is thought dead, but so long that it may be asked again when others
    /// still name it.
    pub fn may_be_back(&self, now: Time, id: RingId) -> bool {
        let known = self.known.get(&id);
        known.is_some_and(|known| known.dead.is_some() && now.since(known.failed) > DOUBTED_AGAIN)
    }

    /// When the contact last said something.
    pub fn heard_at(&self, id: RingId) -> Option<Time> {
        self.known.get(&id).map(|known| known.heard)
    }

    /// How long to wait for the contact's answer before asking again.
    pub fn timeout(&self, id: RingId) -> Duration {
        match self.measured(id) {
            Some((smoothed, deviation)) => (smoothed + 4 * deviation).clamp(RTO_MIN, RTO_MAX),
            None => RTO_FIRST,
        }
    }

    /// How long a lookup waits for the contact's answer before it asks another one besides.
    pub fn hedge(&self, id: RingId) -> Duration {
        match self.measured(id) {
            Some((smoothed, deviation)) => (smoothed + 2 * deviation).clamp(HEDGE_MIN, RTO_MAX),
            None => HEDGE_UNKNOWN,
        }
    }

    /// The smoothed round-trip time of a contact, if it was measured.
    pub fn round_trip(&self, id: RingId) -> Option<Duration> {
        self.measured(id).map(|(smoothed, _)| smoothed)
    }

    /// Notes the cookie that a contact gave.
    pub fn set_cookie(&mut self, now: Time, id: RingId, cookie: Cookie) {
        if let Some(known) = self.known.get_mut(&id) {
            known.cookie = Some((cookie, now));
        }
    }

    /// The contact's cookie, if it still holds.
    pub fn cookie(&self, now: Time, id: RingId) -> Option<Cookie> {
        let (cookie, got) = self.known.get(&id)?.cookie?;
        (now.since(got) < COOKIE_USED).then_some(cookie)
    }

    /// Up to `count` contacts worth asking, the nearest before a place first, none behind it.
    pub fn nearest_before(&self, now: Time, place: RingId, count: usize) -> Vec<Contact> {
        let me = self.me;
        let before = self.known.range(..place).rev().chain(self.known.range(place..).rev());
        before
            .map(|(_, known)| known)
            .take_while(|known| known.contact.id.is_between(me, place))
            .filter(|known| known.is_usable(now))
            .map(|known| known.contact)
            .take(count)
            .collect()
    }

    /// A contact by chance: one that lives, or a dead one whose time to be asked again has come.
    /// Every second time a dead one, if there is one: that is where other rings are found.
    pub fn any(&self, now: Time, random: &mut Random) -> Option<Contact> {
        let due = |known: &&Known| known.dead.is_some_and(|(retry, _)| retry <= now);
        if self.dead > 0 && random.below(2) == 0 {
            let due: Vec<&Known> = self.known.values().filter(due).collect();
            if let Some(known) = due.get(random.below(due.len() as u32) as usize) {
                return Some(known.contact);
            }
        }
        let live = self.known.len() - self.dead;
        let chosen = random.below(live as u32) as usize;
        let mut alive = self.known.values().filter(|known| known.dead.is_none());
        alive.nth(chosen).map(|known| known.contact)
    }

    fn measured(&self, id: RingId) -> Option<(Duration, Duration)> {
        let known = self.known.get(&id).filter(|known| known.smoothed > 0)?;
        let micros = |value: u32| Duration::from_micros(value.into());
        Some((micros(known.smoothed), micros(known.deviation)))
    }

    /// Makes sure that a contact has a place; false if there is none for it.
    fn admit(&mut self, contact: Contact) -> bool {
        if self.known.contains_key(&contact.id) {
            return true;
        }
        if self.guarded && !is_local(contact.address) {
            let owner = subnet(contact.address);
            let same = |known: &&Known| subnet(known.contact.address) == owner;
            if self.known.values().filter(same).count() >= CACHE_PER_SUBNET_MAX {
                return false;
            }
        }
        if self.known.len() >= self.capacity {
            self.evict();
        }
        let band = self.band(contact.id);
        self.bands[band] += 1;
        let known = Known {
            contact,
            smoothed: 0,
            deviation: 0,
            heard: Time::ZERO,
            suspect: None,
            failed: Time::ZERO,
            dead: None,
            cookie: None,
        };
        self.known.insert(contact.id, known);
        true
    }

    /// Makes room: of more than a quarter dead the one silent for longest, else the one silent for
    /// longest in the fullest band of distances.
    fn evict(&mut self) {
        let oldest = |choose: &dyn Fn(&Known) -> bool| {
            let chosen = self.known.values().filter(|known| choose(known));
            chosen.min_by_key(|known| (known.heard, known.contact.id)).map(|k| k.contact.id)
        };
        let victim = if self.dead * 4 > self.capacity {
            oldest(&|known| known.dead.is_some())
        } else {
            let fullest = (0..RING_BITS).max_by_key(|band| (self.bands[*band], *band));
            oldest(&|known| Some(self.band(known.contact.id)) == fullest)
        };
        if let Some(victim) = victim {
            self.remove(victim);
        }
    }

    fn remove(&mut self, id: RingId) {
        if let Some(known) = self.known.remove(&id) {
            let band = self.band(id);
            self.bands[band] -= 1;
            self.dead -= usize::from(known.dead.is_some());
        }
    }

    /// The power of two that the distance to a place reaches.
    fn band(&self, id: RingId) -> usize {
        self.me.distance_to(id).highest_bit().unwrap_or(0)
    }
}

impl Known {
    fn is_usable(&self, now: Time) -> bool {
        self.dead.is_none() && self.suspect.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
#[path = "contact_cache_tests.rs"]
mod tests;
