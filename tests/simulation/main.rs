//! Whole swarms in one thread: the real cores and the real codec, simulated lines, disks and
//! clocks. Everything follows from a seed.
//!
//! Each client is one `Swarm` core and one `Connection` core for each end of its connections;
//! [`desk`], [`end`] and [`world`] do the jobs of the threads. After every event (or every so
//! many, in big worlds) the brain is audited, and disks refuse writes that must not happen.
//!
//! `SEED=n` replays one seed of every scenario, `SIM_SEEDS=n` runs so many. A failing seed becomes
//! a named test.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures and seeds, for people")]

mod client;
mod content;
mod desk;
mod disks;
mod end;
mod faults;
mod net;
mod plan;
mod run;
mod sole;
mod swarms;
mod world;
