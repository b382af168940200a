//! Finding in their places, at the end, the files that were written.
//!
//! Blocks are written through open files, which live on when somebody removes, renames or replaces
//! what their paths name. So before a download is called complete, every path is walked once more.

use super::error::{Operation, StorageError, StorageErrorKind};
use super::folders::{Absent, Folders, check_regular, look};
use super::prepare::length;
use super::spec::{FileKind, FileSpec};
use super::store::Storage;

impl Storage {
    /// Whether every path of a wanted file still leads to the file that was worked on: a regular
    /// one, through no symbolic link, with the length that the torrent says. Says nothing about
    /// its bytes.
    ///
    /// Cost: a few system calls per file.
    pub fn confirm(&self) -> Result<(), StorageError> {
        let mut folders = Folders::open(self.root(), Absent::Fail)?;
        for (file, spec) in self.files().iter().enumerate() {
            if self.wants(file) && matches!(spec.kind, FileKind::Regular { .. }) {
                self.confirm_file(&mut folders, file, spec)?;
            }
        }
        Ok(())
    }

    fn confirm_file<'a>(
        &self,
        folders: &mut Folders<'a>,
        file: usize,
        spec: &'a FileSpec,
    ) -> Result<(), StorageError> {
        let (folder, name) = folders.parent(&spec.path)?;
        let check = || {
            let stat = look(folder, name)?.ok_or(StorageErrorKind::Missing)?;
            check_regular(&stat)?;
            self.recognize(file, &stat)?;
            let (found, wanted) = (length(&stat), self.length(file));
            match found.cmp(&wanted) {
                std::cmp::Ordering::Less => Err(StorageErrorKind::TooShort),
                std::cmp::Ordering::Equal => Ok(()),
                std::cmp::Ordering::Greater => Err(StorageErrorKind::TooLong),
            }
        };
        check().map_err(|kind| self.error(file, Operation::Confirm, kind))
    }
}
