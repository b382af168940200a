//! An append-only list of numbers with one writer and any number of readers.
//!
//! Telling everyone something is one append; each reader keeps a cursor and reads on when it
//! wakes. Room for all entries is made at the start, so appending never allocates.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

/// The list.
pub struct AppendLog {
    /// All entries there will ever be.
    entries: Box<[AtomicU32]>,
    /// How many are written; published after the entry.
    length: AtomicU32,
}

impl AppendLog {
    /// An empty list with room for that many entries.
    pub fn new(capacity: u32) -> Self {
        Self {
            entries: (0..capacity).map(|_| AtomicU32::new(0)).collect(),
            length: AtomicU32::new(0),
        }
    }

    /// Appends one number. Only one thread may append. A full log takes no more.
    pub fn append(&self, entry: u32) {
        let length = self.length.load(Ordering::Relaxed);
        debug_assert!((length as usize) < self.entries.len(), "more entries than promised");
        if let Some(place) = self.entries.get(length as usize) {
            place.store(entry, Ordering::Relaxed);
            self.length.store(length + 1, Ordering::Release);
        }
    }

    /// Entries written so far.
    pub fn len(&self) -> u32 {
        self.length.load(Ordering::Acquire)
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at the cursor, which moves on; `None` at the end.
    pub fn next(&self, cursor: &mut u32) -> Option<u32> {
        if *cursor >= self.len() {
            return None;
        }
        let entry = self.entries.get(*cursor as usize)?.load(Ordering::Relaxed);
        *cursor += 1;
        Some(entry)
    }
}

/// As a length: logs of millions of entries appear in log lines.
impl fmt::Debug for AppendLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppendLog({} of {})", self.len(), self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::thread::{Census, spawn};
    use std::sync::Arc;

    #[test]
    fn a_reader_sees_every_entry_once_and_in_order() {
        let log = Arc::new(AppendLog::new(10_000));
        let writer = Arc::clone(&log);
        let thread = spawn(&Census::default(), "writer", 64 * 1024, move || {
            (0..10_000).for_each(|entry| writer.append(entry));
        });
        let mut cursor = 0;
        let mut expected = 0;
        while expected < 10_000 {
            while let Some(entry) = log.next(&mut cursor) {
                assert_eq!(entry, expected);
                expected += 1;
            }
            std::hint::spin_loop();
        }
        assert!(thread.unwrap().join());
        assert_eq!(log.next(&mut cursor), None);
    }
}
