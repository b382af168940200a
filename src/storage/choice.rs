//! Files that are not wanted, and where the bytes of theirs go that wanted pieces bring along.
//!
//! A piece at the border of two files is wanted or not as a whole, so some bytes of unwanted files
//! arrive. They are kept, or the piece could neither be checked again nor given to others; but not
//! under the file's name, where nobody could tell a scrap from a file. They go into one file in the
//! folder of resume records, where nobody else has files. Each is there at its offset in the
//! torrent, so that the file takes only the space of the scraps and means the same whatever is
//! chosen next time. A file that is there whole from before is used as it is.

use crate::metainfo::RESUME_FOLDER;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

/// A choice of files.
#[derive(Debug)]
pub(super) struct Choice {
    /// Which files are wanted, in torrent order.
    wanted: Box<[bool]>,
    /// Which files' bytes are among the scraps.
    scraps: Box<[AtomicBool]>,
    /// Path of the file of scraps, relative to the root.
    path: [OsString; 2],
}

impl Choice {
    /// A choice, of all files if it is empty; unwanted files are taken to be not there.
    pub(super) fn new(wanted: &[bool], name: String) -> Self {
        let scraps = wanted.iter().map(|wanted| AtomicBool::new(!wanted)).collect();
        Self { wanted: wanted.into(), scraps, path: [RESUME_FOLDER.into(), name.into()] }
    }

    /// Whether a file is wanted.
    pub(super) fn wants(&self, file: usize) -> bool {
        self.wanted.get(file).copied().unwrap_or(true)
    }

    /// Whether a file's bytes are among the scraps.
    pub(super) fn is_scrap(&self, file: usize) -> bool {
        self.scraps.get(file).is_some_and(|scrap| scrap.load(Ordering::Relaxed))
    }

    /// An unwanted file is there whole, and is used.
    pub(super) fn use_file(&self, file: usize) {
        if let Some(scrap) = self.scraps.get(file) {
            scrap.store(false, Ordering::Relaxed);
        }
    }

    /// Whether all files are wanted.
    pub(super) fn is_all(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Path of the file of scraps, relative to the root.
    pub(super) fn path(&self) -> &[OsString] {
        &self.path
    }
}
