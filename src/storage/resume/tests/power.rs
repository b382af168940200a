//! Power failures: a disk that forgets what was not flushed, whenever the power goes.
//!
//! Downloads run over a model of a disk; the power fails before any of its operations, and of what
//! was not flushed any part may be on the medium. What is believed afterwards has to be there.

use crate::bitfield::Bitfield;
use crate::id::InfoHash;
use crate::kit::random::Random;
use crate::layout::Layout;
use crate::storage::follow::Follower;
use crate::storage::resume::{Boot, FileTime, Keeper, Medium, RecordCopy, Shape, Stamp, Writers};
use crate::storage::{Operation, StorageError};
use rustix::io::Errno;
use std::sync::Arc;

/// Pieces of the torrent, two in each file.
const PIECES: u32 = 8;
/// Files of the torrent.
const FILES: usize = 4;

/// One file: which of its pieces hold the right bytes, and when it changed last.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Content {
    right: [bool; 2],
    changed: u32,
}

/// The copies of the record by name.
type Copies = [Option<Vec<u8>>; 3];

/// A disk: what programs see, and what survives.
struct Disk {
    seen: [Content; FILES],
    durable: [Content; FILES],
    written: [bool; FILES],
    follower: Follower,
    copies: Copies,
    /// What the folder of records may look like after a failure, the latest last.
    durable_copies: Vec<Copies>,
    clock: u32,
    /// Counts the power failures.
    boot: u8,
    /// Operations until the power fails.
    left: u32,
    random: Random,
    flushing: Flushing,
}

/// What flushing a file does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flushing {
    /// What it says.
    Works,
    /// Nothing, and it says that all is well.
    Lies,
    /// For the first file nothing, and it says so.
    Fails,
    /// For the first file nothing, and it says so no more: the system tells once of bytes that it
    /// could not write.
    HasFailed,
}

/// The power failed.
struct Dead;

impl Disk {
    fn new(seed: u64, left: u32) -> Self {
        Self {
            seen: Default::default(),
            durable: Default::default(),
            written: [false; FILES],
            follower: Follower::new(FILES),
            copies: Default::default(),
            durable_copies: vec![Copies::default()],
            clock: 1,
            boot: 1,
            left,
            random: Random::new(seed),
            flushing: Flushing::Works,
        }
    }

    /// One operation; false when the power is gone and nothing happens any more.
    fn step(&mut self) -> bool {
        self.clock += 1;
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn write_piece(&mut self, piece: u32, right: bool) {
        let file = piece as usize / 2;
        let before = stamp_of(self.seen[file], file);
        if self.change_piece(piece, right) {
            self.written[file] = true;
            self.follower.write_begins(file, || before);
            self.follower.write_ended(file, || stamp_of(self.seen[file], file));
        }
    }

    /// A piece is changed by us or by somebody else.
    fn change_piece(&mut self, piece: u32, right: bool) -> bool {
        let alive = self.step();
        if alive {
            let file = &mut self.seen[piece as usize / 2];
            file.right[piece as usize % 2] = right;
            file.changed = self.clock;
        }
        alive
    }

    /// The disk after a power failure: of what was not flushed some is there. Times may lag behind
    /// bytes and the other way round.
    fn reboot(mut self, left: u32) -> Self {
        for file in 0..FILES {
            let (seen, durable) = (self.seen[file], &mut self.durable[file]);
            for piece in 0..2 {
                if self.random.below(2) == 0 {
                    durable.right[piece] = seen.right[piece];
                }
            }
            if self.random.below(2) == 0 {
                durable.changed = seen.changed;
            }
        }
        let states = self.durable_copies.len() as u32;
        let copies = self.durable_copies.swap_remove(self.random.below(states) as usize);
        self.seen = self.durable;
        self.durable_copies = vec![copies.clone()];
        let (written, follower) = ([false; FILES], Follower::new(FILES));
        Self { copies, left, written, follower, boot: self.boot + 1, ..self }
    }

    fn is_right(&self, piece: u32) -> bool {
        self.seen[piece as usize / 2].right[piece as usize % 2]
    }
}

fn stamp_of(content: Content, file: usize) -> Option<Stamp> {
    let changed = FileTime { seconds: i64::from(content.changed), nanos: 0 };
    Some(Stamp { length: 16, modified: changed, changed, inode: file as u64 })
}

fn slot(copy: RecordCopy) -> usize {
    match copy {
        RecordCopy::Newest => 0,
        RecordCopy::Previous => 1,
        RecordCopy::Unfinished => 2,
    }
}

impl Medium for Disk {
    fn stamp(&mut self, file: usize) -> Option<Stamp> {
        stamp_of(self.seen[file], file)
    }

