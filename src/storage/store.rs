//! Reading and writing spans of a torrent, wherever its files begin and end.

use super::choice::Choice;
use super::error::{Operation, StorageError, StorageErrorKind};
use super::folders::{Absent, Folders, check_regular, create_file, join, look, open_file};
use super::follow::Follower;
use super::marks::FileMarks;
use super::positioned::{read_run, write_run, zero_run};
use super::slices::{Gather, Scatter};
use super::spec::{FileKind, FileSpec};
use super::stamp::Stamp;
use super::table::{Access, FileKey, FileTable, OpenFile};
use super::unflushed::Flushes;
use crate::layout::{FileRun, Layout, PieceSpan};
use parking_lot::Mutex;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::Stat;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{IoSlice, IoSliceMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The files of one torrent. Shared by all threads that work on it.
#[derive(Debug)]
pub struct Storage {
    /// The folder that all paths start from; never written outside of.
    root: PathBuf,
    /// Where the files lie in the torrent.
    layout: Arc<Layout>,
    /// The files, in torrent order.
    files: Vec<FileSpec>,
    /// Open files, shared with other torrents.
    table: FileTable,
    /// This torrent's number in the table.
    owner: u64,
    /// Which files are wanted, if not all are.
    choice: Option<Choice>,
    /// What was flushed of them.
    pub(super) flushes: Flushes,
    /// Files written since that was asked last.
    written: FileMarks,
    /// Notices changes of the files that are not ours.
    pub(super) follower: Follower,
    /// Keeps other processes off, once it is locked.
    pub(super) locked: OnceLock<OwnedFd>,
    /// What each file was when it was first opened: its path has to lead to the same one later.
    first: Mutex<HashMap<usize, Identity>>,
}

/// Device and number of a file: what stays the same while its name and content change.
type Identity = (u64, u64);

impl Storage {
    /// The files of a torrent under a root folder. Touches no disk.
    ///
    /// # Panics
    ///
    /// If there are not as many files as in the layout; both come from one metainfo.
    pub fn new(root: PathBuf, layout: Arc<Layout>, files: Vec<FileSpec>, table: FileTable) -> Self {
        assert_eq!(files.len(), layout.files().len(), "one file each in layout and list");
        // The scraps come after the last file.
        let flushes = Flushes::new(files.len() + 1);
        let owner = table.new_owner();
        let (written, follower) = (FileMarks::new(files.len()), Follower::new(files.len()));
        let (first, choice, locked) = (Mutex::default(), None, OnceLock::new());
        Self {
            root,
            layout,
            files,
            table,
            owner,
            choice,
            flushes,
            written,
            follower,
            locked,
            first,
        }
    }

    /// The same files of which only some are wanted, all if none is told of. Bytes of others that
    /// come with them go into a file of this name in the folder of resume records.
    pub fn choosing(mut self, wanted: &[bool], scraps: String) -> Self {
        self.choice = Some(Choice::new(wanted, scraps));
        self
    }

    /// The folder that all paths start from.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the files lie in the torrent.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The files, in torrent order.
    pub fn files(&self) -> &[FileSpec] {
        &self.files
    }

    /// Path of a file, root included; the root itself if there is no such file.
    pub fn path(&self, file: usize) -> PathBuf {
        join(&self.root, self.relative(file))
    }

    /// Fills the buffers, one after the other, with the bytes of the span. Pads are zeros.
    ///
    /// The buffers together are as long as the span. One system call per file touched, if the
    /// system does not cut it short. After an error the buffers' content is undefined.
    pub fn read(
        &self,
        span: PieceSpan,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Result<(), StorageError> {
        let room = buffers.iter().map(|buffer| buffer.len() as u64).sum();
        self.check_span(span, room, Operation::Read)?;
        let mut into = Scatter::new(buffers);
        for run in self.layout.runs(span) {
            if self.is_pad(run) {
                zero_run(run.length, &mut into);
                continue;
            }
            let (index, offset) = self.place(run);
            let file = self.open(index, Access::Read)?;
            read_run(file.as_fd(), offset, run.length, &mut into)
                .map_err(|kind| self.error(index, Operation::Read, kind))?;
        }
        Ok(())
    }

    /// Writes the slices, one after the other, to the span. Pads are skipped.
    ///
    /// The slices together are as long as the span. One system call per file touched, if the
    /// system does not cut it short. After an error any part of the span may be written.
    pub fn write(&self, span: PieceSpan, slices: &[IoSlice<'_>]) -> Result<(), StorageError> {
        let bytes = slices.iter().map(|slice| slice.len() as u64).sum();
        self.check_span(span, bytes, Operation::Write)?;
        let mut from = Gather::new(slices);
        for run in self.layout.runs(span) {
            if self.is_pad(run) {
                from.consume(run.length as usize);
                continue;
            }
            let (index, offset) = self.place(run);
            let file = self.open(index, Access::Write)?;
            let look = || rustix::fs::fstat(&*file).ok().map(|stat| Stamp::of(&stat));
            self.follower.write_begins(index, look);
            let written = write_run(file.as_fd(), offset, run.length, &mut from);
            self.follower.write_ended(index, look);
            // Marked after the write, so that a flush that clears the mark covers the bytes.
            self.flushes.mark(index);
            self.written.mark(index);
            written.map_err(|kind| self.error(index, Operation::Write, kind))?;
        }
        Ok(())
    }

    /// Whether a file was written since this was asked last.
    pub(super) fn take_written(&self, file: usize) -> bool {
        self.written.take(file)
    }

    /// What the file system says of a file; nothing if it is not there or is no regular file.
    pub(super) fn look_at(&self, file: usize) -> Option<Stat> {
        let mut folders = Folders::open(&self.root, Absent::Fail).ok()?;
        let (folder, name) = folders.parent(&self.files.get(file)?.path).ok()?;
        look(folder, name).ok()?.filter(|stat| check_regular(stat).is_ok())
    }

    /// Closes this torrent's open files. Whoever reads or writes later opens them again.
    pub fn close(&self) {
        self.table.close(self.owner);
    }

    /// An error about a file.
    pub(super) fn error(
        &self,
        file: usize,
        operation: Operation,
        kind: StorageErrorKind,
    ) -> StorageError {
        StorageError::new(self.path(file), operation, kind)
    }

    /// Refuses a span that is not in the torrent or not as long as its buffers.
    fn check_span(
        &self,
        span: PieceSpan,
        bytes: u64,
        operation: Operation,
    ) -> Result<(), StorageError> {
        let found = self.layout.span_at(span.piece.get(), span.begin, span.length);
        if found == Some(span) && bytes == u64::from(span.length) {
            return Ok(());
        }
        Err(StorageError::new(&self.root, operation, StorageErrorKind::WrongSpan))
    }

    /// Whether a run is zeros that are stored nowhere.
    pub(super) fn is_pad(&self, run: FileRun) -> bool {
        run.pad || self.files.get(run.file).is_some_and(|file| file.kind == FileKind::Pad)
    }

    /// The file, from the table or opened now.
    pub(super) fn open(&self, file: usize, access: Access) -> Result<Arc<OpenFile>, StorageError> {
        let key = FileKey { owner: self.owner, file };
        match self.table.get(key, access) {
            Some(open) => Ok(open),
            None => {
                let open = self.open_anew(file, access)?;
                let failed = |kind| self.error(file, Operation::Open, kind);
                let stat = rustix::fs::fstat(&open).map_err(|errno| failed(errno.into()))?;
                self.recognize(file, &stat).map_err(failed)?;
                Ok(self.table.put(key, open))
            }
        }
    }

    /// Refuses a file that is another than the one that was first opened in its place.
    pub(super) fn recognize(&self, file: usize, stat: &Stat) -> Result<(), StorageErrorKind> {
        let found = (stat.st_dev, stat.st_ino);
        let first = *self.first.lock().entry(file).or_insert(found);
        if found == first { Ok(()) } else { Err(StorageErrorKind::Replaced) }
    }

    /// The file, opened now and not in the table.
    fn open_anew(&self, file: usize, access: Access) -> Result<OpenFile, StorageError> {
        // The scraps' file and its folder come into being with the first of them.
        let made = file == self.files.len() && access == Access::Write;
        let absent = if made { Absent::Make } else { Absent::Fail };
        let mut folders = Folders::open(&self.root, absent)?;
        let (folder, name) = folders.parent(self.relative(file))?;
        let open = if made { create_file(folder, name) } else { open_file(folder, name, access) };
        let descriptor = open.map_err(|kind| self.error(file, Operation::Open, kind))?;
        Ok(OpenFile::new(descriptor, access))
    }

    /// Which files are wanted, if not all are.
    pub(super) fn choice(&self) -> Option<&Choice> {
        self.choice.as_ref()
    }

    /// Path of a file, relative to the root; that of the scraps has the number after the last.
    fn relative(&self, file: usize) -> &[OsString] {
        match self.files.get(file) {
            Some(spec) => &spec.path,
            None => self.choice.as_ref().map_or(&[], Choice::path),
        }
    }

    /// The file that a run's bytes are in, and their offset there.
    fn place(&self, run: FileRun) -> (usize, u64) {
        let scrap = self.choice.as_ref().is_some_and(|choice| choice.is_scrap(run.file));
        let begin = self.layout.files().get(run.file).map_or(0, |span| span.offset);
        if scrap { (self.files.len(), begin + run.offset) } else { (run.file, run.offset) }
    }

    /// A file, to be flushed. One that is not in the table is not put there for that.
    pub(super) fn open_to_flush(&self, file: usize) -> Result<Arc<OpenFile>, StorageError> {
        match self.table.get(FileKey { owner: self.owner, file }, Access::Read) {
            Some(open) => Ok(open),
            None => self.open_anew(file, Access::Read).map(Arc::new),
        }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}
