//! Keeps the record of one torrent: when a file's stamp is taken, when a piece may be recorded,
//! and which copy is believed.
//!
//! What makes a record sound:
//!
//! 1. A file's stamp is what it was before anything was compared with hashes, or after the last of
//!    our writes to it. It is recorded when nobody writes to the file any more, which is when all
//!    its pieces are verified or when everybody has stopped, and only if the file is still the
//!    same then. A file that somebody else changed between two of our writes has none.
//! 2. The file is flushed before a record with its stamp is written; or the record is bound to this
//!    start of the system, which unflushed bytes do not outlive. A file whose flush failed has no
//!    stamp for the rest of the run: the system tells of lost bytes once, and the next flush seems
//!    to work.
//! 3. Only pieces are recorded whose files all have a stamp.
//! 4. A copy that is whole stays until the next one is whole and flushed.
//!
//! So a recorded piece whose files still have their stamps is on the medium, whatever happened in
//! between; all else is compared with its hash. Verified pieces are never written to again, so
//! even an old record is right about those whose stamps agree.

use super::medium::{Medium, RecordCopy};
use super::record::{Boot, Record, Shape};
use super::trust::{is_at_rest, trusted};
use crate::bitfield::Bitfield;
use crate::layout::Layout;
use crate::limits::STAMP_TICK;
use crate::storage::error::StorageError;
use crate::storage::stamp::Stamp;
use sha1::{Digest, Sha1};
use std::sync::Arc;

/// Who may still write to the files while a record is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Peers' threads, to whatever is not verified yet.
    Busy,
    /// Nobody any more.
    Gone {
        /// Whether there is time to flush what was written last.
        flush: bool,
    },
}

/// One file, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
struct FileState {
    /// Its stamp, if it was not written to since and nobody else changed it before.
    stamp: Option<Stamp>,
    /// Whether it was flushed since it was written to.
    flushed: bool,
    /// Whether flushing it has failed: bytes may be lost of which nobody will tell again.
    lost: bool,
}

/// Keeps the record of one torrent.
#[derive(Debug)]
pub struct Keeper {
    /// Which torrent.
    shape: Shape,
    /// Its geometry.
    layout: Arc<Layout>,
    /// For each file, whether it holds stored bytes.
    stored: Vec<bool>,
    /// What is known of each file.
    files: Vec<FileState>,
    /// Digest of the record written last.
    saved: Option<[u8; 20]>,
}

impl Keeper {
    /// A torrent of which nothing is known. `stored` tells for each file whether it is one with
    /// bytes on the disk, not padding or a link.
    pub fn new(shape: Shape, layout: Arc<Layout>, stored: Vec<bool>) -> Self {
        let files = vec![FileState::default(); stored.len()];
        Self { shape, layout, stored, files, saved: None }
    }

    /// Looks at the files and believes what it can of the record; call it before anything is
    /// written. Gives back the pieces that need not be compared with their hashes.
    pub fn load(&mut self, medium: &mut impl Medium) -> Bitfield {
        let all: Vec<usize> = (0..self.files.len()).filter(|file| self.stored[*file]).collect();
        self.take_stamps(medium, &all);
        for &file in &all {
            medium.follow(file, self.files[file].stamp);
        }
        let found: Vec<_> = self.files.iter().map(|file| file.stamp).collect();
        let boot = medium.boot();
        let record = [RecordCopy::Newest, RecordCopy::Previous].into_iter().find_map(|copy| {
            let bytes = medium.read(copy).unwrap_or_else(|error| {
                log::warn!("{error}");
                None
            })?;
            let what = self.shape.info_hash;
            let record = Record::decode(&bytes, &self.shape)
                .map_err(|error| log::warn!("resume record of {what}: {error}"))
                .ok()?;
            (record.boot.is_none() || record.boot == boot).then_some(record)
        });
        match record {
            Some(Record { good, stamps, .. }) => {
                trusted(good, &stamps, &found, &self.stored, &self.layout)
            }
            None => Bitfield::new(self.shape.pieces),
        }
    }

    /// Records these verified pieces, as far as that would be believed; tells whether there was
    /// anything new to write. A file that cannot be flushed or seen is left out.
    pub fn save(
        &mut self,
        medium: &mut impl Medium,
        good: &Bitfield,
        writers: Writers,
    ) -> Result<bool, StorageError> {
        let mut unknown = Vec::new();
        let boot = medium.boot();
        let flush = match writers {
            Writers::Busy => true,
            Writers::Gone { flush } => flush || boot.is_none(),
        };
        for file in (0..self.files.len()).filter(|file| self.stored[*file]) {
            let rests = writers != Writers::Busy || is_at_rest(good, &self.layout, file);
            let state = &mut self.files[file];
            if medium.was_written(file) {
                *state = FileState { lost: state.lost, ..FileState::default() };
            }
            if state.lost || state.stamp.is_none() && !rests {
                continue;
            }
            if flush && !state.flushed {
                match medium.flush(file) {
                    Ok(()) => state.flushed = true,
                    Err(error) => {
                        log::warn!("{error}");
                        (state.stamp, state.lost) = (None, true);
                        continue;
                    }
                }
            }
            if state.stamp.is_none() {
                unknown.push(file);
            }
        }
        self.take_stamps(medium, &unknown);
        self.drop_changed(medium, &unknown);
        self.write(medium, good, boot)
    }

    /// Takes the stamps of these files, none of which is being written to.
    fn take_stamps(&mut self, medium: &mut impl Medium, files: &[usize]) {
        let mut fresh = false;
        for &file in files {
            let stamp = medium.stamp(file);
            let now = medium.now();
            fresh |= stamp.is_some_and(|stamp| stamp.is_fresh(now, STAMP_TICK));
            self.files[file].stamp = stamp;
        }
        if fresh {
            medium.settle();
            for &file in files {
                self.files[file].stamp = medium.stamp(file);
            }
        }
    }

    /// Of these files, whose stamps were taken just now, forgets those of files that are not what
    /// our last write left: what was verified of them may not be there any more.
    fn drop_changed(&mut self, medium: &mut impl Medium, files: &[usize]) {
        let mut changed = 0;
        for &file in files {
            if self.files[file].stamp != medium.left(file) {
                self.files[file].stamp = None;
                changed += 1;
            }
        }
        if changed > 0 {
            let what = self.shape.info_hash;
            log::info!("{changed} files of {what} are not recorded and will be read again");
        }
    }

    /// Writes a record if it would say anything, and anything new.
    fn write(
        &mut self,
        medium: &mut impl Medium,
        good: &Bitfield,
        boot: Option<Boot>,
    ) -> Result<bool, StorageError> {
        let flushed = self.files.iter().all(|file| file.flushed || file.stamp.is_none());
        let boot = boot.filter(|_| !flushed);
        let stamps: Vec<_> = self.files.iter().map(|file| file.stamp).collect();
        let good = trusted(good.clone(), &stamps, &stamps, &self.stored, &self.layout);
        // What is on the disk is not believed either, or it would be known here.
        if good.is_empty() {
            return Ok(false);
        }
        let bytes = Record { boot, good, stamps }.encode(&self.shape);
        let digest: [u8; 20] = Sha1::digest(&bytes).into();
        if self.saved == Some(digest) {
            return Ok(false);
        }
        medium.write(&bytes)?;
        medium.replace(RecordCopy::Newest, RecordCopy::Previous)?;
        medium.replace(RecordCopy::Unfinished, RecordCopy::Newest)?;
        medium.flush_copies()?;
        self.saved = Some(digest);
        Ok(true)
    }
}
