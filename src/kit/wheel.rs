//! A timing wheel: any number of timers at constant cost each.
//!
//! Time is cut into ticks; a timer goes into the slot of its tick, and what lies more than a turn
//! ahead stays in its slot until its turn comes. Timers are not taken back: whoever is told that
//! something expired looks whether it still matters. [`Wheel::expire`] yields at most as many as
//! it is asked for, the rest stays due, and one call looks at a bounded number of entries.

use crate::kit::clock::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// The timers, each with a value.
#[derive(Debug)]
pub struct Wheel<T> {
    /// Timers by tick modulo the number of slots; each with its full tick.
    slots: Box<[VecDeque<(u64, T)>]>,
    /// Length of a tick in nanoseconds.
    tick: u64,
    /// The tick that is being emptied.
    current: u64,
    /// Entries of the current slot not looked at in this pass.
    unseen: usize,
    /// Timers there are.
    len: usize,
}

impl<T> Wheel<T> {
    /// A wheel with that many slots of that width.
    pub fn new(tick: Duration, slots: usize) -> Self {
        Self {
            slots: (0..slots.max(1)).map(|_| VecDeque::new()).collect(),
            tick: u64::try_from(tick.as_nanos()).unwrap_or(u64::MAX).max(1),
            current: 0,
            unseen: 0,
            len: 0,
        }
    }

    /// Timers there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets a timer; it expires at or at most one tick after `at`. Cost: O(1) amortized.
    pub fn set(&mut self, at: Time, value: T) {
        let tick = at.as_nanos().div_ceil(self.tick).max(self.current);
        let slot = (tick % self.slots.len() as u64) as usize;
        self.slots[slot].push_back((tick, value));
        if tick == self.current || slot == (self.current % self.slots.len() as u64) as usize {
            self.unseen += 1;
        }
        self.len += 1;
    }

    /// When to call [`Self::expire`] next, if there is a timer: at most a tick away, since the
    /// wheel does not search for its earliest.
    pub fn deadline(&self, now: Time) -> Option<Time> {
        if self.is_empty() {
            return None;
        }
        let behind = self.unseen > 0 && self.current <= now.as_nanos() / self.tick;
        let tick = if behind { self.current } else { self.current + 1 };
        Some(Time::from_nanos(tick.saturating_mul(self.tick)))
    }

    /// The next value whose time has come. Looks at no more than `steps` slots and entries,
    /// counting `steps` down; what it did not reach stays due.
    pub fn expire(&mut self, now: Time, steps: &mut usize) -> Option<T> {
        let due = now.as_nanos() / self.tick;
        if self.is_empty() {
            self.current = due.max(self.current);
            self.unseen = 0;
            return None;
        }
        while *steps > 0 {
            *steps -= 1;
            let count = self.slots.len() as u64;
            let slot = &mut self.slots[(self.current % count) as usize];
            if self.unseen > 0 {
                self.unseen -= 1;
                match slot.pop_front() {
                    Some((tick, value)) if tick <= due.min(self.current) => {
                        self.len -= 1;
                        return Some(value);
                    }
                    Some(later) => slot.push_back(later),
                    None => self.unseen = 0,
                }
            } else if self.current < due {
                self.current += 1;
                self.unseen = self.slots[(self.current % count) as usize].len();
            } else {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TICK: Duration = Duration::from_millis(10);

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn drain(wheel: &mut Wheel<u64>, now: Time) -> Vec<u64> {
        let mut values = Vec::new();
        let mut steps = usize::MAX;
        while let Some(value) = wheel.expire(now, &mut steps) {
            values.push(value);
        }
        values
    }

    #[test]
    fn a_timer_expires_once_and_not_before_its_time() {
        let mut wheel = Wheel::new(TICK, 8);
        wheel.set(at(35), 1);
        assert!(drain(&mut wheel, at(30)).is_empty());
        assert_eq!(drain(&mut wheel, at(40)), [1]);
        assert!(drain(&mut wheel, at(500)).is_empty());
        assert!(wheel.is_empty());
    }

    #[test]
    fn more_than_a_turn_ahead_waits_its_turn() {
        let mut wheel = Wheel::new(TICK, 4);
        wheel.set(at(100), 1);
        for millis in (0..100).step_by(10) {
            assert!(drain(&mut wheel, at(millis)).is_empty());
        }
        assert_eq!(drain(&mut wheel, at(100)), [1]);
    }

    #[test]
    fn what_was_not_reached_stays_due() {
        let mut wheel = Wheel::new(TICK, 4);
        (0..10).for_each(|value| wheel.set(at(10), value));
        let mut seen = Vec::new();
        for _ in 0..100 {
            let mut steps = 2;
            seen.extend(wheel.expire(at(20), &mut steps));
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_past_time_is_due_at_once() {
        let mut wheel = Wheel::new(TICK, 4);
        drain(&mut wheel, at(1000));
        wheel.set(at(5), 7);
        assert_eq!(drain(&mut wheel, at(1000)), [7]);
    }

    proptest! {
        #[test]
        fn every_timer_expires_within_a_tick_of_its_time(
            times in proptest::collection::vec(0_u64..2_000, 0..60),
            slots in 1_usize..40,
        ) {
            let mut wheel = Wheel::new(TICK, slots);
            for &millis in &times {
                wheel.set(at(millis), millis);
            }
            let mut seen = Vec::new();
            for now in (0..2_100).step_by(10) {
                for millis in drain(&mut wheel, at(now)) {
                    prop_assert!(millis <= now && now < millis + 10, "{} at {}", millis, now);
                    seen.push(millis);
                }
            }
            let mut times = times;
            times.sort_unstable();
            seen.sort_unstable();
            prop_assert_eq!(seen, times);
        }
    }
}
