//! A torrent as its bytes have it (BEP 3, 12, 47, 52): the keys we know, of whatever type.
//!
//! Types are checked key by key afterwards, so that an error can name the key and that a useless
//! value under a key nobody needs fails nothing. What could grow far beyond its bytes is bounded
//! while it is read: files are checked one by one, paths and tiers keep only what will be used.

use super::error::MetainfoError;
use super::shaped::{FromList, Loose, Shaped};
use crate::bencode::Dict;
use crate::layout::LayoutError;
use crate::limits::{FILES_MAX, PATH_DEPTH_MAX, TRACKER_URL_MAX, TRACKERS_MAX};
use serde::Deserialize;

/// The outermost dictionary.
#[derive(Deserialize)]
pub(super) struct RawTorrent {
    /// What the info-hash is made of.
    pub(super) info: Option<Dict<RawInfo>>,
    /// The tracker.
    pub(super) announce: Option<Loose>,
    /// Tiers of trackers (BEP 12).
    #[serde(rename = "announce-list")]
    pub(super) announce_list: Option<Shaped<RawTiers>>,
    /// Free text of whoever made the torrent.
    pub(super) comment: Option<Loose>,
    /// The program that made the torrent.
    #[serde(rename = "created by")]
    pub(super) created_by: Option<Loose>,
    /// When the torrent was made, in seconds since 1970.
    #[serde(rename = "creation date")]
    pub(super) creation_date: Option<Loose>,
}

/// The `info` dictionary.
#[derive(Deserialize)]
pub(super) struct RawInfo {
    /// Name of the file or outermost folder.
    pub(super) name: Option<Loose>,
    /// The same in UTF-8, where `name` is in another encoding.
    #[serde(rename = "name.utf-8")]
    pub(super) name_utf8: Option<Loose>,
    /// Bytes of every piece but the last.
    #[serde(rename = "piece length")]
    pub(super) piece_length: Option<Loose>,
    /// The digests of all pieces.
    pub(super) pieces: Option<Loose>,
    /// Bytes of the one file.
    pub(super) length: Option<Loose>,
    /// The files of a folder.
    pub(super) files: Option<Shaped<RawFiles>>,
    /// Whether peers may come from the tracker only (BEP 27).
    pub(super) private: Option<Loose>,
    /// 2 if the torrent has a v2 half (BEP 52).
    #[serde(rename = "meta version")]
    pub(super) meta_version: Option<Loose>,
    /// Attributes of the one file (BEP 47).
    pub(super) attr: Option<Loose>,
}

/// The addresses of `announce-list`, tier by tier: at most as many as a torrent may have.
#[derive(Default)]
pub(super) struct RawTiers(pub(super) Vec<Vec<Vec<u8>>>);

/// The files of a folder, each checked alone.
#[derive(Default)]
pub(super) struct RawFiles {
    /// The files before the first bad one.
    pub(super) files: Vec<RawFile>,
    /// What is wrong with the first bad one.
    pub(super) wrong: Option<MetainfoError>,
}

/// One file of a folder, checked alone.
pub(super) struct RawFile {
    /// Names under the torrent's folder; not safe yet.
    pub(super) names: Vec<Vec<u8>>,
    /// Length in bytes.
    pub(super) length: u64,
    /// What its `attr` says.
    pub(super) attributes: Attributes,
    /// Names of what a symbolic link points to, under the torrent's folder; not safe yet.
    pub(super) target: Option<Vec<Vec<u8>>>,
}

/// The letters of `attr` (BEP 47).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// `p`: padding.
    pub(super) pad: bool,
    /// `l`: symbolic link.
    pub(super) symlink: bool,
    /// `x`: executable.
    pub(super) executable: bool,
    /// `h`: hidden.
    pub(super) hidden: bool,
}

/// The dictionary of one file.
#[derive(Deserialize)]
pub(super) struct FileKeys {
    /// Bytes of the file.
    length: Option<Loose>,
    /// Its names.
    path: Option<Shaped<Names>>,
    /// The same in UTF-8, where `path` is in another encoding.
    #[serde(rename = "path.utf-8")]
    path_utf8: Option<Shaped<Names>>,
    /// Its attributes (BEP 47).
    attr: Option<Loose>,
    /// What a symbolic link points to (BEP 47).
    #[serde(rename = "symlink path")]
    symlink_path: Option<Shaped<Names>>,
}

/// The names of a path. Of one too deep the last is kept and folders before it are left out.
#[derive(Default)]
pub(super) struct Names {
    /// From the outermost folder to the file.
    names: Vec<Vec<u8>>,
    /// One of them was no string.
    wrong: bool,
}

