//! Bencode (BEP 3), read in two steps: [`scan()`] proves that the bytes are well-formed and of
//! bounded depth and size, and only then does serde_bencode turn them into typed values.
//!
//! The second step alone would not do: it recurses (a kilobyte of `l` ends the process), takes
//! `i+5e`, ignores what follows the value, and does not tell where a value lies in the bytes.
//!
//! - `scan`: the scanner, its limits, and the span of `info`
//! - `codec`: [`from_bytes`], [`from_prefix`], [`to_bytes`]
//! - `dict`: [`Dict`], a typed dictionary whose unknown keys may be any bytes
//! - `error`: what can be wrong, and where
//!
//! Bencode strings are bytes: type them as [`serde_bytes::ByteBuf`], never as `String` (fails on
//! text that is not UTF-8) nor as `Vec<u8>` (that is a list of integers to serde).

mod codec;
mod dict;
mod error;
mod scan;

pub use codec::{from_bytes, from_prefix, to_bytes};
pub use dict::Dict;
pub use error::BencodeError;
pub use scan::{Mode, Scan, ScanLimits, scan};
