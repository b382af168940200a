//! Files that are not wanted: what is made, where their bytes go, and what is found later.

use super::support::{Disk, Kind};
use crate::storage::{Allocation, Prepared};
use std::sync::Arc;

const SCRAPS: &str = ".cuerda/scraps";

/// Pieces of 8 over `a` (6 bytes), `d/b` (4) and `d/c` (6), of which only some are wanted.
fn disk(wanted: [bool; 3]) -> Disk {
    let files = [("a", 6, Kind::Plain), ("d/b", 4, Kind::Plain), ("d/c", 6, Kind::Plain)];
    choose(Disk::new(8, &files), &wanted)
}

fn choose(mut disk: Disk, wanted: &[bool]) -> Disk {
    let storage = Arc::into_inner(disk.storage).unwrap();
    disk.storage = Arc::new(storage.choosing(wanted, "scraps".to_owned()));
    disk
}

#[test]
fn only_wanted_files_are_made_and_the_rest_of_their_pieces_is_kept_apart() {
    let disk = disk([true, false, false]);
    assert!(!disk.storage.prepare(Allocation::Full).unwrap().any_existing);
    assert!(disk.at("a").exists() && !disk.at("d").exists() && !disk.at(SCRAPS).exists());
    disk.write(0, 0, b"aaaaaabb").unwrap();
    assert_eq!(disk.read(0, 0, 8).unwrap(), b"aaaaaabb");
    assert_eq!(disk.bytes("a"), b"aaaaaa");
    assert_eq!(disk.bytes(SCRAPS), b"\0\0\0\0\0\0bb");
    assert!(!disk.at("d").exists());
    disk.storage.sync().unwrap();
}

#[test]
fn scraps_mean_the_same_after_another_choice() {
    let disk = disk([true, false, false]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    disk.write(0, 0, b"aaaaaabb").unwrap();
    let disk = choose(disk, &[true, false, true]);
    assert_eq!(disk.storage.prepare(Allocation::Sparse), Ok(Prepared { any_existing: true }));
    assert_eq!(disk.read(0, 0, 8).unwrap(), b"aaaaaabb");
    assert!(disk.read(1, 0, 8).is_err() || disk.read(1, 0, 2).unwrap() == [0, 0]);
    disk.write(1, 0, b"bbcccccc").unwrap();
    assert_eq!(disk.bytes("d/c"), b"cccccc");
    assert_eq!(disk.bytes(SCRAPS), b"\0\0\0\0\0\0bbbb");
}

#[test]
fn an_unwanted_file_that_is_there_whole_is_used_and_a_part_of_one_left_alone() {
    for (text, used) in [("BBBB", true), ("BB", false), ("BBBBB", false)] {
        let disk = disk([true, false, false]);
        disk.put("d/b", text);
        assert_eq!(disk.storage.prepare(Allocation::Sparse).unwrap().any_existing, used);
        disk.write(0, 0, b"aaaaaabb").unwrap();
        assert_eq!(disk.bytes("d/b"), if used { b"bbBB" } else { text.as_bytes() });
        assert_eq!(disk.at(SCRAPS).exists(), !used);
    }
}

#[test]
fn once_all_files_are_wanted_no_scraps_are_left() {
    let disk = disk([true, false, false]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    disk.write(0, 0, b"aaaaaabb").unwrap();
    let disk = choose(disk, &[]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    assert!(!disk.at(SCRAPS).exists() && disk.at("d/b").exists() && disk.at("d/c").exists());
}

#[test]
fn a_link_in_place_of_the_scraps_is_not_followed() {
    let disk = disk([true, false, false]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    let outside = disk.folder.path().join("outside");
    disk.put_link(SCRAPS, &outside);
    assert!(disk.write(0, 0, b"aaaaaabb").is_err());
    assert!(!outside.exists());
}
