//! The words of an announce and of its answer, whatever carries them.

use crate::id::{InfoHash, PeerId};
use crate::kit::printable::steers;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Which of the two internets. Each is announced over apart (BEP 7): a tracker learns our address
/// from where the announce comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

impl Family {
    /// The family of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// Why an announce is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnnounceEvent {
    /// Because it is time.
    Regular,
    /// The first one.
    Started,
    /// The last piece has come.
    Completed,
    /// We leave.
    Stopped,
}

/// What a tracker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnounceRequest {
    /// Of which torrent.
    pub info_hash: InfoHash,
    /// What we call ourselves.
    pub peer_id: PeerId,
    /// The TCP port that we listen on.
    pub port: u16,
    /// Payload bytes given.
    pub uploaded: u64,
    /// Payload bytes received.
    pub downloaded: u64,
    /// Bytes missing.
    pub left: u64,
    /// Why now.
    pub event: AnnounceEvent,
    /// Tells us from others behind the same address, and us apart from nobody when ours changes.
    pub key: u32,
    /// Addresses wanted at most; as many as the tracker likes if not said.
    pub want: Option<u32>,
    /// What this tracker asked to be told.
    pub tracker_id: Option<Box<[u8]>>,
}

/// A peer that a tracker names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPeer {
    /// Where it is.
    pub address: SocketAddr,
    /// What it calls itself, if the tracker tells.
    pub id: Option<PeerId>,
}

/// What a tracker answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnnounceReply {
    /// When to announce again, in seconds.
    pub interval: Option<u32>,
    /// Not to announce before, in seconds.
    pub min_interval: Option<u32>,
    /// Peers that have everything.
    pub seeders: Option<u32>,
    /// Peers that do not.
    pub leechers: Option<u32>,
    /// To be told in the next announces.
    pub tracker_id: Option<Box<[u8]>>,
    /// Something for the user to read.
    pub warning: Option<Box<str>>,
    /// Our address as the tracker sees it (BEP 24).
    pub external_ip: Option<IpAddr>,
    /// Others.
    pub peers: Vec<FoundPeer>,
}

/// When a tracker that refuses may be asked again (BEP 31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It did not say.
    AsUsual,
    /// Not before this time has passed.
    After(Duration),
    /// Never.
    Never,
}

/// A tracker's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In its words, printable and cut.
    pub reason: Box<str>,
    /// When to ask again.
    pub retry: Retry,
}

/// Figures of one torrent at a tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrapeFigures {
    /// Peers that have everything.
    pub seeders: u32,
    /// Times that somebody completed.
    pub completed: u32,
    /// Peers that do not have everything.
    pub leechers: u32,
}

/// A stranger's text as a bounded, printable line. What would break the line, or steer the terminal
/// that shows it, is a blank.
pub fn printable(bytes: &[u8], most: usize) -> Box<str> {
    let mut out = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if out.len() + character.len_utf8() > most {
            break;
        }
        out.push(if steers(character) { ' ' } else { character });
    }
    out.trim().into()
}