    fn follow(&mut self, file: usize, stamp: Option<Stamp>) {
        self.follower.begin(file, stamp);
    }

    fn left(&mut self, file: usize) -> Option<Stamp> {
        self.follower.left(file)
    }

    fn was_written(&mut self, file: usize) -> bool {
        std::mem::take(&mut self.written[file])
    }

    fn flush(&mut self, file: usize) -> Result<(), StorageError> {
        let works = self.flushing == Flushing::Works || file > 0 && self.flushing != Flushing::Lies;
        if self.step() && works {
            self.durable[file] = self.seen[file];
        }
        if file == 0 && self.flushing == Flushing::Fails {
            self.flushing = Flushing::HasFailed;
            return Err(StorageError::new("a", Operation::Sync, Errno::IO));
        }
        Ok(())
    }

    fn boot(&mut self) -> Option<Boot> {
        Some([self.boot; 20])
    }

    fn now(&mut self) -> FileTime {
        FileTime { seconds: i64::from(self.clock) + 1, nanos: 0 }
    }

    fn settle(&mut self) {}

    fn read(&mut self, copy: RecordCopy) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.copies[slot(copy)].clone())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        // A failure in the middle leaves a part, or as many bytes that were never written.
        let cut = self.random.below(bytes.len() as u32 + 1) as usize;
        for part in [bytes[..cut].to_vec(), vec![0; bytes.len()], bytes.to_vec()] {
            if self.step() {
                self.copies[2] = Some(part);
                self.durable_copies.push(self.copies.clone());
            }
        }
        if self.step() {
            // Flushed: the name is there, as the bytes are.
            let copies = self.copies.clone();
            self.durable_copies = vec![copies];
        }
        Ok(())
    }

    fn replace(&mut self, from: RecordCopy, to: RecordCopy) -> Result<(), StorageError> {
        if self.step()
            && let Some(bytes) = self.copies[slot(from)].take()
        {
            self.copies[slot(to)] = Some(bytes);
            self.durable_copies.push(self.copies.clone());
        }
        Ok(())
    }

    fn flush_copies(&mut self) -> Result<(), StorageError> {
        if self.step() {
            let copies = self.copies.clone();
            self.durable_copies = vec![copies];
        }
        Ok(())
    }
}

/// A run of the client until it stops in good order, or the power fails: believes what it can,
/// checks the rest, fetches, records now and then, while `others` may harm pieces. Fails the test
/// when it believes too much. Tells whether it flushed everything at its end.
fn run(disk: &mut Disk, others: bool) -> Result<bool, Dead> {
    let layout = Arc::new(Layout::new(8, (0..FILES).map(|_| (16, false))).unwrap());
    let shape = Shape::new(InfoHash([5; 20]), &layout);
    let mut keeper = Keeper::new(shape, layout, vec![true; FILES]);
    let mut good = keeper.load(disk);
    for piece in 0..PIECES {
        assert!(!good.has(piece) || disk.is_right(piece), "piece {piece} is not there");
        if disk.is_right(piece) {
            good.insert(piece);
        }
    }
    let missing: Vec<u32> = (0..PIECES).filter(|piece| !good.has(*piece)).collect();
    for piece in missing {
        match disk.random.below(4) {
            // Bytes of a piece that is never finished.
            0 => disk.write_piece(piece, false),
            1 => {}
            _ => {
                disk.write_piece(piece, false);
                disk.write_piece(piece, true);
                good.insert(piece);
            }
        }
        if others && disk.random.below(3) == 0 {
            let harmed = disk.random.below(PIECES);
            disk.change_piece(harmed, false);
        }
        if disk.left == 0 {
            return Err(Dead);
        }
        if disk.random.below(3) == 0 {
            save(&mut keeper, disk, &good, Writers::Busy)?;
        }
    }
    if others {
        let harmed = disk.random.below(PIECES);
        disk.change_piece(harmed, false);
    }
    let flush = disk.random.below(2) == 0;
    save(&mut keeper, disk, &good, Writers::Gone { flush })?;
    Ok(flush)
}

