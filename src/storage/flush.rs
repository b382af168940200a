//! Making what was written survive a power failure: the files' bytes, and the folders by which
//! they are found.

use super::error::{Operation, StorageError};
use super::folders::{Absent, Folders, flush_folder};
use super::spec::FileKind;
use super::store::Storage;
use super::unflushed::current_if_empty;
use rustix::io::retry_on_intr;
use std::collections::BTreeSet;
use std::ffi::OsString;

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
