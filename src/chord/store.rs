//! What a node holds for the ring: under each key the peers that announced themselves, each with
//! a lease.
//!
//! Records merge without conflict, in any order and any number of times: of one address the higher
//! sequence number holds, of equal ones the one that says "gone", then the later end. "Gone" is a
//! record as well and outlives what it ends.

use super::contact::{is_local, write_address};
use super::message::{Flags, Peer, Record};
use super::neighborhood::Arc;
use super::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::{
    GONE_TOLD_SHARE, KEYS_MAX, LEASE_MAX, LEASES_MAX, PEERS_PER_KEY_MAX, PORTS_PER_SOURCE_MAX,
    RECORDS_PER_SOURCE_MAX, TOMBSTONE_TIME,
};
use sha1::{Digest, Sha1};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::time::Duration;

/// A stored peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// What is known of it.
    pub flags: Flags,
    /// Which of its announces this is.
    pub sequence: u32,
    /// When it is forgotten.
    pub expires: Time,
    /// Pings in a row that it missed.
    pub misses: u8,
    /// When it is pinged next.
    pub ping: Time,
    /// Stands for the record when replicas compare.
    digest: u64,
}

/// Why a record is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// The records of a node.
#[derive(Debug, Clone, Default)]
pub struct Store {
    /// By key and address.
    keys: BTreeMap<RingId, BTreeMap<SocketAddr, Lease>>,
    /// Records over all keys.
    leases: usize,
    /// Records of each source that is counted.
    sources: BTreeMap<IpAddr, u32>,
    /// Whether one source has only so many records, and ports under a key.
    guarded: bool,
}

impl Store {
    /// An empty store.
    pub fn new(guarded: bool) -> Self {
        Self { guarded, ..Self::default() }
    }

    /// Records over all keys.
    pub fn len(&self) -> usize {
        self.leases
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.leases == 0
    }

    /// Keys with records.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Takes a record in. True if it was news.
    pub fn put(&mut self, now: Time, record: &Record) -> Result<bool, Full> {
        let most = if record.flags.gone { TOMBSTONE_TIME } else { LEASE_MAX };
        let expires = now + Duration::from_secs(record.lease.into()).min(most);
        let full = self.leases >= LEASES_MAX;
        if !self.keys.contains_key(&record.key) && (full || self.keys.len() >= KEYS_MAX) {
            return Err(Full);
        }
        let peers = self.keys.entry(record.key).or_default();
        if let Some(known) = peers.get_mut(&record.address) {
            let order = |flags: Flags, sequence, expires| (sequence, flags.gone, expires);
            let newer = order(record.flags, record.sequence, expires)
                > order(known.flags, known.sequence, known.expires);
            let news = (record.sequence, record.flags.gone) > (known.sequence, known.flags.gone);
            if newer {
                // The same record coming round again must not make a dead peer look alive.
                let misses = if news { 0 } else { known.misses };
                *known = Lease { expires, misses, ping: known.ping, ..Lease::of(record, expires) };
            }
            return Ok(news);
        }
        let same_source = |address: &&SocketAddr| address.ip() == record.address.ip();
        let counted = self.guarded && !is_local(record.address);
        let source = record.address.ip();
        let crowded = counted
            && (peers.keys().filter(same_source).count() >= PORTS_PER_SOURCE_MAX
                || self.sources.get(&source).is_some_and(|have| *have >= RECORDS_PER_SOURCE_MAX));
        if full || crowded || peers.len() >= PEERS_PER_KEY_MAX {
            if peers.is_empty() {
                self.keys.remove(&record.key);
            }
            return Err(Full);
        }
        peers.insert(record.address, Lease::of(record, expires));
        self.leases += 1;
        if counted {
            *self.sources.entry(source).or_default() += 1;
        }
        Ok(true)
    }

    /// Peers of a key that are there, and how many there are, after those that have gone; at
    /// most `room` altogether. The gone get a quarter of that, the last ones first: other replicas
    /// may not have heard of them yet. If not all who are there fit, those after a random one.
    pub fn peers(
        &self,
        now: Time,
        key: RingId,
        (most, room): (usize, usize),
        chance: u64,
    ) -> (Vec<Peer>, usize) {
        let Some(peers) = self.keys.get(&key) else { return (Vec::new(), 0) };
        let valid = peers.iter().filter(|(_, lease)| lease.expires > now);
        let (mut gone, all): (Vec<_>, Vec<_>) = valid.partition(|(_, lease)| lease.flags.gone);
        gone.sort_by_key(|(address, lease)| (Reverse(lease.expires), **address));
        gone.truncate(room / GONE_TOLD_SHARE);
        let most = most.min(room - gone.len());
        let start = if all.len() > most { (chance % all.len() as u64) as usize } else { 0 };
        let there = all.iter().cycle().skip(start).take(most.min(all.len()));
        let told = gone.iter().chain(there).map(|(address, lease)| Peer {
            address: **address,
            flags: lease.flags,
            sequence: lease.sequence,
        });
        (told.collect(), all.len())
    }

