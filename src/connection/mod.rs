//! One peer's protocol as a pure state machine: messages, commands and time in; bytes, blocks to
//! store, spans to upload and events out. Knows no socket, thread, file or clock.
//!
//! - [`shared`]: what all peers of a torrent read, and the counters each writes
//! - [`event`]: what a connection publishes and what it is told
//! - [`reason`]: why a connection ends
//! - [`greeting`]: the handshake, a sequence of its own
//! - [`outbox`]: what a connection wants done
//! - [`window`]: how many requests are in flight
//! - [`lease`]: blocks that the main thread granted
//! - [`flights`]: requests by age
//! - [`given_up`]: requests that may still be answered
//! - [`download`]: our requests and what comes of them
//! - [`giving_back`]: how blocks go back that will not come
//! - [`upload`]: the peer's requests and what we owe it
//! - [`toll`]: what payload pays under limits of speed
//! - [`supply`]: when to ask the main thread for work
//! - [`pieces`]: what the peer has and what of it we want
//! - [`introduction`]: what is said first
//! - [`idle`]: messages that say nothing, counted
//! - [`machine`]: the connection that joins them

pub mod download;
pub mod event;
pub mod flights;
pub mod given_up;
pub mod giving_back;
pub mod greeting;
pub mod idle;
pub mod introduction;
pub mod lease;
pub mod machine;
pub mod outbox;
pub mod pieces;
pub mod reason;
pub mod shared;
pub mod supply;
pub mod toll;
pub mod upload;
pub mod window;

#[cfg(test)]
mod tests;
