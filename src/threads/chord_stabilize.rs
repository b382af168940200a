//! The `chord-stabilize` thread: the rhythm of a ring node's maintenance. It owns the clockwork and
//! nothing of the node: each turn that is due goes as a message to `chord-listen`, which owns the
//! node and does it.

use crate::chord::contact::Family;
use crate::chord::input::Turn;
use crate::chord::rhythm::Rhythm;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox, Waited};
use crate::threads::chord_listen::words::RingOrder;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the rhythm is told of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Its neighbors changed: maintenance should come fast for a while.
    Changed(Family),
    /// It met another ring: turns to merge should come fast for a while.
    Merging(Family),
}

/// State bit of the mailbox, for IPv4: all fingers were looked up once.
const FINGERS_COMPLETE: u32 = 1;
/// State bit of the mailbox, for IPv4: the ring is large.
const LARGE: u32 = 2;
/// Bits of a family; those of IPv6 follow.
const BITS: u32 = 2;

/// Marks which words wait in a mailbox, so that none waits twice and the mailbox cannot fill.
#[derive(Debug, Clone, Default)]
pub struct Waiting(Arc<AtomicU32>);

impl Waiting {
    /// Marks a word; false if it waits already.
    fn mark(&self, bit: u32) -> bool {
        self.0.fetch_or(1 << bit, Ordering::AcqRel) & 1 << bit == 0
    }

    /// Takes the mark away: to be called before the word is obeyed.
    fn clear(&self, bit: u32) {
        self.0.fetch_and(!(1 << bit), Ordering::AcqRel);
    }

    /// The word was taken from the mailbox and is about to be obeyed.
    pub fn taken(&self, family: Family, turn: Turn) {
        self.clear(turn_bit(family, turn));
    }
}

/// The bit of a turn.
fn turn_bit(family: Family, turn: Turn) -> u32 {
    let number = match turn {
        Turn::Stabilize => 0,
        Turn::CheckPredecessor => 1,
        Turn::FixFinger => 2,
        Turn::Repair => 3,
        Turn::Liveness => 4,
        Turn::Merge => 5,
    };
    family as u32 * 8 + number
}

/// The bit of a beat.
fn beat_bit(beat: Beat) -> u32 {
    match beat {
        Beat::Changed(family) => family as u32 * 8 + 6,
        Beat::Merging(family) => family as u32 * 8 + 7,
    }
}

/// The end of the rhythm's mailbox that `chord-listen` holds. When it is dropped the thread ends.
#[derive(Debug)]
pub struct Drum {
    /// The mailbox.
    beats: Mailbox<Beat>,
    /// What waits, in both directions.
    waiting: Waiting,
}

impl Drum {
    /// A drum for this mailbox.
    pub fn new(beats: Mailbox<Beat>, waiting: Waiting) -> Self {
        Self { beats, waiting }
    }

    /// Tells the rhythm something.
    pub fn beat(&self, beat: Beat) {
        let bit = beat_bit(beat);
        if self.waiting.mark(bit) && self.beats.post(beat).is_err() {
            self.waiting.clear(bit);
        }
    }

    /// Tells what a node knows of its ring.
    pub fn learned(&self, family: Family, fingers_complete: bool, large: bool) {
        let shift = family as u32 * BITS;
        let set = u32::from(fingers_complete) * FINGERS_COMPLETE + u32::from(large) * LARGE;
        self.beats.set_state(set << shift, ((FINGERS_COMPLETE | LARGE) & !set) << shift);
    }

    /// A turn was taken from the mailbox and is about to be done.
    pub fn taken(&self, family: Family, turn: Turn) {
        self.waiting.taken(family, turn);
    }
}

/// What the thread owns.
#[derive(Debug)]
pub struct Stabilizer {
    /// What it is told.
    pub letters: Letters<Beat>,
    /// Where turns go.
    pub orders: Mailbox<RingOrder>,
    /// What waits, in both directions.
    pub waiting: Waiting,
    /// What time it is.
    pub clock: Clock,
    /// When turns come, for each family's node.
    pub rhythms: Vec<(Family, Rhythm)>,
}

