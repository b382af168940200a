//! One lane of trackers, of which one is announced to at a time: a tier of BEP 12, or all tiers one
//! behind the other for who may use only one tracker.
//!
//! Which is asked next: the first in order that may be asked; for who may use only one, the one in
//! use as long as it does not fail. The one that answers moves to the
//! front of its tier; one that fails has a pause of its own, and the next is asked at once.

use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{
    ANNOUNCE_HUNGRY_PAUSE, ANNOUNCE_INTERVAL, ANNOUNCE_INTERVAL_MAX, ANNOUNCE_INTERVAL_MIN,
    ANNOUNCE_JITTER_PART, TRACKER_PAUSE_MAX, TRACKER_PAUSE_MIN,
};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, Retry};
use crate::tracker::url::TrackerUrl;
use std::sync::Arc;
use std::time::Duration;

/// One tracker and what is remembered of it.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its address.
    pub(super) url: Arc<TrackerUrl>,
    /// Which tier it is of.
    tier: usize,
    /// Failures since it answered last.
    failures: u32,
    /// Not to be asked before; never if there is no such time.
    again: Option<Time>,
    /// It answered a `started`.
    started: bool,
    /// It answered an announce that said that something was missing.
    saw_missing: bool,
    /// It answered a `completed`.
    completed: bool,
    /// It was told that we leave, or that failed: nothing more is said to it.
    left: bool,
    /// It is being told of completion before we leave.
    speaking: bool,
    /// What it asked to be told.
    pub(super) tracker_id: Option<Box<[u8]>>,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    /// To which slot.
    slot: usize,
    /// Which event.
    event: AnnounceEvent,
    /// Whether it says that something is missing.
    missing: bool,
}

/// One lane.
#[derive(Debug)]
pub(super) struct Lane {
    /// Its trackers; their places never change.
    slots: Vec<Slot>,
    /// Places of the slots in the order in which they are asked.
    order: Vec<usize>,
    /// When the next announce is due.
    next: Time,
    /// When it is due for a torrent that has no peers.
    early: Time,
    /// The announce under way.
    under_way: Option<UnderWay>,
    /// Whether any of its trackers was ever asked.
    asked: bool,
    /// The tracker that answered last.
    in_use: Option<usize>,
    /// Whether that one is left only when it fails (BEP 27).
    faithful: bool,
}

/// What a lane is told of its torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    /// Nothing is missing.
    pub(super) complete: bool,
    /// More peers are wanted badly.
    pub(super) hungry: bool,
}

impl Lane {
    /// A lane of these tiers, each shuffled once (BEP 12).
    pub(super) fn new(tiers: &[Vec<Arc<TrackerUrl>>], random: &mut Random) -> Self {
        let (mut slots, mut order) = (Vec::new(), Vec::new());
        for (tier, urls) in tiers.iter().enumerate() {
            let first = slots.len();
            slots.extend(urls.iter().map(|url| Slot {
                url: Arc::clone(url),
                tier,
                failures: 0,
                again: Some(Time::ZERO),
                started: false,
                saw_missing: false,
                completed: false,
                left: false,
                speaking: false,
                tracker_id: None,
            }));
            let mut places: Vec<usize> = (first..slots.len()).collect();
            random.shuffle(&mut places);
            order.extend(places);
        }
        let (next, early) = (Time::ZERO, Time::ZERO);
        let (under_way, in_use) = (None, None);
        Self { slots, order, next, early, under_way, asked: false, in_use, faithful: false }
    }

    /// The same lane, which leaves the tracker in use only when that fails.
    pub(super) fn faithful(self) -> Self {
        Self { faithful: true, ..self }
    }

    /// Whether to announce to this slot is to leave another that was in use.
    pub(super) fn switches(&self, slot: usize) -> bool {
        self.faithful && self.in_use.is_some_and(|in_use| in_use != slot)
    }

    /// One of its trackers.
    pub(super) fn slot(&self, slot: usize) -> Option<&Slot> {
        self.slots.get(slot)
    }

    /// Whether any of its trackers was ever asked.
    pub(super) fn was_asked(&self) -> bool {
        self.asked
    }

    /// Everything is due now.
    pub(super) fn hurry(&mut self, now: Time) {
        (self.next, self.early) = (now, now);
    }

    /// Whether a tracker that is in use has to be told that the torrent is complete.
    pub(super) fn owes_completed(&self) -> bool {
        self.in_use.and_then(|slot| self.slots.get(slot)).is_some_and(Slot::owes_completed)
    }

    /// The announce to make now, which is under way from now on.
    pub(super) fn due(
        &mut self,
        now: Time,
        situation: Situation,
    ) -> Option<(usize, AnnounceEvent)> {
        if self.under_way.is_some() {
            return None;
        }
        if now < self.next {
            if now < self.early {
                return None;
            }
            if !situation.hungry {
                self.early = now + ANNOUNCE_HUNGRY_PAUSE;
                return None;
            }
        }
        let ready = |&slot: &usize| self.slots[slot].again.is_some_and(|again| again <= now);
        let kept = self.in_use.filter(|slot| self.faithful && ready(slot));
        let slot = kept.or_else(|| self.order.iter().copied().find(ready))?;
        let event = self.slots[slot].event(situation.complete);
        self.under_way = Some(UnderWay { slot, event, missing: !situation.complete });
        self.asked = true;
        Some((slot, event))
    }

