//! The record of what was verified, so that nothing is read again that cannot have changed.
//!
//! `docs/resume.md` tells why it is as it is.
//!
//! - `stamp`: what a file system says of a file without reading it
//! - `record`: the record as bytes
//! - `trust`: which pieces need not be compared with their hashes
//! - `medium`: what keeping a record needs of a disk
//! - `keeper`: when what is written, and which copy is believed
//! - `folder`: the real disk

mod folder;
mod keeper;
mod medium;
mod record;
mod stamp;
#[cfg(test)]
mod tests;
mod trust;

pub use folder::RecordFolder;
pub use keeper::{Keeper, Writers};
pub use medium::{Medium, RecordCopy};
pub use record::{Boot, Record, RecordError, Shape};
pub use stamp::{FileTime, Stamp};
