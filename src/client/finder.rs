//! Which path of a file is meant: the safe one that everybody gets, or the torrent's own.
//!
//! Names that not every file system takes are altered when a torrent is read, so that a download
//! works everywhere. But who made the torrent has the files under their own names, whatever bytes
//! those are, and wants to give them to others: where the altered path leads nowhere and the
//! original does, that one is used. Only looks; whether it may be used is for the storage to say.

use crate::metainfo::{FileEntry, Metainfo};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Finds the files of one torrent.
pub(super) struct Finder<'a> {
    /// The folder that all paths start from.
    root: &'a Path,
    /// The names in each folder that was looked into: exact, as no look-up is where the file
    /// system ignores case, and two files may be one.
    listings: HashMap<PathBuf, HashSet<OsString>>,
}

impl<'a> Finder<'a> {
    /// Nothing looked into yet.
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, listings: HashMap::new() }
    }

    /// The names from the outermost folder to the file.
    pub(super) fn path_of(&mut self, file: &FileEntry) -> Vec<OsString> {
        let safe: Vec<OsString> = file.path.parts().map(OsString::from).collect();
        let Some(original) = &file.original else { return safe };
        let original: Vec<OsString> = original.iter().cloned().map(OsString::from_vec).collect();
        // Folders alone are no reason: what is made anew is made where everybody has it.
        if self.has(&original) && !self.has(&safe) { original } else { safe }
    }

    /// Whether every name of a path is listed in its folder.
    fn has(&mut self, path: &[OsString]) -> bool {
        let mut folder = self.root.to_owned();
        for name in path {
            if !self.names(&folder).contains(name) {
                return false;
            }
            folder.push(name);
        }
        !path.is_empty()
    }

    /// The names in a folder; none if it cannot be listed.
    fn names(&mut self, folder: &Path) -> &HashSet<OsString> {
        self.listings.entry(folder.to_owned()).or_insert_with(|| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name()).collect()
        })
    }
}

/// Where a torrent's file, or its outermost folder, is or will be below a folder.
pub fn place_of(metainfo: &Metainfo, root: &Path) -> PathBuf {
    let first = metainfo.files.first().map(|file| Finder::new(root).path_of(file));
    let name = first.and_then(|path| path.into_iter().next());
    root.join(name.unwrap_or_else(|| OsString::from(&metainfo.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    /// A torrent of the folder `n\xff` with the files `a\xfe` and `b`.
    fn torrent() -> Metainfo {
        let mut text =
            b"d4:infod5:filesld6:lengthi5e4:pathl2:a\xfeeed6:lengthi1e4:pathl1:bee".to_vec();
        text.extend_from_slice(b"e4:name2:n\xff12:piece lengthi8e6:pieces20:");
        text.extend_from_slice(&[b'h'; 20]);
        text.extend_from_slice(b"ee");
        Metainfo::parse(&text).unwrap()
    }

    fn found(metainfo: &Metainfo, root: &Path) -> Vec<Vec<u8>> {
        let mut finder = Finder::new(root);
        let path = |file| finder.path_of(file).join(OsStr::new("/")).into_vec();
        metainfo.files.iter().map(path).collect()
    }

    const SAFE: [&[u8]; 2] = ["n\u{fffd}/a\u{fffd}".as_bytes(), "n\u{fffd}/b".as_bytes()];
    const ORIGINAL: [&[u8]; 2] = [b"n\xff/a\xfe", b"n\xff/b"];

    #[test]
    fn the_original_is_used_where_only_it_is_there() {
        let (metainfo, folder) = (torrent(), tempfile::tempdir().unwrap());
        assert_eq!(found(&metainfo, folder.path()), SAFE, "nothing is there");
        let original = folder.path().join(OsStr::from_bytes(b"n\xff"));
        fs::create_dir(&original).unwrap();
        assert_eq!(found(&metainfo, folder.path()), SAFE, "nothing is made in their folder");
        fs::write(original.join(OsStr::from_bytes(b"a\xfe")), "12345").unwrap();
        assert_eq!(found(&metainfo, folder.path()), [ORIGINAL[0], SAFE[1]], "one is there");
        fs::write(original.join("b"), "1").unwrap();
        assert_eq!(found(&metainfo, folder.path()), ORIGINAL);
        assert_eq!(place_of(&metainfo, folder.path()), original);
        fs::create_dir(folder.path().join("n\u{fffd}")).unwrap();
        fs::write(folder.path().join("n\u{fffd}/a\u{fffd}"), "12345").unwrap();
        assert_eq!(found(&metainfo, folder.path())[0], SAFE[0], "what was downloaded comes first");
    }

    #[test]
    fn names_that_need_no_change_are_not_looked_for() {
        let text = format!(
            "d4:infod6:lengthi5e4:name1:n12:piece lengthi8e6:pieces20:{}ee",
            "h".repeat(20)
        );
        let metainfo = Metainfo::parse(text.as_bytes()).unwrap();
        assert_eq!(metainfo.files[0].original, None);
        assert_eq!(found(&metainfo, Path::new("/nowhere")), [b"n"]);
        assert_eq!(place_of(&metainfo, Path::new("/nowhere")), Path::new("/nowhere/n"));
    }
}
