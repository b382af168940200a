//! Records on the real disk: copies, strangers in their place, locks, holes, room.

use crate::bitfield::Bitfield;
use crate::id::InfoHash;
use crate::kit::clock::rest;
use crate::layout::Layout;
use crate::limits::STAMP_TICK;
use crate::storage::resume::{Keeper, RecordFolder, Shape, Writers};
use crate::storage::{
    Access, Allocation, FileKind, FileSpec, FileTable, Storage, StorageErrorKind,
};
use std::fs::{self, File};
use std::io::IoSlice;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Bytes of a piece and of a file: a page of most systems, so that holes can be seen.
const PIECE: u32 = 65_536;
/// No pieces.
const NONE: [u32; 0] = [];

/// A torrent of two files of two pieces each, `t/a` and `t/b`, prepared in `root`.
fn storage(root: &Path) -> Storage {
    let layout = Layout::new(u64::from(PIECE), [(131_072, false), (131_072, false)]).unwrap();
    let file = |name: &str| FileSpec {
        path: vec!["t".into(), name.into()],
        kind: FileKind::Regular { executable: false },
    };
    let files = vec![file("a"), file("b")];
    Storage::new(root.to_owned(), Arc::new(layout), files, FileTable::new(8))
}

fn shape(storage: &Storage) -> Shape {
    Shape::new(InfoHash([0xab; 20]), storage.layout())
}

fn keeper(storage: &Storage) -> Keeper {
    Keeper::new(shape(storage), Arc::clone(storage.layout()), vec![true; 2])
}

fn write(storage: &Storage, piece: u32) {
    let span = storage.layout().span_at(piece, 0, PIECE).unwrap();
    storage.write(span, &[IoSlice::new(&vec![7; PIECE as usize])]).unwrap();
}

/// The numbers of the pieces that a new process believes to be there.
fn believed(root: &Path) -> Vec<u32> {
    let storage = storage(root);
    let good = keeper(&storage).load(&mut RecordFolder::new(&storage, &shape(&storage)));
    (0..4).filter(|piece| good.has(*piece)).collect()
}

/// A folder in which a run wrote these pieces and stopped in good order.
fn stopped(pieces: &[u32]) -> (TempDir, PathBuf) {
    let holder = tempfile::tempdir().unwrap();
    let root = holder.path().join("root");
    let storage = storage(&root);
    storage.prepare(Allocation::Sparse).unwrap();
    let (mut keeper, shape) = (keeper(&storage), shape(&storage));
    let mut folder = RecordFolder::new(&storage, &shape);
    keeper.load(&mut folder);
    let mut good = Bitfield::new(4);
    for &piece in pieces {
        write(&storage, piece);
        good.insert(piece);
        keeper.save(&mut folder, &good, Writers::Busy).unwrap();
    }
    keeper.save(&mut folder, &good, Writers::Gone { flush: true }).unwrap();
    assert!(
        !keeper.save(&mut folder, &good, Writers::Gone { flush: true }).unwrap(),
        "nothing new"
    );
    (holder, root)
}

fn newest(root: &Path) -> PathBuf {
    root.join(".cuerda").join(format!("{}.resume", "ab".repeat(20)))
}

#[test]
fn where_nothing_was_verified_nothing_is_left() {
    let (_holder, root) = stopped(&[]);
    assert!(!root.join(".cuerda").exists());
}

