//! The digests of all pieces, read and computed by several threads at once.
//!
//! A thread takes the next run of neighboring pieces, a few MiB together, reads it through its own
//! open file and hashes it: reads stay sequential within a run, and nothing is handed between
//! threads but digests. The queue of runs is one atomic number, the queue of digests is bounded.

use super::error::CreateError;
use super::progress::Progress;
use super::walk::{Found, failed};
use crate::id::ID_LENGTH;
use crate::kit::thread::{self, Census};
use crate::layout::{FileRun, Layout};
use crate::limits::{CHECK_JOB_BYTES, HASH_CHUNK, THREAD_STACK};
use crossbeam_channel::{Receiver, Sender, bounded};
use sha1::{Digest, Sha1};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The digests of a run of pieces, one after another, or why there are none.
type Outcome = Result<(Range<u32>, Vec<u8>), CreateError>;

/// What all hash threads of one torrent share.
struct Work {
    /// Where pieces lie in the files.
    layout: Layout,
    /// The files of the layout.
    files: Arc<[Found]>,
    /// The next piece that no thread has taken.
    next: AtomicU32,
    /// Pieces that a thread takes at once.
    run: u32,
    /// Whether the others may give up: one failed.
    failed: AtomicBool,
    /// What the caller watches.
    progress: Progress,
}

/// The digests of all pieces in order, computed by that many threads; all have ended on return.
pub(super) fn hash(
    layout: Layout,
    files: Arc<[Found]>,
    threads: usize,
    progress: &Progress,
) -> Result<Vec<u8>, CreateError> {
    let run = (CHECK_JOB_BYTES / u64::from(layout.piece_length())).max(1) as u32;
    let runs = layout.piece_count().div_ceil(run) as usize;
    let pieces = layout.piece_count();
    let (next, failed, progress) = (AtomicU32::new(0), AtomicBool::new(false), progress.clone());
    let work = Arc::new(Work { layout, files, next, run, failed, progress });
    let threads = threads.clamp(1, runs);
    let (tell, hear) = bounded(2 * threads);
    let mut running = Vec::new();
    for number in 0..threads {
        let (work, tell) = (work.clone(), tell.clone());
        let body = move || work.run(&tell);
        let name = format!("create-{number}");
        // Fewer threads than wished for do the same work.
        running.extend(thread::spawn(&Census::default(), name, THREAD_STACK, body).ok());
    }
    drop(tell);
    let digests = collect(&hear, pieces, &work);
    drop(hear);
    let sound = running.into_iter().map(thread::Thread::join).fold(true, |all, one| all & one);
    if sound { digests } else { Err(CreateError::Thread) }
}

/// Puts the digests in order until the last thread has ended; keeps the first error.
fn collect(hear: &Receiver<Outcome>, pieces: u32, work: &Work) -> Result<Vec<u8>, CreateError> {
    let mut digests = vec![0; pieces as usize * ID_LENGTH];
    let mut missing = pieces;
    let mut error = None;
    for outcome in hear {
        match outcome {
            Ok((range, bytes)) => {
                let at = range.start as usize * ID_LENGTH;
                digests[at..at + bytes.len()].copy_from_slice(&bytes);
                missing -= range.end - range.start;
            }
            Err(first) => {
                work.failed.store(true, Ordering::Relaxed);
                error.get_or_insert(first);
            }
        }
    }
    match error {
        Some(error) => Err(error),
        None if work.progress.is_stopped() && missing > 0 => Err(CreateError::Stopped),
        None if missing > 0 => Err(CreateError::Thread),
        None => Ok(digests),
    }
}

impl Work {
    /// A hash thread: takes runs of pieces until none is left or there is a reason to give up.
    fn run(&self, tell: &Sender<Outcome>) {
        let mut reader = Reader { work: self, open: None, buffer: vec![0; HASH_CHUNK] };
        let pieces = self.layout.piece_count();
        loop {
            let first = self.next.fetch_add(self.run, Ordering::Relaxed);
            if first >= pieces {
                return;
            }
            let range = first..pieces.min(first.saturating_add(self.run));
            let outcome = reader.digests(range);
            let done = outcome.is_err();
            if tell.send(outcome).is_err() || done {
                return;
            }
        }
    }

    /// The reason to give up, if there is one.
    fn check(&self) -> Result<(), CreateError> {
        let given_up = self.progress.is_stopped() || self.failed.load(Ordering::Relaxed);
        if given_up { Err(CreateError::Stopped) } else { Ok(()) }
    }
}

/// What one hash thread reads with.
struct Reader<'a> {
    /// The common work.
    work: &'a Work,
    /// The file read last, its index and the offset of the next byte, in bytes.
    open: Option<(File, usize, u64)>,
    /// Where read bytes go.
    buffer: Vec<u8>,
}

impl Reader<'_> {
    /// The digests of these pieces, one after another.
    fn digests(&mut self, range: Range<u32>) -> Outcome {
        let mut digests = Vec::with_capacity(range.len() * ID_LENGTH);
        for piece in range.clone().filter_map(|number| self.work.layout.piece(number)) {
            let mut hasher = Sha1::new();
            for run in self.work.layout.runs(self.work.layout.whole(piece)) {
                self.read(run, &mut hasher)?;
            }
            digests.extend_from_slice(&hasher.finalize());
        }
        Ok((range, digests))
    }

    /// Hashes a run of bytes of one file; checks that the file is still as long as it was listed.
    fn read(&mut self, run: FileRun, hasher: &mut Sha1) -> Result<(), CreateError> {
        let found = &self.work.files[run.file];
        let mut left = run.length;
        let mut file = self.at(run)?;
        while left > 0 {
            self.work.check()?;
            let most = left.min(self.buffer.len() as u64) as usize;
            let count = match file.read(&mut self.buffer[..most]) {
                Ok(0) => return Err(CreateError::Changed(found.path.clone())),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed("read", &found.path)(error)),
            };
            hasher.update(&self.buffer[..count]);
            self.work.progress.add(count as u64);
            left -= count as u64;
        }
        let end = run.offset + run.length;
        if end == found.length {
            check_length(&file, found)?;
        }
        self.open = Some((file, run.file, end));
        Ok(())
    }

    /// The file of a run, at the run's first byte.
    fn at(&mut self, run: FileRun) -> Result<File, CreateError> {
        let found = &self.work.files[run.file];
        let (mut file, offset) = match self.open.take() {
            Some((file, index, offset)) if index == run.file => (file, offset),
            Some(_) | None => {
                let file = File::open(&found.path).map_err(failed("open", &found.path))?;
                check_length(&file, found)?;
                (file, 0)
            }
        };
        if offset != run.offset {
            let seek = file.seek(SeekFrom::Start(run.offset));
            seek.map_err(failed("read", &found.path))?;
        }
        Ok(file)
    }
}

/// Refuses a file that is not as long as it was when it was listed.
fn check_length(file: &File, found: &Found) -> Result<(), CreateError> {
    let length = file.metadata().map_err(failed("read", &found.path))?.len();
    if length == found.length { Ok(()) } else { Err(CreateError::Changed(found.path.clone())) }
}
