//! What of a torrent is still to be flushed, and what can never be.
//!
//! A system that cannot write a page back says so once. Whoever flushes the file next is told that
//! all is well, and the bytes are lost all the same (Linux: fsync(2), "EIO"). So a file whose flush
//! failed counts as one that cannot be flushed for as long as the torrent is here.

use super::error::StorageError;
use super::marks::FileMarks;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What was flushed of a torrent, and what could not be.
#[derive(Debug)]
pub(super) struct Flushes {
    /// Files, the scraps last, that may have bytes to be flushed.
    pub(super) unflushed: FileMarks,
    /// Files whose flush failed, and how. Only these are in it.
    failed: Mutex<HashMap<usize, StorageError>>,
    /// The folder nearest to the root that was there before anything was made; the root itself if
    /// that was.
    ground: OnceLock<PathBuf>,
}

impl Flushes {
    /// Nothing is to be flushed yet of so many files.
    pub(super) fn new(files: usize) -> Self {
        let (failed, ground) = (Mutex::default(), OnceLock::new());
        Self { unflushed: FileMarks::new(files), failed, ground }
    }

    /// Notes that a file may have bytes to be flushed.
    pub(super) fn mark(&self, file: usize) {
        self.unflushed.mark(file);
    }

    /// Flushes a file that never failed to be.
    pub(super) fn flush(
        &self,
        file: usize,
        flush: impl FnOnce() -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        if let Some(error) = self.failed.lock().get(&file) {
            return Err(error.clone());
        }
        flush().inspect_err(|error| {
            self.failed.lock().insert(file, error.clone());
        })
    }

    /// Notes which folders are there, before the root and those above it are made.
    pub(super) fn look_at_root(&self, root: &Path) {
        self.ground.get_or_init(|| {
            let there = root.ancestors().find(|folder| current_if_empty(folder).is_dir());
            there.unwrap_or(root).to_path_buf()
        });
    }

    /// Folders above the root in which a name was made.
    pub(super) fn above<'a>(&self, root: &'a Path) -> impl Iterator<Item = &'a Path> {
        let ground = self.ground.get().cloned();
        root.ancestors().skip(1).take_while(move |folder| {
            ground.as_ref().is_some_and(|ground| folder.starts_with(ground))
        })
    }
}

/// The folder of a relative path of one part has no name.
pub(super) fn current_if_empty(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::error::Operation;
    use rustix::io::Errno;

    #[test]
    fn a_flush_that_failed_is_not_believed_the_second_time() {
        let flushes = Flushes::new(2);
        let error = StorageError::new("a", Operation::Sync, Errno::IO);
        assert_eq!(flushes.flush(0, || Err(error.clone())), Err(error.clone()));
        assert_eq!(flushes.flush(0, || Ok(())), Err(error));
        assert_eq!(flushes.flush(1, || Ok(())), Ok(()));
    }

    #[test]
    fn only_folders_above_the_root_that_had_a_name_made_in_them_are_flushed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("new").join("root");
        let above = |flushes: &Flushes| -> Vec<PathBuf> {
            flushes.above(&root).map(Path::to_path_buf).collect()
        };
        let flushes = Flushes::new(1);
        assert!(above(&flushes).is_empty(), "nothing was made");
        flushes.look_at_root(&root);
        assert_eq!(above(&flushes), [folder.path().join("new"), folder.path().to_path_buf()]);
        std::fs::create_dir_all(&root).unwrap();
        let flushes = Flushes::new(1);
        flushes.look_at_root(&root);
        assert!(above(&flushes).is_empty(), "it was there");
    }
}