#[test]
fn a_clean_stop_is_believed_and_leaves_two_copies() {
    let (_holder, root) = stopped(&[0, 1, 2]);
    assert_eq!(believed(&root), [0, 1, 2]);
    let mut names: Vec<_> = fs::read_dir(root.join(".cuerda"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap()[40..].to_owned())
        .collect();
    names.sort();
    assert_eq!(names, [".resume", ".resume.old"]);
}

#[test]
fn a_finished_file_is_believed_after_a_kill_and_an_unfinished_one_is_not() {
    let holder = tempfile::tempdir().unwrap();
    let storage = storage(holder.path());
    storage.prepare(Allocation::Sparse).unwrap();
    let (mut keeper, shape) = (keeper(&storage), shape(&storage));
    let mut folder = RecordFolder::new(&storage, &shape);
    keeper.load(&mut folder);
    let mut good = Bitfield::new(4);
    for piece in [0, 1, 2] {
        write(&storage, piece);
        good.insert(piece);
    }
    keeper.save(&mut folder, &good, Writers::Busy).unwrap();
    assert_eq!(believed(holder.path()), [0, 1]);
    write(&storage, 3);
    assert_eq!(believed(holder.path()), [0, 1], "a later write elsewhere changes nothing");
}

#[test]
fn an_edited_file_is_not_believed_though_its_time_was_put_back() {
    let (_holder, root) = stopped(&[0, 1, 2, 3]);
    let path = root.join("t/a");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(&path, bytes).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
    assert_eq!(believed(&root), [2, 3]);
    fs::remove_file(root.join("t/b")).unwrap();
    assert_eq!(believed(&root), NONE);
}

#[test]
fn what_others_change_after_our_last_write_or_between_two_is_not_believed() {
    let cases: [(&str, &[u32]); 3] =
        [("after", &[2, 3]), ("between", &[2, 3]), ("never", &[0, 1, 2, 3])];
    for (when, expected) in cases {
        let (_holder, root) = stopped(&[]);
        let storage = storage(&root);
        let (mut keeper, shape) = (keeper(&storage), shape(&storage));
        let mut folder = RecordFolder::new(&storage, &shape);
        keeper.load(&mut folder);
        let harm = || {
            // Past the tick of the last write, as a person would be.
            rest(STAMP_TICK);
            let file = File::options().write(true).open(root.join("t/a")).unwrap();
            file.write_all_at(b"harm", 9).unwrap();
            rest(STAMP_TICK);
        };
        write(&storage, 0);
        if when == "between" {
            harm();
        }
        (1..4).for_each(|piece| write(&storage, piece));
        if when == "after" {
            harm();
        }
        for writers in [Writers::Busy, Writers::Gone { flush: false }] {
            keeper.save(&mut folder, &Bitfield::full(4), writers).unwrap();
            assert_eq!(believed(&root), expected, "{when}");
        }
    }
}

#[test]
fn a_moved_folder_is_believed() {
    let (holder, root) = stopped(&[0, 3]);
    let moved = holder.path().join("elsewhere");
    fs::rename(&root, &moved).unwrap();
    assert_eq!(believed(&moved), [0, 3]);
}

#[test]
fn a_damaged_record_gives_way_to_the_one_before() {
    let (_holder, root) = stopped(&[0, 1, 2]);
    assert_eq!(believed(&root), [0, 1, 2]);
    let bytes = fs::read(newest(&root)).unwrap();
    let shape = shape(&storage(&root));
    for (damage, why) in [
        (bytes[..bytes.len() / 2].to_vec(), "torn"),
        (vec![0; bytes.len()], "zeros"),
        ([&bytes[..], b"more"].concat(), "too long"),
        (Vec::new(), "empty"),
    ] {
        fs::write(newest(&root), damage).unwrap();
        assert_eq!(believed(&root), [0, 1], "{why}: before, the second file was not finished");
    }
    fs::remove_file(newest(&root)).unwrap();
    assert_eq!(believed(&root), [0, 1], "killed between two renames");
    fs::remove_file(newest(&root).with_extension("resume.old")).unwrap();
    assert_eq!(believed(&root), NONE);
    assert_eq!(shape.record_length(), bytes.len() as u64);
}

#[test]
fn whatever_stands_in_the_place_of_a_record_is_not_believed() {
    let (holder, root) = stopped(&[0, 1]);
    let (record, old) = (newest(&root), newest(&root).with_extension("resume.old"));
    let _ = fs::remove_file(old);
    let aside = holder.path().join("aside");
    fs::rename(&record, &aside).unwrap();
    symlink(&aside, &record).unwrap();
    assert_eq!(believed(&root), NONE, "a link");
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    assert_eq!(believed(&root), NONE, "a folder");
    fs::remove_dir(&record).unwrap();
    fs::rename(&aside, &record).unwrap();
    assert_eq!(believed(&root), [0, 1], "the record itself");
    let folder = root.join(".cuerda");
    let moved = holder.path().join("moved");
    fs::rename(&folder, &moved).unwrap();
    symlink(&moved, &folder).unwrap();
    assert_eq!(believed(&root), NONE, "a linked folder");
}

#[test]
fn the_record_of_somebody_else_is_not_believed() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only the superuser can give files away");
        return;
    }
    let (_holder, root) = stopped(&[0, 1]);
    let _ = fs::remove_file(newest(&root).with_extension("resume.old"));
    std::os::unix::fs::chown(newest(&root), Some(12_345), None).unwrap();
    assert_eq!(believed(&root), NONE);
}

