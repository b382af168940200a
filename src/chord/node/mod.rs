//! The node: one state machine, a file for each thing that it does.
//!
//! - [`state`]: what it remembers (`pending`: what it waits for); [`machine`]: its entrance
//! - `calls`: questions on their way; `serve`: questions of others
//! - `operations`: announces and reads; `serve_store`, `acquiring`, `repair`: what is held
//! - `join`, `leave`, `stabilize`, `rectify`, `probes`: the ring; `lookups`: lookups, fingers,
//!   other rings; `visits`: looking at a ring; `placed`: into a settled ring, for simulations

mod acquiring;
mod calls;
mod join;
mod leave;
mod lookups;
pub mod machine;
mod operations;
mod pending;
mod placed;
mod probes;
mod rectify;
mod repair;
mod serve;
mod serve_store;
mod stabilize;
pub mod state;
mod visits;