fn save(
    keeper: &mut Keeper,
    disk: &mut Disk,
    good: &Bitfield,
    writers: Writers,
) -> Result<(), Dead> {
    keeper.save(disk, good, writers).expect("this disk does not fail, it dies");
    if disk.left == 0 { Err(Dead) } else { Ok(()) }
}

#[test]
fn nothing_is_believed_that_a_power_failure_took() {
    for seed in 0..400 {
        for left in 2..60 {
            let mut disk = Disk::new(seed, left);
            let _ = run(&mut disk, false);
            for next in [left + 7, 1_000] {
                disk = disk.reboot(next);
                let _ = run(&mut disk, false);
            }
        }
    }
}

#[test]
fn nothing_is_believed_that_others_changed_while_it_was_fetched_or_seeded() {
    let mut harmed = 0;
    for seed in 0..400 {
        for left in [10, 20, 30, 40, 10_000] {
            let mut disk = Disk::new(seed, left);
            for next in [left + 7, 10_000, 10_000] {
                let _ = run(&mut disk, true);
                harmed += (0..PIECES).filter(|piece| !disk.is_right(*piece)).count();
                // The next process. Power failures have their own test: one may lose the time of
                // somebody else's change and not its bytes, which nobody can notice.
                let (written, follower) = ([false; FILES], Follower::new(FILES));
                disk = Disk { left: next, written, follower, ..disk };
            }
            let _ = run(&mut disk, false);
        }
    }
    assert!(harmed > 0, "nobody harmed anything");
}

#[test]
fn after_a_clean_stop_all_that_was_verified_is_believed() {
    for seed in 0..200 {
        let mut disk = Disk::new(seed, 10_000);
        let flushed = run(&mut disk, false).ok().expect("the power stays");
        let right: Vec<u32> = (0..PIECES).filter(|piece| disk.is_right(*piece)).collect();
        // What was not flushed is believed as long as the system runs.
        let mut disk = if flushed { disk.reboot(10_000) } else { disk };
        let layout = Arc::new(Layout::new(8, (0..FILES).map(|_| (16, false))).unwrap());
        let shape = Shape::new(InfoHash([5; 20]), &layout);
        let good = Keeper::new(shape, layout, vec![true; FILES]).load(&mut disk);
        let believed: Vec<u32> = (0..PIECES).filter(|piece| good.has(*piece)).collect();
        assert_eq!(believed, right, "seed {seed}");
    }
}

/// Downloads everything on a disk that flushes so, records that twice, lets the power fail, and
/// tells whether something is believed that is lost.
fn believes_too_much(seed: u64, flushing: Flushing) -> bool {
    let layout = Arc::new(Layout::new(8, (0..FILES).map(|_| (16, false))).unwrap());
    let keeper =
        || Keeper::new(Shape::new(InfoHash([5; 20]), &layout), Arc::clone(&layout), vec![true; 4]);
    let mut disk = Disk { flushing, ..Disk::new(seed, 1_000) };
    let mut first = keeper();
    first.load(&mut disk);
    (0..PIECES).for_each(|piece| disk.write_piece(piece, true));
    for writers in [Writers::Busy, Writers::Gone { flush: true }] {
        first.save(&mut disk, &Bitfield::full(PIECES), writers).unwrap();
    }
    let mut disk = disk.reboot(1_000);
    let good = keeper().load(&mut disk);
    (0..PIECES).any(|piece| good.has(piece) && !disk.is_right(piece))
}

#[test]
fn what_does_not_flush_first_is_caught_by_the_model() {
    let lies = (0..100).filter(|seed| believes_too_much(*seed, Flushing::Lies));
    assert!(lies.count() > 0, "the model finds no fault in a disk that does not flush");
}

#[test]
fn a_flush_that_failed_is_not_believed_the_second_time() {
    for seed in 0..100 {
        assert!(!believes_too_much(seed, Flushing::Fails), "seed {seed}");
    }
}
