//! Counts the messages of a peer that say nothing. Some are normal; a flood of them costs us time
//! and earns the peer nothing, so it ends the connection.

use crate::connection::reason::Violation;
use crate::kit::clock::Time;
use crate::limits::{IDLE_WORDS_MAX, IDLE_WORDS_PERIOD};

/// The counter of one connection.
#[derive(Debug)]
pub struct IdleWords {
    /// Messages without use since `since`.
    count: u32,
    /// Beginning of the period in which they are counted.
    since: Time,
}

impl IdleWords {
    /// A counter at zero.
    pub fn new(now: Time) -> Self {
        Self { count: 0, since: now }
    }

    /// One more; an error when it is one too many for the period.
    pub fn count(&mut self, now: Time) -> Result<(), Violation> {
        if now.since(self.since) >= IDLE_WORDS_PERIOD {
            *self = Self::new(now);
        }
        self.count += 1;
        if self.count > IDLE_WORDS_MAX { Err(Violation::Flood) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_flood_within_one_period_is_too_much() {
        let mut words = IdleWords::new(Time::ZERO);
        for _ in 0..IDLE_WORDS_MAX {
            assert_eq!(words.count(Time::ZERO), Ok(()));
        }
        assert_eq!(words.count(Time::ZERO + IDLE_WORDS_PERIOD), Ok(()));
        for _ in 1..IDLE_WORDS_MAX {
            assert_eq!(words.count(Time::ZERO + IDLE_WORDS_PERIOD), Ok(()));
        }
        assert_eq!(words.count(Time::ZERO + IDLE_WORDS_PERIOD), Err(Violation::Flood));
    }
}