    /// When something is due though nothing happens.
    pub(super) fn deadline(&self) -> Option<Time> {
        if self.under_way.is_some() {
            return None;
        }
        let again = self.slots.iter().filter_map(|slot| slot.again).min()?;
        Some(self.next.min(self.early).max(again))
    }

    /// The last word to be said now: one for each tracker that knows us, when nothing else is being
    /// said to it. All are said at once, not one for the lane.
    pub(super) fn last_word(&mut self) -> Option<(usize, AnnounceEvent)> {
        let busy = self.under_way.map(|under_way| under_way.slot);
        let mut slots = self.slots.iter().enumerate();
        let (slot, _) = slots
            .find(|(at, slot)| slot.started && !slot.left && !slot.speaking && busy != Some(*at))?;
        self.slots[slot].left = true;
        Some((slot, AnnounceEvent::Stopped))
    }

    /// A tracker that has to be told of completion before it is told that we leave.
    pub(super) fn last_completed(&mut self) -> Option<(usize, AnnounceEvent)> {
        let busy = self.under_way.map(|under_way| under_way.slot);
        let mut slots = self.slots.iter().enumerate();
        let (slot, _) = slots.find(|(at, slot)| {
            slot.started && !slot.left && slot.owes_completed() && busy != Some(*at)
        })?;
        (self.slots[slot].completed, self.slots[slot].speaking) = (true, true);
        Some((slot, AnnounceEvent::Completed))
    }

    /// A tracker answered.
    pub(super) fn answered(
        &mut self,
        now: Time,
        slot: usize,
        reply: &AnnounceReply,
        random: &mut Random,
    ) {
        let Some(done) = self.take_under_way(slot) else { return };
        let Some(found) = self.slots.get_mut(slot) else { return };
        found.failures = 0;
        found.started = true;
        found.saw_missing |= done.missing;
        found.completed |= done.event == AnnounceEvent::Completed;
        if reply.tracker_id.is_some() {
            found.tracker_id.clone_from(&reply.tracker_id);
        }
        let floor = span(reply.min_interval, ANNOUNCE_INTERVAL_MIN);
        let interval = span(reply.interval, ANNOUNCE_INTERVAL).max(floor);
        found.again = Some(now);
        self.in_use = Some(slot);
        self.next = now + interval + jitter(interval, random);
        self.early = now + floor.max(ANNOUNCE_HUNGRY_PAUSE).min(interval);
        self.promote(slot);
    }

    /// A tracker failed or refused. Tells when it is asked again.
    pub(super) fn failed(
        &mut self,
        now: Time,
        slot: usize,
        retry: Retry,
        random: &mut Random,
    ) -> Option<Duration> {
        self.take_under_way(slot)?;
        let found = self.slots.get_mut(slot)?;
        let doubled = TRACKER_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(found.failures));
        let usual = doubled.min(TRACKER_PAUSE_MAX);
        let usual = usual + jitter(usual, random);
        found.failures = (found.failures + 1).min(16);
        let pause = match retry {
            Retry::AsUsual => Some(usual),
            Retry::After(asked) => Some(asked.clamp(usual, ANNOUNCE_INTERVAL_MAX)),
            Retry::Never => None,
        };
        found.again = pause.map(|pause| now + pause);
        // Whoever comes next in the lane is asked at once.
        self.hurry(now);
        pause
    }

    /// The announce under way was cut off.
    pub(super) fn cut(&mut self, slot: usize) {
        self.take_under_way(slot);
    }

    fn take_under_way(&mut self, slot: usize) -> Option<UnderWay> {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.speaking = false;
        }
        self.under_way.take_if(|under_way| under_way.slot == slot)
    }

    /// Moves a slot to the front of its tier.
    fn promote(&mut self, slot: usize) {
        let tier = self.slots[slot].tier;
        let first = self.order.iter().position(|&other| self.slots[other].tier == tier);
        let place = self.order.iter().position(|&other| other == slot);
        if let (Some(first), Some(place)) = (first, place)
            && first < place
        {
            self.order[first..=place].rotate_right(1);
        }
    }
}

impl Slot {
    /// What the next announce to it says.
    fn event(&self, complete: bool) -> AnnounceEvent {
        if !self.started {
            AnnounceEvent::Started
        } else if complete && self.owes_completed() {
            AnnounceEvent::Completed
        } else {
            AnnounceEvent::Regular
        }
    }

    /// Whether it believes that something is missing, once nothing is.
    fn owes_completed(&self) -> bool {
        self.saw_missing && !self.completed
    }
}

/// What a tracker says in seconds, within bounds.
fn span(seconds: Option<u32>, otherwise: Duration) -> Duration {
    let told = seconds.filter(|&seconds| seconds > 0).map(|s| Duration::from_secs(u64::from(s)));
    told.unwrap_or(otherwise).clamp(ANNOUNCE_INTERVAL_MIN, ANNOUNCE_INTERVAL_MAX)
}

/// A random part of it, at most one in [`ANNOUNCE_JITTER_PART`].
fn jitter(of: Duration, random: &mut Random) -> Duration {
    let most = u32::try_from(of.as_millis()).unwrap_or(u32::MAX) / ANNOUNCE_JITTER_PART;
    Duration::from_millis(u64::from(random.below(most.max(1))))
}
