//! The `chord-listen` thread: owns the nodes of the ring, one for each address family, and their
//! sockets. It reads datagrams, obeys its users and the rhythm of `chord-stabilize`, and does what
//! the nodes want done. No lock is around a node.
//!
//! - [`words`]: what it is told and what it tells
//! - [`socket`]: the UDP sockets
//! - `leg`: one node and its socket
//! - `askers`: who waits for what
//! - [`body`]: the thread; `orders`: what users and the rhythm want

mod askers;
pub mod body;
mod leg;
mod orders;
pub mod socket;
pub mod words;
