//! The `tracker-N` threads: each makes one announce over one family of addresses, publishes the
//! peers it gets, reports to `discover`, and ends.
//!
//! - [`job`]: what such a thread is given, and its body
//! - [`scrape`]: asking for figures alone, for who wants to know without announcing
//! - [`http`]: over HTTP and HTTPS
//! - [`udp`]: over UDP
//! - [`outcome`]: how it went
//! - [`meter`]: how much a tracker may send over HTTP
//! - [`names`]: looking up hosts, the only place that does
//! - [`ourselves`]: which addresses are ours
//! - [`network`]: what all of them share

pub mod http;
pub mod job;
pub mod meter;
pub mod names;
pub mod network;
pub mod ourselves;
pub mod outcome;
pub mod scrape;
pub mod udp;

#[cfg(test)]
mod tests;
