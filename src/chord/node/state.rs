//! What a node remembers. What happens to it is in the other files of this folder.

use super::pending::{
    Asker, Call, Deferred, Fetch, Operation, Probing, Purpose, Refusal, Timer, Wish,
};
use crate::chord::acquire::Acquisition;
use crate::chord::contact::{Contact, Family};
use crate::chord::contact_cache::ContactCache;
use crate::chord::fingers::Fingers;
use crate::chord::holdings::Holdings;
use crate::chord::input::{Event, Output};
use crate::chord::lookup::Lookup;
use crate::chord::message::{Answer, Standing};
use crate::chord::neighborhood::{Arc as RingArc, Neighborhood};
use crate::chord::rates::Rates;
use crate::chord::ring_id::RingId;
use crate::chord::seal::{Refused, Seals};
use crate::chord::secrets::Secrets;
use crate::chord::settings::{RingTag, Settings};
use crate::chord::store::Store;
use crate::chord::votes::Votes;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{
    CALLS_MAX, HINTS_MAX, LOOKUPS_MAX, LOSS_ASSUMED_PERMILLE, NEW_RECORDS_BURST,
    NEW_RECORDS_PER_SECOND, PROBES_PER_SECOND, QUESTIONS_BURST, QUESTIONS_PER_SECOND,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// A node of the ring.
///
/// Give it everything that happens with `handle`, and see `deadline` for when to give it
/// [`crate::chord::input::Input::Deadline`] if nothing else happens before.
#[derive(Debug, Clone)]
pub struct Node {
    /// The ring, and how this node takes part.
    pub(crate) settings: Arc<Settings>,
    /// The ring's tag.
    pub(crate) tag: RingTag,
    /// The address family of the ring.
    pub(crate) family: Family,
    /// The node and its neighbors.
    pub(crate) hood: Neighborhood,
    /// Shortcuts.
    pub(crate) fingers: Fingers,
    /// Everybody who ever answered.
    pub(crate) cache: ContactCache,
    /// Where this node stands.
    pub(crate) standing: Standing,
    /// Whom to ask for the way in; also asked when looking for other rings.
    pub(crate) bootstrap: Vec<SocketAddr>,
    /// Tries to join so far.
    pub(crate) join_tries: u32,
    /// Whether a stabilization is under way: there is one at a time.
    pub(crate) stabilizing: bool,
    /// Nodes that may be better successors; each is asked before it becomes one.
    pub(crate) hints: VecDeque<Contact>,
    /// Questions that wait for an answer, by transaction.
    pub(crate) calls: BTreeMap<u32, Call>,
    /// Of a thousand questions sent, about how many are lost, they or their answers; times 64.
    pub(crate) loss: u32,
    /// What a call to this node itself, or one that could not be made, came to.
    pub(crate) at_once: VecDeque<(Contact, Purpose, Result<Answer, Refusal>)>,
    /// Lookups under way.
    pub(crate) lookups: BTreeMap<u64, (Lookup, Wish)>,
    /// Announces and reads under way.
    pub(crate) operations: BTreeMap<u64, Operation>,
    /// The sequence number of the last announce.
    pub(crate) last_sequence: u32,
    /// The records.
    pub(crate) store: Store,
    /// The arcs held.
    pub(crate) holdings: Holdings,
    /// Arcs that moved away; their records are kept until then.
    pub(crate) retired: Vec<(RingArc, Time)>,
    /// Acquisitions under way.
    pub(crate) acquisitions: BTreeMap<u64, Acquisition>,
    /// Fetches under way.
    pub(crate) fetches: BTreeMap<u64, Fetch>,
    /// Answers that wait until learners have got what they acknowledge.
    pub(crate) deferred: BTreeMap<u64, Deferred>,
    /// When the neighbors will have been the same for long enough.
    pub(crate) settled_at: Time,
    /// When records that have run out are forgotten next.
    pub(crate) expire_at: Time,
    /// When an arc is compared with another replica next.
    pub(crate) compare_at: Time,
    /// The number of the next lookup, announce or read.
    pub(crate) next_number: u64,
    /// What is due when. Entries may be outdated: whoever takes one looks.
    pub(crate) timers: BTreeSet<(Time, Timer)>,
    /// Pings under way on behalf of others.
    pub(crate) probes: BTreeMap<u64, Asker>,
    /// How many of those there may be.
    pub(crate) probe_rate: Rates,
    /// Whether strangers reach this node, while it finds that out.
    pub(crate) probing: Option<Probing>,
    /// Tries in a row to which no stranger came.
    pub(crate) probe_tries: u8,
    /// What came of it.
    pub(crate) reachable: Option<bool>,
    /// Neighbors that do not answer this node but others: until when they are kept, and how often
    /// that was so.
    pub(crate) vouched: BTreeMap<RingId, (Time, u8)>,
    /// What each source may ask.
    pub(crate) question_rate: Rates,
    /// What each source may announce that is new here.
    pub(crate) record_rate: Rates,
    /// At which address others see this node.
    pub(crate) votes: Votes,
    /// The seals of a closed ring.
    pub(crate) seals: Option<Seals>,
    /// Whether the node has left.
    pub(crate) left: bool,
    /// Behind cookies and transactions.
    pub(crate) secrets: Secrets,
    /// For choices that need not be secret.
    pub(crate) random: Random,
    /// What goes out at the end of the turn.
    pub(crate) out: Vec<Output>,
}

impl Node {
    /// A node at an address: the one under which its neighbors see it. `secret` must come from the
    /// system's source of chance; everything else that is left to chance follows from it too.
    pub fn new(address: SocketAddr, settings: Arc<Settings>, secret: [u8; 32]) -> Self {
        let me = Contact::new(address);
        let seed = secret.iter().fold(0_u64, |seed, byte| {
            seed.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(*byte))
        });
        let secrets = Secrets::new(secret);
        Self {
            tag: settings.tag(),
            family: Family::of(address),
            hood: Neighborhood::new(me, &settings),
            fingers: Fingers::new(me.id),
            cache: ContactCache::new(me.id, settings.cache, settings.is_guarded()),
            standing: Standing::Client,
            bootstrap: Vec::new(),
            join_tries: 0,
            stabilizing: false,
            hints: VecDeque::new(),
            calls: BTreeMap::new(),
            loss: LOSS_ASSUMED_PERMILLE * 64,
            at_once: VecDeque::new(),
            lookups: BTreeMap::new(),
            operations: BTreeMap::new(),
            last_sequence: 0,
            store: Store::new(settings.is_guarded()),
            holdings: Holdings::default(),
            retired: Vec::new(),
            acquisitions: BTreeMap::new(),
            fetches: BTreeMap::new(),
            deferred: BTreeMap::new(),
            settled_at: Time::ZERO,
            expire_at: Time::ZERO,
            compare_at: Time::ZERO,
            next_number: 0,
            timers: BTreeSet::new(),
            probes: BTreeMap::new(),
            probe_rate: Rates::new(PROBES_PER_SECOND, PROBES_PER_SECOND),
            probing: None,
            probe_tries: 0,
            reachable: None,
            vouched: BTreeMap::new(),
            question_rate: Rates::new(QUESTIONS_PER_SECOND, QUESTIONS_BURST),
            record_rate: Rates::new(NEW_RECORDS_PER_SECOND, NEW_RECORDS_BURST),
            votes: Votes::new(address),
            seals: settings.key.clone().map(|key| Seals::new(key, secrets.session())),
            left: false,
            secrets,
            random: Random::new(seed),
            out: Vec::new(),
            settings,
        }
    }

    /// The node's own address and place.
    pub fn me(&self) -> Contact {
        self.hood.me
    }

    /// Where the node stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The node and its neighbors.
    pub fn neighborhood(&self) -> &Neighborhood {
        &self.hood
    }

    /// The node's fingers.
    pub fn fingers(&self) -> &Fingers {
        &self.fingers
    }

    /// The contacts that the node remembers: save them, and join through them after a restart.
    pub fn contacts(&self) -> &ContactCache {
        &self.cache
    }

    /// Questions that wait for an answer.
    pub fn calls_waiting(&self) -> usize {
        self.calls.len()
    }

    /// The node's records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The arcs that the node holds.
    pub fn holdings(&self) -> &Holdings {
        &self.holdings
    }

    /// Lookups under way.
    pub fn lookups_waiting(&self) -> usize {
        self.lookups.len()
    }

    /// Whether nodes that this one never asked could reach it; `None` as long as that is unknown.
    pub fn is_reachable(&self) -> Option<bool> {
        self.reachable
    }

    /// Datagrams that a closed ring's node did not take in; none in an open one.
    pub fn refused(&self) -> Refused {
        self.seals.as_ref().map(Seals::refused).unwrap_or_default()
    }

    /// Seconds since 1970 by the owner's clock.
    pub(crate) fn unix_seconds(&self, now: Time) -> u32 {
        let seconds = (self.settings.epoch_micros / 1_000_000) as u32;
        seconds.wrapping_add(now.since(Time::ZERO).as_secs() as u32)
    }

    /// About how many nodes the ring has, from how densely the neighbors lie.
    pub fn estimated_nodes(&self) -> u64 {
        let successors = self.hood.successors.entries();
        if self.hood.is_whole_ring() {
            return successors.len() as u64 + 1;
        }
        let Some(last) = successors.last() else { return 1 };
        let span = self.hood.me.id.distance_to(last.id).0;
        let span = u64::from_be_bytes(std::array::from_fn(|index| span[index])).max(1);
        (u128::from(u64::MAX) * successors.len() as u128 / u128::from(span)) as u64
    }

    /// Nodes that may be better successors, until they are asked.
    pub fn hints(&self) -> impl Iterator<Item = Contact> {
        self.hints.iter().copied()
    }

    /// Whether the node may answer for the ring.
    pub(crate) fn is_member(&self) -> bool {
        self.standing == Standing::Member
    }

    /// Tells the owner.
    pub(crate) fn tell(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    /// Draws a number for a lookup, announce or read.
    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// The places and nodes that this one can name: neighbors and fingers.
    pub(crate) fn acquaintances(&self) -> impl Iterator<Item = Contact> {
        let successors = self.hood.successors.entries().iter();
        let predecessors = self.hood.predecessors.entries().iter();
        let fingers = self.fingers.entries().map(|(_, contact)| contact);
        successors.chain(predecessors).copied().chain(fingers)
    }

    /// What is wrong with the node, for the invariants of tests and simulations.
    pub fn fault(&self) -> Option<&'static str> {
        let me = self.hood.me.id;
        let lists = self.hood.successors.fault().or_else(|| self.hood.predecessors.fault());
        let lists = lists.or_else(|| self.holdings.fault());
        let checks = [
            (self.fingers.entries().any(|(_, contact)| contact.id == me), "a finger points home"),
            (self.calls.values().any(|call| call.to.id == me), "a node asks itself"),
            (self.calls.len() > CALLS_MAX, "too many calls wait"),
            (self.lookups.len() > LOOKUPS_MAX, "too many lookups are under way"),
            (self.cache.len() > self.settings.cache, "too many contacts are remembered"),
            (self.hints.len() > HINTS_MAX, "too many hints are kept"),
            (!self.at_once.is_empty(), "something that came back at once was not taken in"),
        ];
        lists.or_else(|| checks.iter().find(|(wrong, _)| *wrong).map(|(_, fault)| *fault))
    }

    /// Up to `count` nodes before a place that are worth asking, the nearest first.
    pub(crate) fn closest_preceding(&self, now: Time, place: RingId, count: usize) -> Vec<Contact> {
        let me = self.hood.me.id;
        let mut found = self.cache.nearest_before(now, place, count);
        found.extend(self.acquaintances().filter(|contact| {
            contact.id.is_between(me, place) && self.cache.is_usable(now, contact.id)
        }));
        found.sort_by_key(|contact| contact.id.distance_to(place));
        found.dedup();
        found.truncate(count);
        found
    }
}
