//! Looking at what is on disk, and making what a download needs.

use super::choice::Choice;
use super::error::{Operation, StorageError, StorageErrorKind};
use super::folders::{Absent, Folders, check_regular, create_file, is_safe, look, open_file};
use super::spec::{Allocation, FileKind, FileProblem, FileSpec, Inspection, Prepared, ProblemKind};
use super::store::Storage;
use super::table::Access;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FallocateFlags, Mode, Stat};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::OsStr;

/// Bytes of the unit that the system counts a file's space in, whatever the disk's blocks are.
const SPACE_UNIT: u64 = 512;

/// A kind of error together with what was being done.
type Failure = (Operation, StorageErrorKind);

impl Storage {
    /// Makes what a download needs: folders, files with their length, exec bits, links.
    ///
    /// What is there is kept. Files that are longer than the torrent's, or that are no files, are
    /// an error, and then nothing was changed. After another error, a full disk above all, what
    /// was made is removed again. Files that already fit need no right to write.
    /// Cost: a few system calls per file.
    pub fn prepare(&self, allocation: Allocation) -> Result<Prepared, StorageError> {
        let before = self.inspect();
        let obstacle = before.problems.iter().find_map(|found| self.obstacle(found));
        obstacle.map_or(Ok(()), Err)?;
        self.flushes.look_at_root(self.root());
        let mut folders = Folders::open(self.root(), Absent::Make)?;
        self.make_outermost(&mut folders)?;
        self.lock(Access::Write)?;
        let scraps = self.look_for_unwanted();
        self.make(&mut folders, allocation).inspect_err(|_| self.unmake(&before))?;
        Ok(Prepared { any_existing: scraps || before.present > 0 })
    }

