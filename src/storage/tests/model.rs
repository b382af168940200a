//! The storage against a model: one array of bytes.

use super::support::{Disk, Kind, storage};
use crate::kit::random::Random;
use crate::kit::thread::{Census, spawn};
use crate::storage::{Allocation, FileTable, Storage};
use proptest::prelude::*;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

/// Threads that work on the torrent at once.
const WORKERS: u32 = 3;
/// Reads and writes of each.
const STEPS: u32 = 60;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reads_give_what_was_written_whatever_the_files(
        piece_length in 1_u64..3_000,
        files in proptest::collection::vec((0_u64..2_000, 0_u8..5), 1..24),
        capacity in 1_usize..6,
        full in any::<bool>(),
        seed in any::<u64>(),
    ) {
        prop_assume!(files.iter().any(|(length, _)| *length > 0));
        let names: Vec<String> = (0..files.len()).map(|n| format!("{}/{n}", n % 3)).collect();
        let files: Vec<_> = names
            .iter()
            .zip(&files)
            .map(|(name, &(length, kind))| {
                (name.as_str(), length, if kind == 0 { Kind::Pad } else { Kind::Plain })
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let table = FileTable::new(capacity);
        let storage = Arc::new(storage(folder.path().join("root"), piece_length, &files, table));
        let allocation = if full { Allocation::Full } else { Allocation::Sparse };
        storage.prepare(allocation).unwrap();

        let (tell, hear) = crossbeam_channel::bounded(WORKERS as usize);
        let threads: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (storage, tell) = (Arc::clone(&storage), tell.clone());
                spawn(&Census::default(), "worker", 1 << 20, move || {
                    tell.send(work(&storage, worker, seed)).unwrap();
                })
                .unwrap()
            })
            .collect();
        for thread in threads {
            prop_assert!(thread.join());
        }
        storage.sync().unwrap();
        storage.close();
        // Each worker wrote pieces of its own; together they are the torrent.
        let mut model = vec![0; storage.layout().total_length() as usize];
        for part in hear.try_iter() {
            model.iter_mut().zip(part).for_each(|(all, one)| *all |= one);
        }
        for (index, (name, _, kind)) in files.iter().enumerate() {
            let span = storage.layout().files()[index];
            let wanted = &model[span.offset as usize..(span.offset + span.length) as usize];
            let path = folder.path().join("root").join(name);
            if matches!(kind, Kind::Pad) {
                prop_assert!(!path.exists());
            } else {
                prop_assert_eq!(&std::fs::read(path).unwrap(), wanted);
            }
        }
        prop_assert!(storage.inspect().is_complete());
    }
}

/// Writes and reads random spans of the worker's pieces, comparing with its own model; gives that
/// model back.
fn work(storage: &Storage, worker: u32, seed: u64) -> Vec<u8> {
    let layout = storage.layout();
    let mut random = Random::new(seed ^ u64::from(worker));
    let mut model = vec![0_u8; layout.total_length() as usize];
    for _ in 0..STEPS {
        let number = random.below(layout.piece_count());
        let number = number - number % WORKERS + worker;
        let Some(piece) = layout.piece(number) else { continue };
        let size = layout.piece_size(piece);
        let begin = random.below(size);
        let length = 1 + random.below(size - begin);
        let span = layout.span_at(number, begin, length).unwrap();
        let from = (layout.piece_offset(piece) + u64::from(begin)) as usize;
        let chunk = 1 + random.below(length) as usize;
        if random.below(2) == 0 {
            let bytes: Vec<u8> = (0..length).map(|_| random.next_u64() as u8).collect();
            let slices: Vec<_> = bytes.chunks(chunk).map(IoSlice::new).collect();
            storage.write(span, &slices).unwrap();
            for run in layout.runs(span).filter(|run| !run.pad) {
                let at = (layout.files()[run.file].offset + run.offset) as usize;
                let part = at..at + run.length as usize;
                model[part.clone()].copy_from_slice(&bytes[part.start - from..part.end - from]);
            }
        } else {
            let mut bytes = vec![0xee; length as usize];
            let mut buffers: Vec<_> = bytes.chunks_mut(chunk).map(IoSliceMut::new).collect();
            storage.read(span, &mut buffers).unwrap();
            assert_eq!(bytes, model[from..from + length as usize]);
        }
    }
    model
}

#[test]
fn many_threads_may_write_neighboring_blocks_of_one_file() {
    let disk = Disk::prepared(64_000, &[("file", 64_000)]);
    let threads: Vec<_> = (0..8_u32)
        .map(|worker| {
            let storage = Arc::clone(&disk.storage);
            spawn(&Census::default(), "writer", 1 << 20, move || {
                for block in 0..10 {
                    let begin = (block * 8 + worker) * 800;
                    let span = storage.layout().span_at(0, begin, 800).unwrap();
                    storage.write(span, &[IoSlice::new(&[worker as u8 + 1; 800])]).unwrap();
                }
            })
            .unwrap()
        })
        .collect();
    for thread in threads {
        assert!(thread.join());
    }
    let bytes = disk.bytes("file");
    let right = |(index, block): (usize, &[u8])| block == [index as u8 % 8 + 1; 800];
    assert!(bytes.chunks(800).enumerate().all(right));
}
