//! What can go wrong between the program and the disk, in words that a user can act on.

use rustix::io::Errno;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// An operation on a file or folder that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageError {
    /// The file or folder concerned.
    pub file: PathBuf,
    /// What was tried.
    pub operation: Operation,
    /// Why it failed.
    pub kind: StorageErrorKind,
}

/// What was tried with a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a folder on the way to a file.
    OpenFolder,
    /// Making a folder.
    MakeFolder,
    /// Opening, or creating, a file.
    Open,
    /// Looking at what is there.
    Inspect,
    /// Finding in its place what was written.
    Confirm,
    /// Giving a file its length.
    SetLength,
    /// Reserving the disk space of a file.
    Allocate,
    /// Making a symbolic link.
    Link,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Flushing to the medium.
    Sync,
    /// Putting a new file in the place of an old one.
    Replace,
    /// Keeping other processes off.
    Lock,
}

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageErrorKind {
    /// No space left, or the quota is used up.
    DiskFull,
    /// The file or folder is not there.
    Missing,
    /// Another file stands in the place of the one that was worked on.
    Replaced,
    /// The folder takes no new files, as those that the kernel makes up.
    NothingNew,
    /// The medium is mounted read-only.
    ReadOnly,
    /// The user of this process may not do that.
    Permission,
    /// The file ends before the bytes that were asked for.
    TooShort,
    /// A file is longer than the torrent's; it is not cut, because somebody may want its end.
    TooLong,
    /// Something that is not a folder stands where a folder should be.
    NotAFolder,
    /// A folder, device, pipe or socket stands where a file should be.
    NotAFile,
    /// A symbolic link stands where a file or folder should be; it is not followed.
    SymbolicLink,
    /// Something else stands where a symbolic link of the torrent should be.
    NotTheLink,
    /// A name that could lead out of the root folder.
    UnsafeName,
    /// A name longer than the file system takes.
    NameTooLong,
    /// A file longer than the file system or a process limit allows.
    FileTooLarge,
    /// No more files can be opened.
    TooManyOpenFiles,
    /// Another process works on it.
    InUse,
    /// The medium failed.
    MediumFault,
    /// The span lies outside the torrent or does not match its buffers: a fault of this program.
    WrongSpan,
    /// Anything else, as the system's error number.
    Other(i32),
}

impl StorageError {
    /// An operation that failed on a file for a reason.
    pub(super) fn new(
        file: impl Into<PathBuf>,
        operation: Operation,
        kind: impl Into<StorageErrorKind>,
    ) -> Self {
        Self { file: file.into(), operation, kind: kind.into() }
    }
}

impl StorageErrorKind {
    /// What is the matter.
    pub fn explain(self) -> String {
        let text = match self {
            Self::DiskFull => "no space left on the disk",
            Self::Missing => "it does not exist",
            Self::Replaced => "another file took its place meanwhile",
            Self::NothingNew => "nothing can be made in its folder",
            Self::ReadOnly => "the disk is read-only",
            Self::Permission => "permission denied",
            Self::TooShort => "the file is shorter than the torrent says",
            Self::TooLong => "the file is longer than the torrent says and is not cut",
            Self::NotAFolder => "something else stands where a folder should be",
            Self::NotAFile => "something else stands where a file should be",
            Self::SymbolicLink => "it is a symbolic link, which is not followed",
            Self::NotTheLink => "something else stands where a symbolic link should be",
            Self::UnsafeName => "the name could lead out of the folder",
            Self::NameTooLong => "the name is too long for this file system",
            Self::FileTooLarge => "the file is too large for this file system or its limits",
            Self::TooManyOpenFiles => "too many open files",
            Self::InUse => "another process is working on it",
            Self::MediumFault => "the disk reports a fault",
            Self::WrongSpan => "the bytes asked for do not fit the torrent",
            Self::Other(number) => return io::Error::from_raw_os_error(number).to_string(),
        };
        text.to_owned()
    }

