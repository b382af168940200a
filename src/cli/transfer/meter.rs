//! A rate out of a counter that only grows, read whenever there is time to.
//!
//! Not `kit::rate`: that one is told of bytes as they come; a counter read every few seconds would
//! look to it like a burst.

use crate::kit::clock::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// How far a rate looks back.
const WINDOW: Duration = Duration::from_secs(5);
/// Most readings kept: more than a bar's pace makes in the window.
const READINGS_MAX: usize = 64;

/// Reads one counter.
pub(super) struct Meter {
    /// When it was read, and what it said; at least one.
    readings: VecDeque<(Time, u64)>,
}

impl Meter {
    /// A counter that is at zero now.
    pub(super) fn new(now: Time) -> Self {
        Self { readings: VecDeque::from([(now, 0)]) }
    }

    /// What the counter grew by per second, over the last five seconds or since the last reading
    /// if that is longer ago.
    pub(super) fn read(&mut self, now: Time, counter: u64) -> u64 {
        self.readings.push_back((now, counter));
        let is_old = |reading: Option<&(Time, u64)>| {
            reading.is_some_and(|(time, _)| now.since(*time) >= WINDOW)
        };
        while self.readings.len() > READINGS_MAX
            || self.readings.len() > 2 && is_old(self.readings.get(1))
        {
            self.readings.pop_front();
        }
        let (then, before) = self.readings.front().copied().unwrap_or((now, counter));
        let passed = now.since(then).as_nanos().max(1);
        let grown = u128::from(counter.saturating_sub(before));
        u64::try_from(grown * 1_000_000_000 / passed).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_steady_rate_is_read_at_any_pace() {
        for pause in [100, 1_000, 5_000, 30_000] {
            let mut meter = Meter::new(at(0));
            for reading in 1..200 {
                let now = reading * pause;
                assert_eq!(meter.read(at(now), now * 7), 7_000, "every {pause} ms");
            }
        }
    }

    #[test]
    fn a_rate_forgets_after_its_window() {
        let mut meter = Meter::new(at(0));
        assert_eq!(meter.read(at(1_000), 5_000), 5_000);
        assert_eq!(meter.read(at(2_000), 5_000), 2_500);
        assert_eq!(meter.read(at(5_000), 5_000), 1_000);
        assert_eq!(meter.read(at(7_000), 5_000), 0);
    }

    #[test]
    fn readings_are_bounded_and_never_divide_by_zero() {
        let mut meter = Meter::new(at(0));
        (0..10_000).for_each(|counter| {
            meter.read(at(0), counter);
        });
        assert!(meter.readings.len() <= READINGS_MAX);
        assert_eq!(Meter::new(at(5)).read(at(5), 0), 0);
    }
}
