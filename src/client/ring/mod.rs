//! A node of the ring put together: its threads, started and joined, and the handle of its users.
//!
//! - `options`: what a node may be told, and why it cannot start
//! - `start`: [`Ring`]: starting and stopping the threads
//! - `address`: the address that others see
//! - `handle`: [`RingHandle`]: announcing, looking up, withdrawing
//! - `walk`: going round a ring from node to node

mod address;
mod handle;
mod options;
mod start;
mod walk;

pub use crate::chord::input::{Outcome, Visit};
pub use crate::chord::message::{Flags, Standing};
pub use crate::threads::chord_listen::words::{NodeStatus, RingNotice, RingWord, Traffic};
pub use handle::{RingCall, RingGoneError, RingHandle, RingPeer, Role};
pub use options::{RingOptions, RingStartError};
pub use start::Ring;
pub use walk::{Walk, Walked};