/// The addresses of one tier.
#[derive(Default)]
pub(super) struct Tier(Vec<Vec<u8>>);

impl FromList for Names {
    type Item = Loose;

    fn add(&mut self, item: Loose) {
        match item {
            Shaped::Bytes(name) if self.names.len() < PATH_DEPTH_MAX => self.names.push(name),
            Shaped::Bytes(name) => {
                if let Some(last) = self.names.last_mut() {
                    *last = name;
                }
            }
            Shaped::Integer(_) | Shaped::List(_) | Shaped::Dictionary => self.wrong = true,
        }
    }
}

impl FromList for Tier {
    type Item = Loose;

    fn add(&mut self, item: Loose) {
        if let Shaped::Bytes(url) = item
            && url.len() <= TRACKER_URL_MAX
            && self.0.len() < TRACKERS_MAX
        {
            self.0.push(url);
        }
    }
}

impl FromList for RawTiers {
    /// A list, or the single address that careless software writes in its place.
    type Item = Shaped<Tier>;

    fn add(&mut self, item: Shaped<Tier>) {
        let mut tier = Tier::default();
        match item {
            Shaped::List(list) => tier = list,
            Shaped::Bytes(url) => tier.add(Shaped::Bytes(url)),
            Shaped::Integer(_) | Shaped::Dictionary => {}
        }
        if !tier.0.is_empty() && self.0.len() < TRACKERS_MAX {
            self.0.push(tier.0);
        }
    }
}

impl FromList for RawFiles {
    type Item = Dict<FileKeys>;

    fn add(&mut self, Dict(keys): Dict<FileKeys>) {
        if self.wrong.is_some() {
            return;
        }
        if self.files.len() == FILES_MAX {
            self.wrong = Some(LayoutError::TooManyFiles(FILES_MAX + 1).into());
            return;
        }
        match keys.check(self.files.len()) {
            Ok(file) => self.files.push(file),
            Err(error) => self.wrong = Some(error),
        }
    }
}

impl Attributes {
    /// Reads the letters; unknown ones say nothing.
    pub(super) fn read(attr: Option<&Loose>) -> Self {
        let has = |letter| attr.and_then(Loose::bytes).is_some_and(|attr| attr.contains(&letter));
        Self { pad: has(b'p'), symlink: has(b'l'), executable: has(b'x'), hidden: has(b'h') }
    }
}

impl FileKeys {
    /// Checks what can be checked of one file alone.
    fn check(self, index: usize) -> Result<RawFile, MetainfoError> {
        let attributes = Attributes::read(self.attr.as_ref());
        // A link has no bytes of its own, whatever it says (BEP 47).
        let length = match attributes.symlink {
            true => 0,
            false => length(self.length.as_ref(), "length", Some(index))?,
        };
        let names = match self.path_utf8.and_then(Names::checked).filter(|names| is_text(names)) {
            Some(names) => names,
            None => {
                let (key, file) = ("path", Some(index));
                let path = self.path.ok_or(MetainfoError::Missing { key, file })?;
                let expected = "a list of strings";
                Names::checked(path).ok_or(MetainfoError::WrongType { key, file, expected })?
            }
        };
        let mut target = None;
        if attributes.symlink {
            let names = self.symlink_path.and_then(Names::checked);
            target = Some(names.ok_or(MetainfoError::SymlinkTarget(index))?);
        }
        Ok(RawFile { names, length, attributes, target })
    }
}

impl Names {
    /// The names, if they are a list of strings.
    fn checked(value: Shaped<Self>) -> Option<Vec<Vec<u8>>> {
        match value {
            Shaped::List(Self { names, wrong: false }) => Some(names),
            Shaped::List(_) | Shaped::Bytes(_) | Shaped::Integer(_) | Shaped::Dictionary => None,
        }
    }
}

/// The length in bytes that stands under a key, which must be there.
pub(super) fn length(
    value: Option<&Loose>,
    key: &'static str,
    file: Option<usize>,
) -> Result<u64, MetainfoError> {
    let value = value.ok_or(MetainfoError::Missing { key, file })?;
    let expected = "an integer";
    let value = value.integer().ok_or(MetainfoError::WrongType { key, file, expected })?;
    u64::try_from(value).map_err(|_| MetainfoError::Negative { key, file, value })
}

/// Whether names are there and all of them are UTF-8.
fn is_text(names: &[Vec<u8>]) -> bool {
    !names.is_empty() && names.iter().all(|name| std::str::from_utf8(name).is_ok())
}
