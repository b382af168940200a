//! The Chord ring that replaces the tracker, as a pure core: datagrams, commands and time in;
//! datagrams and events out. `docs/ring.md` tells the protocol.
//!
//! - [`ring_id`]: places on the circle; [`contact`]: who lies where
//! - [`settings`]: what a ring is
//! - [`successors`], [`predecessors`], [`neighborhood`]: the neighbors, and who holds a key
//! - [`message`]: what nodes say; [`codec`] (with `fields` and `packed`): its bytes
//! - [`contact_cache`], [`fingers`]: the other nodes known; [`lookup`]: finding who follows a place
//! - [`seal`]: what shows that a datagram is of a closed ring; [`rates`]: how much one source may
//!   ask; [`votes`]: at which address others see this node
//! - [`secrets`]: cookies and tokens; [`rhythm`]: when maintenance comes
//! - [`store`]: records; [`holdings`]: arcs and who is agreed to hold them; [`acquire`]: how that
//!   changes; [`quorum`]: counting replies
//! - [`renewals`]: what is kept announced
//! - [`input`]: what comes in and goes out; [`node`]: the state machine

pub mod acquire;
pub mod codec;
pub mod contact;
pub mod contact_cache;
pub mod error;
mod fields;
pub mod fingers;
pub mod holdings;
pub mod input;
pub mod lookup;
pub mod message;
pub mod neighborhood;
pub mod node;
mod packed;
pub mod predecessors;
pub mod quorum;
pub mod rates;
pub mod renewals;
pub mod rhythm;
pub mod ring_id;
pub mod seal;
pub mod secrets;
pub mod settings;
pub mod store;
pub mod successors;
pub mod votes;
