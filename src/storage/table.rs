//! The bounded set of open files that all torrents of the process share.
//!
//! When it is full, the file that was used longest ago is closed. A file that a thread is using
//! stays open until that thread is done with it, so the descriptors in use are at most the
//! capacity and one for each thread that is in the middle of an operation. The lock is short: it
//! is never held while a file is opened, read, written or closed.

use parking_lot::Mutex;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The table. Clones are the same table.
#[derive(Debug, Clone)]
pub struct FileTable(Arc<Shared>);

/// What the clones share.
#[derive(Debug)]
struct Shared {
    /// Most files kept open.
    capacity: usize,
    /// Number for the next torrent that uses the table.
    next_owner: AtomicU64,
    /// The open files.
    open: Mutex<Open>,
}

/// The open files.
#[derive(Debug, Default)]
struct Open {
    /// Counts lookups; tells which file was used longest ago.
    turn: u64,
    /// The files by name.
    files: HashMap<FileKey, Entry>,
}

/// A file in the table.
#[derive(Debug)]
struct Entry {
    /// The file.
    file: Arc<OpenFile>,
    /// Turn of its last use.
    used: u64,
}

/// Which file of which torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileKey {
    /// The torrent's number in this table.
    pub(super) owner: u64,
    /// Index of the file in the torrent's list.
    pub(super) file: usize,
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only: the file and its medium may be read-only.
    Read,
    /// Reading and writing.
    Write,
}

/// An open regular file.
#[derive(Debug)]
pub(super) struct OpenFile {
    /// The descriptor.
    descriptor: OwnedFd,
    /// What it can be used for.
    access: Access,
}

impl OpenFile {
    /// A descriptor that was opened for this.
    pub(super) fn new(descriptor: OwnedFd, access: Access) -> Self {
        Self { descriptor, access }
    }

    /// Whether it can be used for this.
    fn allows(&self, access: Access) -> bool {
        self.access == Access::Write || access == Access::Read
    }
}

impl Open {
    /// Takes out the file that was used longest ago. Cost: one step per open file.
    fn remove_oldest(&mut self) -> Option<Entry> {
        let (&oldest, _) = self.files.iter().min_by_key(|(_, entry)| entry.used)?;
        self.files.remove(&oldest)
    }
}

impl AsFd for OpenFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl FileTable {
    /// A table that keeps at most `capacity` files open, and at least one.
    pub fn new(capacity: usize) -> Self {
        Self(Arc::new(Shared {
            capacity: capacity.max(1),
            next_owner: AtomicU64::new(0),
            open: Mutex::default(),
        }))
    }

    /// Files open now.
    pub fn open_files(&self) -> usize {
        self.0.open.lock().files.len()
    }

    /// A number for a torrent that will use the table.
    pub(super) fn new_owner(&self) -> u64 {
        self.0.next_owner.fetch_add(1, Ordering::Relaxed)
    }

    /// The file, if it is open for this.
    pub(super) fn get(&self, key: FileKey, access: Access) -> Option<Arc<OpenFile>> {
        let mut open = self.0.open.lock();
        open.turn += 1;
        let turn = open.turn;
        let entry = open.files.get_mut(&key).filter(|entry| entry.file.allows(access))?;
        entry.used = turn;
        Some(Arc::clone(&entry.file))
    }

    /// Adds a file that was just opened; gives back the one to use.
    ///
    /// Cost: one step per open file if the table is full.
    pub(super) fn put(&self, key: FileKey, file: OpenFile) -> Arc<OpenFile> {
        let file = Arc::new(file);
        let mut open = self.0.open.lock();
        open.turn += 1;
        let used = open.turn;
        // Another thread may have opened it meanwhile: then its descriptor is as good as ours.
        if let Some(entry) = open.files.get_mut(&key).filter(|e| e.file.allows(file.access)) {
            entry.used = used;
            return Arc::clone(&entry.file);
        }
        let full = open.files.len() >= self.0.capacity && !open.files.contains_key(&key);
        let evicted = if full { open.remove_oldest() } else { None };
        let replaced = open.files.insert(key, Entry { file: Arc::clone(&file), used });
        drop(open);
        // Closing may take long on a network drive, hence after the lock.
        drop((evicted, replaced));
        file
    }

    /// Closes the files of one torrent. Cost: one step per open file.
    pub(super) fn close(&self, owner: u64) {
        let closed: Vec<Entry> = {
            let mut open = self.0.open.lock();
            open.files.extract_if(|key, _| key.owner == owner).map(|(_, entry)| entry).collect()
        };
        drop(closed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn key(file: usize) -> FileKey {
        FileKey { owner: 0, file }
    }

    fn opened(access: Access) -> OpenFile {
        OpenFile::new(File::open("/dev/null").unwrap().into(), access)
    }

    #[test]
    fn the_file_used_longest_ago_is_closed() {
        let table = FileTable::new(2);
        table.put(key(1), opened(Access::Read));
        table.put(key(2), opened(Access::Read));
        assert!(table.get(key(1), Access::Read).is_some());
        table.put(key(3), opened(Access::Read));
        assert!(table.get(key(2), Access::Read).is_none());
        assert!(table.get(key(1), Access::Read).is_some());
        assert_eq!(table.open_files(), 2);
    }

    #[test]
    fn a_file_in_use_stays_open_when_it_leaves_the_table() {
        let table = FileTable::new(1);
        let first = table.put(key(1), opened(Access::Read));
        table.put(key(2), opened(Access::Read));
        assert!(table.get(key(1), Access::Read).is_none());
        assert!(rustix::fs::fstat(&*first).is_ok());
    }

    #[test]
    fn writing_needs_a_file_opened_for_it_and_reading_does_not() {
        let table = FileTable::new(4);
        let reading = table.put(key(1), opened(Access::Read));
        assert!(table.get(key(1), Access::Write).is_none());
        let writing = table.put(key(1), opened(Access::Write));
        assert!(!Arc::ptr_eq(&reading, &writing));
        assert!(Arc::ptr_eq(&writing, &table.get(key(1), Access::Read).unwrap()));
        let late = table.put(key(1), opened(Access::Read));
        assert!(Arc::ptr_eq(&writing, &late), "a late reader does not take the right to write");
    }

    #[test]
    fn closing_one_torrent_leaves_the_others() {
        let table = FileTable::new(4);
        let (mine, other) = (table.new_owner(), table.clone().new_owner());
        table.put(FileKey { owner: mine, file: 0 }, opened(Access::Read));
        table.put(FileKey { owner: other, file: 0 }, opened(Access::Read));
        table.close(mine);
        assert!(table.get(FileKey { owner: mine, file: 0 }, Access::Read).is_none());
        assert!(table.get(FileKey { owner: other, file: 0 }, Access::Read).is_some());
    }
}
