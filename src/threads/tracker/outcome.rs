//! How an announce went.

use crate::limits::TRACKER_TEXT_MAX;
use crate::tracker::announce::{AnnounceReply, Refusal, Retry, printable};
use crate::tracker::udp_exchange::Connection;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

/// What is remembered of a tracker from one announce to the next, for one family.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Where a UDP tracker answered.
    pub address: Option<SocketAddr>,
    /// The connection to it.
    pub connection: Option<Connection>,
    /// Failures, each of which makes the next address of the host be tried.
    pub failures: u32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub reason: Box<str>,
    /// When the tracker wants to be asked again.
    pub retry: Retry,
    /// Whether the host has no address of this family, which matters only if no other has one.
    pub absent: bool,
}

impl Failure {
    /// A failure in these words, which may hold a stranger's.
    pub fn new(reason: impl Display) -> Self {
        let reason = printable(reason.to_string().as_bytes(), TRACKER_TEXT_MAX);
        Self { reason, retry: Retry::AsUsual, absent: false }
    }

    /// The host has no such address.
    pub fn absent(reason: impl Display) -> Self {
        Self { absent: true, ..Self::new(reason) }
    }

    /// The tracker says no.
    pub fn refused(refusal: Refusal) -> Self {
        let reason = format!("the tracker says: {}", refusal.reason);
        Self { retry: refusal.retry, ..Self::new(reason) }
    }
}

/// What came of an announce.
#[derive(Debug)]
pub struct Outcome {
    /// What to remember.
    pub memory: Memory,
    /// The answer, whose peers were published, and how many those were; or why there is none.
    pub result: Result<(AnnounceReply, u32), Failure>,
}

/// A span as people read it: what was begun of a second counts as one.
pub fn in_seconds(span: Duration) -> u128 {
    span.as_millis().div_ceil(1000).max(1)
}