    /// Makes all wanted files and links.
    fn make<'a>(
        &'a self,
        folders: &mut Folders<'a>,
        allocation: Allocation,
    ) -> Result<(), StorageError> {
        let specs = || self.files().iter().enumerate().filter(|(file, _)| self.wants(*file));
        for (file, spec) in specs() {
            if let FileKind::Regular { executable } = spec.kind {
                let (folder, name) = folders.parent(&spec.path)?;
                prepare_file(folder, name, self.length(file), allocation)
                    .map_err(|(operation, kind)| self.error(file, operation, kind))?;
                // What an earlier run wrote to it may not be on the medium either.
                self.flushes.mark(file);
                if executable {
                    self.allow_execution(folder, name, file);
                }
            }
        }
        // Links come last, so that none is in the way of a file.
        for (file, spec) in specs() {
            if let FileKind::Symlink { target } = &spec.kind {
                let (folder, name) = folders.parent(&spec.path)?;
                self.prepare_link(folder, name, file, &link_text(spec, target))?;
            }
        }
        Ok(())
    }

    /// Makes the file or folder that all others are in, empty: what is to be locked has to be
    /// there.
    fn make_outermost<'a>(&'a self, folders: &mut Folders<'a>) -> Result<(), StorageError> {
        let Some((file, spec)) = self.files().iter().enumerate().next() else { return Ok(()) };
        let outermost = spec.path.get(..2).unwrap_or(&spec.path);
        let (folder, name) = folders.parent(outermost)?;
        if spec.path.len() == 1 && matches!(spec.kind, FileKind::Regular { .. }) {
            let missing = look(folder, name).is_ok_and(|stat| stat.is_none());
            if missing {
                create_file(folder, name)
                    .map_err(|kind| self.error(file, Operation::Open, kind))?;
            }
        }
        Ok(())
    }

    /// Refuses, as preparing would, files that are longer than the torrent's or no files, but
    /// makes nothing: for who only reads. What is not there at all is no error.
    /// Cost: a few system calls per file.
    pub fn check_obstacles(&self) -> Result<(), StorageError> {
        let has_bytes = |found: &&FileProblem| {
            let spec = self.files().get(found.file);
            spec.is_some_and(|spec| matches!(spec.kind, FileKind::Regular { .. }))
        };
        let inspection = self.inspect();
        let mut problems = inspection.problems.iter().filter(has_bytes);
        problems.find_map(|found| self.obstacle(found)).map_or(Ok(()), Err)
    }

    /// What is there, without creating anything. Says nothing about the bytes in the files.
    ///
    /// Cost: a few system calls per file.
    pub fn inspect(&self) -> Inspection {
        let mut inspection = Inspection::default();
        let mut folders = Folders::open(self.root(), Absent::Fail);
        for (file, spec) in self.files().iter().enumerate() {
            if spec.kind == FileKind::Pad || !self.wants(file) {
                continue;
            }
            let found = match &mut folders {
                Ok(folders) => self.inspect_file(folders, file, spec),
                Err(error) => Err(error.clone()),
            };
            let problem = match found.map_err(|error| error.kind) {
                Ok(Found::Nothing) | Err(StorageErrorKind::Missing) => ProblemKind::Missing,
                Ok(Found::Link) => continue,
                Ok(Found::File { length }) => {
                    inspection.present += usize::from(length > 0);
                    if length == self.length(file) {
                        continue;
                    }
                    ProblemKind::Length { found: length }
                }
                Err(kind) => ProblemKind::Refused(kind),
            };
            inspection.problems.push(FileProblem { file, problem });
        }
        inspection
    }

    /// Whether a file is wanted.
    pub(super) fn wants(&self, file: usize) -> bool {
        self.choice().is_none_or(|choice| choice.wants(file))
    }

    /// Finds unwanted files that are there whole: their bytes are used where they are. Tells
    /// whether there are any, or scraps of others.
    fn look_for_unwanted(&self) -> bool {
        let Some(choice) = self.choice() else { return false };
        let Ok(mut existing) = Folders::open(self.root(), Absent::Fail) else { return false };
        if choice.is_all() {
            remove_scraps(&mut existing, choice);
            return false;
        }
        let unwanted = self.files().iter().enumerate().filter(|(file, _)| !choice.wants(*file));
        let mut found = false;
        for (file, spec) in unwanted {
            let whole = self.length(file);
            let there = self.inspect_file(&mut existing, file, spec);
            if matches!(there, Ok(Found::File { length }) if length == whole && whole > 0) {
                choice.use_file(file);
                found = true;
            }
        }
        let scraps = existing.parent(choice.path()).map(|(folder, name)| look(folder, name));
        found || matches!(scraps, Ok(Ok(Some(_))))
    }

    /// Looks at one file.
    fn inspect_file<'a>(
        &self,
        folders: &mut Folders<'a>,
        file: usize,
        spec: &'a FileSpec,
    ) -> Result<Found, StorageError> {
        let (folder, name) = folders.parent(&spec.path)?;
        let found = || {
            let Some(stat) = look(folder, name)? else { return Ok(Found::Nothing) };
            if let FileKind::Symlink { target } = &spec.kind {
                check_link(folder, name, &link_text(spec, target)?)?;
                return Ok(Found::Link);
            }
            check_regular(&stat)?;
            Ok(Found::File { length: length(&stat) })
        };
        found().map_err(|kind| self.error(file, Operation::Inspect, kind))
    }

    /// The error that a problem found by inspecting is for a download, if it is one.
    fn obstacle(&self, found: &FileProblem) -> Option<StorageError> {
        let kind = match found.problem {
            ProblemKind::Missing => return None,
            ProblemKind::Length { found: length } if length < self.length(found.file) => {
                return None;
            }
            ProblemKind::Length { .. } => StorageErrorKind::TooLong,
            ProblemKind::Refused(kind) => kind,
        };
        // A second look gives the whole error: the obstacle may be a folder on the way.
        let again = Folders::open(self.root(), Absent::Fail).and_then(|mut folders| {
            let spec = self.files().get(found.file);
            spec.map(|spec| self.inspect_file(&mut folders, found.file, spec)).transpose()
        });
        Some(again.err().unwrap_or_else(|| self.error(found.file, Operation::Inspect, kind)))
    }

    /// Length of a file as the torrent has it, in bytes.
    pub(super) fn length(&self, file: usize) -> u64 {
        self.layout().files().get(file).map_or(0, |span| span.length)
    }

    /// Lets everybody who may read a file execute it. Some file systems cannot; that is no
    /// reason to fail a download.
    fn allow_execution(&self, folder: BorrowedFd<'_>, name: &OsStr, file: usize) {
        let allow = || -> Result<(), StorageErrorKind> {
            let descriptor = open_file(folder, name, Access::Read)?;
            let mode = Mode::from_raw_mode(rustix::fs::fstat(&descriptor)?.st_mode);
            let readers = mode & Mode::from_raw_mode(0o444);
            let wanted = mode | Mode::from_raw_mode(readers.as_raw_mode() >> 2);
            if wanted != mode {
                rustix::fs::fchmod(&descriptor, wanted)?;
            }
            Ok(())
        };
        if let Err(kind) = allow() {
            log::warn!("{:?} is not marked executable: {}", self.path(file), kind.explain());
        }
    }

    /// Makes a symbolic link, or finds that it is there. Some file systems have none; that is no
    /// reason to fail a download.
    fn prepare_link(
        &self,
        folder: BorrowedFd<'_>,
        name: &OsStr,
        file: usize,
        text: &Result<String, StorageErrorKind>,
    ) -> Result<(), StorageError> {
        let text = text.as_ref().map_err(|kind| self.error(file, Operation::Link, *kind))?;
        match rustix::fs::symlinkat(text.as_str(), folder, name) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => check_link(folder, name, text)
                .map_err(|kind| self.error(file, Operation::Link, kind)),
            Err(errno @ (Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS)) => {
                log::warn!("no link at {:?}: {errno}", self.path(file));
                Ok(())
            }
            Err(errno) => Err(self.error(file, Operation::Link, errno.into())),
        }
    }
}

