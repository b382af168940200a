//! What tests of the whole program share: content made from a seed, torrents written without the
//! crate's help, processes that never outlive their test, waiting that always ends.
//!
//! Nothing here uses the `cuerda` library, so that its mistakes cannot hide themselves.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod aria2;
pub(crate) mod content;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod raw_peer;
pub(crate) mod torrent;
pub(crate) mod wait;
