//! The real disk: the torrent's files, and the copies of its record in a hidden folder beside
//! them.
//!
//! A record is believed only if it belongs to this user or to the superuser, because whoever can
//! forge one makes us claim what was never verified. Nothing here follows a symbolic link.

use super::medium::{Medium, RecordCopy};
use super::record::{Boot, Shape};
use crate::kit::clock::{rest, unix_time};
use crate::limits::STAMP_TICK;
use crate::metainfo::RESUME_FOLDER;
use crate::storage::error::{Operation, StorageError, StorageErrorKind};
use crate::storage::folders::check_regular;
use crate::storage::stamp::{FileTime, Stamp};
use crate::storage::store::Storage;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FallocateFlags, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Uid, geteuid};
use sha1::{Digest, Sha1};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

/// Where Linux has a number that is drawn anew at each start.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// How the folder of records is opened.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);
/// How a record is opened.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
/// Zeros written at once where space cannot be reserved.
const ZEROS: usize = 64 * 1024;

/// A torrent's files and its record.
#[derive(Debug)]
pub struct RecordFolder<'a> {
    /// The files.
    storage: &'a Storage,
    /// Longest record that is one.
    length: u64,
    /// The name that all copies begin with.
    name: String,
}

impl<'a> RecordFolder<'a> {
    /// The record of a torrent beside its files. Touches no disk.
    pub fn new(storage: &'a Storage, shape: &Shape) -> Self {
        let name = shape.info_hash.to_string();
        Self { storage, length: shape.record_length(), name }
    }

    /// Whether the disk has room for so many more bytes. Takes them and gives them back: what the
    /// system says of free space knows no quotas.
    pub fn has_room(&self, bytes: u64) -> Result<bool, StorageError> {
        let name = format!("{}.room", self.name);
        let error = |kind| self.error(&name, Operation::Allocate, kind);
        let take = || -> Result<(), StorageErrorKind> {
            let folder = self.make_folder()?;
            let file = self.create(&folder, &name)?;
            let taken = fill(&file, bytes);
            drop(file);
            rustix::fs::unlinkat(&folder, &*name, AtFlags::empty())?;
            taken
        };
        match take() {
            Ok(()) => Ok(true),
            Err(StorageErrorKind::DiskFull) => Ok(false),
            Err(kind) => Err(error(kind)),
        }
    }

    /// The name of a copy.
    fn name(&self, copy: RecordCopy) -> String {
        let ending = match copy {
            RecordCopy::Newest => "resume",
            RecordCopy::Previous => "resume.old",
            RecordCopy::Unfinished => "resume.new",
        };
        format!("{}.{ending}", self.name)
    }

    /// Opens the folder of records.
    fn open_folder(&self) -> Result<OwnedFd, Errno> {
        let path = self.folder();
        retry_on_intr(|| rustix::fs::openat(CWD, &path, FOLDER, Mode::empty()))
    }

    /// Opens the folder of records; makes it if it is not there.
    fn make_folder(&self) -> Result<OwnedFd, Errno> {
        match self.open_folder() {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(CWD, self.folder(), Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => self.open_folder(),
                    Err(errno) => Err(errno),
                }
            }
            opened => opened,
        }
    }

    /// Makes a file in the folder of records in the place of whatever has its name.
    fn create(&self, folder: &OwnedFd, name: &str) -> Result<File, Errno> {
        match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
        let flags = FILE | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mode = Mode::from_raw_mode(0o666);
        retry_on_intr(|| rustix::fs::openat(folder, name, flags, mode)).map(File::from)
    }

    /// Path of the folder of records. Only its last part is ours, and no link; the rest the user
    /// chose.
    fn folder(&self) -> PathBuf {
        self.storage.root().join(RESUME_FOLDER)
    }

    fn error(&self, name: &str, operation: Operation, kind: StorageErrorKind) -> StorageError {
        StorageError::new(self.folder().join(name), operation, kind)
    }

    fn read_copy(&self, name: &str) -> Result<Option<Vec<u8>>, StorageErrorKind> {
        let open = self.open_folder().and_then(|folder| {
            let flags = FILE | OFlags::RDONLY;
            retry_on_intr(|| rustix::fs::openat(&folder, name, flags, Mode::empty()))
        });
        let file = match open {
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        let stat = rustix::fs::fstat(&file)?;
        check_regular(&stat)?;
        if !is_ours(&stat) {
            return Err(StorageErrorKind::Permission);
        }
        // One byte more than it may have shows that it is none; nothing else is allocated.
        let mut bytes = Vec::new();
        let read = File::from(file).take(self.length + 1).read_to_end(&mut bytes);
        read.map_err(|error| kind_of(&error))?;
        Ok(Some(bytes))
    }
}

