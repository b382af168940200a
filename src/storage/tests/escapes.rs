//! Nothing is ever read or written outside of the root.

use super::support::{Disk, Kind, storage};
use crate::storage::{
    Allocation, FileKind, FileSpec, FileTable, ProblemKind, Storage, StorageErrorKind,
};
use std::fs;
use std::io::IoSlice;
use std::sync::Arc;

/// A torrent with one file in a folder, and a file outside that must not change.
fn with_victim() -> Disk {
    let disk = Disk::new(4, &[("folder/file", 4, Kind::Plain)]);
    fs::create_dir(disk.folder.path().join("outside")).unwrap();
    fs::write(disk.folder.path().join("outside/file"), "safe").unwrap();
    disk
}

/// The file outside is as it was and alone.
fn assert_unharmed(disk: &Disk) {
    assert_eq!(fs::read(disk.folder.path().join("outside/file")).unwrap(), b"safe");
    assert_eq!(fs::read_dir(disk.folder.path().join("outside")).unwrap().count(), 1);
}

#[test]
fn a_linked_folder_is_refused_by_every_operation() {
    let disk = with_victim();
    disk.put_link("folder", disk.folder.path().join("outside"));
    for error in [
        disk.storage.prepare(Allocation::Sparse).unwrap_err(),
        disk.write(0, 0, b"evil").unwrap_err(),
        disk.read(0, 0, 4).unwrap_err(),
    ] {
        assert_eq!(error.kind, StorageErrorKind::SymbolicLink, "{error}");
        assert_eq!(error.file, disk.at("folder"), "the message names the link, not the file");
    }
    let problems = disk.storage.inspect().problems;
    assert_eq!(problems[0].problem, ProblemKind::Refused(StorageErrorKind::SymbolicLink));
    assert_unharmed(&disk);
}

#[test]
fn a_linked_file_is_refused_by_every_operation() {
    let disk = with_victim();
    disk.put_link("folder/file", disk.folder.path().join("outside/file"));
    for error in [
        disk.storage.prepare(Allocation::Full).unwrap_err(),
        disk.write(0, 0, b"evil").unwrap_err(),
        disk.read(0, 0, 4).unwrap_err(),
    ] {
        assert_eq!(error.kind, StorageErrorKind::SymbolicLink, "{error}");
        assert_eq!(error.file, disk.at("folder/file"));
    }
    assert_unharmed(&disk);
}

#[test]
fn a_dangling_link_is_not_filled() {
    let disk = with_victim();
    disk.put_link("folder/file", disk.folder.path().join("outside/new"));
    let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::SymbolicLink);
    assert_unharmed(&disk);
}

#[test]
fn a_link_put_in_the_way_later_is_refused_once_the_file_is_closed() {
    let disk = with_victim();
    disk.storage.prepare(Allocation::Sparse).unwrap();
    disk.write(0, 0, b"good").unwrap();
    fs::rename(disk.at("folder"), disk.at("moved")).unwrap();
    disk.put_link("folder", disk.folder.path().join("outside"));
    disk.storage.close();
    let error = disk.write(0, 0, b"evil").unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::SymbolicLink);
    assert_unharmed(&disk);
}

#[test]
fn the_root_itself_may_be_a_link() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("root")).unwrap();
    let files = [("a/b", 4, Kind::Plain)];
    let storage = storage(folder.path().join("root"), 4, &files, FileTable::new(1));
    storage.prepare(Allocation::Sparse).unwrap();
    let span = storage.layout().span_at(0, 0, 4).unwrap();
    storage.write(span, &[IoSlice::new(b"good")]).unwrap();
    assert_eq!(fs::read(folder.path().join("real/a/b")).unwrap(), b"good");
}

#[test]
fn names_that_lead_out_are_refused_even_if_nobody_checked_before() {
    for path in
        [vec!["..", "outside"], vec!["a", "..", "b"], vec!["/etc"], vec![""], vec![], vec!["a\0b"]]
    {
        let folder = tempfile::tempdir().unwrap();
        let layout = Arc::new(crate::layout::Layout::single(4, 4).unwrap());
        let path = path.into_iter().map(Into::into).collect();
        let spec = FileSpec { path, kind: FileKind::Regular { executable: false } };
        let root = folder.path().join("root");
        let storage = Storage::new(root, layout, vec![spec], FileTable::new(1));
        fs::create_dir(folder.path().join("root")).unwrap();
        let error = storage.prepare(Allocation::Sparse).unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::UnsafeName);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(folder.path().join("root")).unwrap().count(), 0);
    }
}

#[test]
fn links_of_the_torrent_are_made_and_lead_inside() {
    let disk = Disk::new(4, &[("a/b/link", 0, Kind::Link("c/file")), ("c/file", 4, Kind::Plain)]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    assert_eq!(fs::read_link(disk.at("a/b/link")).unwrap().to_str(), Some("../../c/file"));
    disk.write(0, 0, b"text").unwrap();
    assert_eq!(disk.bytes("a/b/link"), b"text");
    assert!(disk.storage.inspect().is_complete());
    disk.storage.prepare(Allocation::Sparse).unwrap();
}

#[test]
fn a_link_that_leads_elsewhere_is_not_replaced() {
    let disk = Disk::new(4, &[("link", 0, Kind::Link("file")), ("file", 4, Kind::Plain)]);
    disk.put_link("link", "/etc/passwd");
    let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
    assert_eq!((error.kind, error.file), (StorageErrorKind::NotTheLink, disk.at("link")));
    assert!(!disk.at("file").exists(), "nothing was changed");
}

#[test]
fn a_torrent_cannot_write_through_its_own_link() {
    let disk = Disk::new(
        4,
        &[
            ("link", 0, Kind::Link("folder")),
            ("link/file", 4, Kind::Plain),
            ("folder/x", 4, Kind::Plain),
        ],
    );
    assert!(disk.storage.prepare(Allocation::Sparse).is_err());
    assert!(!disk.at("folder/file").exists());
}

#[test]
fn a_link_with_a_target_outside_is_refused() {
    let disk = Disk::new(4, &[("link", 0, Kind::Link("../outside")), ("file", 4, Kind::Plain)]);
    let error = disk.storage.prepare(Allocation::Sparse).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::UnsafeName);
    assert!(disk.at("link").symlink_metadata().is_err());
}

#[test]
fn a_link_has_no_bytes_to_read_or_write() {
    let disk = Disk::new(8, &[("link", 4, Kind::Link("file")), ("file", 4, Kind::Plain)]);
    disk.storage.prepare(Allocation::Sparse).unwrap();
    assert_eq!(disk.write(0, 0, b"evil").unwrap_err().kind, StorageErrorKind::SymbolicLink);
    assert_eq!(disk.bytes("file"), [0; 4]);
}
