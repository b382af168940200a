//! What preparing makes, keeps and refuses, and what inspecting finds.

use super::support::{Disk, Kind};
use crate::storage::{Allocation, FileProblem, Operation, Prepared, ProblemKind, StorageErrorKind};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

#[test]
fn makes_folders_and_files_with_their_lengths() {
    let disk = Disk::prepared(1_000, &[("a/b/c", 500), ("a/b/empty", 0), ("d", 1_500)]);
    for (path, length) in [("a/b/c", 500), ("a/b/empty", 0), ("d", 1_500)] {
        assert_eq!(fs::metadata(disk.at(path)).unwrap().len(), length);
    }
    assert!(disk.storage.inspect().is_complete());
}

#[test]
fn touches_no_disk_before() {
    let disk = Disk::new(4, &[("a", 4, Kind::Plain)]);
    let found = disk.storage.inspect();
    assert_eq!(found.problems, [FileProblem { file: 0, problem: ProblemKind::Missing }]);
    assert!(!disk.at("").exists());
}

#[test]
fn keeps_what_is_there() {
    for allocation in [Allocation::Sparse, Allocation::Full] {
        let disk = Disk::new(8, &[("whole", 4, Kind::Plain), ("part", 4, Kind::Plain)]);
        disk.put("whole", "1234");
        disk.put("part", "56");
        let prepared = disk.storage.prepare(allocation).unwrap();
        assert_eq!(prepared, Prepared { any_existing: true });
        assert_eq!(disk.read(0, 0, 8).unwrap(), b"123456\0\0");
    }
}

#[test]
fn nothing_or_empty_files_before_are_no_reason_to_check() {
    let disk = Disk::new(4, &[("a", 4, Kind::Plain), ("b", 0, Kind::Plain)]);
    disk.put("a", "");
    disk.put("b", "");
    assert!(!disk.storage.prepare(Allocation::Sparse).unwrap().any_existing);
}

#[test]
fn a_longer_file_is_refused_before_anything_is_changed() {
    for length in [0, 4] {
        let disk = Disk::new(8, &[("new", 8, Kind::Plain), ("old", length, Kind::Plain)]);
        disk.put("old", "12345");
        let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
        assert_eq!((error.kind, error.file), (StorageErrorKind::TooLong, disk.at("old")));
        assert_eq!(disk.bytes("old"), b"12345");
        assert!(!disk.at("new").exists());
    }
}

#[test]
fn full_allocation_takes_the_space_and_sparse_does_not() {
    let length = 4 << 20;
    let space = |disk: &Disk| fs::metadata(disk.at("file")).unwrap().blocks() * 512;
    let disk = Disk::new(length, &[("file", length, Kind::Plain)]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    assert!(space(&disk) < length);
    disk.storage.prepare(Allocation::Full).unwrap();
    assert!(space(&disk) >= length);
}

#[test]
fn executable_files_are_made_executable_whether_new_or_old() {
    let disk = Disk::new(
        4,
        &[("new", 4, Kind::Executable), ("old", 4, Kind::Executable), ("no", 4, Kind::Plain)],
    );
    disk.put("old", "1234");
    fs::set_permissions(disk.at("old"), fs::Permissions::from_mode(0o640)).unwrap();
    disk.storage.prepare(Allocation::Sparse).unwrap();
    let mode = |path| fs::metadata(disk.at(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("old"), 0o750);
    assert_eq!(mode("new") & 0o111, (mode("new") & 0o444) >> 2);
    assert_ne!(mode("new") & 0o100, 0);
    assert_eq!(mode("no") & 0o111, 0);
}

#[test]
fn complete_files_need_no_right_to_write() {
    let disk = Disk::new(4, &[("folder/file", 4, Kind::Plain)]);
    disk.put("folder/file", "1234");
    fs::set_permissions(disk.at("folder/file"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(disk.at("folder"), fs::Permissions::from_mode(0o555)).unwrap();
    let prepared = disk.storage.prepare(Allocation::Sparse);
    let read = disk.read(0, 0, 4);
    fs::set_permissions(disk.at("folder"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(prepared, Ok(Prepared { any_existing: true }));
    assert_eq!(read.unwrap(), b"1234");
}

#[test]
fn inspecting_tells_missing_from_wrong_length() {
    let disk = Disk::new(
        16,
        &[
            ("ok", 4, Kind::Plain),
            ("short", 4, Kind::Plain),
            ("long", 4, Kind::Plain),
            ("no/ne", 0, Kind::Plain),
        ],
    );
    disk.put("ok", "1234");
    disk.put("short", "12");
    disk.put("long", "12345");
    let found = disk.storage.inspect();
    assert_eq!(found.present, 3);
    assert_eq!(
        found.problems,
        [
            FileProblem { file: 1, problem: ProblemKind::Length { found: 2 } },
            FileProblem { file: 2, problem: ProblemKind::Length { found: 5 } },
            FileProblem { file: 3, problem: ProblemKind::Missing },
        ]
    );
}

#[test]
fn a_root_that_is_a_file_is_refused() {
    let disk = Disk::new(4, &[("a", 4, Kind::Plain)]);
    fs::write(disk.storage.root(), "").unwrap();
    let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotAFolder);
    let error = disk.write(0, 0, b"1234").unwrap_err();
    assert_eq!(
        (error.kind, error.operation),
        (StorageErrorKind::NotAFolder, Operation::OpenFolder)
    );
}
