//! A torrent's checked content, and how it comes out of untrusted bytes (BEP 3, 9, 27, 47).
//!
//! Whatever is in a [`Metainfo`] is consistent: lengths, pieces and digests fit each other, paths
//! are safe and distinct, texts are printable. Work and memory are bounded by the bytes' length.

use super::error::MetainfoError;
use super::hashes::PieceHashes;
use super::names::Names;
use super::original::originals;
use super::path::{SafePath, cut, safe_name};
use super::raw::{self, Attributes, RawFile, RawInfo, RawTorrent};
use super::shaped::{Loose, Shaped};
use super::trackers;
use crate::bencode::{self, Dict, ScanLimits};
use crate::id::InfoHash;
use crate::kit::printable::steers;
use crate::layout::Layout;
use crate::limits::{TORRENT_FILE_MAX, TORRENT_TEXT_MAX};
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::sync::Arc;

/// What a torrent says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metainfo {
    /// SHA-1 of `raw_info`.
    pub info_hash: InfoHash,
    /// Name of the file or of the outermost folder, made safe.
    pub name: String,
    /// Where pieces and files lie.
    pub layout: Arc<Layout>,
    /// The digest of each piece.
    pub hashes: Arc<PieceHashes>,
    /// The files, in the order of `layout.files()`.
    pub files: Vec<FileEntry>,
    /// Usable addresses of trackers in their tiers, none twice (BEP 12).
    pub trackers: Vec<Vec<String>>,
    /// Whether peers may come from the trackers only (BEP 27).
    pub private: bool,
    /// Free text of whoever made the torrent.
    pub comment: Option<String>,
    /// The program that made the torrent.
    pub created_by: Option<String>,
    /// When the torrent was made, in seconds since 1970.
    pub creation_date: Option<i64>,
    /// Whether it is a folder of files rather than one file.
    pub multi_file: bool,
    /// The exact bytes of the `info` dictionary, as peers exchange them (BEP 9).
    pub raw_info: Arc<[u8]>,
}

/// A file of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where it belongs, starting with the torrent's name. No other file's, unless it is padding.
    pub path: SafePath,
    /// What the torrent itself calls it, from the outermost folder to the file, where that is
    /// another path and no other file's: who made the torrent has it there.
    pub original: Option<Box<[Vec<u8>]>>,
    /// Length in bytes.
    pub length: u64,
    /// What it is.
    pub kind: FileKind,
    /// Whether it is a program (BEP 47 `x`).
    pub executable: bool,
    /// Whether it is hidden (BEP 47 `h`).
    pub hidden: bool,
}

/// What a file of a torrent is (BEP 47).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Bytes to keep.
    Regular,
    /// Zeros that are never written to disk.
    Pad,
    /// A symbolic link without bytes, to this file or folder of the torrent; the path is relative
    /// to the same place as the link's own.
    Symlink(SafePath),
}

