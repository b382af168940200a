//! The `hash-N` threads: compare pieces with their hashes. They own nothing; a job comes with
//! everything it needs, and its answer is an event.

use crate::kit::mailbox::{Letters, Waited};
use crate::layout::{PieceIndex, PieceSpan, SEGMENT_BLOCKS};
use crate::limits::{BLOCK_LENGTH, HASH_CHUNK};
use crate::storage::{Storage, StorageError, StorageErrorKind};
use crate::swarm::event::{Event, Hashed};
use crate::swarm::evidence::Evidence;
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
    let mut worker = Worker { bus, buffer: vec![0; HASH_CHUNK], zeros: (0, zeros_digest(0)) };
    while let Waited::Word(job) = letters.wait(None) {
        if worker.work(job).is_err() {
            return;
        }
    }
}

/// What a hash thread keeps between jobs.
struct Worker<'a> {
    /// Where it publishes.
    bus: &'a Bus,
    /// Bytes that were read and are being hashed.
    buffer: Vec<u8>,
    /// SHA-1 of so many zeros, as last asked for.
    zeros: (u32, [u8; 20]),
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

impl Worker<'_> {
    fn work(&mut self, job: HashJob) -> Result<(), BusClosed> {
        match job {
            HashJob::Verify { assets, active, piece, evidence } => {
                match self.verify(&assets, active, piece, evidence.as_deref()) {
                    Ok(verdict) => self.bus.publish(Event::Hashed(verdict)),
                    Err(error) => assets.publish_failure(self.bus, &error),
                }
            }
            HashJob::Check { assets, torrent, first, count } => {
                let trusted = trusted(&assets, first, count);
                let good = trusted | self.check(&assets, first, count, trusted)?;
                let checked = Hashed::Checked { torrent, first, count, good, trusted };
                self.bus.publish(Event::Hashed(checked))
            }
        }
    }

    /// Whether nothing of a piece was ever written, so that it cannot be good. A piece that should
    /// be all zeros is good unwritten and has to be read.
    fn is_unwritten(&mut self, assets: &Assets, piece: PieceIndex) -> bool {
        let span = assets.storage.layout().whole(piece);
        if !assets.storage.is_hole(span) {
            return false;
        }
        if self.zeros.0 != span.length {
            self.zeros = (span.length, zeros_digest(span.length));
        }
        self.zeros.1 != *assets.hashes.get(piece)
    }

    /// The verdict on a piece. Who is to blame for what it was before is published on the way.
    fn verify(
        &mut self,
        assets: &Assets,
        active: ActiveKey,
        piece: PieceIndex,
        evidence: Option<&Evidence>,
    ) -> Result<Hashed, StorageError> {
        let digest = piece_digest(&assets.storage, piece, &mut self.buffer)?;
        let good = digest == *assets.hashes.get(piece);
        if good && evidence.is_none() {
            return Ok(Hashed::Good(active));
        }
        let digests = block_digests(&assets.storage, piece, &mut self.buffer)?;
        if !good {
            return Ok(Hashed::Bad { active, evidence: Arc::new(digests) });
        }
        for (segment, blocks) in evidence.map(|bad| differing(bad, &digests)).unwrap_or_default() {
            // A main thread that is gone is noticed at the next word.
            let _ = self.bus.publish(Event::Hashed(Hashed::Blamed { active, segment, blocks }));
        }
        Ok(Hashed::Good(active))
    }

    /// The pieces of a run that are good, one bit each; those to be skipped are not looked at.
    fn check(
        &mut self,
        assets: &Assets,
        first: u32,
        count: u32,
        skip: u64,
    ) -> Result<u64, BusClosed> {
        let mut good = 0;
        for offset in (0..count.min(64)).filter(|offset| skip & 1 << offset == 0) {
            let Some(piece) = assets.shared.layout.piece(first + offset) else { break };
            if self.is_unwritten(assets, piece) {
                continue;
            }
            match piece_digest(&assets.storage, piece, &mut self.buffer) {
                Ok(digest) if digest == *assets.hashes.get(piece) => good |= 1 << offset,
                Ok(_) => {}
                Err(error) if is_absence(error.kind) => {}
                Err(error) => assets.publish_failure(self.bus, &error)?,
            }
        }
        Ok(good)
    }
}

/// The pieces of a run that need not be read, one bit each.
fn trusted(assets: &Assets, first: u32, count: u32) -> u64 {
    let Some(trusted) = assets.trusted.get() else { return 0 };
    let bits = (0..count.min(64)).filter(|offset| trusted.has(first + offset));
    bits.fold(0, |bits, offset| bits | 1 << offset)
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

/// SHA-1 of so many zeros.
fn zeros_digest(length: u32) -> [u8; 20] {
    let mut hash = Sha1::new();
    let zeros = [0; 4096];
    let mut left = length as usize;
    while left > 0 {
        let part = left.min(zeros.len());
        hash.update(&zeros[..part]);
        left -= part;
    }
    hash.finalize().into()
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
