//! Disks that are full, gone or not what they seem.

use super::support::{Disk, Kind};
use crate::storage::{Allocation, Operation, ProblemKind, StorageErrorKind};
use rustix::fs::{CWD, FileType, Mode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Set in the child process that lives under a limit of file sizes.
const UNDER_LIMIT: &str = "CUERDA_TEST_UNDER_LIMIT";

#[test]
fn a_file_shorter_than_the_torrent_says_is_an_error_not_zeros() {
    let disk = Disk::prepared(8, &[("file", 8)]);
    disk.put("file", "12345");
    assert_eq!(disk.read(0, 0, 5).unwrap(), b"12345");
    let error = disk.read(0, 0, 6).unwrap_err();
    assert_eq!((error.kind, error.operation), (StorageErrorKind::TooShort, Operation::Read));
    assert_eq!(error.file, disk.at("file"));
    assert_eq!(disk.read(0, 6, 2).unwrap_err().kind, StorageErrorKind::TooShort);
}

#[test]
fn a_vanished_folder_is_missing_for_readers_and_writers() {
    let disk = Disk::prepared(4, &[("folder/file", 4)]);
    fs::remove_dir_all(disk.at("folder")).unwrap();
    let error = disk.read(0, 0, 4).unwrap_err();
    assert_eq!((error.kind, error.file), (StorageErrorKind::Missing, disk.at("folder")));
    assert_eq!(disk.write(0, 0, b"1234").unwrap_err().kind, StorageErrorKind::Missing);
    fs::remove_dir_all(disk.at("")).unwrap();
    assert_eq!(disk.write(0, 0, b"1234").unwrap_err().file, *disk.storage.root());
    assert!(!disk.at("").exists(), "writing creates nothing");
}

#[test]
fn a_folder_where_a_file_should_be_is_refused() {
    let disk = Disk::new(4, &[("file", 4, Kind::Plain)]);
    disk.put_folder("file");
    for error in [
        disk.storage.prepare(Allocation::Sparse).unwrap_err(),
        disk.write(0, 0, b"1234").unwrap_err(),
        disk.read(0, 0, 4).unwrap_err(),
    ] {
        assert_eq!(error.kind, StorageErrorKind::NotAFile, "{error}");
    }
}

#[test]
fn a_file_where_a_folder_should_be_is_refused() {
    let disk = Disk::new(4, &[("folder/file", 4, Kind::Plain)]);
    disk.put("folder", "");
    let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotAFolder);
    assert_eq!(disk.read(0, 0, 4).unwrap_err().kind, StorageErrorKind::NotAFolder);
}

#[test]
fn pipes_and_sockets_are_refused_without_waiting() {
    let disk = Disk::new(8, &[("pipe", 4, Kind::Plain), ("socket", 4, Kind::Plain)]);
    disk.put_folder("");
    let mode = Mode::from_raw_mode(0o666);
    rustix::fs::mknodat(CWD, disk.at("pipe"), FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(disk.at("socket")).unwrap();
    assert_eq!(
        disk.storage.prepare(Allocation::Sparse).unwrap_err().kind,
        StorageErrorKind::NotAFile
    );
    for begin in [0, 4] {
        assert_eq!(disk.read(0, begin, 4).unwrap_err().kind, StorageErrorKind::NotAFile);
        assert_eq!(disk.write(0, begin, b"1234").unwrap_err().kind, StorageErrorKind::NotAFile);
    }
    let refused = ProblemKind::Refused(StorageErrorKind::NotAFile);
    assert!(disk.storage.inspect().problems.iter().all(|found| found.problem == refused));
}

#[test]
fn writing_to_a_read_only_file_is_no_permission_and_reading_goes_on() {
    let disk = Disk::prepared(4, &[("file", 4)]);
    fs::set_permissions(disk.at("file"), fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(disk.read(0, 0, 4).unwrap(), [0; 4]);
    let written = disk.write(0, 0, b"1234");
    // The superuser may write whatever the mode says.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(written.unwrap_err().kind, StorageErrorKind::Permission);
        assert_eq!(disk.read(0, 0, 4).unwrap(), [0; 4]);
    }
}

#[test]
fn flushing_a_vanished_file_fails_until_it_is_back() {
    let disk = Disk::prepared(8, &[("gone", 4), ("here", 4)]);
    disk.write(0, 0, b"12345678").unwrap();
    disk.storage.close();
    fs::remove_file(disk.at("gone")).unwrap();
    for _ in 0..2 {
        let error = disk.storage.sync().unwrap_err();
        assert_eq!((error.kind, error.file), (StorageErrorKind::Missing, disk.at("gone")));
    }
    disk.put("gone", "1234");
    disk.storage.sync().unwrap();
    fs::remove_file(disk.at("gone")).unwrap();
    disk.storage.sync().unwrap();
}

#[test]
fn flushing_reaches_the_folders_too() {
    let disk = Disk::prepared(8, &[("a/b/file", 4), ("a/c/file", 4)]);
    disk.write(0, 0, b"12345678").unwrap();
    disk.storage.sync().unwrap();
    // The files stay open, so that flushing them works wherever their names went.
    disk.write(0, 0, b"12345678").unwrap();
    fs::rename(disk.at("a/c"), disk.at("elsewhere")).unwrap();
    let error = disk.storage.sync().unwrap_err();
    assert_eq!((error.kind, error.file), (StorageErrorKind::Missing, disk.at("a/c")));
}

/// A limit of file sizes belongs to the whole process, so this runs itself in a child.
#[test]
fn a_write_cut_short_goes_on_and_reports_the_limit_it_meets() {
    if std::env::var_os(UNDER_LIMIT).is_none() {
        let name = "storage::tests::failures::\
                    a_write_cut_short_goes_on_and_reports_the_limit_it_meets";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(UNDER_LIMIT, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let disk = Disk::prepared(200_000, &[("file", 200_000)]);
    // The signal that comes with the limit would end the process.
    let signal = signal_hook::consts::SIGXFSZ;
    signal_hook::flag::register(signal, std::sync::Arc::default()).unwrap();
    let limit = Rlimit { current: Some(100_000), ..getrlimit(Resource::Fsize) };
    setrlimit(Resource::Fsize, limit).unwrap();
    let error = disk.write(0, 50_000, &[7; 100_000]).unwrap_err();
    assert_eq!((error.kind, error.operation), (StorageErrorKind::FileTooLarge, Operation::Write));
    assert_eq!(disk.bytes("file")[99_999], 7, "what fitted was written");
    assert_eq!(disk.bytes("file")[100_000], 0);
}
