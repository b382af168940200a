//! Comparing files with a torrent on all cores, without a client.

use crate::bitfield::{Bitfield, SharedBitfield};
use crate::client::torrent::storage_of;
use crate::kit::thread::{Census, cores, spawn};
use crate::limits::{HASH_CHUNK, OPEN_FILES_MAX, THREAD_STACK};
use crate::metainfo::{Metainfo, PieceHashes};
use crate::storage::resume::{RecordFolder, Shape, disown};
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
    let good = work.good.snapshot();
    if !good.is_full() {
        correct_record(metainfo, &work.storage, &good);
    }
    Ok(Verdict { good, files })
}

/// Has the record of an earlier run claim no more than is there, so that a download mends the rest.
fn correct_record(metainfo: &Metainfo, storage: &Storage, good: &Bitfield) {
    let shape = Shape::new(metainfo.info_hash, &metainfo.layout);
    match disown(&mut RecordFolder::new(storage, &shape), &shape, good) {
        Ok(true) => log::info!("the record of an earlier run claimed damaged pieces"),
        Ok(false) => {}
        Err(error) => log::warn!(
            "a record that may claim damaged pieces cannot be corrected, remove it before you \
             download: {error}"
        ),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::resume::{Keeper, Writers};
    use sha1::{Digest, Sha1};
    use std::fs;

    #[test]
    fn a_record_that_claims_damaged_pieces_is_corrected_and_keeps_the_others() {
        let piece = [7; 16_384];
        let digest: [u8; 20] = Sha1::digest(piece).into();
        let head = b"d4:infod6:lengthi32768e4:name1:n12:piece lengthi16384e6:pieces40:";
        let text = [&head[..], &digest, &digest, b"ee"].concat();
        let metainfo = Metainfo::parse(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("n"), [piece, [8; 16_384]].concat()).unwrap();
        let storage = storage_of(&metainfo, folder.path(), FileTable::new(1));
        let shape = || Shape::new(metainfo.info_hash, &metainfo.layout);
        let keeper = || Keeper::new(shape(), Arc::clone(&metainfo.layout), vec![true]);
        let mut records = RecordFolder::new(&storage, &shape());
        let mut lying = keeper();
        lying.load(&mut records);
        lying.save(&mut records, &Bitfield::full(2), Writers::Gone { flush: true }).unwrap();
        assert!(keeper().load(&mut records).is_full(), "it is believed");
        let verdict = verify(&metainfo, folder.path(), &VerifyProgress::default()).unwrap();
        assert_eq!(verdict.good.count(), 1);
        assert_eq!(keeper().load(&mut records), verdict.good);
    }
}
