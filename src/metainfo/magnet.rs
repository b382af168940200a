//! Magnet links (BEP 9, BEP 53): a torrent's name in the swarm and hints where to find it, in one
//! line. Read from text that strangers wrote, and printed.
//!
//! Only a link without a usable info-hash, or with a selection of files that cannot be read, is
//! refused. Hints that are of no use are left out, and so is everything that we do not know.
//! Fetching what the link names is not here.

use super::path::safe_name;
use super::percent::{decode, encode};
use super::torrent::Metainfo;
use super::trackers::usable;
use crate::id::{ID_LENGTH, InfoHash};
use crate::limits::{
    FILES_MAX, MAGNET_LENGTH_MAX, MAGNET_PEERS_MAX, MAGNET_WEB_SEEDS_MAX, TRACKERS_MAX,
};
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// How every link begins, in any case.
const SCHEME: &str = "magnet:?";
/// What stands before an info-hash of version 1, in any case.
const TOPIC: &str = "urn:btih:";
/// What stands before one of version 2 (BEP 52), in any case.
const TOPIC_VERSION_TWO: &str = "urn:btmh:";
/// Characters of an info-hash in base32.
const BASE32_LENGTH: usize = 32;

/// What a magnet link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Magnet {
    /// The torrent.
    pub info_hash: InfoHash,
    /// What to call it until its own name is known, made safe (`dn`).
    pub name: Option<String>,
    /// Bytes of all its files (`xl`).
    pub length: Option<u64>,
    /// Usable addresses of trackers, none twice (`tr`).
    pub trackers: Vec<String>,
    /// Addresses from which its files can be had by HTTP, none twice (`ws`).
    pub web_seeds: Vec<String>,
    /// Peers to connect to, none twice (`x.pe`). Hosts that have to be looked up are left out: who
    /// reads a link must not be made to ask about names of somebody's choice.
    pub peers: Vec<SocketAddr>,
    /// The files to download, by position, in order and apart; all of them if there is none (`so`).
    pub selection: Vec<RangeInclusive<u32>>,
}

/// Why a text is no usable magnet link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MagnetError {
    /// It does not begin as one.
    NotAMagnet,
    /// It is longer than any that is read.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It names no torrent.
    NoInfoHash,
    /// What should be an info-hash is none.
    InfoHash,
    /// It names two torrents.
    TwoInfoHashes,
    /// It names a torrent of version 2 only (BEP 52).
    VersionTwoOnly,
    /// The selection of files cannot be read.
    Selection,
}

impl fmt::Display for MagnetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAMagnet => f.write_str("not a magnet link, expected magnet:?xt=urn:btih:…"),
            Self::TooLong { length } => {
                write!(f, "magnet link of {length} bytes, expected at most {MAGNET_LENGTH_MAX}")
            }
            Self::NoInfoHash => {
                f.write_str("magnet link without an info-hash, expected xt=urn:btih:…")
            }
            Self::InfoHash => f.write_str(
                "magnet link with a damaged info-hash, expected 40 hexadecimal digits or 32 \
                 characters of base32",
            ),
            Self::TwoInfoHashes => {
                f.write_str("magnet link with two different info-hashes, expected one")
            }
            Self::VersionTwoOnly => f.write_str(
                "magnet link of version 2 only (BEP 52), expected xt=urn:btih:… of version 1",
            ),
            Self::Selection => {
                f.write_str("magnet link with a damaged selection of files, expected so=0,2,4-7")
            }
        }
    }
}

impl std::error::Error for MagnetError {}

impl From<&Metainfo> for Magnet {
    /// The link to a torrent that is known: its trackers in order, without their tiers.
    fn from(metainfo: &Metainfo) -> Self {
        Self {
            name: Some(metainfo.name.clone()),
            length: Some(metainfo.content_length()),
            trackers: metainfo.trackers.concat(),
            ..Self::new(metainfo.info_hash)
        }
    }
}

impl FromStr for Magnet {
    type Err = MagnetError;

    /// Reads a link; cost and memory are linear in its length, which has a bound.
    fn from_str(text: &str) -> Result<Self, MagnetError> {
        let text = text.trim();
        let (Some(scheme), Some(query)) = (text.get(..SCHEME.len()), text.get(SCHEME.len()..))
        else {
            return Err(MagnetError::NotAMagnet);
        };
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(MagnetError::NotAMagnet);
        }
        if text.len() > MAGNET_LENGTH_MAX {
            return Err(MagnetError::TooLong { length: text.len() });
        }
        let parameters = || query.split('&').filter_map(|part| part.split_once('='));
        let mut magnet = Self::new(topic(parameters())?);
        for (key, value) in parameters() {
            magnet.take(key, value)?;
        }
        Ok(magnet)
    }
}

impl Magnet {
    /// A link that says nothing but which torrent.
    pub fn new(info_hash: InfoHash) -> Self {
        Self {
            info_hash,
            name: None,
            length: None,
            trackers: Vec::new(),
            web_seeds: Vec::new(),
            peers: Vec::new(),
            selection: Vec::new(),
        }
    }

