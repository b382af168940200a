//! The record of what was verified, so that nothing is read again that cannot have changed.
//!
//! `docs/resume.md` tells why it is as it is.
//!
//! - `record`: the record as bytes
//! - `trust`: which pieces need not be compared with their hashes
//! - `medium`: what keeping a record needs of a disk
//! - `keeper`: when what is written, and which copy is believed
//! - `disown`: taking back what reading has shown to be wrong
//! - `folder`: the real disk

mod disown;
mod folder;
mod keeper;
mod medium;
mod record;
#[cfg(test)]
mod tests;
mod trust;

pub use crate::storage::stamp::{FileTime, Stamp};
pub use disown::disown;
pub use folder::RecordFolder;
pub use keeper::{Keeper, Writers};
pub use medium::{Medium, RecordCopy};
pub use record::{Boot, Record, RecordError, Shape};
