//! The connection core between a peer that says anything and a main thread that keeps its side of
//! the contract. The bytes are read as a play: what the peer says, what the main thread orders,
//! what the disk does, how time passes, in any order.
//!
//! - `script`: numbers, messages and spans out of the bytes
//! - `ledger`: what the main thread knows by what it was told, and whether that can be true
//! - `play`: the connection between both

mod ledger;
mod play;
mod script;

pub(crate) use play::check;