    /// Takes what one parameter says, if it is of use.
    fn take(&mut self, key: &str, value: &str) -> Result<(), MagnetError> {
        match unnumbered(key) {
            "dn" if self.name.is_none() && !value.is_empty() => {
                // Links are often written like forms, where a plus is a blank.
                self.name = Some(safe_name(&decode(&value.replace('+', " "))));
            }
            "xl" if self.length.is_none() => self.length = value.parse().ok(),
            "tr" => add(&mut self.trackers, usable(&decode(value)), TRACKERS_MAX),
            "ws" => {
                let url = usable(&decode(value)).filter(|url| !url.starts_with(['u', 'U']));
                add(&mut self.web_seeds, url, MAGNET_WEB_SEEDS_MAX);
            }
            "x.pe" => {
                let text = decode(value);
                let address = str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
                let peer = address.filter(|address: &SocketAddr| address.port() != 0);
                add(&mut self.peers, peer, MAGNET_PEERS_MAX);
            }
            "so" => self.selection = selection(&decode(value)).ok_or(MagnetError::Selection)?,
            _ => {}
        }
        Ok(())
    }
}

impl fmt::Display for Magnet {
    /// The link; what would make it longer than any that is read is left out from its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut link = format!("{SCHEME}xt={TOPIC}{}", self.info_hash);
        let mut say = |key: &str, value: &str| {
            if link.len() + key.len() + value.len() + 2 <= MAGNET_LENGTH_MAX {
                link.extend(["&", key, "=", value]);
            }
        };
        if let Some(name) = &self.name {
            say("dn", &encode(name, ""));
        }
        if let Some(length) = self.length {
            say("xl", &length.to_string());
        }
        if !self.selection.is_empty() {
            let range = |range: &RangeInclusive<u32>| match (range.start(), range.end()) {
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}-{last}"),
            };
            say("so", &self.selection.iter().map(range).collect::<Vec<_>>().join(","));
        }
        self.peers.iter().for_each(|peer| say("x.pe", &encode(&peer.to_string(), ":")));
        self.trackers.iter().for_each(|url| say("tr", &encode(url, "")));
        self.web_seeds.iter().for_each(|url| say("ws", &encode(url, "")));
        f.write_str(&link)
    }
}

/// The torrent that the `xt` parameters name.
fn topic<'a>(
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<InfoHash, MagnetError> {
    let (mut found, mut version_two) = (None, false);
    for (_, value) in parameters.filter(|(key, _)| unnumbered(key) == "xt") {
        let value = decode(value);
        let Ok(text) = str::from_utf8(&value) else { continue };
        if let Some(hash) = behind(text, TOPIC) {
            let hash = info_hash(hash).ok_or(MagnetError::InfoHash)?;
            if found.replace(hash).is_some_and(|other| other != hash) {
                return Err(MagnetError::TwoInfoHashes);
            }
        }
        version_two |= behind(text, TOPIC_VERSION_TWO).is_some();
    }
    let missing = if version_two { MagnetError::VersionTwoOnly } else { MagnetError::NoInfoHash };
    found.ok_or(missing)
}

/// What follows a beginning that may be written in any case.
fn behind<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let head = text.get(..start.len())?;
    if head.eq_ignore_ascii_case(start) { text.get(start.len()..) } else { None }
}

/// A key without the number that tells it from others of its name: `tr.1` is `tr`.
fn unnumbered(key: &str) -> &str {
    match key.rsplit_once('.') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => key,
    }
}

/// An info-hash in hexadecimal or base32, of either case.
fn info_hash(text: &str) -> Option<InfoHash> {
    if text.len() == BASE32_LENGTH { base32(text) } else { text.parse().ok() }
}

/// 20 bytes in base32 (RFC 4648).
fn base32(text: &str) -> Option<InfoHash> {
    let mut hash = [0; ID_LENGTH];
    for (bytes, digits) in hash.chunks_exact_mut(5).zip(text.as_bytes().chunks_exact(8)) {
        let mut bits = 0_u64;
        for digit in digits {
            let value = match digit.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter - b'A',
                digit @ b'2'..=b'7' => digit - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        // Forty bits are the last five of eight bytes.
        let [_, _, _, five @ ..] = bits.to_be_bytes();
        bytes.copy_from_slice(&five);
    }
    Some(InfoHash(hash))
}

/// Positions of files and spans of them, in order and apart; nothing if a part is neither.
fn selection(value: &[u8]) -> Option<Vec<RangeInclusive<u32>>> {
    let number = |text: &str| {
        let number = text.parse::<u32>().ok().filter(|_| !text.starts_with('+'))?;
        ((number as usize) < FILES_MAX).then_some(number)
    };
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = number(first)?..=number(last)?;
        (!range.is_empty()).then_some(range)
    };
    let text = str::from_utf8(value).ok()?;
    let mut ranges = text.split(',').map(range).collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable_by_key(|range| *range.start());
    let mut apart: Vec<RangeInclusive<u32>> = Vec::new();
    for range in ranges {
        match apart.last_mut() {
            Some(last) if *range.start() <= last.end() + 1 => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            Some(_) | None => apart.push(range),
        }
    }
    Some(apart)
}

/// Adds what is there, not there yet, and fits.
fn add<T: PartialEq>(list: &mut Vec<T>, item: Option<T>, most: usize) {
    if let Some(item) = item.filter(|item| list.len() < most && !list.contains(item)) {
        list.push(item);
    }
}

#[cfg(test)]
#[path = "magnet_tests.rs"]
mod tests;
