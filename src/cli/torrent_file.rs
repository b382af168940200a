//! Torrent files: read within bounds, written whole or not at all.

use crate::cli::failure::Failure;
use crate::limits::TORRENT_FILE_MAX;
use crate::metainfo::{Magnet, MagnetError, Metainfo, MetainfoError};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How a magnet link begins, in any case.
const MAGNET: &[u8] = b"magnet:";
/// Most characters of a magnet link that are quoted.
const QUOTED_MAX: usize = 80;

/// What a magnet link says that stands where a torrent file may; nothing if it is none, or if
/// there is a file of that name.
pub(super) fn magnet(source: &Path) -> Option<Result<Magnet, Failure>> {
    let bytes = source.as_os_str().as_encoded_bytes();
    let begins = bytes.get(..MAGNET.len()).is_some_and(|head| head.eq_ignore_ascii_case(MAGNET));
    if !begins || source.exists() {
        return None;
    }
    let text = source.to_string_lossy();
    Some(text.parse().map_err(|error| {
        let quoted = text.chars().take(QUOTED_MAX).collect::<String>();
        Failure::new(&error).at(quoted).advise(advice_for_link(&error))
    }))
}

/// Reads a torrent file.
pub(super) fn read(path: &Path) -> Result<Metainfo, Failure> {
    if let Some(magnet) = magnet(path) {
        return Err(Failure::new("cannot get a torrent from peers by its magnet link yet")
            .at(magnet?.info_hash)
            .advise("get the torrent file; `cuerda info` tells what the link says"));
    }
    let failed = |error: io::Error| {
        Failure::new(format!("cannot read the torrent: {error}"))
            .at(path.display())
            .advise("check its name, and that you may read it")
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the parser sees that it is too long.
    file.take(TORRENT_FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    Metainfo::parse(&bytes)
        .map_err(|error| Failure::new(&error).at(path.display()).advise(advice_for_torrent(&error)))
}

/// What to do about a link that cannot be used.
fn advice_for_link(error: &MagnetError) -> &'static str {
    match error {
        MagnetError::NotAMagnet | MagnetError::NoInfoHash | MagnetError::InfoHash => {
            "copy the whole link, and put it in quotes"
        }
        MagnetError::TooLong { .. } => "remove trackers (tr=) from it",
        MagnetError::TwoInfoHashes => "remove one of them",
        MagnetError::VersionTwoOnly => "ask for a link of version 1",
        MagnetError::Selection => "mend or remove what follows so=",
    }
}

/// What to do about a torrent that cannot be used: a file that was cut or is something else comes
/// whole the next time, a torrent that was made wrong does not.
fn advice_for_torrent(error: &MetainfoError) -> &'static str {
    match error {
        MetainfoError::Bencode(_)
        | MetainfoError::Missing { .. }
        | MetainfoError::PiecesLength(_)
        | MetainfoError::PieceCount { .. } => "get the torrent again from where it came",
        MetainfoError::TooLarge { .. } => "check that it is the torrent, and not what it is about",
        MetainfoError::WrongType { .. }
        | MetainfoError::Negative { .. }
        | MetainfoError::LengthAndFiles
        | MetainfoError::Layout(_) => "have it made again with other software",
        MetainfoError::VersionTwoOnly => "ask for a hybrid torrent, or one of version 1",
        MetainfoError::SymlinkTarget(_) => "do not trust who made it",
    }
}

/// Refuses to write where something is already, unless replacing it was asked for.
pub(super) fn check_free(path: &Path, replace: bool) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::new("cannot write the torrent, this is a folder")
            .at(path.display())
            .advise("name a file in it"));
    }
    if !replace && path.symlink_metadata().is_ok() {
        return Err(Failure::new("cannot write the torrent, something is already there")
            .at(path.display())
            .advise("give another name, or --force to replace it"));
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(Failure::new("cannot write the torrent, there is no such folder")
            .at(path.display())
            .advise("make the folder first"));
    }
    Ok(())
}

/// Writes a torrent file: under another name first, so that nobody ever sees half of it.
pub(super) fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), Failure> {
    check_free(path, replace)?;
    let temporary = temporary(path);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Failure::new(format!("cannot write the torrent: {error}"))
            .at(path.display())
            .advise("check that there is room, and that you may write there")
    })
}

/// Writes a file that is not there yet, to the medium.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside the path that no other process uses.
fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torrent_replaces_another_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.torrent");
        write(&path, b"one", false).unwrap();
        let error = write(&path, b"two", false).unwrap_err().to_string();
        assert!(error.contains("--force") && error.contains("a.torrent"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write(folder.path(), b"", true).is_err());
        assert!(write(&folder.path().join("none/a.torrent"), b"", true).is_err());
    }

    #[test]
    fn what_is_no_torrent_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.torrent");
        let missing = read(&path).unwrap_err().to_string();
        assert!(missing.contains("text.torrent"), "{missing}");
        fs::write(&path, "<html>").unwrap();
        let wrong = read(&path).unwrap_err().to_string();
        assert!(wrong.contains("text.torrent") && wrong.contains("not a torrent"), "{wrong}");
        let magnet = read(Path::new("magnet:?xt=urn:btih:00")).unwrap_err().to_string();
        assert!(magnet.contains("damaged info-hash"), "{magnet}");
        let whole = format!("MAGNET:?xt=urn:btih:{}", "0".repeat(40));
        let magnet = read(Path::new(&whole)).unwrap_err().to_string();
        assert!(magnet.contains("by its magnet link yet: 0000"), "{magnet}");
    }

    #[test]
    fn what_cannot_be_used_is_told_with_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.torrent");
        let told = |text: &str| {
            fs::write(&path, text).unwrap();
            read(&path).unwrap_err().to_string()
        };
        let tree = "9:file treed1:ad0:d6:lengthi1eeee";
        let two =
            told(&format!("d4:infod{tree}12:meta versioni2e4:name1:a12:piece lengthi16384eee"));
        assert!(two.contains("version 2") && two.contains("ask for a hybrid"), "{two}");
        assert!(!two.contains("again"), "the same torrent is of no use: {two}");
        let file = "d4:pathl1:aee";
        let lacking =
            told(&format!("d4:infod5:filesl{file}e4:name1:n12:piece lengthi16384e6:pieces0:ee"));
        assert!(lacking.contains("of file 1"), "counted as `cuerda info` does: {lacking}");
    }

    #[test]
    fn endless_files_are_not_read_to_their_end() {
        let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("/dev/zero"), "{error}");
    }
}
