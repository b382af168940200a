//! What counts as still being there, at the end.

use super::support::{Disk, Kind};
use crate::storage::{Allocation, Operation, StorageErrorKind};
use std::fs;

/// A disk whose files were written, and not yet confirmed.
fn written() -> Disk {
    let disk = Disk::prepared(8, &[("folder/file", 8), ("empty", 0)]);
    disk.write(0, 0, b"12345678").unwrap();
    disk
}

/// Checks that a change is noticed, also when the file is not open any more.
fn refused(kind: StorageErrorKind, file: &str, change: impl Fn(&Disk)) {
    for close in [false, true] {
        let disk = written();
        assert_eq!(disk.storage.confirm(), Ok(()));
        if close {
            disk.storage.close();
        }
        change(&disk);
        let error = disk.storage.confirm().unwrap_err();
        assert_eq!((error.kind, &error.file), (kind, &disk.at(file)), "{error}");
    }
}

#[test]
fn a_file_or_folder_that_was_removed_or_moved_away_is_missing() {
    use StorageErrorKind::Missing;
    refused(Missing, "folder/file", |disk| fs::remove_file(disk.at("folder/file")).unwrap());
    refused(Missing, "folder", |disk| fs::rename(disk.at("folder"), disk.at("other")).unwrap());
    refused(Missing, "", |disk| fs::remove_dir_all(disk.at("")).unwrap());
    refused(Missing, "empty", |disk| fs::remove_file(disk.at("empty")).unwrap());
}

#[test]
fn another_file_in_its_place_is_no_substitute_though_its_bytes_are_the_same() {
    refused(StorageErrorKind::Replaced, "folder/file", |disk| {
        disk.put("copy", "12345678");
        fs::rename(disk.at("copy"), disk.at("folder/file")).unwrap();
    });
}

#[test]
fn a_file_that_was_replaced_is_not_written_on() {
    let disk = written();
    disk.storage.close();
    disk.put("copy", "12345678");
    fs::rename(disk.at("copy"), disk.at("folder/file")).unwrap();
    let error = disk.write(0, 0, b"x").unwrap_err();
    assert_eq!((error.kind, error.operation), (StorageErrorKind::Replaced, Operation::Open));
    assert_eq!(disk.bytes("folder/file"), b"12345678");
}

#[test]
fn a_link_in_its_place_or_on_the_way_is_not_followed() {
    use StorageErrorKind::SymbolicLink;
    refused(SymbolicLink, "folder/file", |disk| {
        fs::rename(disk.at("folder/file"), disk.at("moved")).unwrap();
        disk.put_link("folder/file", "../moved");
    });
    refused(SymbolicLink, "folder", |disk| {
        fs::rename(disk.at("folder"), disk.at("moved")).unwrap();
        disk.put_link("folder", "moved");
    });
}

#[test]
fn another_length_is_noticed() {
    let resize = |length| {
        move |disk: &Disk| {
            let file = fs::OpenOptions::new().write(true).open(disk.at("folder/file"));
            file.unwrap().set_len(length).unwrap();
        }
    };
    refused(StorageErrorKind::TooShort, "folder/file", resize(7));
    refused(StorageErrorKind::TooLong, "folder/file", resize(9));
    refused(StorageErrorKind::TooLong, "empty", |disk| disk.put("empty", "x"));
}

#[test]
fn who_only_reads_is_refused_what_a_download_would_be_and_nothing_else() {
    let disk = Disk::new(8, &[("a", 4, Kind::Plain), ("b", 4, Kind::Plain)]);
    assert_eq!(disk.storage.check_obstacles(), Ok(()), "nothing is there");
    disk.put("a", "12");
    assert_eq!(disk.storage.check_obstacles(), Ok(()), "something is there");
    disk.put("b", "12345");
    let error = disk.storage.check_obstacles().unwrap_err();
    assert_eq!(Err(error), disk.storage.prepare(Allocation::Sparse));
    assert_eq!(disk.bytes("b"), b"12345");
}

#[test]
fn where_the_kernel_makes_up_the_files_nothing_can_be_made() {
    let files = [("folder/file", 4, Kind::Plain)];
    for files in [&files[..], &[("file", 4, Kind::Plain)]] {
        let table = crate::storage::FileTable::new(1);
        let storage = super::support::storage("/proc/self/net".into(), 4, files, table);
        let error = storage.prepare(Allocation::Sparse).unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::NothingNew, "{error}");
    }
}
