//! The `discover` thread: when which torrent is announced to which tracker.
//!
//! - [`body`]: the thread
//! - [`records`]: what it remembers

pub mod body;
pub mod records;