    /// Records of an arc in order, after a given one, as many as fit into `bytes` with addresses
    /// of `width` bytes; and whether there are more.
    pub fn records(
        &self,
        now: Time,
        arc: Arc,
        after: Option<(RingId, SocketAddr)>,
        (bytes, width): (usize, usize),
    ) -> (Vec<Record>, bool) {
        let mut found: Vec<Record> = Vec::new();
        let mut left = bytes;
        let arc = after
            .filter(|(key, _)| arc.holds(*key))
            .map_or(arc, |(key, _)| Arc { begin: key.before(), end: arc.end });
        for (key, peers) in self.arc(arc) {
            for (address, lease) in peers {
                let passed = after.is_some_and(|(last, at)| *key == last && *address <= at);
                if passed || lease.expires <= now {
                    continue;
                }
                let head = found.last().is_none_or(|last| last.key != *key);
                let size = width
                    + super::packed::RECORD_TAIL
                    + if head { super::packed::GROUP_HEAD } else { 0 };
                if size > left {
                    return (found, true);
                }
                left -= size;
                let lease_left = lease.expires.since(now).as_secs().min(LEASE_MAX.as_secs()) as u16;
                found.push(Record {
                    key: *key,
                    address: *address,
                    flags: lease.flags,
                    sequence: lease.sequence,
                    lease: lease_left.max(1),
                });
            }
        }
        (found, false)
    }

    /// Digests of the sixteen parts of an arc: equal if, but for bad luck, the records are.
    pub fn digests(&self, arc: Arc) -> [u64; 16] {
        let mut digests = [0; 16];
        let ends: [RingId; 16] = std::array::from_fn(|part| part_of(arc, part).end);
        let mut part = 0;
        for (key, peers) in self.arc(arc) {
            while part < 15 && !key.is_within(arc.begin, ends[part]) {
                part += 1;
            }
            for lease in peers.values() {
                digests[part] ^= lease.digest;
            }
        }
        digests
    }

    /// Forgets what has run out.
    pub fn expire(&mut self, now: Time) {
        self.keep(|_, lease| lease.expires > now);
    }

    /// Forgets the records of keys that are not to be kept.
    pub fn keep_keys(&mut self, keep: impl Fn(RingId) -> bool) {
        self.keep(|key, _| keep(key));
    }

    /// All records, to see which are to be pinged.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (RingId, SocketAddr, &mut Lease)> {
        let keys = self.keys.iter_mut();
        keys.flat_map(|(key, peers)| {
            peers.iter_mut().map(move |(address, lease)| (*key, *address, lease))
        })
    }

    /// Whether there is a record of an address under a key.
    pub fn holds(&self, key: RingId, address: SocketAddr) -> bool {
        self.keys.get(&key).is_some_and(|peers| peers.contains_key(&address))
    }

    /// One record.
    pub fn get_mut(&mut self, key: RingId, address: SocketAddr) -> Option<&mut Lease> {
        self.keys.get_mut(&key)?.get_mut(&address)
    }

    /// One record as it travels.
    pub fn record(&self, now: Time, key: RingId, address: SocketAddr) -> Option<Record> {
        let lease = self.keys.get(&key)?.get(&address)?;
        let seconds = lease.expires.since(now).as_secs().min(LEASE_MAX.as_secs()) as u16;
        let (flags, sequence) = (lease.flags, lease.sequence);
        Some(Record { key, address, flags, sequence, lease: seconds })
    }

    fn keep(&mut self, keep: impl Fn(RingId, &Lease) -> bool) {
        let mut left = 0;
        let sources = &mut self.sources;
        self.keys.retain(|key, peers| {
            peers.retain(|address, lease| {
                let kept = keep(*key, lease);
                if !kept && let Some(have) = sources.get_mut(&address.ip()) {
                    *have -= 1;
                }
                kept
            });
            left += peers.len();
            !peers.is_empty()
        });
        self.leases = left;
        self.sources.retain(|_, have| *have > 0);
    }

    /// The keys of an arc, clockwise.
    fn arc(&self, arc: Arc) -> impl Iterator<Item = (&RingId, &BTreeMap<SocketAddr, Lease>)> {
        let wraps = arc.begin >= arc.end;
        let last = if wraps { Unbounded } else { Included(arc.end) };
        let behind = wraps.then(|| self.keys.range((Unbounded, Included(arc.end))));
        self.keys.range((Excluded(arc.begin), last)).chain(behind.into_iter().flatten())
    }
}

/// One of the sixteen parts of an arc. Arcs too short for that are all in the last one.
pub fn part_of(arc: Arc, part: usize) -> Arc {
    let whole = arc.begin == arc.end;
    let length = if whole { RingId([0xff; 20]) } else { arc.begin.distance_to(arc.end) };
    let step = length.sixteenth();
    let mut begin = arc.begin;
    for _ in 0..part {
        begin = begin.plus(step);
    }
    let end = if part >= 15 { arc.end } else { begin.plus(step) };
    Arc { begin, end }
}

impl Lease {
    fn of(record: &Record, expires: Time) -> Self {
        let mut bytes = record.key.0.to_vec();
        write_address(record.address, &mut bytes);
        bytes.extend(record.sequence.to_be_bytes());
        bytes.push(record.flags.to_bits());
        let digest: [u8; 20] = Sha1::digest(&bytes).into();
        Self {
            flags: record.flags,
            sequence: record.sequence,
            expires,
            misses: 0,
            ping: Time::ZERO,
            digest: digest.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte)),
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
