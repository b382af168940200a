//! Whom to unchoke: rounds of a pure core (BEP 3). It sorts, so it is not the main thread's work;
//! a thread of its own runs it over the peers' counters and publishes what changed.
//!
//! While we download, those peers get slots that gave us most since the round before; peers that
//! keep us waiting get none (anti-snubbing). Once complete, slots go round: a peer keeps its slot
//! until it had a minute and twenty pieces, then those that waited longest follow. One more slot
//! is optimistic and changes every third round, newcomers being three times as likely. Peers that
//! want nothing hold no slot.

use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{
    NEWCOMER_AGE, OPTIMISTIC_ROUNDS, SEED_SLOT_PIECES, SEED_SLOT_TIME, SEED_SLOT_TIME_MAX,
    SPARE_AGE,
};
use crate::swarm::state::{PeerKey, TorrentKey};
use std::cmp::Reverse;
use std::collections::HashMap;

/// How many peers of a torrent may download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// By merit.
    pub regular: usize,
    /// By chance.
    pub optimistic: usize,
}

/// What the choker is shown of a peer.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Who.
    pub peer: PeerKey,
    /// In which torrent.
    pub torrent: TorrentKey,
    /// Whether we have all of the torrent.
    pub seeding: bool,
    /// Bytes of a piece of the torrent.
    pub piece_length: u64,
    /// Bytes it gave us.
    pub downloaded: u64,
    /// Bytes it got of us.
    pub uploaded: u64,
    /// Whether it wants something.
    pub interested: bool,
    /// Whether we want something of it.
    pub wanted: bool,
    /// Whether it keeps us waiting.
    pub snubbing: bool,
}

/// One change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub peer: PeerKey,
    /// Whether it may download from now on.
    pub unchoke: bool,
}

/// Why the choker chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It is time for a round, and perhaps for another optimistic peer.
    Round {
        /// Whether the optimistic peer changes.
        rotate: bool,
    },
    /// A slot became free: who has one keeps it.
    Fill,
}

/// What the choker remembers of a peer.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// When it joined.
    joined: Time,
    /// Whether it may download.
    unchoked: bool,
    /// Whether that is by chance.
    optimistic: bool,
    /// When that began, or when its waiting began.
    since: Time,
    /// Bytes it had got when its slot began.
    uploaded_at_slot: u64,
    /// When it was last seen to be of use to either side.
    used_at: Time,
    /// Bytes it had given at the last round.
    downloaded: u64,
    /// Bytes it had got at the last round.
    uploaded: u64,
}

/// The choker.
#[derive(Debug)]
pub struct Choker {
    /// Slots of each torrent.
    slots: Slots,
    /// What it remembers. Never iterated, so its order does not matter.
    rows: HashMap<PeerKey, Row>,
    /// Rounds so far.
    rounds: u32,
    /// Who is lucky.
    random: Random,
}

impl Choker {
    /// A choker that gives each torrent that many slots.
    pub fn new(slots: Slots, seed: u64) -> Self {
        Self { slots, rows: HashMap::new(), rounds: 0, random: Random::new(seed) }
    }

    /// A peer joined. The main thread unchokes it by itself if a slot is free.
    pub fn joined(&mut self, now: Time, peer: PeerKey) {
        let row = Row {
            joined: now,
            unchoked: false,
            optimistic: false,
            since: now,
            uploaded_at_slot: 0,
            used_at: now,
            downloaded: 0,
            uploaded: 0,
        };
        self.rows.insert(peer, row);
    }

    /// A peer left.
    pub fn left(&mut self, peer: PeerKey) {
        self.rows.remove(&peer);
    }

    /// The main thread let a peer download because a slot was free.
    pub fn unchoked(&mut self, now: Time, peer: PeerKey, uploaded: u64) {
        if let Some(row) = self.rows.get_mut(&peer).filter(|row| !row.unchoked) {
            (row.unchoked, row.since, row.uploaded_at_slot) = (true, now, uploaded);
        }
    }

    /// A full round over all peers of all torrents: who changes.
    ///
    /// Cost: a sort of the peers.
    pub fn round(&mut self, now: Time, samples: &mut [Sample]) -> Vec<Change> {
        let rotate = self.rounds.is_multiple_of(OPTIMISTIC_ROUNDS);
        self.rounds = self.rounds.wrapping_add(1);
        samples.sort_unstable_by_key(|sample| (sample.torrent, sample.peer));
        let mut changes = Vec::new();
        for group in samples.chunk_by_mut(|a, b| a.torrent == b.torrent) {
            self.choose(now, group, Turn::Round { rotate }, &mut changes);
        }
        for sample in samples.iter() {
            if let Some(row) = self.rows.get_mut(&sample.peer) {
                row.used_at = if is_of_use(row, sample) { now } else { row.used_at };
                (row.downloaded, row.uploaded) = (sample.downloaded, sample.uploaded);
            }
        }
        changes
    }

