//! What keeping a record needs of a disk: the real one, or in tests one whose power fails.

use super::record::Boot;
use crate::storage::error::StorageError;
use crate::storage::stamp::{FileTime, Stamp};

/// A copy of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordCopy {
    /// The latest.
    Newest,
    /// The one before, in case the latest is damaged.
    Previous,
    /// One that is being written.
    Unfinished,
}

/// A disk with the files of one torrent and the copies of its record.
pub trait Medium {
    /// What is known of a file now; nothing if it is not there or is no file.
    fn stamp(&mut self, file: usize) -> Option<Stamp>;
    /// From now on it is to be noticed when somebody else changes a file, which is this now.
    fn follow(&mut self, file: usize, stamp: Option<Stamp>);
    /// What a file was when our last write to it ended, or when it began to be followed; nothing
    /// if somebody else was seen to change it before that, or if it was neither.
    fn left(&mut self, file: usize) -> Option<Stamp>;
    /// Whether we wrote to a file since this was asked last.
    fn was_written(&mut self, file: usize) -> bool;
    /// Makes a file's bytes and length survive a power failure.
    fn flush(&mut self, file: usize) -> Result<(), StorageError>;
    /// Which start of the system this is: what was written since then is there without flushing.
    /// Nothing if that cannot be told.
    fn boot(&mut self) -> Option<Boot>;
    /// What time it is for stamps.
    fn now(&mut self) -> FileTime;
    /// Waits until whatever changes a file gives it another time than before.
    fn settle(&mut self);
    /// Reads a copy of the record if it is there.
    fn read(&mut self, copy: RecordCopy) -> Result<Option<Vec<u8>>, StorageError>;
    /// Writes the unfinished copy and makes it survive a power failure.
    fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError>;
    /// Puts one copy in the place of another; no error if the first is not there.
    fn replace(&mut self, from: RecordCopy, to: RecordCopy) -> Result<(), StorageError>;
    /// Makes what was replaced survive a power failure.
    fn flush_copies(&mut self) -> Result<(), StorageError>;
}
