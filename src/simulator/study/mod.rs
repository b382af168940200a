//! The workloads of the Chord papers and ours, on the real core: for `cuerda ring simulate`, for
//! the figures of `docs/ring-figures.md`, and for study. Each gives the same for the same seed.
//!
//! - [`paper`]: what the papers found
//! - [`summary`]: means and percentiles
//! - [`lookups`]: looking up one after another, or many at once
//! - [`balance`]: how evenly keys lie; [`paths`]: how far lookups go; [`failures`]: when many nodes
//!   have died at once and nothing is mended; [`churn`]: while nodes come and go; [`latency`]: how
//!   long lookups and reads take
//! - [`recovery`]: a ring that loses a part of its nodes, or was cut in two, and mends itself

pub mod balance;
pub mod churn;
pub mod failures;
pub mod latency;
pub mod lookups;
pub mod paper;
pub mod paths;
pub mod recovery;
pub mod summary;
