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

    /// Takes all marks, a word at a time: a file that is marked again meanwhile may come with the
    /// next call.
    pub(super) fn drain(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut marks = word.swap(0, Ordering::AcqRel);
            std::iter::from_fn(move || {
                let bit = (marks != 0).then(|| marks.trailing_zeros() as usize)?;
                marks &= marks - 1;
                Some(index * WORD + bit)
            })
        })
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

    #[test]
    fn draining_takes_each_mark_once_and_leaves_new_ones() {
        let marks = FileMarks::new(130);
        [1, 63, 64, 129].into_iter().for_each(|file| marks.mark(file));
        let drained: Vec<_> = marks.drain().inspect(|file| marks.mark(file / 64 * 64)).collect();
        assert_eq!(drained, [1, 63, 64, 129]);
        assert_eq!(marks.drain().collect::<Vec<_>>(), [0, 64, 128]);
        assert_eq!(marks.drain().count(), 0);
    }
}
