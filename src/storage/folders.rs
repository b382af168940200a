//! The walk from the root folder to a file, part by part, following no symbolic link.
//!
//! The root itself may be reached by links: the user chose it. Below it every part is opened
//! relative to the folder before, so a link that somebody puts in the way, even while we walk,
//! ends in an error and never outside.

use super::error::{Operation, StorageError, StorageErrorKind};
use super::table::Access;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// How folders are opened: on Linux only as places to start from, which needs no right to list.
#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// How folders are opened.
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// How files are opened. A pipe without a writer must not hold the thread, hence no waiting;
/// on regular files that flag has no effect.
const FILE: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// What to do about folders that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// They are made.
    Make,
    /// They are an error.
    Fail,
}

/// Walks to the folders of files. Remembers the last one, as neighbors in a torrent's list mostly
/// share their folder; holds at most three descriptors.
#[derive(Debug)]
pub(super) struct Folders<'a> {
    /// Where the walk starts, for messages.
    root: &'a Path,
    /// The root, opened.
    root_folder: OwnedFd,
    /// What to do about folders that are not there.
    absent: Absent,
    /// Path of the folder walked to last; empty for the root.
    at: &'a [OsString],
    /// The folder walked to last; none for the root.
    folder: Option<OwnedFd>,
}

impl<'a> Folders<'a> {
    /// Opens the root folder.
    pub(super) fn open(root: &'a Path, absent: Absent) -> Result<Self, StorageError> {
        if absent == Absent::Make {
            make_root(root)?;
        }
        let root_folder = retry_on_intr(|| rustix::fs::open(root, FOLDER, Mode::empty()))
            .map_err(|errno| StorageError::new(root, Operation::OpenFolder, errno))?;
        Ok(Self { root, root_folder, absent, at: &[], folder: None })
    }

    /// The folder that a file is in, and the file's name.
    pub(super) fn parent(
        &mut self,
        path: &'a [OsString],
    ) -> Result<(BorrowedFd<'_>, &'a OsStr), StorageError> {
        let Some((name, folders)) =
            path.split_last().filter(|_| path.iter().all(|part| is_safe(part)))
        else {
            let file = join(self.root, path);
            return Err(StorageError::new(file, Operation::Open, StorageErrorKind::UnsafeName));
        };
        Ok((self.folder(folders)?, name))
    }

    /// Makes the names in a folder survive a power failure.
    pub(super) fn flush(&mut self, path: &'a [OsString]) -> Result<(), StorageError> {
        let whole = join(self.root, path);
        let folder = self.folder(path)?;
        flush_names(folder).map_err(|errno| StorageError::new(whole, Operation::Sync, errno))
    }

    /// The folder with this path.
    fn folder(&mut self, path: &'a [OsString]) -> Result<BorrowedFd<'_>, StorageError> {
        if self.at != path {
            self.folder = self.walk(path)?;
            self.at = path;
        }
        Ok(self.folder.as_ref().unwrap_or(&self.root_folder).as_fd())
    }

    /// Opens one folder after the other, from the root; none if the path is empty.
    fn walk(&self, path: &[OsString]) -> Result<Option<OwnedFd>, StorageError> {
        let mut folder: Option<OwnedFd> = None;
        for (depth, name) in path.iter().enumerate() {
            let from = folder.as_ref().unwrap_or(&self.root_folder).as_fd();
            let next = step(from, name, self.absent).map_err(|(operation, kind)| {
                let so_far = path.get(..=depth).unwrap_or(path);
                StorageError::new(join(self.root, so_far), operation, kind)
            })?;
            folder = Some(next);
        }
        Ok(folder)
    }
}

/// The path of a file under the root.
pub(super) fn join(root: &Path, path: &[OsString]) -> PathBuf {
    let mut whole = root.to_path_buf();
    whole.extend(path);
    whole
}

/// Makes the names in a folder of the user's choice survive a power failure.
pub(super) fn flush_folder(path: &Path) -> Result<(), StorageError> {
    retry_on_intr(|| rustix::fs::open(path, FOLDER, Mode::empty()))
        .and_then(|folder| flush_names(folder.as_fd()))
        .map_err(|errno| StorageError::new(path, Operation::Sync, errno))
}

/// Flushes a folder, for which it has to be opened for more than to start from. Some file systems
/// know no flushing of folders: they say so, and there is nothing to be done.
fn flush_names(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = retry_on_intr(|| rustix::fs::openat(folder, ".", flags, Mode::empty()))?;
    match retry_on_intr(|| rustix::fs::fsync(&folder)) {
        Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        flushed => flushed,
    }
}

/// Whether a name stays in its folder. The metainfo has checked before; this is the last door.
pub(super) fn is_safe(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, b'/' | 0))
}