    /// A slot became free between rounds: give it to somebody of those torrents that lack one.
    pub fn fill(&mut self, now: Time, samples: &mut [Sample]) -> Vec<Change> {
        samples.sort_unstable_by_key(|sample| (sample.torrent, sample.peer));
        let mut changes = Vec::new();
        for group in samples.chunk_by_mut(|a, b| a.torrent == b.torrent) {
            self.choose(now, group, Turn::Fill, &mut changes);
        }
        changes
    }

    /// The peer that was of no use to either side for the longest time, if that is long enough.
    ///
    /// Cost: a look at each peer.
    pub fn spare(&self, now: Time, samples: &[Sample]) -> Option<PeerKey> {
        let idle = samples.iter().filter_map(|sample| {
            let row = self.rows.get(&sample.peer)?;
            let long = now.since(row.used_at) >= SPARE_AGE;
            (long && !row.unchoked && !is_of_use(row, sample)).then_some((row.used_at, sample.peer))
        });
        idle.min().map(|(_, peer)| peer)
    }

    fn choose(&mut self, now: Time, group: &mut [Sample], turn: Turn, changes: &mut Vec<Change>) {
        let rows = &self.rows;
        group.sort_by_cached_key(|sample| Reverse(rank(rows, now, sample, turn)));
        let wanting = |sample: &&Sample| sample.interested && rows.contains_key(&sample.peer);
        let merit = |sample: &&Sample| sample.seeding || !sample.snubbing;
        let regular: Vec<PeerKey> = group
            .iter()
            .filter(wanting)
            .filter(merit)
            .take(self.slots.regular)
            .map(|sample| sample.peer)
            .collect();
        let rest: Vec<PeerKey> = group
            .iter()
            .filter(wanting)
            .map(|sample| sample.peer)
            .filter(|peer| !regular.contains(peer))
            .collect();
        let lucky = self.lucky(now, &rest, turn == Turn::Round { rotate: true });
        for sample in group.iter() {
            let Some(row) = self.rows.get_mut(&sample.peer) else { continue };
            let optimistic = lucky.contains(&sample.peer);
            let unchoke = optimistic || regular.contains(&sample.peer);
            row.optimistic = optimistic;
            if row.unchoked != unchoke {
                (row.unchoked, row.since, row.uploaded_at_slot) = (unchoke, now, sample.uploaded);
                changes.push(Change { peer: sample.peer, unchoke });
            }
        }
    }

    /// The optimistic peers: those of the last time unless it is time to change.
    fn lucky(&mut self, now: Time, rest: &[PeerKey], rotate: bool) -> Vec<PeerKey> {
        let is_lucky = |peer: &PeerKey| self.rows.get(peer).is_some_and(|row| row.optimistic);
        let mut lucky: Vec<PeerKey> = Vec::new();
        if !rotate {
            lucky.extend(rest.iter().copied().filter(is_lucky).take(self.slots.optimistic));
        }
        let mut tickets: Vec<PeerKey> = Vec::new();
        for peer in rest.iter().filter(|peer| !lucky.contains(peer)) {
            let young = |row: &Row| now.since(row.joined) < NEWCOMER_AGE;
            let count = if self.rows.get(peer).is_some_and(young) { 3 } else { 1 };
            tickets.extend(std::iter::repeat_n(*peer, count));
        }
        while lucky.len() < self.slots.optimistic && !tickets.is_empty() {
            let winner = tickets[self.random.below(tickets.len() as u32) as usize];
            tickets.retain(|peer| *peer != winner);
            lucky.push(winner);
        }
        lucky
    }
}

/// Whether one side wants something of the other, or bytes moved since the last round.
fn is_of_use(row: &Row, sample: &Sample) -> bool {
    let moved = (row.downloaded, row.uploaded) != (sample.downloaded, sample.uploaded);
    sample.interested || sample.wanted || moved
}

/// What a peer deserves; more is better. Ties go to those that waited longest.
fn rank(rows: &HashMap<PeerKey, Row>, now: Time, sample: &Sample, turn: Turn) -> (u64, u64) {
    let Some(row) = rows.get(&sample.peer) else { return (0, 0) };
    let held = u64::MAX - row.since.as_nanos();
    if turn == Turn::Fill && row.unchoked && !row.optimistic {
        return (u64::MAX, held);
    }
    if !sample.seeding {
        return (sample.downloaded.saturating_sub(row.downloaded), held);
    }
    let sent = sample.uploaded.saturating_sub(row.uploaded_at_slot);
    let held_for = now.since(row.since);
    let quota = sent >= SEED_SLOT_PIECES.saturating_mul(sample.piece_length);
    // Who takes nothing, or is too slow for its quota, does not keep others waiting for ever.
    let stalled = sample.uploaded == row.uploaded;
    let served = held_for >= SEED_SLOT_TIME && (quota || stalled) || held_for >= SEED_SLOT_TIME_MAX;
    (u64::from(row.unchoked && !served) * 2 + u64::from(!row.unchoked), held)
}

#[cfg(test)]
#[path = "choker_tests.rs"]
mod tests;
