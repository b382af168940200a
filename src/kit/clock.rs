//! Time as the cores know it, and the one place that reads a clock.
//!
//! A core never asks what time it is: [`Time`] comes in with each input. In production it comes
//! from [`Clock`], in a simulation from a variable.

use crate::limits::REST_MAX;
use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the process (or the simulation) began. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The beginning.
    pub const ZERO: Self = Self(0);

    /// The time that many nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time passed since `earlier`; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6} s", self.0 as f64 / 1e9)
    }
}

/// The process's clock. Copies share the same beginning.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// When [`Time::ZERO`] was.
    start: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[expect(clippy::disallowed_methods, reason = "the one lawful place that reads the clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "the one lawful place that reads the clock")]
    pub fn now(&self) -> Time {
        Time(
            u64::try_from(Instant::now().duration_since(self.start).as_nanos()).unwrap_or(u64::MAX),
        )
    }
}

/// Time since 1970, for what is compared with the times of files.
#[expect(clippy::disallowed_methods, reason = "the one lawful place that reads the calendar")]
pub fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Waits for a time so short that nobody needs to wake who waits.
pub fn rest(time: Duration) {
    debug_assert!(time <= REST_MAX, "whoever waits for long has to be woken");
    let _ = crossbeam_channel::after(time).recv();
}

/// Seconds since 1970, for what people and files date by the calendar.
pub fn unix_seconds() -> u64 {
    unix_time().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_underflows() {
        let later = Time::ZERO + Duration::from_secs(1);
        assert_eq!(Time::ZERO - later, Duration::ZERO);
        assert_eq!(later - Time::ZERO, Duration::from_secs(1));
    }

    #[test]
    fn time_saturates_at_its_end() {
        assert_eq!((Time::from_nanos(5) + Duration::MAX).as_nanos(), u64::MAX);
    }
}