/// All files are made now, so nothing is to be kept apart. Pieces that lose bytes by that are
/// fetched again.
fn remove_scraps<'a>(folders: &mut Folders<'a>, choice: &'a Choice) {
    let Ok((folder, name)) = folders.parent(choice.path()) else { return };
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => log::info!("{name:?} is not needed any more and cannot be removed: {errno}"),
    }
}

/// What stands under a file's name and is no obstacle.
enum Found {
    /// Nothing.
    Nothing,
    /// The link that the torrent wants.
    Link,
    /// A regular file where the torrent wants one.
    File {
        /// Its length in bytes.
        length: u64,
    },
}

/// Brings a file into being, with its length and, if wanted, all of its space.
fn prepare_file(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    wanted: u64,
    allocation: Allocation,
) -> Result<(), Failure> {
    let found = look(folder, name).map_err(|kind| (Operation::Inspect, kind))?;
    let fits = |stat: &Stat| {
        let space = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(SPACE_UNIT);
        check_regular(stat).is_ok()
            && length(stat) == wanted
            && (allocation == Allocation::Sparse || space >= wanted)
    };
    if found.is_some_and(|stat| fits(&stat)) {
        return Ok(());
    }
    let file = create_file(folder, name).map_err(|kind| (Operation::Open, kind))?;
    let stat = rustix::fs::fstat(&file).map_err(|errno| (Operation::Inspect, errno.into()))?;
    if length(&stat) > wanted {
        return Err((Operation::SetLength, StorageErrorKind::TooLong));
    }
    if allocation == Allocation::Full && wanted > 0 && reserve(&file, wanted)? {
        return Ok(());
    }
    if length(&stat) < wanted {
        retry_on_intr(|| rustix::fs::ftruncate(&file, wanted))
            .map_err(|errno| (Operation::SetLength, errno.into()))?;
    }
    Ok(())
}

/// Reserves the space of a file and sets its length; tells whether the file system can do that.
fn reserve(file: &OwnedFd, wanted: u64) -> Result<bool, Failure> {
    match retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::empty(), 0, wanted)) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
        Err(errno) => Err((Operation::Allocate, errno.into())),
    }
}

/// What a link says: from its own folder up to the root, and down to its target.
fn link_text(spec: &FileSpec, target: &[String]) -> Result<String, StorageErrorKind> {
    if target.is_empty() || !target.iter().all(|part| is_safe(OsStr::new(part))) {
        return Err(StorageErrorKind::UnsafeName);
    }
    Ok("../".repeat(spec.path.len().saturating_sub(1)) + &target.join("/"))
}

/// Refuses what is not a link with this text.
fn check_link(folder: BorrowedFd<'_>, name: &OsStr, text: &str) -> Result<(), StorageErrorKind> {
    match rustix::fs::readlinkat(folder, name, Vec::new()) {
        Ok(found) if found.as_bytes() == text.as_bytes() => Ok(()),
        // Not a link at all gives "invalid".
        Ok(_) | Err(Errno::INVAL) => Err(StorageErrorKind::NotTheLink),
        Err(errno) => Err(errno.into()),
    }
}

/// Length of a file, in bytes.
pub(super) fn length(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}
