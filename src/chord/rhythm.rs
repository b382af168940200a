//! When turns of maintenance come: fast after a change, ever slower while nothing happens, and
//! never at the same moment on all nodes. Owned by whoever drives the node; pure as well.

use super::input::Turn;
use super::settings::Periods;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use std::collections::BTreeSet;
use std::time::Duration;

/// Turns to merge come this fast after another ring was met, and for so long.
const MERGE_FAST: Duration = Duration::from_secs(1);
/// See [`MERGE_FAST`].
const MERGE_FAST_TIME: Duration = Duration::from_secs(20);
/// Fingers come this fast until all of them were looked up once.
const FINGER_FAST: Duration = Duration::from_millis(250);
/// Turns between two looks at the store.
const REPAIR_TURN: Duration = Duration::from_secs(1);
/// The store's addresses are looked over this often; each is pinged once a period.
const LIVENESS_TURN: Duration = Duration::from_secs(1);

/// When turns come.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// How often at most and at least.
    periods: Periods,
    /// The pause after the next stabilization.
    stabilize: Duration,
    /// Until when turns to merge come fast.
    merge_until: Time,
    /// Whether all fingers were looked up once.
    fingers_complete: bool,
    /// Whether the ring is large.
    large: bool,
    /// Turns to come.
    due: BTreeSet<(Time, Turn)>,
    /// Keeps nodes from moving in step.
    random: Random,
}

impl Rhythm {
    /// A rhythm that begins now.
    pub fn new(now: Time, periods: Periods, seed: u64) -> Self {
        let mut rhythm = Self {
            periods,
            stabilize: periods.stabilize_fast,
            merge_until: Time::ZERO,
            fingers_complete: false,
            large: false,
            due: BTreeSet::new(),
            random: Random::new(seed),
        };
        for turn in Turn::ALL {
            rhythm.plan(now, turn);
        }
        rhythm
    }

    /// When the next turn is due.
    pub fn deadline(&self) -> Time {
        self.due.first().map_or(Time::from_nanos(u64::MAX), |(at, _)| *at)
    }

    /// The next turn, if it is due.
    pub fn next(&mut self, now: Time) -> Option<Turn> {
        let (at, turn) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        if turn == Turn::Stabilize {
            let slowest =
                if self.large { self.periods.stabilize_large } else { self.periods.stabilize_slow };
            self.stabilize = (self.stabilize * 6 / 5).min(slowest);
        }
        self.plan(now, turn);
        Some(turn)
    }

    /// The neighbors changed.
    pub fn changed(&mut self, now: Time) {
        self.stabilize = self.periods.stabilize_fast;
        self.hasten(now, Turn::Stabilize);
        self.hasten(now, Turn::CheckPredecessor);
    }

    /// Another ring was met.
    pub fn merging(&mut self, now: Time) {
        self.merge_until = now + MERGE_FAST_TIME;
        self.hasten(now, Turn::Merge);
    }

    /// What the node knows of its ring: whether all fingers were looked up once, and whether there
    /// are over a thousand nodes.
    pub fn learned(&mut self, fingers_complete: bool, large: bool) {
        self.fingers_complete = fingers_complete;
        self.large = large;
    }

    /// Brings a turn forward if it would now be planned earlier.
    fn hasten(&mut self, now: Time, turn: Turn) {
        let planned = self.due.iter().find(|(_, other)| *other == turn).copied();
        if let Some((at, _)) = planned {
            let pause = self.pause(now, turn);
            if at > now + pause {
                self.due.remove(&(at, turn));
                self.due.insert((now + pause, turn));
            }
        }
    }

    fn plan(&mut self, now: Time, turn: Turn) {
        let pause = self.pause(now, turn);
        self.due.insert((now + pause, turn));
    }

    /// The pause before a turn, a quarter more or less; half for merging, which asks strangers.
    fn pause(&mut self, now: Time, turn: Turn) -> Duration {
        let (period, spread) = match turn {
            Turn::Stabilize | Turn::CheckPredecessor => (self.stabilize, 4),
            Turn::FixFinger if self.fingers_complete => (self.periods.fix_finger, 4),
            Turn::FixFinger => (self.periods.fix_finger.min(FINGER_FAST), 4),
            Turn::Repair => (REPAIR_TURN.min(self.periods.repair), 4),
            Turn::Liveness => (LIVENESS_TURN.min(self.periods.liveness), 4),
            Turn::Merge if now < self.merge_until => (MERGE_FAST.min(self.periods.merge), 2),
            Turn::Merge => (self.periods.merge, 2),
        };
        let micros = u32::try_from(period.as_micros()).unwrap_or(u32::MAX);
        let wide = self.random.below(micros / spread * 2 + 1);
        period - Duration::from_micros((micros / spread).into())
            + Duration::from_micros(wide.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of a kind within a time.
    fn count(rhythm: &mut Rhythm, kind: Turn, from: u64, to: u64) -> usize {
        let mut turns = 0;
        while rhythm.deadline() <= Time::ZERO + Duration::from_secs(to) {
            let at = rhythm.deadline();
            let turn = rhythm.next(at).unwrap();
            turns += usize::from(turn == kind && at >= Time::ZERO + Duration::from_secs(from));
        }
        turns
    }

    #[test]
    fn turns_slow_down_while_nothing_changes_and_hurry_after_a_change() {
        let mut rhythm = Rhythm::new(Time::ZERO, Periods::DEFAULT, 1);
        assert!(count(&mut rhythm, Turn::Stabilize, 0, 10) >= 5);
        let calm = count(&mut rhythm, Turn::Stabilize, 100, 200);
        assert!((16..=26).contains(&calm), "{calm}");
        rhythm.changed(Time::ZERO + Duration::from_secs(200));
        assert!(rhythm.deadline() <= Time::ZERO + Duration::from_millis(201_250));
        assert!(count(&mut rhythm, Turn::Stabilize, 200, 210) >= 5);
    }

    #[test]
    fn another_ring_makes_merging_fast_for_a_while() {
        let mut rhythm = Rhythm::new(Time::ZERO, Periods::DEFAULT, 2);
        count(&mut rhythm, Turn::Merge, 0, 100);
        rhythm.merging(Time::ZERO + Duration::from_secs(100));
        assert!(count(&mut rhythm, Turn::Merge, 100, 120) >= 12);
        assert!(count(&mut rhythm, Turn::Merge, 200, 800) <= 20);
    }
}