#[test]
fn where_nothing_can_be_written_nothing_is_kept() {
    let (_holder, root) = stopped(&[]);
    let _ = fs::remove_dir_all(root.join(".cuerda"));
    fs::write(root.join(".cuerda"), "in the way").unwrap();
    let storage = storage(&root);
    let (mut keeper, shape) = (keeper(&storage), shape(&storage));
    let mut folder = RecordFolder::new(&storage, &shape);
    assert!(keeper.load(&mut folder).is_empty());
    let error =
        keeper.save(&mut folder, &Bitfield::full(4), Writers::Gone { flush: true }).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotAFolder);
}

#[test]
fn writers_exclude_everybody_and_readers_only_writers() {
    let (_holder, root) = stopped(&[0]);
    let [one, two, three] = [(); 3].map(|()| storage(&root));
    one.prepare(Allocation::Sparse).unwrap();
    for refused in [two.prepare(Allocation::Sparse).err(), three.lock(Access::Read).err()] {
        let error = refused.expect("it is locked");
        assert_eq!((error.kind, &*error.file), (StorageErrorKind::InUse, &*root.join("t")));
        assert!(error.to_string().contains("another process is working on it"), "{error}");
    }
    drop(one);
    two.lock(Access::Read).unwrap();
    three.lock(Access::Read).unwrap();
    let four = storage(&root);
    assert_eq!(four.prepare(Allocation::Sparse).unwrap_err().kind, StorageErrorKind::InUse);
}

#[test]
fn what_was_never_written_is_a_hole_where_the_file_system_has_them() {
    let (_holder, root) = stopped(&[1]);
    let storage = storage(&root);
    let hole = |piece, begin, length| {
        storage.is_hole(storage.layout().span_at(piece, begin, length).unwrap())
    };
    assert!(!hole(1, 0, PIECE) && !hole(1, PIECE - 1, 1));
    assert!(hole(2, 0, PIECE) && hole(3, 0, PIECE) && hole(0, 0, PIECE));
    File::options().write(true).open(root.join("t/b")).unwrap().set_len(10).unwrap();
    assert!(hole(3, 0, PIECE), "past the end");
    fs::remove_file(root.join("t/b")).unwrap();
    drop(storage);
    let storage = self::storage(&root);
    assert!(!storage.is_hole(storage.layout().span_at(3, 0, 1).unwrap()), "nothing to ask");
}

#[test]
fn looking_for_room_leaves_nothing_behind() {
    let (_holder, root) = stopped(&[]);
    let storage = storage(&root);
    assert!(RecordFolder::new(&storage, &shape(&storage)).has_room(1 << 20).unwrap());
    let left = fs::read_dir(root.join(".cuerda")).unwrap();
    assert!(left.into_iter().all(|entry| !entry.unwrap().path().ends_with("room")));
}
