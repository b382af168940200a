//! What a connection pays before payload moves, when there are limits of speed.
//!
//! Two limits hold for each direction, that of the torrent and that of the client; a connection
//! stands in line for the one, then for the other, with one ticket at a time. Uploads pay before a
//! block is read for the socket, downloads before it is asked for: so what arrives is always read
//! at once, and words (have, choke, cancel) never wait behind payload that a limit holds back.
//! Only payload is counted; the rest is less than a hundredth of it.

use crate::kit::bucket::{Bucket, Ticket};
use crate::kit::clock::Time;
use crate::limits::RATE_RECHECK;
use std::num::NonZeroU64;

/// Limits of speed, in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// For what is sent; none for any speed.
    pub up: Option<NonZeroU64>,
    /// For what is received; none for any speed.
    pub down: Option<NonZeroU64>,
}

/// The accounts of a torrent or of the client. Clones are the same accounts.
#[derive(Debug, Clone, Default)]
pub struct Throttle {
    /// For what is sent.
    pub up: Bucket,
    /// For what is received.
    pub down: Bucket,
}

impl Throttle {
    /// Accounts with these limits.
    pub fn new(limits: RateLimits) -> Self {
        Self { up: Bucket::new(limits.up), down: Bucket::new(limits.down) }
    }

    /// Changes the limits.
    pub fn set(&self, now: Time, limits: RateLimits) {
        self.up.set_rate(now, limits.up);
        self.down.set_rate(now, limits.down);
    }
}

/// Where a connection stands in line.
#[derive(Debug)]
struct Place {
    /// At which bucket.
    bucket: usize,
    /// Its ticket there.
    ticket: Ticket,
    /// For how many bytes.
    bytes: u64,
    /// When it looks again.
    look_at: Time,
}

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Toll {
    /// The torrent's account, then the client's.
    buckets: [Bucket; 2],
    /// Where it stands in line.
    place: Option<Place>,
    /// Bytes paid for and not spent.
    paid: u64,
}

impl Toll {
    /// Nothing paid, nothing asked.
    pub(super) fn new(torrent: &Bucket, client: &Bucket) -> Self {
        Self { buckets: [torrent.clone(), client.clone()], place: None, paid: 0 }
    }

    /// The tolls of a connection: for what is sent, and for what is received.
    pub(super) fn both(torrent: &Throttle, client: &Throttle) -> (Self, Self) {
        (Self::new(&torrent.up, &client.up), Self::new(&torrent.down, &client.down))
    }

    /// How many of these bytes may move now. If it is fewer, [`Self::wait_until`] says when to ask
    /// again. What moves is to be [spent](Self::spend).
    pub(super) fn allowance(&mut self, now: Time, wished: u64) -> u64 {
        while self.paid < wished {
            let place = self.place.take();
            if place.as_ref().is_none() && self.buckets.iter().all(|bucket| bucket.rate().is_none())
            {
                return wished;
            }
            let (bytes, next) = match place {
                Some(place) if now < place.look_at => {
                    self.place = Some(place);
                    return self.paid;
                }
                Some(mut place) => {
                    if let Some(wait) = self.buckets[place.bucket].wait(now, &place.ticket) {
                        place.look_at = now + wait.min(RATE_RECHECK);
                        self.place = Some(place);
                        return self.paid;
                    }
                    (place.bytes, place.bucket + 1)
                }
                None => (self.quantum().min(wished - self.paid), 0),
            };
            self.place = self.take_ticket(now, bytes, next);
            if self.place.is_none() {
                self.paid += bytes;
            }
        }
        wished
    }

    /// These bytes moved.
    pub(super) fn spend(&mut self, bytes: u64) {
        self.paid = self.paid.saturating_sub(bytes);
    }

    /// Nothing is to move any more: what was paid for goes back.
    pub(super) fn release(&mut self) {
        if let Some(place) = self.place.take() {
            for bucket in &self.buckets[..=place.bucket] {
                bucket.refund(place.bytes);
            }
        }
        let paid = std::mem::take(&mut self.paid);
        self.refund(paid);
    }