impl Metainfo {
    /// Reads a torrent file. Bytes after its end are ignored, as others do.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetainfoError> {
        check_length(bytes)?;
        let missing = MetainfoError::Missing { key: "info", file: None };
        let scanned = bencode::scan(bytes, ScanLimits::TORRENT)?;
        let (Dict(torrent), _) =
            bencode::from_prefix::<Dict<RawTorrent>>(bytes, ScanLimits::TORRENT)?;
        let (Some(span), Some(Dict(info))) = (scanned.info, torrent.info) else {
            return Err(missing);
        };
        let raw_info = bytes.get(span).ok_or(missing)?;
        let announce = torrent.announce.as_ref().and_then(Loose::bytes);
        let list = torrent.announce_list.and_then(Shaped::list);
        Ok(Self {
            trackers: trackers::tiers(announce, list),
            comment: torrent.comment.as_ref().and_then(text),
            created_by: torrent.created_by.as_ref().and_then(text),
            creation_date: torrent.creation_date.as_ref().and_then(Loose::integer),
            ..Self::build(info, raw_info)?
        })
    }

    /// Reads an `info` dictionary alone, which peers send (BEP 9): a torrent without trackers.
    pub fn from_info(raw_info: &[u8]) -> Result<Self, MetainfoError> {
        check_length(raw_info)?;
        let Dict(info) = bencode::from_bytes::<Dict<RawInfo>>(raw_info, ScanLimits::TORRENT)?;
        Self::build(info, raw_info)
    }

    /// Bytes of all files but for padding.
    pub fn content_length(&self) -> u64 {
        let real = self.files.iter().filter(|file| file.kind != FileKind::Pad);
        real.map(|file| file.length).sum()
    }

    /// Checks the parts of `info` against each other.
    fn build(info: RawInfo, raw_info: &[u8]) -> Result<Self, MetainfoError> {
        let hashes = piece_hashes(&info)?;
        let piece_length = raw::length(info.piece_length.as_ref(), "piece length", None)?;
        let own_name = name(&info)?.to_vec();
        let name = safe_name(&own_name);
        let private = is_private(info.private.as_ref());
        let multi_file = info.files.is_some();
        let (files, spans) = match (info.files, info.length) {
            (Some(_), Some(_)) => return Err(MetainfoError::LengthAndFiles),
            (Some(list), None) => folder_files(&own_name, list)?,
            (None, length) => {
                let length = raw::length(length.as_ref(), "length", None)?;
                single_file(&own_name, length, Attributes::read(info.attr.as_ref()))
            }
        };
        let layout = Layout::new(piece_length, spans)?;
        if hashes.count() != layout.piece_count() as usize {
            let (expected, found) = (layout.piece_count(), hashes.count());
            return Err(MetainfoError::PieceCount { expected, found });
        }
        Ok(Self {
            info_hash: InfoHash(Sha1::digest(raw_info).into()),
            name,
            layout: Arc::new(layout),
            hashes: Arc::new(hashes),
            files,
            trackers: Vec::new(),
            private,
            comment: None,
            created_by: None,
            creation_date: None,
            multi_file,
            raw_info: raw_info.into(),
        })
    }
}

/// Files and what the layout needs to know of each: length in bytes and whether it is padding.
type Files = (Vec<FileEntry>, Vec<(u64, bool)>);

/// Refuses bytes that are too many for a torrent.
fn check_length(bytes: &[u8]) -> Result<(), MetainfoError> {
    let (length, limit) = (bytes.len() as u64, TORRENT_FILE_MAX);
    if length > limit { Err(MetainfoError::TooLarge { length, limit }) } else { Ok(()) }
}

/// The digests of `pieces`.
fn piece_hashes(info: &RawInfo) -> Result<PieceHashes, MetainfoError> {
    let key = "pieces";
    let Some(pieces) = &info.pieces else {
        let version = info.meta_version.as_ref().and_then(Loose::integer);
        return Err(match version {
            Some(version) if version >= 2 => MetainfoError::VersionTwoOnly,
            Some(_) | None => MetainfoError::Missing { key, file: None },
        });
    };
    let expected = "a string";
    let bytes = pieces.bytes().ok_or(MetainfoError::WrongType { key, file: None, expected })?;
    PieceHashes::from_bytes(bytes).ok_or(MetainfoError::PiecesLength(bytes.len()))
}

/// The torrent's name in the best encoding there is; not safe yet.
fn name(info: &RawInfo) -> Result<&[u8], MetainfoError> {
    let is_name = |name: &&[u8]| !name.is_empty() && std::str::from_utf8(name).is_ok();
    if let Some(name) = info.name_utf8.as_ref().and_then(Loose::bytes).filter(is_name) {
        return Ok(name);
    }
    let (key, file, expected) = ("name", None, "a string");
    let name = info.name.as_ref().ok_or(MetainfoError::Missing { key, file })?;
    name.bytes().ok_or(MetainfoError::WrongType { key, file, expected })
}

