//! A token bucket that many threads draw from, in turn and without waiting in it. Pure: time comes
//! in.
//!
//! Whoever wants to spend takes a [`Ticket`]: a place in line, so many bytes behind those who came
//! before. The bucket earns bytes at its rate, and a ticket is due when the bucket has earned all
//! bytes up to its place. So nobody overtakes, shares are equal among those that ask again after
//! each ticket, and between two moments no more comes due than was earned. A thread that wakes
//! late loses nothing, because its place stays; what nobody asked for is earned only up to a
//! [burst](RATE_BURST). The lock is held for a few additions.

use crate::kit::clock::Time;
use crate::limits::{RATE_BURST, RATE_QUANTUM, RATE_QUANTUM_MAX, RATE_QUANTUM_MIN};
use parking_lot::Mutex;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;

/// The bucket. Clones are the same bucket.
#[derive(Debug, Clone, Default)]
pub struct Bucket(Arc<Shared>);

/// What clones share.
#[derive(Debug, Default)]
struct Shared {
    /// Bytes per second, 0 for no limit: so that who is not limited touches no lock.
    rate: AtomicU64,
    /// The books.
    account: Mutex<Account>,
}

/// A place in line.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    /// It is due when this many bytes were earned, counted from the bucket's beginning.
    place: u64,
}

/// The books of a bucket.
#[derive(Debug, Default)]
struct Account {
    /// Bytes per second; 0 for no limit.
    rate: u64,
    /// Bytes earned so far.
    earned: u64,
    /// The fraction of a byte that was earned besides, in billionths.
    fraction: u64,
    /// Bytes that tickets were given for so far.
    taken: u64,
    /// Up to when it is earned.
    at: Time,
}

impl Account {
    /// Earns up to now, but not much ahead of those who ask.
    fn earn(&mut self, now: Time) {
        let passed = now.since(self.at).as_nanos();
        self.at = self.at.max(now);
        let earned = u128::from(self.rate) * passed + u128::from(self.fraction);
        let sum = u128::from(self.earned) + earned / SECOND;
        let most = self.taken.saturating_add(burst(self.rate));
        self.fraction = if sum > u128::from(most) { 0 } else { (earned % SECOND) as u64 };
        self.earned = sum.min(u128::from(most)) as u64;
    }

    fn set_rate(&mut self, now: Time, rate: u64) {
        self.earn(now);
        if self.rate == 0 {
            // What was spent without a limit is no debt, and nothing was saved.
            self.earned = self.taken;
        }
        self.rate = rate;
    }

    fn take(&mut self, now: Time, bytes: u64) -> Ticket {
        self.earn(now);
        self.taken = self.taken.saturating_add(bytes);
        Ticket { place: self.taken }
    }

    fn wait(&mut self, now: Time, ticket: &Ticket) -> Option<Duration> {
        self.earn(now);
        if self.rate == 0 || ticket.place <= self.earned {
            return None;
        }
        let missing = u128::from(ticket.place - self.earned) * SECOND - u128::from(self.fraction);
        let nanos = missing.div_ceil(u128::from(self.rate));
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    fn refund(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_sub(bytes);
        // Places further back stay where they are, so nothing comes due that was not earned.
        self.earned = self.earned.min(self.taken.saturating_add(burst(self.rate)));
    }
}

impl Bucket {
    /// A bucket of that many bytes per second; of any, if none is given.
    pub fn new(rate: Option<NonZeroU64>) -> Self {
        let bucket = Self::default();
        bucket.set_rate(Time::ZERO, rate);
        bucket
    }

    /// Changes the rate, for tickets that were given too.
    pub fn set_rate(&self, now: Time, rate: Option<NonZeroU64>) {
        let rate = rate.map_or(0, NonZeroU64::get);
        self.0.account.lock().set_rate(now, rate);
        self.0.rate.store(rate, Ordering::Relaxed);
    }

    /// Bytes per second, if there is a limit.
    pub fn rate(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.0.rate.load(Ordering::Relaxed))
    }

    /// Bytes that one asks for at a time, so that shares are equal and nobody wakes too often;
    /// any number if there is no limit.
    pub fn quantum(&self) -> u64 {
        self.rate().map_or(u64::MAX, |rate| {
            in_time(rate.get(), RATE_QUANTUM).clamp(RATE_QUANTUM_MIN, RATE_QUANTUM_MAX)
        })
    }

    /// A place in line for that many bytes; none is needed if there is no limit.
    pub fn take(&self, now: Time, bytes: u64) -> Option<Ticket> {
        self.rate()?;
        Some(self.0.account.lock().take(now, bytes))
    }

    /// How long this ticket has to wait, as things are; not at all if it is due.
    pub fn wait(&self, now: Time, ticket: &Ticket) -> Option<Duration> {
        self.rate()?;
        self.0.account.lock().wait(now, ticket)
    }

    /// Bytes that a ticket was given for and that were not spent after all.
    pub fn refund(&self, bytes: u64) {
        if bytes > 0 && self.rate().is_some() {
            self.0.account.lock().refund(bytes);
        }
    }
}

/// Most bytes that are saved while nobody asks.
fn burst(rate: u64) -> u64 {
    in_time(rate, RATE_BURST).max(RATE_QUANTUM_MIN)
}

/// Bytes earned in that time.
fn in_time(rate: u64, time: Duration) -> u64 {
    u64::try_from(u128::from(rate) * time.as_nanos() / SECOND).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
