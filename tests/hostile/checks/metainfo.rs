//! Torrent files: what comes out of them is consistent, whatever went in.

use cuerda::limits::{NAME_LENGTH_MAX, PATH_LENGTH_MAX, TRACKERS_MAX};
use cuerda::metainfo::{FileEntry, FileKind, Metainfo, SafePath};
use sha1::{Digest, Sha1};
use std::collections::HashSet;
use std::path::{Component, Path};

/// Longest message about a torrent that is none.
const MESSAGE_MAX: usize = 512;

/// Reads the bytes as a torrent and as an `info` dictionary.
pub(crate) fn check(bytes: &[u8]) {
    match Metainfo::parse(bytes) {
        Ok(metainfo) => {
            check_metainfo(&metainfo);
            let alone = Metainfo::from_info(&metainfo.raw_info).expect("the same dictionary");
            assert_eq!(alone.info_hash, metainfo.info_hash);
            assert_eq!(alone.files, metainfo.files);
            assert!(bytes.windows(metainfo.raw_info.len()).any(|part| part == &*metainfo.raw_info));
        }
        Err(error) => check_message(&error.to_string()),
    }
    match Metainfo::from_info(bytes) {
        Ok(metainfo) => {
            assert_eq!(*metainfo.raw_info, *bytes, "nothing may follow it");
            check_metainfo(&metainfo);
        }
        Err(error) => check_message(&error.to_string()),
    }
}

/// One line, printable, of a length that people read.
pub(crate) fn check_message(message: &str) {
    assert!(!message.is_empty() && message.len() <= MESSAGE_MAX, "{message}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
}

/// Lengths, pieces and digests fit each other; paths are safe and distinct; texts are printable.
fn check_metainfo(metainfo: &Metainfo) {
    let layout = &metainfo.layout;
    assert_eq!(metainfo.info_hash.0, <[u8; 20]>::from(Sha1::digest(&metainfo.raw_info)));
    assert_eq!(metainfo.hashes.count(), layout.piece_count() as usize);
    assert_eq!(metainfo.files.len(), layout.files().len());
    let length: u64 = metainfo.files.iter().map(|file| file.length).sum();
    assert_eq!(length, layout.total_length());
    let pieces = u64::from(layout.piece_count());
    assert!(pieces * u64::from(layout.piece_length()) >= length);
    let mut seen = HashSet::new();
    for file in &metainfo.files {
        check_file(metainfo, file);
        let fresh = seen.insert(file.path.as_str().to_lowercase());
        assert!(fresh || file.kind == FileKind::Pad, "{} twice", file.path);
    }
    assert!(metainfo.trackers.concat().len() <= TRACKERS_MAX);
    for text in [&metainfo.comment, &metainfo.created_by].into_iter().flatten() {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}

/// A file stays below the torrent's own name.
fn check_file(metainfo: &Metainfo, file: &FileEntry) {
    check_path(&file.path);
    assert_eq!(file.path.parts().next(), Some(metainfo.name.as_str()));
    if let FileKind::Symlink(target) = &file.kind {
        check_path(target);
        let found = |other: &FileEntry| {
            other.path.under(Path::new("")).starts_with(target.under(Path::new("")))
        };
        assert!(metainfo.files.iter().any(found), "{target} is not in the torrent");
    }
}

/// A path that no stranger can aim out of its folder.
fn check_path(path: &SafePath) {
    assert!(path.as_str().len() <= PATH_LENGTH_MAX);
    assert!(path.parts().all(|part| !part.is_empty() && part.len() <= NAME_LENGTH_MAX));
    let on_disk = path.under(Path::new(""));
    assert!(on_disk.components().all(|part| matches!(part, Component::Normal(_))), "{path}");
    assert!(!path.as_str().chars().any(char::is_control));
}
