//! What a simulated world is made of: torrents, clients with their manners, and who leaves when.

use cuerda::kit::random::Random;
use std::ops::Range;
use std::time::Duration;

/// Bytes of a block.
pub(crate) const BLOCK: u64 = 16_384;

/// How a client serves what it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serving {
    /// As it should.
    Honest,
    /// It unchokes, takes requests, and never answers.
    Never,
    /// Of a hundred blocks that many are wrong.
    Lies(u32),
    /// Of a hundred requests that many are forgotten.
    Forgets(u32),
}

impl Serving {
    /// What is said of a block, if anything; `chance` is one of a hundred.
    pub(crate) fn says(self, chance: u32, truth: u64, lie: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Lies(percent) if chance < percent => Some(lie),
            Self::Forgets(percent) if chance < percent => None,
            Self::Honest | Self::Lies(_) | Self::Forgets(_) => Some(truth),
        }
    }
}

/// What a disk cannot do with one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A peer's thread cannot write to it.
    Write,
    /// A hash thread cannot read it.
    Hash,
    /// A peer's thread cannot read it.
    Read,
}

/// A client.
#[derive(Debug, Clone)]
pub(crate) struct ClientPlan {
    /// The torrents it takes part in: number, and of a hundred pieces how many it has.
    pub(crate) torrents: Vec<(usize, u32)>,
    /// How it serves.
    pub(crate) serving: Serving,
    /// Whether it speaks the Fast extension.
    pub(crate) fast: bool,
    /// It chokes and unchokes at random that often.
    pub(crate) flaps: Option<Duration>,
    /// Bytes a second that it sends at most, over all its connections.
    pub(crate) uplink: u64,
    /// When it comes.
    pub(crate) comes: Duration,
    /// When it is gone without a word; its peers see the stream end, or nothing at all.
    pub(crate) vanishes: Option<(Duration, Silence)>,
    /// Upload slots.
    pub(crate) slots: u32,
    /// Clients that it dials.
    pub(crate) dials: Vec<usize>,
    /// How long a hash takes.
    pub(crate) hashing: Range<Duration>,
    /// How long a write takes, during which the peer's thread does nothing else.
    pub(crate) writing: Range<Duration>,
    /// What its disk cannot do, and with which piece of torrent 0.
    pub(crate) broken: Option<(Broken, u32)>,
    /// When its disk is full for a while, if ever.
    pub(crate) full: Option<FullDisk>,
}

/// A disk that is full, until somebody makes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FullDisk {
    /// Blocks that there is room for before.
    pub(crate) blocks: u32,
    /// How often it is probed in vain.
    pub(crate) probes: u32,
}

/// What the peers of a client see when it vanishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The end of the stream.
    Closed,
    /// Nothing.
    Total,
}

/// A torrent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TorrentPlan {
    /// Bytes of a piece.
    pub(crate) piece_length: u64,
    /// Bytes of all of it.
    pub(crate) length: u64,
}

/// A world.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// All chance comes from this.
    pub(crate) seed: u64,
    /// Torrents.
    pub(crate) torrents: Vec<TorrentPlan>,
    /// Clients.
    pub(crate) clients: Vec<ClientPlan>,
    /// Time between two ends of a connection, one way.
    pub(crate) latency: Range<Duration>,
    /// Everything is looked at after every so many events of a client.
    pub(crate) audit_every: u32,
    /// All downloads that can complete are complete by then.
    pub(crate) limit: Duration,
}

impl ClientPlan {
    /// An honest client with that much of torrent 0.
    pub(crate) fn new(percent: u32, uplink: u64) -> Self {
        Self {
            torrents: vec![(0, percent)],
            serving: Serving::Honest,
            fast: true,
            flaps: None,
            uplink,
            comes: Duration::ZERO,
            vanishes: None,
            slots: 8,
            dials: Vec::new(),
            hashing: millis(1)..millis(20),
            writing: millis(0)..millis(0),
            broken: None,
            full: None,
        }
    }

    /// Whether it must have everything in the end, or say that it cannot.
    pub(crate) fn is_to_end(&self) -> bool {
        self.vanishes.is_none()
    }

    /// Whether its disk ends its torrent: what cannot be written or compared cannot be had. What
    /// cannot be read for a peer ends only that connection.
    pub(crate) fn is_to_fail(&self) -> bool {
        self.vanishes.is_none() && matches!(self.broken, Some((Broken::Write | Broken::Hash, _)))
    }
}

impl Plan {
    /// A world with one torrent, one seed and so many that have nothing; everybody dials some of
    /// those before.
    pub(crate) fn swarm(seed: u64, torrent: TorrentPlan, leechers: usize, uplink: u64) -> Self {
        let mut plan = Self {
            seed,
            torrents: vec![torrent],
            clients: vec![ClientPlan::new(100, uplink)],
            latency: millis(1)..millis(60),
            audit_every: 1,
            limit: Duration::from_secs(600),
        };
        plan.clients.extend((0..leechers).map(|_| ClientPlan::new(0, uplink)));
        plan.introduce(20);
        plan
    }

    /// Everybody dials at most so many of those before, and always one seed if there is one.
    pub(crate) fn introduce(&mut self, most: usize) {
        let mut random = Random::new(self.seed ^ 0xd1a1);
        for client in 1..self.clients.len() {
            let mut others: Vec<usize> = (0..client).collect();
            random.shuffle(&mut others);
            others.truncate(most);
            if !others.contains(&0) {
                others.push(0);
            }
            self.clients[client].dials = others;
        }
    }
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A duration drawn from a range.
pub(crate) fn draw(random: &mut Random, range: &Range<Duration>) -> Duration {
    let width = range.end.saturating_sub(range.start).as_micros() as u32;
    range.start + Duration::from_micros(u64::from(random.below(width.max(1))))
}
