//! What a torrent wants on disk, and what was found there. Values only, no IO.

use super::error::StorageErrorKind;
use std::ffi::OsString;

/// One file of a torrent. Its length is in the layout, under the same index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Folder names and the file's name, relative to the root; on disk names are bytes.
    pub path: Vec<OsString>,
    /// What it becomes on disk.
    pub kind: FileKind,
}

/// What a file of a torrent becomes on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A file with content.
    Regular {
        /// Whoever may read it may also execute it.
        executable: bool,
    },
    /// Padding: zeros that are never stored.
    Pad,
    /// A symbolic link.
    Symlink {
        /// What it points to: names relative to the root, inside of it.
        target: Vec<String>,
    },
}

/// How the space of files comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocation {
    /// Files get their length and take space as they are written.
    #[default]
    Sparse,
    /// All space is reserved at once, so that a full disk shows at the start.
    Full,
}

/// What preparing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// Some file was there with bytes in it, so checking pieces may save downloading them.
    pub any_existing: bool,
}

/// What is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// Files that are there with at least one byte.
    pub present: usize,
    /// What is not as the torrent says, in torrent order.
    pub problems: Vec<FileProblem>,
}

impl Inspection {
    /// Whether all files are there with the right length. Says nothing about their bytes.
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One file that is not as the torrent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileProblem {
    /// Index of the file in the torrent's list.
    pub file: usize,
    /// What is the matter.
    pub problem: ProblemKind,
}

/// What is not as the torrent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file, link or its folder is not there.
    Missing,
    /// The file has another length.
    Length {
        /// The length on disk, in bytes.
        found: u64,
    },
    /// Something is there that cannot be used.
    Refused(StorageErrorKind),
}
