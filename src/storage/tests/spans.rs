//! Where the bytes of a span end up.

use super::support::{Disk, Kind, storage};
use crate::storage::{Allocation, FileTable, StorageErrorKind};
use std::io::{IoSlice, IoSliceMut};

#[test]
fn a_span_crosses_files_empty_files_and_pads() {
    let disk = Disk::new(
        16,
        &[
            ("a", 3, Kind::Plain),
            ("empty", 0, Kind::Plain),
            ("b/c", 4, Kind::Plain),
            (".pad/2", 2, Kind::Pad),
            ("d", 7, Kind::Plain),
        ],
    );
    disk.storage.prepare(Allocation::Sparse).unwrap();
    disk.write(0, 0, b"0123456789abcdef").unwrap();
    assert_eq!(disk.bytes("a"), b"012");
    assert_eq!(disk.bytes("empty"), b"");
    assert_eq!(disk.bytes("b/c"), b"3456");
    assert_eq!(disk.bytes("d"), b"9abcdef");
    assert!(!disk.at(".pad").exists());
    assert_eq!(disk.read(0, 0, 16).unwrap(), b"0123456\0\x009abcdef");
    assert_eq!(disk.read(0, 2, 9).unwrap(), b"23456\0\x009a");
}

#[test]
fn slices_and_files_may_end_at_different_places() {
    let disk = Disk::prepared(10, &[("a", 4), ("b", 3), ("c", 3)]);
    let slices = [b"01".as_slice(), b"", b"23456", b"7", b"89"].map(IoSlice::new);
    disk.storage.write(disk.span(0, 0, 10), &slices).unwrap();
    assert_eq!((disk.bytes("a"), disk.bytes("b")), (b"0123".to_vec(), b"456".to_vec()));
    let (mut first, mut second) = ([0; 6], [0; 3]);
    let mut buffers = [&mut first[..], &mut [], &mut second[..]].map(IoSliceMut::new);
    disk.storage.read(disk.span(0, 1, 9), &mut buffers).unwrap();
    assert_eq!((&first, &second), (b"123456", b"789"));
}

#[test]
fn the_list_of_buffers_comes_back_as_it_was() {
    let disk = Disk::prepared(10, &[("a", 4), ("b", 6)]);
    let (mut first, mut second) = ([0; 5], [0; 5]);
    let mut buffers = [&mut first[..], &mut second[..]].map(IoSliceMut::new);
    disk.storage.read(disk.span(0, 0, 10), &mut buffers).unwrap();
    assert_eq!(buffers.each_ref().map(|buffer| buffer.len()), [5, 5]);
}

#[test]
fn more_slices_than_one_call_takes_are_all_written() {
    let bytes: Vec<u8> = (0..5_000_u32).map(|n| n as u8).collect();
    let disk = Disk::prepared(5_000, &[("a", 4_000), ("b", 1_000)]);
    let slices: Vec<_> = bytes.chunks(1).map(IoSlice::new).collect();
    disk.storage.write(disk.span(0, 0, 5_000), &slices).unwrap();
    let mut copy = vec![0; 5_000];
    let mut buffers: Vec<_> = copy.chunks_mut(1).map(IoSliceMut::new).collect();
    disk.storage.read(disk.span(0, 0, 5_000), &mut buffers).unwrap();
    assert_eq!(copy, bytes);
}

#[test]
fn buffers_of_another_length_than_the_span_are_refused() {
    let disk = Disk::prepared(10, &[("a", 10)]);
    let error = disk.storage.write(disk.span(0, 0, 10), &[IoSlice::new(b"short")]).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::WrongSpan);
    let mut long = [0; 11];
    let error =
        disk.storage.read(disk.span(0, 0, 10), &mut [IoSliceMut::new(&mut long)]).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::WrongSpan);
}

#[test]
fn a_span_of_another_torrent_is_refused() {
    let (small, large) = (Disk::prepared(10, &[("a", 10)]), Disk::prepared(10, &[("a", 50)]));
    let span = large.span(4, 0, 10);
    let error = small.storage.write(span, &[IoSlice::new(&[1; 10])]).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::WrongSpan);
    assert_eq!(small.bytes("a"), [0; 10]);
}

#[test]
fn more_files_than_may_be_open_are_all_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let table = FileTable::new(3);
    let names: Vec<String> = (0..40).map(|n| format!("folder{}/file{n}", n % 7)).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 5, Kind::Plain)).collect();
    let storage = storage(folder.path().join("root"), 200, &files, table.clone());
    storage.prepare(Allocation::Sparse).unwrap();
    let bytes: Vec<u8> = (0..200).collect();
    let span = storage.layout().span_at(0, 0, 200).unwrap();
    storage.write(span, &[IoSlice::new(&bytes)]).unwrap();
    assert_eq!(table.open_files(), 3);
    let mut copy = vec![0; 200];
    storage.read(span, &mut [IoSliceMut::new(&mut copy)]).unwrap();
    assert_eq!(copy, bytes);
    assert_eq!(table.open_files(), 3);
    storage.sync().unwrap();
    assert_eq!(table.open_files(), 3, "flushing opens no file for longer");
    drop(storage);
    assert_eq!(table.open_files(), 0);
}

#[test]
fn two_torrents_share_a_table_and_keep_their_files_apart() {
    let folder = tempfile::tempdir().unwrap();
    let table = FileTable::new(4);
    let torrents = ["one", "two"].map(|name| {
        let root = folder.path().join(name);
        storage(root, 3, &[("file", 3, Kind::Plain)], table.clone())
    });
    for (torrent, text) in torrents.iter().zip([b"111", b"222"]) {
        torrent.prepare(Allocation::Sparse).unwrap();
        let span = torrent.layout().span_at(0, 0, 3).unwrap();
        torrent.write(span, &[IoSlice::new(text)]).unwrap();
    }
    assert_eq!(std::fs::read(folder.path().join("one/file")).unwrap(), b"111");
    assert_eq!(std::fs::read(folder.path().join("two/file")).unwrap(), b"222");
    torrents[0].close();
    assert_eq!(table.open_files(), 1);
}
