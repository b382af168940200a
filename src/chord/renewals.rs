//! What is kept announced, and when each announce is due again. Pure, and beside the node: whoever
//! drives it gives it the announces that come out here.

use super::message::Flags;
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{RENEWAL_RETRY_MAX, RENEWALS_MAX, RENEWALS_UNDER_WAY_MAX};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is announced: a torrent, and where its peer listens (`None` for the ring's own port).
pub type Subject = (InfoHash, Option<u16>);

/// No more can be kept announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// What is kept announced.
#[derive(Debug, Clone)]
pub struct Renewals {
    /// Time between two announces of one subject, a fifth more or less.
    period: Duration,
    /// What is told of each subject, and when it is due; nothing while its announce is under way.
    kept: BTreeMap<Subject, (Flags, Option<Time>)>,
    /// The same by time.
    due: BTreeSet<(Time, Subject)>,
    /// Keeps users from announcing in step.
    random: Random,
}

impl Renewals {
    /// Nothing is kept announced.
    pub fn new(period: Duration, seed: u64) -> Self {
        let (kept, due) = (BTreeMap::new(), BTreeSet::new());
        Self { period, kept, due, random: Random::new(seed) }
    }

    /// Keeps a subject announced from now on. Its first announce is the caller's to make: it counts
    /// as under way.
    pub fn keep(&mut self, subject: Subject, flags: Flags) -> Result<(), TooMany> {
        if !self.kept.contains_key(&subject) && self.kept.len() >= RENEWALS_MAX {
            return Err(TooMany);
        }
        self.forget(subject);
        self.kept.insert(subject, (flags, None));
        Ok(())
    }

    /// Keeps a subject announced no longer; tells whether it was.
    pub fn forget(&mut self, subject: Subject) -> bool {
        let Some((_, due)) = self.kept.remove(&subject) else { return false };
        if let Some(due) = due {
            self.due.remove(&(due, subject));
        }
        true
    }

    /// Subjects kept announced.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether nothing is kept announced.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The subjects.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.kept.keys().copied()
    }

    /// When the next announce is due, if another may be under way.
    pub fn deadline(&self) -> Option<Time> {
        let under_way = self.kept.len() - self.due.len();
        let first = self.due.first().map(|(at, _)| *at);
        first.filter(|_| under_way < RENEWALS_UNDER_WAY_MAX)
    }

    /// The next subject to be announced, if one is due. It is under way until [`Self::done`].
    pub fn next(&mut self, now: Time) -> Option<(Subject, Flags)> {
        let at = self.deadline().filter(|at| *at <= now)?;
        let (_, subject) = self.due.pop_first()?;
        debug_assert!(at <= now);
        let (flags, due) = self.kept.get_mut(&subject)?;
        *due = None;
        Some((subject, *flags))
    }

    /// The announce of a subject is over; if it was not acknowledged by enough replicas, the next
    /// one comes soon.
    pub fn done(&mut self, now: Time, subject: Subject, acknowledged: bool) {
        let under_way = self.kept.get(&subject).is_some_and(|(_, due)| due.is_none());
        if under_way {
            let pause =
                if acknowledged { self.period } else { RENEWAL_RETRY_MAX.min(self.period / 4) };
            let micros = u32::try_from(pause.as_micros()).unwrap_or(u32::MAX);
            let spread = self.random.below(micros / 5 * 2 + 1);
            let pause = pause - pause / 5 + Duration::from_micros(spread.into());
            self.plan(now + pause, subject);
        }
    }

    fn plan(&mut self, at: Time, subject: Subject) {
        if let Some((_, due)) = self.kept.get_mut(&subject) {
            *due = Some(at);
            self.due.insert((at, subject));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(900);

    fn subject(byte: u8) -> Subject {
        (InfoHash([byte; 20]), Some(1))
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn an_announce_is_due_each_period_and_soon_after_one_that_failed() {
        let mut renewals = Renewals::new(PERIOD, 1);
        renewals.keep(subject(1), Flags::default()).unwrap();
        assert_eq!((renewals.next(at(9_999)), renewals.deadline()), (None, None), "under way");
        renewals.done(at(6), subject(1), true);
        let due = renewals.deadline().unwrap();
        assert!(due >= at(6 + 720) && due <= at(6 + 1_080), "{due}");
        assert_eq!(renewals.next(at(6 + 719)), None);
        assert_eq!(renewals.next(due).map(|(subject, _)| subject), Some(subject(1)));
        renewals.done(due, subject(1), false);
        assert!(renewals.deadline().unwrap() <= due + RENEWAL_RETRY_MAX * 6 / 5);
    }

    #[test]
    fn what_is_withdrawn_does_not_come_back() {
        let mut renewals = Renewals::new(PERIOD, 1);
        renewals.keep(subject(1), Flags::default()).unwrap();
        renewals.keep(subject(2), Flags::default()).unwrap();
        renewals.done(at(0), subject(2), true);
        assert!(renewals.forget(subject(1)) && !renewals.forget(subject(1)));
        renewals.done(at(1), subject(1), true);
        assert_eq!(renewals.len(), 1);
        let next = renewals.next(at(9_999)).map(|(subject, _)| subject);
        assert_eq!(next, Some(subject(2)));
        assert_eq!(renewals.deadline(), None);
    }

    #[test]
    fn only_so_many_are_renewed_at_once_and_kept() {
        let mut renewals = Renewals::new(PERIOD, 1);
        let subject = |number: usize| {
            let mut hash = [0; 20];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            (InfoHash(hash), None)
        };
        for number in 0..RENEWALS_MAX {
            renewals.keep(subject(number), Flags::default()).unwrap();
            renewals.done(at(0), subject(number), true);
        }
        assert_eq!(renewals.keep(subject(RENEWALS_MAX), Flags::default()), Err(TooMany));
        let mut under_way = Vec::new();
        while let Some((next, _)) = renewals.next(at(9_999)) {
            under_way.push(next);
        }
        assert_eq!(under_way.len(), RENEWALS_UNDER_WAY_MAX);
        renewals.done(at(9_999), under_way[0], true);
        assert!(renewals.next(at(9_999)).is_some());
    }
}