/// Opens a regular file in a folder.
pub(super) fn open_file(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    access: Access,
) -> Result<OwnedFd, StorageErrorKind> {
    let flags = match access {
        Access::Read => OFlags::RDONLY,
        Access::Write => OFlags::RDWR,
    };
    open(folder, name, flags, Mode::empty())
}

/// Opens a regular file in a folder for writing, and creates it if it is not there.
pub(super) fn create_file(
    folder: BorrowedFd<'_>,
    name: &OsStr,
) -> Result<OwnedFd, StorageErrorKind> {
    let flags = OFlags::RDWR | OFlags::CREATE;
    match open(folder, name, flags, Mode::from_raw_mode(0o666)) {
        Err(StorageErrorKind::Missing) => Err(StorageErrorKind::NothingNew),
        opened => opened,
    }
}

/// What stands under a name in a folder, if anything; a link is not followed.
pub(super) fn look(folder: BorrowedFd<'_>, name: &OsStr) -> Result<Option<Stat>, StorageErrorKind> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Refuses everything but regular files.
pub(super) fn check_regular(stat: &Stat) -> Result<(), StorageErrorKind> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err(StorageErrorKind::SymbolicLink),
        FileType::Directory
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Err(StorageErrorKind::NotAFile),
    }
}

/// Opens a regular file in a folder; refuses what is none.
fn open(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, StorageErrorKind> {
    let file = retry_on_intr(|| rustix::fs::openat(folder, name, flags | FILE, mode))?;
    check_regular(&rustix::fs::fstat(&file)?)?;
    Ok(file)
}

/// Opens the folder with this name in another; makes it if it is not there and should be.
fn step(
    from: BorrowedFd<'_>,
    name: &OsStr,
    absent: Absent,
) -> Result<OwnedFd, (Operation, StorageErrorKind)> {
    let flags = FOLDER | OFlags::NOFOLLOW;
    let open = || retry_on_intr(|| rustix::fs::openat(from, name, flags, Mode::empty()));
    let opened = match open() {
        Err(Errno::NOENT) if absent == Absent::Make => {
            match rustix::fs::mkdirat(from, name, Mode::from_raw_mode(0o777)) {
                // Somebody else may just have made it.
                Ok(()) | Err(Errno::EXIST) => open(),
                Err(Errno::NOENT) => {
                    return Err((Operation::MakeFolder, StorageErrorKind::NothingNew));
                }
                Err(errno) => return Err((Operation::MakeFolder, errno.into())),
            }
        }
        other => other,
    };
    opened.map_err(|errno| {
        // For a link the system only says "not a folder".
        let kind = if errno == Errno::NOTDIR && is_link(from, name) {
            StorageErrorKind::SymbolicLink
        } else {
            errno.into()
        };
        (Operation::OpenFolder, kind)
    })
}

/// Whether a name in a folder is a symbolic link.
fn is_link(folder: BorrowedFd<'_>, name: &OsStr) -> bool {
    let stat = look(folder, name).ok().flatten();
    stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// Makes the root folder and those above it.
fn make_root(root: &Path) -> Result<(), StorageError> {
    std::fs::create_dir_all(root).map_err(|error| {
        let errno = error.raw_os_error().map(Errno::from_raw_os_error);
        let kind = match errno {
            // Something that is no folder stands there: the only way that "exists" is an error.
            Some(Errno::EXIST) | None => StorageErrorKind::NotAFolder,
            Some(Errno::NOENT) => StorageErrorKind::NothingNew,
            Some(errno) => errno.into(),
        };
        StorageError::new(root, Operation::MakeFolder, kind)
    })
}
