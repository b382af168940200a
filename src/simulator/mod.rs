//! Rings of simulated nodes: the real core, a network and a clock of variables, everything from
//! one seed. For study, for tests, for figures.
//!
//! - [`network`]: delay, loss, duplicates, partitions, address translation
//! - [`world`]: nodes, time and what happens; [`verbs`]: what can be done to nodes
//! - [`oracle`]: what must be true, seen from above
//! - [`placed`]: rings that begin settled, of any size
//! - [`study`]: the workloads of the Chord papers and ours, with what the papers found

pub mod network;
pub mod oracle;
pub mod placed;
pub mod study;
pub mod verbs;
pub mod world;
