//! The `hash-N` threads: compare pieces with their hashes. They own nothing; a job comes with
//! everything it needs, and its answer is an event.

use crate::kit::mailbox::{Letters, Waited};
use crate::layout::{PieceIndex, PieceSpan, SEGMENT_BLOCKS};
use crate::limits::{BLOCK_LENGTH, HASH_CHUNK};
use crate::storage::{Storage, StorageError, StorageErrorKind};
use crate::swarm::event::{Event, Evidence, Hashed};
use crate::swarm::state::{ActiveKey, TorrentKey};
use crate::threads::assets::Assets;
use crate::threads::bus::{Bus, BusClosed};
use sha1::{Digest, Sha1};
use std::io::IoSliceMut;
use std::sync::Arc;

/// What a hash thread is told.
#[derive(Debug)]
pub enum HashJob {
    /// A piece has all its blocks.
    Verify {
        /// Its torrent.
        assets: Arc<Assets>,
        /// The piece, as main knows it.
        active: ActiveKey,
        /// Its number.
        piece: PieceIndex,
        /// What it was when it failed before.
        evidence: Option<Arc<Evidence>>,
    },
    /// Pieces may be on the disk from before.
    Check {
        /// Their torrent.
        assets: Arc<Assets>,
        /// The main thread's name for it.
        torrent: TorrentKey,
        /// The first of them.
        first: u32,
        /// How many, at most 64.
        count: u32,
    },
}

/// The thread's body. Ends when nobody can give jobs any more.
pub fn run(letters: &Letters<HashJob>, bus: &Bus) {
    let mut buffer = vec![0; HASH_CHUNK];
    while let Waited::Word(job) = letters.wait(None) {
        let done = match job {
            HashJob::Verify { assets, active, piece, evidence } => {
                verify(&assets, active, piece, evidence.as_deref(), &mut buffer, bus)
            }
            HashJob::Check { assets, torrent, first, count } => {
                check(&assets, torrent, first, count, &mut buffer, bus)
            }
        };
        if done.is_err() {
            return;
        }
    }
}

/// SHA-1 of a piece as it is on the disk.
pub fn piece_digest(
    storage: &Storage,
    piece: PieceIndex,
    buffer: &mut [u8],
) -> Result<[u8; 20], StorageError> {
    let mut hash = Sha1::new();
    let whole = storage.layout().whole(piece);
    let mut begin = 0;
    while begin < whole.length {
        let length = (whole.length - begin).min(buffer.len() as u32);
        let part = &mut buffer[..length as usize];
        storage.read(PieceSpan { piece, begin, length }, &mut [IoSliceMut::new(part)])?;
        hash.update(part);
        begin += length;
    }
    Ok(hash.finalize().into())
}

fn verify(
    assets: &Assets,
    active: ActiveKey,
    piece: PieceIndex,
    evidence: Option<&Evidence>,
    buffer: &mut [u8],
    bus: &Bus,
) -> Result<(), BusClosed> {
    let good = match piece_digest(&assets.storage, piece, buffer) {
        Ok(digest) => digest == *assets.hashes.get(piece),
        Err(error) => return assets.publish_failure(bus, &error),
    };
    if good && evidence.is_none() {
        return bus.publish(Event::Hashed(Hashed::Good(active)));
    }
    let digests = match block_digests(&assets.storage, piece, buffer) {
        Ok(digests) => digests,
        Err(error) => return assets.publish_failure(bus, &error),
    };
    if !good {
        let evidence = Arc::new(digests);
        return bus.publish(Event::Hashed(Hashed::Bad { active, evidence }));
    }
    for (segment, blocks) in evidence.map(|bad| differing(bad, &digests)).unwrap_or_default() {
        bus.publish(Event::Hashed(Hashed::Blamed { active, segment, blocks }))?;
    }
    bus.publish(Event::Hashed(Hashed::Good(active)))
}

fn check(
    assets: &Assets,
    torrent: TorrentKey,
    first: u32,
    count: u32,
    buffer: &mut [u8],
    bus: &Bus,
) -> Result<(), BusClosed> {
    let mut good = 0;
    for offset in 0..count.min(64) {
        let Some(piece) = assets.shared.layout.piece(first + offset) else { break };
        match piece_digest(&assets.storage, piece, buffer) {
            Ok(digest) if digest == *assets.hashes.get(piece) => good |= 1 << offset,
            Ok(_) => {}
            Err(error) if is_absence(error.kind) => {}
            Err(error) => assets.publish_failure(bus, &error)?,
        }
    }
    bus.publish(Event::Hashed(Hashed::Checked { torrent, first, count, good }))
}

/// Whether reading failed because there is nothing to read, which makes a piece incomplete and
/// is no fault of the disk.
pub fn is_absence(kind: StorageErrorKind) -> bool {
    matches!(
        kind,
        StorageErrorKind::Missing
            | StorageErrorKind::TooShort
            | StorageErrorKind::NotAFolder
            | StorageErrorKind::NotAFile
    )
}

fn block_digests(
    storage: &Storage,
    piece: PieceIndex,
    buffer: &mut [u8],
) -> Result<Evidence, StorageError> {
    let whole = storage.layout().whole(piece);
    let mut digests = Vec::with_capacity(whole.length.div_ceil(BLOCK_LENGTH) as usize);
    for begin in (0..whole.length).step_by(BLOCK_LENGTH as usize) {
        let length = (whole.length - begin).min(BLOCK_LENGTH);
        let part = &mut buffer[..length as usize];
        storage.read(PieceSpan { piece, begin, length }, &mut [IoSliceMut::new(part)])?;
        digests.push(Sha1::digest(part).into());
    }
    Ok(Evidence(digests.into_boxed_slice()))
}

/// The blocks that differ, by segment.
fn differing(bad: &Evidence, good: &Evidence) -> Vec<(u32, u64)> {
    let blocks = bad.0.iter().zip(good.0.iter());
    let differ: Vec<bool> = blocks.map(|(bad, good)| bad != good).collect();
    differ
        .chunks(SEGMENT_BLOCKS as usize)
        .enumerate()
        .map(|(segment, blocks)| {
            let bits = blocks.iter().rev().fold(0, |bits, &bad| bits << 1 | u64::from(bad));
            (segment as u32, bits)
        })
        .filter(|(_, bits)| *bits != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_blocks_are_named_by_segment() {
        let good = Evidence(vec![[0; 20]; 130].into_boxed_slice());
        let mut bad = good.clone();
        for block in [1, 63, 64, 129] {
            bad.0[block] = [1; 20];
        }
        let found = differing(&bad, &good);
        assert_eq!(found, [(0, 1 << 1 | 1 << 63), (1, 1), (2, 2)]);
        assert_eq!(differing(&good, &good), []);
    }
}
