//! The toolbox: plumbing between threads and small data structures. Knows no BitTorrent.
//!
//! - [`clock`]: the only place that reads a clock, and [`clock::Time`], what everybody passes on
//! - [`thread`]: the only place that starts a thread
//! - [`mailbox`]: a queue and the waker of the thread that reads it, as one object
//! - [`slab`]: values under keys that are never reused
//! - [`list`]: lists through values of a slab
//! - [`claim`]: who writes a block, decided by one atomic bit
//! - [`log`]: an append-only list with one writer and many readers
//! - [`wheel`]: the timing wheel
//! - [`buffers`]: a pool of read buffers
//! - [`rate`]: bytes per second
//! - [`bucket`]: a limit of bytes per second that threads share
//! - [`printable`]: strangers' text made fit to be shown
//! - [`random`]: a small seeded generator for the cores

pub mod bucket;
pub mod buffers;
pub mod claim;
pub mod clock;
pub mod list;
pub mod log;
pub mod mailbox;
pub mod printable;
pub mod random;
pub mod rate;
pub mod slab;
pub mod thread;
pub mod wheel;
