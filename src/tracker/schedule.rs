//! When which tracker of a torrent is announced to, and with which event (BEP 3, BEP 12, BEP 27).
//!
//! Pure: time and what came of announces in, announces to make out. Every tier is a lane of its own
//! and has one tracker in use, because trackers of several tiers know different peers; a private
//! torrent has one lane, since its peers may come from one tracker at a time only.

use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, Retry};
use crate::tracker::lane::{Lane, Situation};
use crate::tracker::url::TrackerUrl;
use std::sync::Arc;
use std::time::Duration;

/// How many trackers may be in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One of each tier.
    EveryTier,
    /// One alone, of the first tier that has one that answers, as long as it does (BEP 27).
    OneAlone,
}

/// Names a tracker of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackerIndex {
    /// Which lane.
    lane: usize,
    /// Which of its slots.
    slot: usize,
}

/// An announce to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Names the tracker.
    pub tracker: TrackerIndex,
    /// Where it is.
    pub url: Arc<TrackerUrl>,
    /// What to say.
    pub event: AnnounceEvent,
    /// What the tracker asked to be told.
    pub tracker_id: Option<Box<[u8]>>,
    /// Another tracker was in use, whose peers are to be left if this one answers (BEP 27).
    pub switches: bool,
}

/// Whether announces are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not yet.
    Waiting,
    /// Yes.
    Running,
    /// Only last words.
    Leaving,
}

/// The announces of one torrent.
#[derive(Debug)]
pub struct Schedule {
    /// Trackers of which one is in use, each.
    lanes: Vec<Lane>,
    /// Whether announces are made.
    stage: Stage,
    /// Whether nothing is missing.
    complete: bool,
    /// Shuffles and scatters.
    random: Random,
}

impl Schedule {
    /// A schedule of these tiers that has not begun.
    pub fn new(tiers: &[Vec<Arc<TrackerUrl>>], rule: Rule, mut random: Random) -> Self {
        let lanes = match rule {
            Rule::OneAlone => vec![Lane::new(tiers, &mut random).faithful()],
            Rule::EveryTier => tiers.chunks(1).map(|tier| Lane::new(tier, &mut random)).collect(),
        };
        Self { lanes, stage: Stage::Waiting, complete: false, random }
    }

    /// The torrent exchanges pieces from now on.
    pub fn start(&mut self, now: Time, complete: bool) {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Running;
            self.complete = complete;
            self.lanes.iter_mut().for_each(|lane| lane.hurry(now));
        }
    }

    /// The last piece has come: trackers that know us without it are told at once.
    pub fn completed(&mut self, now: Time) {
        self.complete = true;
        let owing = self.lanes.iter_mut().filter(|lane| lane.owes_completed());
        owing.for_each(|lane| lane.hurry(now));
    }

    /// We leave: from now on only last words are due.
    pub fn stop(&mut self) {
        self.stage = Stage::Leaving;
    }

    /// The next announce to make now; to be called until there is none. `hungry` says that the
    /// torrent needs peers badly.
    pub fn due(&mut self, now: Time, hungry: bool) -> Option<Due> {
        let situation = Situation { complete: self.complete, hungry };
        let complete = self.complete;
        let stage = self.stage;
        let (lane, (slot, event)) = match stage {
            Stage::Waiting => None,
            Stage::Running => self
                .turns()
                .into_iter()
                .find_map(|at| Some((at, self.lanes[at].due(now, situation)?))),
            Stage::Leaving => self.lanes.iter_mut().enumerate().find_map(|(at, lane)| {
                let completed = if complete { lane.last_completed() } else { None };
                completed.or_else(|| lane.last_word()).map(|due| (at, due))
            }),
        }?;
        let found = self.lanes[lane].slot(slot)?;
        let (url, tracker_id) = (Arc::clone(&found.url), found.tracker_id.clone());
        let switches = stage == Stage::Running && self.lanes[lane].switches(slot);
        Some(Due { tracker: TrackerIndex { lane, slot }, url, event, tracker_id, switches })
    }

    /// Lanes in the order in which they are served, since there may be less room than lanes: those
    /// that were never asked before those that try again, and then who waits longest.
    fn turns(&self) -> Vec<usize> {
        let mut turns: Vec<usize> = (0..self.lanes.len()).collect();
        turns.sort_by_key(|&at| (self.lanes[at].was_asked(), self.lanes[at].deadline()));
        turns
    }

    /// When to call [`Self::due`] though nothing happened.
    pub fn deadline(&self) -> Option<Time> {
        if self.stage != Stage::Running {
            return None;
        }
        self.lanes.iter().filter_map(Lane::deadline).min()
    }

    /// A tracker answered.
    pub fn answered(&mut self, now: Time, tracker: TrackerIndex, reply: &AnnounceReply) {
        let Some(lane) = self.lanes.get_mut(tracker.lane) else { return };
        lane.answered(now, tracker.slot, reply, &mut self.random);
        if self.complete && lane.owes_completed() {
            // The last piece came while the announce was under way.
            lane.hurry(now);
        }
    }

    /// A tracker failed or refused. Tells when it is asked again, if ever.
    pub fn failed(&mut self, now: Time, tracker: TrackerIndex, retry: Retry) -> Option<Duration> {
        let lane = self.lanes.get_mut(tracker.lane)?;
        lane.failed(now, tracker.slot, retry, &mut self.random)
    }

    /// An announce was cut off, by us; that says nothing about its tracker.
    pub fn cut(&mut self, tracker: TrackerIndex) {
        if let Some(lane) = self.lanes.get_mut(tracker.lane) {
            lane.cut(tracker.slot);
        }
    }
}
