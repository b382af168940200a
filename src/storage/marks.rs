//! One bit for each file of a torrent, set and taken by any thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits in one word.
const WORD: usize = 64;

/// The marks.
#[derive(Debug)]
pub(super) struct FileMarks(Box<[AtomicU64]>);

impl FileMarks {
    /// No file is marked.
    pub(super) fn new(files: usize) -> Self {
        Self((0..files.div_ceil(WORD)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Marks a file.
    pub(super) fn mark(&self, file: usize) {
        if let Some(word) = self.0.get(file / WORD) {
            word.fetch_or(1 << (file % WORD), Ordering::AcqRel);
        }
    }

    /// Takes a file's mark; tells whether it had one.
    pub(super) fn take(&self, file: usize) -> bool {
        let bit = 1 << (file % WORD);
        self.0
            .get(file / WORD)
            .is_some_and(|word| word.fetch_and(!bit, Ordering::AcqRel) & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_taken_once() {
        let marks = FileMarks::new(65);
        marks.mark(64);
        marks.mark(200);
        assert!(!marks.take(0) && marks.take(64) && !marks.take(64) && !marks.take(200));
    }
}
