//! Comparing files with a torrent on all cores, without a client.

use crate::bitfield::{Bitfield, SharedBitfield};
use crate::client::torrent::storage_of;
use crate::kit::thread::{Census, cores, spawn};
use crate::limits::{HASH_CHUNK, OPEN_FILES_MAX, THREAD_STACK};
use crate::metainfo::{Metainfo, PieceHashes};
use crate::storage::{FileProblem, FileTable, Storage, StorageError};
use crate::threads::hash::{is_absence, piece_digest};
use parking_lot::Mutex;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How far a comparison is; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct VerifyProgress(Arc<Shared>);

/// What the threads of a comparison share.
#[derive(Debug, Default)]
struct Shared {
    /// Pieces compared.
    checked: AtomicU32,
    /// Whether to give up.
    stop: AtomicBool,
}

/// What is on the disk.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Pieces that are what the torrent says.
    pub good: Bitfield,
    /// Files that are missing or have another length; empty files count too.
    pub files: Vec<FileProblem>,
}

/// Why files could not be compared.
#[derive(Debug)]
pub enum VerifyError {
    /// The disk refused to read.
    Storage(StorageError),
    /// The system gave no thread.
    Thread(io::Error),
    /// Somebody asked to give up.
    Stopped,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(error) => write!(f, "{error}"),
            Self::Thread(error) => write!(f, "the system gives no thread: {error}"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl VerifyProgress {
    /// Pieces compared so far.
    pub fn checked(&self) -> u32 {
        self.0.checked.load(Ordering::Relaxed)
    }

    /// Asks to give up soon.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Verdict {
    /// Whether everything is there and right.
    pub fn is_complete(&self) -> bool {
        self.good.is_full() && self.files.is_empty()
    }
}

/// What each thread of a comparison works on.
struct Work {
    /// The files.
    storage: Storage,
    /// The hashes.
    hashes: Arc<PieceHashes>,
    /// Pieces found good.
    good: SharedBitfield,
    /// The next piece to compare.
    next: AtomicU32,
    /// The first error.
    error: Mutex<Option<StorageError>>,
}

/// Compares the files below `root` with the torrent. Takes as long as reading and hashing them.
pub fn verify(
    metainfo: &Metainfo,
    root: &Path,
    progress: &VerifyProgress,
) -> Result<Verdict, VerifyError> {
    let storage = storage_of(metainfo, root, FileTable::new(OPEN_FILES_MAX));
    let files = storage.inspect().problems;
    let work = Arc::new(Work {
        storage,
        hashes: Arc::clone(&metainfo.hashes),
        good: SharedBitfield::new(&Bitfield::new(metainfo.layout.piece_count())),
        next: AtomicU32::new(0),
        error: Mutex::new(None),
    });
    let census = Census::default();
    let mut threads = Vec::new();
    let mut refused = None;
    for number in 0..cores() {
        let (work, progress) = (Arc::clone(&work), progress.clone());
        match spawn(&census, format!("verify-{number}"), THREAD_STACK, move || {
            compare(&work, &progress);
        }) {
            Ok(thread) => threads.push(thread),
            Err(error) => refused = Some(error),
        }
    }
    if let (true, Some(error)) = (threads.is_empty(), refused) {
        return Err(VerifyError::Thread(error));
    }
    threads.into_iter().for_each(|thread| assert!(thread.join(), "hashing does not panic"));
    if let Some(error) = work.error.lock().take() {
        return Err(VerifyError::Storage(error));
    }
    if progress.0.stop.load(Ordering::Relaxed) {
        return Err(VerifyError::Stopped);
    }
    Ok(Verdict { good: work.good.snapshot(), files })
}

fn compare(work: &Work, progress: &VerifyProgress) {
    let mut buffer = vec![0; HASH_CHUNK];
    while !progress.0.stop.load(Ordering::Relaxed) && work.error.lock().is_none() {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        let Some(piece) = work.storage.layout().piece(number) else { return };
        match piece_digest(&work.storage, piece, &mut buffer) {
            Ok(digest) if digest == *work.hashes.get(piece) => {
                work.good.insert(number);
            }
            Ok(_) => {}
            Err(error) if is_absence(error.kind) => {}
            Err(error) => {
                work.error.lock().get_or_insert(error);
            }
        }
        progress.0.checked.fetch_add(1, Ordering::Relaxed);
    }
}
