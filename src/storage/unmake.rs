//! Taking back what a preparation made that failed half-way.

use super::folders::{Absent, Folders, check_regular, look};
use super::prepare::length;
use super::spec::{FileKind, Inspection, ProblemKind};
use super::store::Storage;
use rustix::fs::AtFlags;
use std::ffi::OsString;

impl Storage {
    /// Removes the files that were missing before a preparation and are there now, and, if nothing
    /// of the torrent was there, its folders. Call it only while the files are locked and before
    /// anything was written to them: they hold nothing but reserved space.
    ///
    /// Cost: a few system calls per file.
    pub(super) fn unmake(&self, before: &Inspection) {
        // What cannot be walked to was not made, or cannot be removed.
        let Ok(mut folders) = Folders::open(self.root(), Absent::Fail) else { return };
        let missing = before.problems.iter().filter(|found| found.problem == ProblemKind::Missing);
        let missing: Vec<usize> = missing.map(|found| found.file).collect();
        let stored = self.files().iter().filter(|spec| spec.kind != FileKind::Pad).count();
        for &file in &missing {
            let Some(spec) = self.files().get(file) else { continue };
            let regular = matches!(spec.kind, FileKind::Regular { .. });
            let Ok((folder, name)) = folders.parent(&spec.path) else { continue };
            let ours = look(folder, name).ok().flatten().is_some_and(|stat| {
                check_regular(&stat).is_ok() && length(&stat) <= self.length(file)
            });
            if regular && ours {
                let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
            }
        }
        if missing.len() == stored {
            missing.into_iter().for_each(|file| self.remove_folders(file));
        }
    }

    /// Removes the folders of a file, from the innermost on, as far as they are empty.
    fn remove_folders(&self, file: usize) {
        let path = self.files().get(file).map_or(&[][..], |spec| &spec.path);
        for depth in (1..path.len()).rev() {
            if !self.remove_folder(&path[..depth]) {
                return;
            }
        }
    }

    /// Removes a folder; tells whether that worked. One that is not empty stays.
    fn remove_folder(&self, path: &[OsString]) -> bool {
        let Ok(mut folders) = Folders::open(self.root(), Absent::Fail) else { return false };
        let Ok((folder, name)) = folders.parent(path) else { return false };
        rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok()
    }
}
