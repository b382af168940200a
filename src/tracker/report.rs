//! What people are told of an announce.

use std::time::Duration;

/// How an announce to one tracker went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which tracker, without what may be secret in its address.
    pub tracker: Box<str>,
    /// How it went.
    pub outcome: ReportOutcome,
}

/// How an announce went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportOutcome {
    /// The tracker answered.
    Answered {
        /// Addresses it gave, ours not counted.
        peers: u32,
        /// Peers that have everything, as it says.
        seeders: Option<u32>,
        /// Other peers, as it says.
        leechers: Option<u32>,
        /// What it wants people to read.
        warning: Option<Box<str>>,
    },
    /// It refused or could not be reached.
    Failed {
        /// Why.
        reason: Box<str>,
        /// When it is tried again; never if the tracker asks for that.
        again: Option<Duration>,
    },
}
