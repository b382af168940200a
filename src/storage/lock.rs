//! Keeps other processes off the files: an advisory lock on the torrent's own file or outermost
//! folder.
//!
//! There is no lock file that could be left behind, and none to be written where nothing may be:
//! the lock ends with the process, however that ends, and moves with the folder. Readers share
//! it. File systems without locks are used without.

use super::error::{Operation, StorageError, StorageErrorKind};
use super::store::Storage;
use super::table::Access;
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

/// How what is locked is opened.
const LOCKED: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

impl Storage {
    /// Keeps others from writing, and with [`Access::Write`] also from reading with a lock, for as
    /// long as this storage lives. What is not there is not locked. A second call changes nothing.
    pub fn lock(&self, access: Access) -> Result<(), StorageError> {
        if self.locked.get().is_some() {
            return Ok(());
        }
        let Some(name) = self.files().first().and_then(|file| file.path.first()) else {
            return Ok(());
        };
        let path = self.root().join(name);
        let opened = retry_on_intr(|| rustix::fs::open(&path, LOCKED, Mode::empty()));
        match opened.and_then(|file| lock(file, access)) {
            Ok(file) => {
                let _ = self.locked.set(file);
                Ok(())
            }
            Err(Errno::AGAIN) => {
                Err(StorageError::new(path, Operation::Lock, StorageErrorKind::InUse))
            }
            // Whatever else is wrong with it, preparing and reading say better.
            Err(errno) => {
                log::debug!("{path:?} is used without a lock: {errno}");
                Ok(())
            }
        }
    }
}

fn lock(file: OwnedFd, access: Access) -> Result<OwnedFd, Errno> {
    let operation = match access {
        Access::Read => FlockOperation::NonBlockingLockShared,
        Access::Write => FlockOperation::NonBlockingLockExclusive,
    };
    retry_on_intr(|| rustix::fs::flock(&file, operation)).map(|()| file)
}
