//! From a path to the bytes of a torrent: options, piece length, and what is written (BEP 3).
//!
//! The result is read back before it is returned, so what comes out is a torrent that this
//! program and others take.

use super::error::CreateError;
use super::hash::hash;
use super::progress::Progress;
use super::walk::{self, Found, Skipped, failed};
use crate::bencode;
use crate::id::InfoHash;
use crate::kit::thread;
use crate::layout::Layout;
use crate::limits::{
    PIECE_LENGTH_AUTO_MAX, PIECE_LENGTH_AUTO_MIN, PIECE_LENGTH_MAX, PIECE_LENGTH_MIN, PIECES_AUTO,
};
use crate::metainfo::path::SafePath;
use crate::metainfo::torrent::Metainfo;
use crate::metainfo::trackers::usable;
use serde::Serialize;
use serde_bytes::ByteBuf;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a torrent is to say besides its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateOptions {
    /// Bytes of a piece: any number from 1 KiB to 256 MiB; none to choose one that fits.
    ///
    /// BEP 3 does not ask for a power of two, and this program reads any length, but some others
    /// take powers of two from 16 KiB only.
    pub piece_length: Option<u32>,
    /// Addresses of trackers in their tiers (BEP 12).
    pub trackers: Vec<Vec<String>>,
    /// Whether peers may come from the trackers only (BEP 27).
    pub private: bool,
    /// Free text.
    pub comment: Option<String>,
    /// The program that makes the torrent.
    pub created_by: Option<String>,
    /// When the torrent is made, in seconds since 1970; left out if none.
    pub creation_date: Option<i64>,
    /// Threads that hash; none for one on each core.
    pub threads: Option<usize>,
}

/// A torrent that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The bytes of the torrent file.
    pub torrent: Vec<u8>,
    /// The same, read back.
    pub metainfo: Metainfo,
    /// What is in the folder and not in the torrent.
    pub skipped: Vec<Skipped>,
    /// Files that whoever reads the torrent will call otherwise, because of their names.
    pub altered: Vec<Altered>,
}

/// A file whose name is not safe everywhere. It is in the torrent, and can be seeded where it is;
/// who downloads it gets it under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in the torrent as we read it.
    pub read_as: SafePath,
}

impl Created {
    /// The torrent's info-hash.
    pub fn info_hash(&self) -> InfoHash {
        self.metainfo.info_hash
    }
}

/// The piece length for content of that many bytes: the smallest power of two that makes at most
/// about two thousand pieces, from 16 KiB to 16 MiB.
pub fn automatic_piece_length(total: u64) -> u32 {
    let wanted = total.div_ceil(PIECES_AUTO).checked_next_power_of_two().unwrap_or(u64::MAX);
    let bounds = (u64::from(PIECE_LENGTH_AUTO_MIN), u64::from(PIECE_LENGTH_AUTO_MAX));
    wanted.clamp(bounds.0, bounds.1) as u32
}

/// Makes a torrent of a file, or of a folder and all files in it.
///
/// The same content makes the same torrent everywhere. It takes as long as reading and hashing
/// everything; `progress` tells how far it is and can stop it.
pub fn create(
    source: &Path,
    options: &CreateOptions,
    progress: &Progress,
) -> Result<Created, CreateError> {
    if let Some(length) = options.piece_length
        && !(PIECE_LENGTH_MIN..=PIECE_LENGTH_MAX).contains(&length)
    {
        return Err(CreateError::PieceLength(length));
    }
    let mut urls = options.trackers.iter().flatten();
    if let Some(url) = urls.find(|url| usable(url.as_bytes()).as_ref() != Some(url)) {
        return Err(CreateError::Tracker(url.clone()));
    }
    let name = own_name(source)?;
    let listing = walk::list(source, progress)?;
    let total = listing.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.length));
    progress.set_total(total);
    let piece_length = options.piece_length.unwrap_or_else(|| automatic_piece_length(total));
    let lengths = listing.files.iter().map(|file| (file.length, false));
    let layout = Layout::new(u64::from(piece_length), lengths)?;
    let threads = options.threads.unwrap_or_else(thread::cores);
    let content = Content { name, folder: listing.folder, piece_length };
    let files: Arc<[Found]> = listing.files.into();
    let pieces = hash(layout, files.clone(), threads, progress)?;
    let torrent = write(&content, &files, pieces, options)?;
    let metainfo = Metainfo::parse(&torrent).map_err(CreateError::Unreadable)?;
    let altered = altered(&content.name, &files, &metainfo);
    Ok(Created { torrent, metainfo, skipped: listing.skipped, altered })
}

