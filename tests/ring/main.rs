//! Rings of simulated nodes: the real core of the ring, virtual time, everything from a seed.
//!
//! `SEED=n` replays one seed of every scenario with the last happenings, `SIM_SEEDS=n` runs so
//! many: by themselves the tests run few, so that all of them end within half a minute. A failing
//! seed becomes a named test.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "figures and seeds, for people")]

mod closed;
mod cost;
mod crashes;
mod data;
mod growing;
mod handoff;
mod leaving;
mod overlap;
mod reach;
mod seeds;
mod small;
mod tiny;