    /// These bytes were spent, and will not move after all.
    pub(super) fn refund(&self, bytes: u64) {
        for bucket in &self.buckets {
            bucket.refund(bytes);
        }
    }

    /// When more bytes may move, if that is limited.
    pub(super) fn wait_until(&self) -> Option<Time> {
        self.place.as_ref().map(|place| place.look_at)
    }

    /// The first ticket that is needed from this bucket on.
    fn take_ticket(&self, now: Time, bytes: u64, from: usize) -> Option<Place> {
        let rest = self.buckets.iter().enumerate().skip(from);
        let mut tickets =
            rest.filter_map(|(bucket, account)| Some((bucket, account.take(now, bytes)?)));
        let (bucket, ticket) = tickets.next()?;
        Some(Place { bucket, ticket, bytes, look_at: now })
    }

    fn quantum(&self) -> u64 {
        self.buckets.iter().map(Bucket::quantum).min().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{RATE_BURST, RATE_QUANTUM_MIN};
    use std::time::Duration;

    const BLOCK: u64 = RATE_QUANTUM_MIN;

    fn limit(bytes: u64) -> Bucket {
        Bucket::new(NonZeroU64::new(bytes))
    }

    /// Lets one connection move blocks for so many seconds; returns the bytes.
    fn moved(toll: &mut Toll, seconds: u64) -> u64 {
        let (mut now, mut bytes) = (Time::ZERO, 0);
        while now < Time::ZERO + Duration::from_secs(seconds) {
            let allowed = toll.allowance(now, 4 * BLOCK) / BLOCK * BLOCK;
            toll.spend(allowed);
            bytes += allowed;
            // Sleeping is never exact.
            now = toll.wait_until().map_or(now, |at| at.max(now)) + Duration::from_micros(700);
        }
        bytes
    }

    #[test]
    fn without_limits_everything_may_move_and_nothing_is_kept() {
        let mut toll = Toll::new(&Bucket::default(), &Bucket::default());
        assert_eq!(toll.allowance(Time::ZERO, 1 << 30), 1 << 30);
        assert_eq!((toll.paid, toll.wait_until()), (0, None));
    }

    #[test]
    fn the_tighter_of_both_limits_holds_and_is_reached() {
        for (torrent, client) in [(500_000, 2_000_000), (2_000_000, 500_000), (500_000, 500_000)] {
            let bytes = moved(&mut Toll::new(&limit(torrent), &limit(client)), 20);
            assert!((9_500_000..10_100_000).contains(&bytes), "{torrent} {client}: {bytes}");
        }
        let one = moved(&mut Toll::new(&Bucket::default(), &limit(500_000)), 20);
        assert!((9_500_000..10_100_000).contains(&one), "{one}");
    }

    #[test]
    fn what_is_released_goes_to_others() {
        let bucket = limit(BLOCK);
        let (mut first, mut second) =
            (Toll::new(&bucket, &Bucket::default()), Toll::new(&bucket, &Bucket::default()));
        let now = Time::ZERO + Duration::from_secs(1);
        assert_eq!(first.allowance(now, BLOCK), BLOCK, "the burst");
        assert_eq!(first.allowance(now, 2 * BLOCK), BLOCK, "no more");
        first.release();
        assert_eq!(first.wait_until(), None);
        assert_eq!(second.allowance(now, BLOCK), BLOCK, "what the first gave back");
        assert!(RATE_BURST < Duration::from_secs(1));
    }

    #[test]
    fn a_limit_that_is_lifted_lets_go() {
        let bucket = limit(1_000);
        let mut toll = Toll::new(&Bucket::default(), &bucket);
        assert!(toll.allowance(Time::ZERO, 64 * BLOCK) < 64 * BLOCK);
        let later = toll.wait_until().expect("it waits");
        assert!(later <= Time::ZERO + RATE_RECHECK);
        bucket.set_rate(later, None);
        assert_eq!(toll.allowance(later, 64 * BLOCK), 64 * BLOCK);
    }
}