/// Whether the torrent is private. In doubt it is: a leak cannot be undone.
fn is_private(value: Option<&Loose>) -> bool {
    match value {
        Some(Shaped::Integer(number)) => *number != 0,
        Some(Shaped::Bytes(text)) => !text.is_empty() && text != b"0",
        Some(Shaped::List(_) | Shaped::Dictionary) | None => false,
    }
}

/// The only file of a torrent; it can be neither padding nor a link.
fn single_file(name: &[u8], length: u64, attributes: Attributes) -> Files {
    let Attributes { executable, hidden, pad: _, symlink: _ } = attributes;
    let path = SafePath::new([name]);
    let original = originals([(vec![name], &path)].into_iter()).pop().flatten();
    let kind = FileKind::Regular;
    (vec![FileEntry { path, original, length, kind, executable, hidden }], vec![(length, false)])
}

/// The files of a folder, each with a path of its own.
fn folder_files(name: &[u8], list: Shaped<raw::RawFiles>) -> Result<Files, MetainfoError> {
    let (key, file, expected) = ("files", None, "a list");
    let raw = list.list().ok_or(MetainfoError::WrongType { key, file, expected })?;
    if let Some(error) = raw.wrong {
        return Err(error);
    }
    let mut names = Names::new(safe_name(name));
    let mut files: Vec<FileEntry> = Vec::with_capacity(raw.files.len());
    for RawFile { names: parts, length, attributes, .. } in &raw.files {
        // Padding is never on disk, and several pads often share one path.
        let pad = attributes.pad && !attributes.symlink;
        let path = if pad { names.path(parts) } else { names.place(parts) };
        let kind = if pad { FileKind::Pad } else { FileKind::Regular };
        let Attributes { executable, hidden, .. } = *attributes;
        files.push(FileEntry { path, original: None, length: *length, kind, executable, hidden });
    }
    let found = originals(raw.files.iter().zip(&files).map(|(raw, file)| {
        let inner = raw.names.iter().map(Vec::as_slice);
        ([name].into_iter().chain(inner).collect(), &file.path)
    }));
    for (file, original) in files.iter_mut().zip(found) {
        file.original = original;
    }
    resolve_symlinks(&raw.files, &names, &mut files)?;
    let spans = files.iter().map(|file| (file.length, file.kind == FileKind::Pad)).collect();
    Ok((files, spans))
}

/// Points each symbolic link to the file or folder that it names, under the path that one got.
///
/// A link to anything else is refused with its torrent: no link ever leads out of the folder.
fn resolve_symlinks(
    raw: &[RawFile],
    names: &Names,
    files: &mut [FileEntry],
) -> Result<(), MetainfoError> {
    if raw.iter().all(|file| file.target.is_none()) {
        return Ok(());
    }
    let mut places: HashMap<&[Vec<u8>], usize> = HashMap::new();
    for (index, file) in raw.iter().enumerate().filter(|(_, file)| !file.attributes.pad) {
        places.entry(&file.names).or_insert(index);
    }
    for (index, file) in raw.iter().enumerate() {
        let Some(target) = &file.target else { continue };
        let path = match places.get(target.as_slice()) {
            Some(&place) if place != index => Some(files[place].path.clone()),
            Some(_) => None,
            None => names.folder(target),
        };
        files[index].kind = FileKind::Symlink(path.ok_or(MetainfoError::SymlinkTarget(index))?);
    }
    Ok(())
}

/// A text for people, safe to print: what steers a terminal becomes spaces, but for line breaks.
fn text(value: &Loose) -> Option<String> {
    let bytes = value.bytes()?;
    let text = String::from_utf8_lossy(bytes);
    let kept = |c: char| !steers(c) || c == '\n';
    Some(cut(&text, TORRENT_TEXT_MAX).chars().map(|c| if kept(c) { c } else { ' ' }).collect())
}

#[cfg(test)]
#[path = "torrent_tests.rs"]
mod tests;