    /// What the user can do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DiskFull => "free some space",
            Self::Missing => "put it back, or download it again",
            Self::Replaced => "start again, which checks what is there",
            Self::ReadOnly => "choose another folder, or mount the disk writable",
            Self::Permission => "change its permissions, or choose another folder",
            Self::TooShort => "check the files, then download what is missing",
            Self::TooLong | Self::NotTheLink => "move it away, or choose another folder",
            Self::NotAFolder | Self::NotAFile => "move it away, or choose another folder",
            Self::SymbolicLink => "remove the link; only the chosen folder itself may be one",
            Self::UnsafeName => "do not trust this torrent",
            Self::NothingNew => "choose another folder",
            Self::NameTooLong => "choose a folder with a shorter path, or another file system",
            Self::FileTooLarge => "choose a folder on another file system",
            Self::TooManyOpenFiles => {
                "raise the limit of open files (ulimit -n), or give --max-peers"
            }
            Self::InUse => "stop that one first, or choose another folder",
            Self::MediumFault => "check the disk",
            Self::WrongSpan => "please report this as a bug",
            Self::Other(_) => "check the folder and start again",
        }
    }
}

impl From<Errno> for StorageErrorKind {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOSPC | Errno::DQUOT => Self::DiskFull,
            Errno::NOENT | Errno::STALE => Self::Missing,
            Errno::ROFS => Self::ReadOnly,
            Errno::ACCESS | Errno::PERM => Self::Permission,
            Errno::NOTDIR => Self::NotAFolder,
            Errno::ISDIR | Errno::NXIO => Self::NotAFile,
            Errno::LOOP => Self::SymbolicLink,
            Errno::NAMETOOLONG => Self::NameTooLong,
            Errno::FBIG | Errno::OVERFLOW => Self::FileTooLarge,
            Errno::MFILE | Errno::NFILE => Self::TooManyOpenFiles,
            Errno::IO => Self::MediumFault,
            other => Self::Other(other.raw_os_error()),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenFolder => "open the folder",
            Self::MakeFolder => "make the folder",
            Self::Open => "open",
            Self::Inspect => "look at",
            Self::Confirm => "find what was written to",
            Self::SetLength => "set the length of",
            Self::Allocate => "reserve the space of",
            Self::Link => "make the link",
            Self::Read => "read",
            Self::Write => "write to",
            Self::Sync => "flush",
            Self::Replace => "replace",
            Self::Lock => "use",
        })
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `{:?}` of a path quotes it and escapes what would garble a terminal.
        let (what, advice) = (self.kind.explain(), self.kind.advice());
        write!(f, "cannot {} {:?}: {what}; {advice}", self.operation, self.file)
    }
}

impl std::error::Error for StorageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_get_names() {
        let cases = [
            (Errno::NOSPC, StorageErrorKind::DiskFull),
            (Errno::DQUOT, StorageErrorKind::DiskFull),
            (Errno::NOENT, StorageErrorKind::Missing),
            (Errno::ROFS, StorageErrorKind::ReadOnly),
            (Errno::ACCESS, StorageErrorKind::Permission),
            (Errno::NOTDIR, StorageErrorKind::NotAFolder),
            (Errno::ISDIR, StorageErrorKind::NotAFile),
            (Errno::LOOP, StorageErrorKind::SymbolicLink),
            (Errno::FBIG, StorageErrorKind::FileTooLarge),
            (Errno::MFILE, StorageErrorKind::TooManyOpenFiles),
            (Errno::IO, StorageErrorKind::MediumFault),
            (Errno::BUSY, StorageErrorKind::Other(Errno::BUSY.raw_os_error())),
        ];
        for (errno, kind) in cases {
            assert_eq!(StorageErrorKind::from(errno), kind);
        }
    }

    #[test]
    fn the_message_says_what_which_and_what_to_do() {
        let error = StorageError::new("/music/a.ogg", Operation::Write, Errno::NOSPC);
        assert_eq!(
            error.to_string(),
            "cannot write to \"/music/a.ogg\": no space left on the disk; \
             free some space"
        );
    }

    #[test]
    fn control_characters_in_a_name_do_not_reach_the_terminal() {
        let error = StorageError::new("a\x1b[2Jb", Operation::Read, Errno::NOENT);
        assert!(!error.to_string().contains('\x1b'));
    }
}
