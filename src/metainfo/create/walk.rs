//! Lists the files that a torrent is made of, in an order that depends on their names alone.
//!
//! Links are not followed and special files are not read; what is left out is told.

use super::error::CreateError;
use super::progress::Progress;
use crate::limits::{FILES_MAX, PATH_DEPTH_MAX};
use crate::metainfo::path::RESUME_FOLDER;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Something in the folder that is not in the torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is not in the torrent.
    pub reason: SkipReason,
}

/// Why something is not in the torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link: what it points to may lie anywhere.
    Symlink,
    /// A device, socket or pipe.
    Special,
    /// A folder without files, which a torrent cannot express.
    EmptyFolder,
    /// The folder of resume records: which torrents somebody has is for nobody else to know.
    Records,
}

/// A file that belongs to the torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its names under the source; empty if it is the source itself.
    pub(super) names: Vec<OsString>,
    /// Its length in bytes when it was listed.
    pub(super) length: u64,
}

/// What a source consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The files: in each folder by the bytes of their names, folders where their name stands.
    pub(super) files: Vec<Found>,
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
    /// Whether the source is a folder.
    pub(super) folder: bool,
}

/// Lists a source. The source itself may be a link, because the user named it.
pub(super) fn list(source: &Path, progress: &Progress) -> Result<Listing, CreateError> {
    let metadata = fs::metadata(source).map_err(failed("find", source))?;
    let mut listing = Listing { folder: metadata.is_dir(), ..Listing::default() };
    if !listing.folder {
        if !metadata.is_file() {
            return Err(CreateError::NotContent(source.to_owned()));
        }
        let (path, names, length) = (source.to_owned(), Vec::new(), metadata.len());
        listing.files.push(Found { path, names, length });
        return Ok(listing);
    }
    let mut pending = children(source, &[])?;
    while let Some((path, names)) = pending.pop() {
        if progress.is_stopped() {
            return Err(CreateError::Stopped);
        }
        let metadata = fs::symlink_metadata(&path).map_err(failed("find", &path))?;
        if let Some(reason) = refusal(&metadata, names.last()) {
            listing.skipped.push(Skipped { path, reason });
        } else if metadata.is_dir() {
            if names.len() + 1 >= PATH_DEPTH_MAX {
                return Err(CreateError::TooDeep(path));
            }
            let inside = children(&path, &names)?;
            if inside.is_empty() {
                listing.skipped.push(Skipped { path, reason: SkipReason::EmptyFolder });
            }
            pending.extend(inside);
        } else {
            if listing.files.len() == FILES_MAX {
                return Err(CreateError::TooManyFiles);
            }
            listing.files.push(Found { path, names, length: metadata.len() });
        }
    }
    Ok(listing)
}

/// An error of the system, with what was attempted on what.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CreateError {
    move |error| CreateError::Io { action, path: path.to_owned(), error }
}

/// Why this cannot be in a torrent, if it cannot.
fn refusal(metadata: &Metadata, name: Option<&OsString>) -> Option<SkipReason> {
    if metadata.is_symlink() {
        Some(SkipReason::Symlink)
    } else if metadata.is_dir() && name.is_some_and(|name| name == RESUME_FOLDER) {
        Some(SkipReason::Records)
    } else if metadata.is_file() || metadata.is_dir() {
        None
    } else {
        Some(SkipReason::Special)
    }
}

/// What lies in a folder, last name first.
fn children(
    folder: &Path,
    names: &[OsString],
) -> Result<Vec<(PathBuf, Vec<OsString>)>, CreateError> {
    let mut inside = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed("list", folder))? {
        let entry = entry.map_err(failed("list", folder))?;
        inside.push(entry.file_name());
    }
    inside.sort_unstable_by(|a, b| b.as_encoded_bytes().cmp(a.as_encoded_bytes()));
    let with_path = |name: OsString| {
        let path = folder.join(&name);
        (path, names.iter().cloned().chain([name]).collect())
    };
    Ok(inside.into_iter().map(with_path).collect())
}
