//! Bytes per second, over a sliding window of seconds. Pure: time comes in.

use crate::kit::clock::Time;
use std::time::Duration;

/// Buckets of one second each that the rate looks back over.
const BUCKETS: usize = 5;
/// Width of a bucket.
const BUCKET: Duration = Duration::from_secs(1);

/// A meter of bytes per second.
#[derive(Debug, Clone, Default)]
pub struct RateMeter {
    /// Bytes by second, modulo the number of buckets.
    buckets: [u64; BUCKETS],
    /// The second that is being filled.
    second: u64,
    /// When the first bytes came.
    began: Option<Time>,
}

impl RateMeter {
    /// Counts bytes that came or went now. Cost: O(1).
    pub fn add(&mut self, now: Time, bytes: u64) {
        self.turn(now);
        self.began.get_or_insert(now);
        self.buckets[(self.second % BUCKETS as u64) as usize] += bytes;
    }

    /// Bytes per second over the last five seconds, or since the first bytes came.
    pub fn rate(&mut self, now: Time) -> u64 {
        self.turn(now);
        let Some(began) = self.began else { return 0 };
        let into_second = now.as_nanos() % BUCKET.as_nanos() as u64;
        let window = (BUCKETS as u64 - 1) * BUCKET.as_nanos() as u64 + into_second;
        let passed =
            (now.since(began).as_nanos() as u64).clamp(BUCKET.as_nanos() as u64 / 4, window);
        let bytes: u64 = self.buckets.iter().sum();
        (u128::from(bytes) * BUCKET.as_nanos() / u128::from(passed)) as u64
    }

    fn turn(&mut self, now: Time) {
        let second = now.as_nanos() / BUCKET.as_nanos() as u64;
        let steps = second.saturating_sub(self.second).min(BUCKETS as u64);
        for step in 1..=steps {
            self.buckets[((self.second + step) % BUCKETS as u64) as usize] = 0;
        }
        if steps == BUCKETS as u64 {
            self.buckets = [0; BUCKETS];
        }
        self.second = self.second.max(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_steady_stream_shows_its_rate() {
        let mut meter = RateMeter::default();
        for tick in 0..1_000 {
            meter.add(at(tick * 10), 1_000);
        }
        let rate = meter.rate(at(10_000));
        assert!((95_000..=105_000).contains(&rate), "{rate}");
    }

    #[test]
    fn silence_ends_the_rate() {
        let mut meter = RateMeter::default();
        meter.add(at(0), 1_000_000);
        assert_eq!(meter.rate(at(60_000)), 0);
    }
}
