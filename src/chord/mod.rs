//! The Chord ring that replaces the tracker, as a pure core: datagrams, commands and time in;
//! datagrams and events out. `docs/ring.md` tells the protocol.
//!
//! - [`ring_id`]: places on the circle; [`contact`]: who lies where
//! - [`settings`]: what a ring is
//! - [`successors`], [`predecessors`], [`neighborhood`]: the neighbors, and who holds a key

pub mod contact;
pub mod neighborhood;
pub mod predecessors;
pub mod ring_id;
pub mod settings;
pub mod successors;
