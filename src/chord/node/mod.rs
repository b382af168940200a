//! The node: one state machine, a file for each thing that it does.
//!
//! - [`state`]: what it remembers; [`machine`]: its entrance
//! - `calls`: questions on their way; `serve`: questions of others
//! - `join`, `stabilize`, `rectify`: the ring; `lookups`: lookups, fingers, other rings

mod calls;
mod join;
mod lookups;
pub mod machine;
mod rectify;
mod serve;
mod stabilize;
pub mod state;