impl Medium for RecordFolder<'_> {
    fn stamp(&mut self, file: usize) -> Option<Stamp> {
        self.storage.look_at(file).map(|stat| Stamp::of(&stat))
    }

    fn follow(&mut self, file: usize, stamp: Option<Stamp>) {
        self.storage.follower.begin(file, stamp);
    }

    fn left(&mut self, file: usize) -> Option<Stamp> {
        self.storage.follower.left(file)
    }

    fn was_written(&mut self, file: usize) -> bool {
        self.storage.take_written(file)
    }

    fn flush(&mut self, file: usize) -> Result<(), StorageError> {
        self.storage.sync_file(file)
    }

    fn boot(&mut self) -> Option<Boot> {
        let id = std::fs::read(BOOT_ID).ok().filter(|id| !id.is_empty())?;
        Some(Sha1::digest(id).into())
    }

    fn now(&mut self) -> FileTime {
        let now = unix_time();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        FileTime { seconds, nanos: now.subsec_nanos() }
    }

    fn settle(&mut self) {
        rest(STAMP_TICK);
    }

    fn read(&mut self, copy: RecordCopy) -> Result<Option<Vec<u8>>, StorageError> {
        let name = self.name(copy);
        self.read_copy(&name).map_err(|kind| self.error(&name, Operation::Read, kind))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        let name = self.name(RecordCopy::Unfinished);
        let write = || -> Result<(), StorageErrorKind> {
            let mut file = self.create(&self.make_folder()?, &name)?;
            file.write_all(bytes).map_err(|error| kind_of(&error))?;
            retry_on_intr(|| rustix::fs::fsync(&file))?;
            Ok(())
        };
        write().map_err(|kind| self.error(&name, Operation::Write, kind))
    }

    fn replace(&mut self, from: RecordCopy, to: RecordCopy) -> Result<(), StorageError> {
        let (from, to) = (self.name(from), self.name(to));
        let replace = || {
            let folder = self.open_folder()?;
            rustix::fs::renameat(&folder, &*from, &folder, &*to)
        };
        match replace() {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.error(&to, Operation::Replace, errno.into())),
        }
    }

    fn flush_copies(&mut self) -> Result<(), StorageError> {
        let flush = || {
            let folder = self.open_folder()?;
            retry_on_intr(|| rustix::fs::fsync(&folder))
        };
        flush().map_err(|errno| self.error("", Operation::Sync, errno.into()))
    }
}

/// Whether a file belongs to this user or to the superuser.
fn is_ours(stat: &Stat) -> bool {
    let owner = Uid::from_raw(stat.st_uid);
    owner == geteuid() || owner.is_root()
}

/// Takes room on the disk for a new file.
fn fill(file: &File, bytes: u64) -> Result<(), StorageErrorKind> {
    let flags = FallocateFlags::empty();
    match retry_on_intr(|| rustix::fs::fallocate(file.as_fd(), flags, 0, bytes)) {
        Ok(()) => return Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(errno) => return Err(errno.into()),
    }
    let zeros = [0; ZEROS];
    let mut file = file;
    for _ in 0..bytes.div_ceil(ZEROS as u64) {
        file.write_all(&zeros).map_err(|error| kind_of(&error))?;
    }
    // Some file systems find out only now.
    retry_on_intr(|| rustix::fs::fsync(file))?;
    Ok(())
}

fn kind_of(error: &std::io::Error) -> StorageErrorKind {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    errno.map_or(StorageErrorKind::MediumFault, StorageErrorKind::from)
}
