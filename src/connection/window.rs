//! How many requests to have in flight to a peer.
//!
//! Too few and the line runs dry for a round trip; too many cost little. As in TCP the window
//! starts small and grows by one for each block that arrives, which doubles it every round trip,
//! until a second brings hardly more than the one before. From then on it holds what the peer
//! delivers in [`WINDOW_AHEAD`], so that it covers the far side's disk as well as the line. That
//! is at least [`WINDOW_MIN`], but no more than comes in [`WINDOW_WAIT`]: what waits at a slow peer
//! for longer than we are patient is asked for in vain. A peer that goes silent is asked for one
//! block at a time until it speaks again.

use crate::kit::clock::Time;
use crate::limits::{
    BLOCK_LENGTH, WINDOW_AHEAD, WINDOW_MAX, WINDOW_MAX_UNANNOUNCED, WINDOW_MIN, WINDOW_START,
    WINDOW_WAIT,
};
use std::time::Duration;

/// Length of the measured periods.
const PERIOD: Duration = Duration::from_secs(1);
/// Growth from one period to the next below which slow start ends, in bytes: less than this is
/// noise, not growth.
const GROWTH_MIN: u64 = 8 * BLOCK_LENGTH as u64;

/// The window of one connection.
#[derive(Debug, Clone)]
pub struct Window {
    /// Requests that may be in flight.
    size: u32,
    /// Never more than this: what the peer said it queues.
    limit: u32,
    /// Whether it still grows by one for each block.
    slow_start: bool,
    /// Whether the peer keeps us waiting.
    snubbed: bool,
    /// When the current period began.
    period_start: Time,
    /// Bytes that came in the current period.
    period_bytes: u64,
    /// Bytes that came in the period before.
    last_bytes: u64,
    /// When a block came last.
    heard_at: Time,
}

impl Window {
    /// The window of a new connection.
    pub fn new(now: Time) -> Self {
        Self {
            size: WINDOW_START,
            limit: WINDOW_MAX_UNANNOUNCED,
            slow_start: true,
            snubbed: false,
            period_start: now,
            period_bytes: 0,
            last_bytes: 0,
            heard_at: now,
        }
    }

    /// Requests that may be in flight now.
    pub fn size(&self) -> u32 {
        if self.snubbed { 1 } else { self.size.min(self.limit).max(1) }
    }

    /// The peer announced how many requests it queues (`reqq`, BEP 10).
    pub fn announced(&mut self, request_queue: u32) {
        self.limit = request_queue.clamp(1, WINDOW_MAX);
    }

    /// A block of that many bytes arrived.
    pub fn block_arrived(&mut self, now: Time, bytes: u32) {
        self.snubbed = false;
        self.heard_at = now;
        self.period_bytes += u64::from(bytes);
        if self.slow_start {
            self.size = self.size.saturating_add(1).min(WINDOW_MAX);
        }
        let passed = now.since(self.period_start);
        if passed >= PERIOD {
            self.end_period(now, passed);
        }
    }

    /// Requests begin again while none was in flight: the pause before does not count as slowness.
    pub fn resumed(&mut self, now: Time) {
        if now.since(self.heard_at) >= PERIOD {
            (self.period_start, self.period_bytes) = (now, 0);
        }
    }

    /// The peer refused a request: it queues less than we thought.
    pub fn rejected(&mut self) {
        self.slow_start = false;
        self.size = (self.size / 2).max(1);
    }

    /// The peer has requests and sends nothing.
    pub fn snub(&mut self) {
        self.slow_start = false;
        self.snubbed = true;
        self.size = WINDOW_MIN.min(self.size);
    }

    fn end_period(&mut self, now: Time, passed: Duration) {
        let rate = per_second(self.period_bytes, passed);
        if self.slow_start && rate < self.last_bytes + GROWTH_MIN {
            self.slow_start = false;
        }
        if !self.slow_start {
            let least = blocks_in(rate, WINDOW_WAIT).clamp(1, u64::from(WINDOW_MIN));
            let ahead = blocks_in(rate, WINDOW_AHEAD);
            self.size = ahead.clamp(least, u64::from(WINDOW_MAX)) as u32;
        }
        self.last_bytes = rate;
        self.period_bytes = 0;
        self.period_start = now;
    }
}

/// Whole blocks that come in that time.
fn blocks_in(rate: u64, time: Duration) -> u64 {
    rate.saturating_mul(time.as_secs()) / u64::from(BLOCK_LENGTH)
}

fn per_second(bytes: u64, passed: Duration) -> u64 {
    (u128::from(bytes) * 1_000_000_000 / passed.as_nanos().max(1)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets a line of that many blocks a second deliver for some seconds.
    fn deliver(window: &mut Window, from: Time, blocks_per_second: u64, seconds: u64) -> Time {
        let mut now = from;
        for _ in 0..blocks_per_second * seconds {
            now = now + Duration::from_nanos(1_000_000_000 / blocks_per_second);
            window.block_arrived(now, BLOCK_LENGTH);
        }
        now
    }

    #[test]
    fn it_grows_with_each_block_until_the_line_is_full() {
        let mut window = Window::new(Time::ZERO);
        window.announced(10_000);
        let now = deliver(&mut window, Time::ZERO, 100, 1);
        assert!(window.size() >= 100, "{}", window.size());
        deliver(&mut window, now, 100, 4);
        assert!((190..=210).contains(&window.size()), "{}", window.size());
    }

    #[test]
    fn it_never_passes_what_the_peer_announced() {
        let mut window = Window::new(Time::ZERO);
        window.announced(40);
        deliver(&mut window, Time::ZERO, 1_000, 3);
        assert_eq!(window.size(), 40);
        window.announced(0);
        assert_eq!(window.size(), 1);
    }

    #[test]
    fn a_slow_peer_is_asked_for_few_blocks_at_a_time() {
        let mut window = Window::new(Time::ZERO);
        deliver(&mut window, Time::ZERO, 1, 10);
        assert_eq!(window.size(), WINDOW_MIN);
    }

    #[test]
    fn no_more_is_asked_of_a_very_slow_peer_than_it_sends_while_we_are_patient() {
        let mut window = Window::new(Time::ZERO);
        let mut now = Time::ZERO;
        for (seconds_a_block, expected) in [(5, 2), (16, 1), (40, 1), (5, 2), (2, WINDOW_MIN)] {
            for _ in 0..2 {
                now = now + Duration::from_secs(seconds_a_block);
                window.block_arrived(now, BLOCK_LENGTH);
            }
            assert_eq!(window.size(), expected, "a block in {seconds_a_block} s");
        }
    }

    #[test]
    fn a_pause_between_requests_is_not_taken_for_slowness() {
        let mut window = Window::new(Time::ZERO);
        let now = deliver(&mut window, Time::ZERO, 100, 4);
        let before = window.size();
        let later = now + Duration::from_secs(60);
        window.resumed(later);
        deliver(&mut window, later, 100, 1);
        assert!(window.size() >= before / 2, "{} after {before}", window.size());
    }

    #[test]
    fn a_snubbing_peer_is_asked_for_one_block_until_it_speaks() {
        let mut window = Window::new(Time::ZERO);
        window.snub();
        assert_eq!(window.size(), 1);
        window.block_arrived(Time::ZERO, BLOCK_LENGTH);
        assert!(window.size() > 1);
    }

    #[test]
    fn a_refusal_halves_it() {
        let mut window = Window::new(Time::ZERO);
        window.rejected();
        assert_eq!(window.size(), WINDOW_START / 2);
    }
}
