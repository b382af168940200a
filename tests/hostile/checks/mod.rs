//! What must hold for *any* bytes, one file for each kind of input. Nothing here knows where the
//! bytes come from: `inputs` feeds it with the corpora and changes of them, on every run of the
//! tests; `tests/fuzz/` feeds it with what a fuzzer finds, for as long as one likes.
//!
//! A check takes bytes and panics when a promise is broken. It may not depend on anything else,
//! so that the same bytes always fail in the same way.

pub(crate) mod bencode;
pub(crate) mod connection;
pub(crate) mod extension;
pub(crate) mod handshake;
pub(crate) mod magnet;
pub(crate) mod metainfo;
pub(crate) mod ring_message;
pub(crate) mod ring_node;
pub(crate) mod tracker;
pub(crate) mod wire;
