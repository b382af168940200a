//! Making what was written survive a power failure: the files' bytes, and the folders by which
//! they are found.
//!
//! A system that cannot write a page back says so once. Whoever flushes the file next is told that
//! all is well, and the bytes are lost all the same (Linux: fsync(2), "EIO"). So a file whose flush
//! failed counts as one that cannot be flushed for as long as the torrent is here.

use super::error::{Operation, StorageError};
use super::folders::{Absent, Folders, flush_folder};
use super::marks::FileMarks;
use super::spec::FileKind;
use super::store::Storage;
use parking_lot::Mutex;
use rustix::io::retry_on_intr;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What was flushed of a torrent, and what could not be.
#[derive(Debug)]
pub(super) struct Flushes {
    /// Files, the scraps last, that may have bytes to be flushed.
    unflushed: FileMarks,
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
    fn flush(
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
    fn above<'a>(&self, root: &'a Path) -> impl Iterator<Item = &'a Path> {
        let ground = self.ground.get().cloned();
        root.ancestors().skip(1).take_while(move |folder| {
            ground.as_ref().is_some_and(|ground| folder.starts_with(ground))
        })
    }
}

impl Storage {
    /// Flushes to the medium what was written before this call: each wanted file that was prepared
    /// or written to since it was flushed, then each folder that leads to one.
    ///
    /// Goes on with the other files after an error and gives back the first. Files that could not
    /// be opened are tried again next time; one whose flush failed fails for ever.
    /// Cost: one flush per file and folder.
    pub fn sync(&self) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for file in self.flushes.unflushed.drain() {
            if let Err(error) = self.sync_file(file) {
                self.flushes.mark(file);
                outcome = outcome.and(Err(error));
            }
        }
        outcome.and_then(|()| self.sync_folders())
    }

    /// Flushes one file. One that is not open is not put into the table for that.
    pub(super) fn sync_file(&self, file: usize) -> Result<(), StorageError> {
        let open = self.open_to_flush(file)?;
        self.flushes.flush(file, || {
            retry_on_intr(|| rustix::fs::fsync(&*open))
                .map_err(|errno| self.error(file, Operation::Sync, errno.into()))
        })
    }

    /// Flushes the folders of wanted files, from the root on, and those above it that had a name
    /// made in them. Each once.
    fn sync_folders(&self) -> Result<(), StorageError> {
        let mut folders = Folders::open(self.root(), Absent::Fail)?;
        let mut paths: BTreeSet<&[OsString]> = BTreeSet::from([&[][..]]);
        for (file, spec) in self.files().iter().enumerate() {
            if self.wants(file) && spec.kind != FileKind::Pad {
                let mut path = spec.path.as_slice();
                // Where a folder is known, those above it are.
                while let Some((_, folder)) = path.split_last()
                    && paths.insert(folder)
                {
                    path = folder;
                }
            }
        }
        paths.into_iter().try_for_each(|path| folders.flush(path))?;
        self.flushes.above(self.root()).try_for_each(|path| flush_folder(current_if_empty(path)))
    }
}

/// The folder of a relative path of one part has no name.
fn current_if_empty(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
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
