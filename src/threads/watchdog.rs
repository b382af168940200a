//! The `watchdog` thread: reports a main loop that stays in one event for too long, with the name
//! of the event.

use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Waited};
use crate::limits::{WATCHDOG_ALARM, WATCHDOG_PAUSE};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What the main loop shows of itself.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Beat>);

/// The pulse's figures.
#[derive(Debug, Default)]
struct Beat {
    /// Nanoseconds of the clock when the current turn began; 0 while it waits.
    since: AtomicU64,
    /// Which event the turn is about, as an index into the names.
    event: AtomicUsize,
}

impl Pulse {
    /// A turn begins.
    pub fn begin(&self, now: Time, event: usize) {
        self.0.event.store(event, Ordering::Relaxed);
        self.0.since.store(now.as_nanos().max(1), Ordering::Release);
    }

    /// The turn is over.
    pub fn end(&self) {
        self.0.since.store(0, Ordering::Release);
    }

    /// The event of a turn that began at least that long ago, and when it began.
    fn stuck(&self, now: Time) -> Option<(usize, Time)> {
        let since = self.0.since.load(Ordering::Acquire);
        let began = Time::from_nanos(since);
        let stuck = since != 0 && now.since(began) >= WATCHDOG_ALARM;
        stuck.then(|| (self.0.event.load(Ordering::Relaxed), began))
    }
}

/// The thread's body. Ends when nobody can post any more.
pub fn run(letters: &Letters<()>, pulse: &Pulse, clock: Clock, name_of: fn(usize) -> &'static str) {
    let mut reported = None;
    while letters.wait(Some(WATCHDOG_PAUSE)) != Waited::Closed {
        let now = clock.now();
        if let Some((event, began)) = pulse.stuck(now)
            && reported != Some(began)
        {
            reported = Some(began);
            let passed = now.since(began).as_secs();
            log::error!("the main loop is in event {} for {passed} s", name_of(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_a_turn_that_lasts_is_stuck() {
        let pulse = Pulse::default();
        let began = Time::ZERO + Duration::from_secs(1);
        pulse.begin(began, 3);
        assert_eq!(pulse.stuck(began + Duration::from_secs(1)), None);
        assert_eq!(pulse.stuck(began + WATCHDOG_ALARM), Some((3, began)));
        pulse.end();
        assert_eq!(pulse.stuck(began + WATCHDOG_ALARM), None);
    }
}
