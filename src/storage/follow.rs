//! Telling our own changes of files from those of others.
//!
//! Each of our writes changes a file's times, so the times alone do not tell whether somebody else
//! wrote as well. But between two of our writes they stand still: what a file is right after one
//! it has to be right before the next. The stamp after the last write then vouches for all that was
//! verified since the file began to be followed; one that somebody else changed has none.
//!
//! Not noticed are changes while a write of ours is under way, and those so close to one that the
//! file system's clock gives both the same time. Where the clock gives each change that somebody
//! could have seen its own time (Linux from 6.13 on: ext4, XFS, Btrfs, tmpfs), only the former.

use super::stamp::Stamp;
use parking_lot::Mutex;

/// Follows the files of one torrent. Used by all threads that write.
#[derive(Debug)]
pub(super) struct Follower(Box<[Mutex<Course>]>);

/// One file.
#[derive(Debug, Default)]
struct Course {
    /// Our writes that are under way.
    writing: u32,
    /// What is known of it.
    known: Known,
}

/// What is known of a file while nobody of us writes to it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing that it would have to agree with: nothing of it was verified yet.
    #[default]
    Nothing,
    /// What it was when our last write ended, or when it began to be followed.
    Stamp(Stamp),
    /// Somebody else changed it, or it could not be looked at.
    Lost,
}

impl From<Option<Stamp>> for Known {
    fn from(stamp: Option<Stamp>) -> Self {
        stamp.map_or(Self::Lost, Self::Stamp)
    }
}

impl Follower {
    /// So many files, of which nothing is known.
    pub(super) fn new(files: usize) -> Self {
        Self((0..files).map(|_| Mutex::default()).collect())
    }

    /// A file is this now, before anything of it is compared with hashes.
    pub(super) fn begin(&self, file: usize, stamp: Option<Stamp>) {
        if let Some(course) = self.0.get(file) {
            course.lock().known = stamp.into();
        }
    }

    /// One of us is about to write. `look` tells what the file is; the lock is held meanwhile, so
    /// that no other write of ours begins.
    pub(super) fn write_begins(&self, file: usize, look: impl FnOnce() -> Option<Stamp>) {
        let Some(course) = self.0.get(file) else { return };
        let mut course = course.lock();
        if let (0, Known::Stamp(stamp)) = (course.writing, course.known)
            && look() != Some(stamp)
        {
            course.known = Known::Lost;
        }
        course.writing += 1;
    }

    /// A write is over, whether it worked or not.
    pub(super) fn write_ended(&self, file: usize, look: impl FnOnce() -> Option<Stamp>) {
        let Some(course) = self.0.get(file) else { return };
        let mut course = course.lock();
        course.writing = course.writing.saturating_sub(1);
        if course.writing == 0 && course.known != Known::Lost {
            course.known = look().into();
        }
    }

    /// What a file was when our last write ended, or when it began to be followed; nothing if
    /// somebody else changed it before that.
    pub(super) fn left(&self, file: usize) -> Option<Stamp> {
        let course = self.0.get(file)?.lock();
        match (course.writing, course.known) {
            (0, Known::Stamp(stamp)) => Some(stamp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::stamp::FileTime;

    fn stamp(seconds: i64) -> Option<Stamp> {
        let changed = FileTime { seconds, nanos: 0 };
        Some(Stamp { length: 1, modified: changed, changed, inode: 1 })
    }

    #[test]
    fn our_own_writes_are_followed() {
        let follower = Follower::new(1);
        assert_eq!(follower.left(0), None, "never seen");
        follower.write_begins(0, || stamp(1));
        assert_eq!(follower.left(0), None, "being written");
        follower.write_ended(0, || stamp(2));
        assert_eq!(follower.left(0), stamp(2));
        follower.write_begins(0, || stamp(2));
        follower.write_begins(0, || panic!("another write of ours is under way"));
        follower.write_ended(0, || panic!("the other may change it yet"));
        follower.write_ended(0, || stamp(4));
        assert_eq!(follower.left(0), stamp(4));
    }

    #[test]
    fn what_somebody_else_changed_between_two_writes_stays_unknown() {
        for begun in [stamp(1), None] {
            let follower = Follower::new(1);
            follower.begin(0, begun);
            follower.write_begins(0, || stamp(2));
            follower.write_ended(0, || stamp(3));
            assert_eq!(follower.left(0), None);
            follower.write_begins(0, || stamp(3));
            follower.write_ended(0, || stamp(4));
            assert_eq!(follower.left(0), None, "our next write does not cover it up");
        }
    }

    #[test]
    fn what_cannot_be_looked_at_is_unknown() {
        let follower = Follower::new(1);
        follower.write_begins(0, || None);
        follower.write_ended(0, || None);
        assert_eq!(follower.left(0), None);
        // The scraps' file has no record.
        follower.write_begins(1, || panic!("nobody asks"));
        follower.write_ended(1, || panic!("nobody asks"));
        assert_eq!(follower.left(1), None);
    }
}
