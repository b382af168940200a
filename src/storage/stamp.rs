//! What a file system says of a file without reading it. A file whose stamp is still the same
//! holds the same bytes.
//!
//! The time of the last *status change* is part of it because, other than that of the last
//! modification, no program can set it: editors of tags and `rsync --times` put the latter back.

use rustix::fs::Stat;
use std::time::Duration;

/// A moment as file systems count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FileTime {
    /// Seconds since 1970; negative before.
    pub seconds: i64,
    /// Nanoseconds on top of them.
    pub nanos: u32,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Length in bytes.
    pub length: u64,
    /// When its bytes changed last, as far as programs want that known.
    pub modified: FileTime,
    /// When its bytes, name, owner or rights changed last.
    pub changed: FileTime,
    /// Its number in the file system: a file put in its place has another one.
    pub inode: u64,
}

impl FileTime {
    /// Nanoseconds from another moment to this one; negative if that is later.
    fn nanos_since(self, other: Self) -> i128 {
        let whole = |time: Self| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        whole(self) - whole(other)
    }
}

impl Stamp {
    /// What a system call said of a file.
    pub(super) fn of(stat: &Stat) -> Self {
        let time = |seconds, nanos| FileTime { seconds, nanos };
        Self {
            length: u64::try_from(stat.st_size).unwrap_or(0),
            modified: time(stat.st_mtime, stat.st_mtime_nsec as u32),
            changed: time(stat.st_ctime, stat.st_ctime_nsec as u32),
            inode: stat.st_ino,
        }
    }

    /// Whether the file changed so shortly before `now` that another change could carry the very
    /// same times: clocks of file systems tick as slowly as a hundred times a second.
    pub(super) fn is_fresh(&self, now: FileTime, tick: Duration) -> bool {
        let last = self.modified.max(self.changed);
        // A time in the future is no tick's: whatever changes the file now sets another.
        (0..tick.as_nanos() as i128).contains(&now.nanos_since(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_fresh_for_one_tick() {
        let at = |nanos| FileTime { seconds: 7, nanos };
        let stamp = Stamp { length: 1, modified: at(0), changed: at(5_000_000), inode: 1 };
        let fresh = |now| stamp.is_fresh(now, Duration::from_millis(20));
        assert!(fresh(at(5_000_000)) && fresh(at(24_999_999)));
        assert!(!fresh(at(25_000_000)) && !fresh(at(4_999_999)));
        assert!(!fresh(FileTime { seconds: -1, nanos: 0 }));
    }
}