impl Stabilizer {
    /// The thread's body. Ends when nobody can tell it anything any more.
    pub fn run(mut self) {
        loop {
            let due = self.rhythms.iter().map(|(_, rhythm)| rhythm.deadline()).min();
            let timeout = due.map(|due| due.since(self.clock.now()));
            match self.letters.wait(timeout) {
                Waited::Word(beat) => self.hear(beat),
                Waited::Timeout => {}
                Waited::Closed => return,
            }
            self.turns(self.clock.now());
        }
    }

    /// Something was told.
    fn hear(&mut self, beat: Beat) {
        self.waiting.clear(beat_bit(beat));
        let now = self.clock.now();
        let (Beat::Changed(family) | Beat::Merging(family)) = beat;
        let rhythm = self.rhythms.iter_mut().find(|(other, _)| *other == family);
        match (rhythm, beat) {
            (Some((_, rhythm)), Beat::Changed(_)) => rhythm.changed(now),
            (Some((_, rhythm)), Beat::Merging(_)) => rhythm.merging(now),
            (None, _) => {}
        }
    }

    /// Posts the turns that are due. One that still waits from last time is not posted again: an
    /// owner that is late has no use for two.
    fn turns(&mut self, now: Time) {
        let state = self.letters.state();
        for (family, rhythm) in &mut self.rhythms {
            let known = state >> (*family as u32 * BITS);
            rhythm.learned(known & FINGERS_COMPLETE != 0, known & LARGE != 0);
            while let Some(turn) = rhythm.next(now) {
                let bit = turn_bit(*family, turn);
                let fresh = self.waiting.mark(bit);
                if fresh && self.orders.post(RingOrder::Turn(*family, turn)).is_err() {
                    // Users have filled the mailbox; the turn comes again.
                    self.waiting.clear(bit);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chord::settings::Periods;
    use crate::kit::mailbox::mailbox;
    use crate::kit::thread::{Census, spawn};
    use crate::limits::BEATS_MAX;
    use std::time::Duration;

    /// Periods that make a rhythm fast.
    fn fast() -> Periods {
        let period = Duration::from_millis(50);
        Periods {
            stabilize_fast: period,
            stabilize_slow: period,
            stabilize_large: period,
            fix_finger: period,
            repair: period,
            merge: period,
            liveness: period,
        }
    }

    #[test]
    fn turns_arrive_as_messages_and_none_waits_twice() {
        let clock = Clock::start();
        let (orders, taken) = mailbox(BEATS_MAX);
        let (beats, letters) = mailbox(BEATS_MAX);
        let waiting = Waiting::default();
        let drum = Drum::new(beats, waiting.clone());
        let rhythms = vec![(Family::V4, Rhythm::new(clock.now(), fast(), 1))];
        let thread = Stabilizer { letters, orders, waiting, clock, rhythms };
        let census = Census::default();
        let thread = spawn(&census, "chord-stabilize", 64 * 1024, move || thread.run()).unwrap();
        let mut seen = Vec::new();
        while seen.len() < 6 {
            let Waited::Word(RingOrder::Turn(family, turn)) =
                taken.wait(Some(Duration::from_secs(20)))
            else {
                panic!("no turn came after {seen:?}");
            };
            assert!(family == Family::V4 && !seen.contains(&turn), "{turn:?} waited twice");
            seen.push(turn);
        }
        let more = taken.wait(Some(Duration::from_millis(200)));
        assert!(matches!(more, Waited::Timeout), "no turn was obeyed");
        seen.iter().for_each(|turn| drum.taken(Family::V4, *turn));
        drum.beat(Beat::Changed(Family::V4));
        let again = taken.wait(Some(Duration::from_secs(20)));
        assert!(matches!(again, Waited::Word(RingOrder::Turn(..))));
        drop(drum);
        assert!(thread.join());
    }
}
