//! The `choker` thread: runs the rounds of [`Choker`] over the peers' counters and publishes what
//! changes.

use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Waited};
use crate::limits::{CHOKE_ROUND, RECHOKE_PAUSE, SPARE_PAUSE};
use crate::swarm::choker::{Change as Verdict, Choker, Sample};
use crate::swarm::event::Event;
use crate::swarm::state::{PeerKey, TorrentKey};
use crate::threads::bus::{Bus, BusClosed};
use crate::threads::roll::{Change, NewsFlag, Roll};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What the choker is told. At most one of each waits.
#[derive(Debug)]
pub enum ChokerOrder {
    /// Peers came or went, or were given a free slot: look at the roll.
    Look,
    /// A slot is free; see [`ChokerPost::free`].
    Rechoke,
    /// All places are taken: name a peer that can be spared. The main thread says so once before
    /// it has an answer.
    NameSpare,
}

/// A peer, as far as the choker looks at it.
#[derive(Debug)]
pub struct Watched {
    /// Its torrent.
    pub torrent: TorrentKey,
    /// What its torrent's peers share.
    pub shared: Arc<SharedTorrent>,
    /// Its figures.
    pub counters: Arc<PeerCounters>,
}

/// What the main thread and the choker share besides a mailbox.
#[derive(Debug, Clone, Default)]
pub struct ChokerPost {
    /// Who has joined; marked are those that the main thread gave a free slot.
    pub roll: Roll<Watched>,
    /// Whether the choker knows that a slot is free.
    pub free: NewsFlag,
}

/// What the thread owns.
#[derive(Debug)]
pub struct ChokerThread {
    /// What it is told.
    letters: Letters<ChokerOrder>,
    /// What it shares with the main thread.
    post: ChokerPost,
    /// Where it publishes.
    bus: Bus,
    /// What time it is.
    clock: Clock,
    /// Who decides.
    choker: Choker,
    /// Whom it watches.
    watched: HashMap<PeerKey, Watched>,
}

impl ChokerThread {
    /// A choker with nobody to watch.
    pub fn new(
        (letters, post): (Letters<ChokerOrder>, ChokerPost),
        bus: Bus,
        clock: Clock,
        choker: Choker,
    ) -> Self {
        Self { letters, post, bus, clock, choker, watched: HashMap::new() }
    }

    /// The thread's body. Ends when nobody can give orders any more.
    pub fn run(mut self) {
        let mut round_at = self.clock.now() + CHOKE_ROUND;
        let (mut fill_at, mut spare_at): (Option<Time>, Option<Time>) = (None, None);
        let mut spared_at = Time::ZERO;
        loop {
            let now = self.clock.now();
            let next = [fill_at, spare_at].into_iter().flatten().fold(round_at, Time::min);
            // Nobody to watch: nothing is due before somebody joins.
            let busy = !self.watched.is_empty() || spare_at.is_some();
            let timeout = busy.then(|| next.since(now));
            match self.letters.wait(timeout) {
                Waited::Word(ChokerOrder::Rechoke) => {
                    self.post.free.lower();
                    fill_at = fill_at.or(Some(now + RECHOKE_PAUSE));
                }
                Waited::Word(ChokerOrder::NameSpare) => {
                    spare_at = spare_at.or(Some(spared_at + SPARE_PAUSE));
                }
                Waited::Word(ChokerOrder::Look) => self.look(),
                Waited::Timeout => {}
                Waited::Closed => return,
            }
            let now = self.clock.now();
            if spare_at.is_some_and(|due| now >= due) {
                (spare_at, spared_at) = (None, now);
                let samples: Vec<_> = self.samples().collect();
                let spare = self.choker.spare(now, &samples);
                if self.bus.publish(Event::Spare(spare)).is_err() {
                    return;
                }
            }
            let mut samples = Vec::new();
            let changes = if now >= round_at {
                round_at = now + CHOKE_ROUND;
                samples.extend(self.samples());
                self.choker.round(now, &mut samples)
            } else if fill_at.is_some_and(|due| now >= due) {
                fill_at = None;
                samples.extend(self.samples());
                self.choker.fill(now, &mut samples)
            } else {
                continue;
            };
            if self.publish(&changes).is_err() {
                return;
            }
        }
    }

    /// Looks who came and went, and who was given a slot.
    fn look(&mut self) {
        let now = self.clock.now();
        self.post.roll.look();
        while let Some(Change { left, came, marked }) = self.post.roll.take() {
            if let Some(peer) = left {
                self.choker.left(peer);
                self.watched.remove(&peer);
            }
            if let Some((peer, watched)) = came {
                self.choker.joined(now, peer);
                self.watched.insert(peer, watched);
            }
            if let Some(peer) = marked {
                let uploaded =
                    self.watched.get(&peer).map_or(0, |peer| peer.counters.uploaded.load(Relaxed));
                self.choker.unchoked(now, peer, uploaded);
            }
        }
    }

    fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.watched.iter().map(|(&peer, watched)| {
            let counters = &watched.counters;
            Sample {
                peer,
                torrent: watched.torrent,
                seeding: watched.shared.is_complete(),
                piece_length: u64::from(watched.shared.layout.piece_length()),
                downloaded: counters.downloaded.load(Relaxed),
                uploaded: counters.uploaded.load(Relaxed),
                interested: counters.interested.load(Relaxed),
                wanted: counters.wanted.load(Relaxed),
                snubbing: counters.snubbing.load(Relaxed),
            }
        })
    }

    fn publish(&self, changes: &[Verdict]) -> Result<(), BusClosed> {
        changes.iter().try_for_each(|change| {
            self.bus.publish(Event::Choke { peer: change.peer, unchoke: change.unchoke })
        })
    }
}