/// What `info` says besides the files and digests.
struct Content {
    /// Name of the file or folder.
    name: OsString,
    /// Whether it is a folder.
    folder: bool,
    /// Bytes of every piece but the last.
    piece_length: u32,
}

/// The outermost dictionary; serde_bencode sorts the keys.
#[derive(Serialize)]
struct TorrentKeys<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    announce: Option<&'a str>,
    #[serde(rename = "announce-list", skip_serializing_if = "Option::is_none")]
    announce_list: Option<Vec<&'a [String]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(rename = "created by", skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a str>,
    #[serde(rename = "creation date", skip_serializing_if = "Option::is_none")]
    creation_date: Option<i64>,
    info: InfoKeys,
}

/// The `info` dictionary.
#[derive(Serialize)]
struct InfoKeys {
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<FileKeys>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    name: ByteBuf,
    #[serde(rename = "piece length")]
    piece_length: u32,
    pieces: ByteBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<u8>,
}

/// The dictionary of one file.
#[derive(Serialize)]
struct FileKeys {
    length: u64,
    path: Vec<ByteBuf>,
}

/// The name of what the path leads to, also for paths such as `.` and `folder/..`.
fn own_name(source: &Path) -> Result<OsString, CreateError> {
    if let Some(name) = source.file_name() {
        return Ok(name.to_owned());
    }
    let full = source.canonicalize().map_err(failed("find", source))?;
    full.file_name().map(OsStr::to_owned).ok_or_else(|| CreateError::NoName(source.to_owned()))
}

/// The bytes of the torrent.
fn write(
    content: &Content,
    files: &[Found],
    pieces: Vec<u8>,
    options: &CreateOptions,
) -> Result<Vec<u8>, CreateError> {
    let bytes = |name: &OsString| ByteBuf::from(name.as_encoded_bytes());
    let entry = |file: &Found| FileKeys {
        length: file.length,
        path: file.names.iter().map(bytes).collect(),
    };
    let info = InfoKeys {
        files: content.folder.then(|| files.iter().map(entry).collect()),
        length: files.first().filter(|_| !content.folder).map(|file| file.length),
        name: bytes(&content.name),
        piece_length: content.piece_length,
        pieces: ByteBuf::from(pieces),
        private: options.private.then_some(1),
    };
    let tiers: Vec<&[String]> =
        options.trackers.iter().map(Vec::as_slice).filter(|tier| !tier.is_empty()).collect();
    let count: usize = tiers.iter().map(|tier| tier.len()).sum();
    let torrent = TorrentKeys {
        announce: tiers.first().and_then(|tier| tier.first()).map(String::as_str),
        announce_list: (count > 1).then_some(tiers),
        comment: options.comment.as_deref(),
        created_by: options.created_by.as_deref(),
        creation_date: options.creation_date,
        info,
    };
    bencode::to_bytes(&torrent).map_err(CreateError::Bencode)
}

/// The files whose paths in the torrent are not what they are called on disk.
fn altered(name: &OsStr, files: &[Found], metainfo: &Metainfo) -> Vec<Altered> {
    let differs = |file: &Found, path: &SafePath| {
        let names = [name].into_iter().chain(file.names.iter().map(OsString::as_os_str));
        !names.map(OsStr::as_encoded_bytes).eq(path.parts().map(str::as_bytes))
    };
    let pairs = files.iter().zip(metainfo.files.iter().map(|entry| &entry.path));
    pairs
        .filter(|(file, path)| differs(file, path))
        .map(|(file, path)| Altered { path: file.path.clone(), read_as: path.clone() })
        .collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
