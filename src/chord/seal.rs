//! Closed rings: a key that their nodes share, and the seal behind each datagram which shows that
//! its sender has the key, and that it is no copy of an earlier one.
//!
//! A seal is 32 bytes: the sender's session (8, new with each start), its seconds since 1970 (4),
//! its count of datagrams (4), and sixteen bytes of HMAC-SHA-256 under the key over the payload and
//! those. A datagram is taken if that fits, its time is within two minutes of the receiver's, and
//! its count was not seen of the session. Nothing is encrypted: who can listen can read.

use crate::kit::clock::Time;
use crate::limits::{CLOCK_DIFFERENCE_MAX, COUNTS_KEPT, KEY_FILE_MAX, SESSIONS_MAX};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Bytes of a seal.
pub const SEAL_LENGTH: usize = SESSION_LENGTH + 4 + 4 + MAC_LENGTH;
/// Bytes of a key.
pub const KEY_LENGTH: usize = 32;
const SESSION_LENGTH: usize = 8;
const MAC_LENGTH: usize = 16;

/// Names one run of one node.
type Session = [u8; SESSION_LENGTH];

/// What the nodes of a closed ring share.
#[derive(Clone, PartialEq, Eq)]
pub struct RingKey([u8; KEY_LENGTH]);

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RingKey(..)")
    }
}

impl RingKey {
    /// From bytes that nobody can guess.
    pub fn new(bytes: [u8; KEY_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Reads a key file: one line of 64 hexadecimal digits; empty lines and those that begin with
    /// `#` do not count. The file must be at most [`KEY_FILE_MAX`] bytes long.
    pub fn read(file: &[u8]) -> Result<Self, KeyError> {
        if file.len() > KEY_FILE_MAX {
            return Err(KeyError::TooLong { length: file.len() });
        }
        let text = std::str::from_utf8(file).map_err(|_| KeyError::NotText)?;
        let mut lines = text.lines().map(str::trim);
        let is_key = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let line = lines.find(is_key).ok_or(KeyError::Missing)?;
        if lines.any(|line| is_key(&line)) {
            return Err(KeyError::Several);
        }
        let digits = line.as_bytes();
        if digits.len() != 2 * KEY_LENGTH {
            return Err(KeyError::Length { digits: digits.len() });
        }
        let mut key = [0; KEY_LENGTH];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).ok_or(KeyError::NotHexadecimal);
            *byte = (value(pair[0])? << 4 | value(pair[1])?) as u8;
        }
        Ok(Self(key))
    }

    /// The text of a key file.
    pub fn to_file(&self) -> String {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("# The key of a closed ring of cuerda. Whoever has it is a member.\n{digits}\n")
    }

    /// Whether a key file with these permissions (Unix mode) can be read or changed by others than
    /// its owner, which is worth a warning.
    pub fn is_exposed(mode: u32) -> bool {
        mode & 0o077 != 0
    }

    /// What the ring's tag takes in of the key, which it does not give away.
    pub(crate) fn identity(&self) -> [u8; 32] {
        self.mac(&[b"identity"]).finalize().into_bytes().into()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length will do");
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

/// Why a file holds no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// Longer than any key file.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not UTF-8.
    NotText,
    /// No line that could be a key.
    Missing,
    /// More than one line that could be a key.
    Several,
    /// A line of another length.
    Length {
        /// Its length in bytes.
        digits: usize,
    },
    /// Something else than hexadecimal digits.
    NotHexadecimal,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = 2 * KEY_LENGTH;
        match self {
            Self::TooLong { length } => {
                write!(f, "ring key file of {length} bytes, expected at most {KEY_FILE_MAX}")
            }
            Self::NotText => f.write_str("ring key file that is not text"),
            Self::Missing => write!(f, "ring key file without a line of {digits} digits"),
            Self::Several => f.write_str("ring key file with more than one key"),
            Self::Length { digits: given } => {
                write!(f, "ring key of {given} characters, expected {digits} hexadecimal digits")
            }
            Self::NotHexadecimal => write!(f, "ring key with other than hexadecimal digits"),
        }
    }
}

impl std::error::Error for KeyError {}

/// Datagrams that a closed ring's node did not take in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refused {
    /// Without a seal, or sealed with another key, or altered.
    pub strange: u64,
    /// Right, but the sender's clock and ours differ too much, or it is an old copy.
    pub untimely: u64,
    /// Copies.
    pub repeated: u64,
}

/// The seals of one node, and what it has seen of others'.
#[derive(Clone)]
pub struct Seals {
    key: RingKey,
    /// This run of this node.
    session: Session,
    /// Datagrams sealed so far.
    count: u32,
    /// Sessions heard of.
    seen: BTreeMap<Session, Seen>,
    /// What was not taken in.
    refused: Refused,
}

/// What was seen of a session.
#[derive(Debug, Clone)]
struct Seen {
    /// The highest counts; others lie between them, sent to others.
    counts: BTreeSet<u32>,
    /// When it was last heard of.
    last: Time,
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seals").field("sessions", &self.seen.len()).finish_non_exhaustive()
    }
}

impl Seals {
    /// Seals of a node that starts; its session must be another one at each start.
    pub fn new(key: RingKey, session: Session) -> Self {
        Self { key, session, count: 0, seen: BTreeMap::new(), refused: Refused::default() }
    }

    /// What was not taken in so far.
    pub fn refused(&self) -> Refused {
        self.refused
    }

    /// Sessions remembered.
    pub fn sessions(&self) -> usize {
        self.seen.len()
    }

    /// Puts a seal behind a payload; `seconds` since 1970.
    pub fn seal(&mut self, seconds: u32, mut payload: Vec<u8>) -> Vec<u8> {
        if self.count == u32::MAX {
            let next = self.key.mac(&[b"session", &self.session]).finalize().into_bytes();
            self.session = std::array::from_fn(|index| next[index]);
            self.count = 0;
        }
        self.count += 1;
        payload.extend(self.session);
        payload.extend(seconds.to_be_bytes());
        payload.extend(self.count.to_be_bytes());
        let mac = self.key.mac(&[b"datagram", &payload]).finalize().into_bytes();
        payload.extend(&mac[..MAC_LENGTH]);
        payload
    }

    /// The payload of a datagram whose seal holds; `seconds` since 1970 by this node's clock.
    pub fn open<'a>(&mut self, now: Time, seconds: u32, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let Some((sealed, session, sent, count)) = self.parts(datagram) else {
            self.refused.strange += 1;
            return None;
        };
        let difference = u64::from(seconds.abs_diff(sent));
        if difference > CLOCK_DIFFERENCE_MAX.as_secs() {
            self.refused.untimely += 1;
            return None;
        }
        if !self.is_new(now, session, count) {
            self.refused.repeated += 1;
            return None;
        }
        Some(sealed)
    }

    /// Payload, session, seconds and count of a datagram, if it was sealed with the key.
    fn parts<'a>(&self, datagram: &'a [u8]) -> Option<(&'a [u8], Session, u32, u32)> {
        let (signed, mac) = datagram.split_last_chunk::<MAC_LENGTH>()?;
        let (rest, count) = signed.split_last_chunk::<4>()?;
        let (rest, sent) = rest.split_last_chunk::<4>()?;
        let (payload, session) = rest.split_last_chunk::<SESSION_LENGTH>()?;
        // In constant time: a guess must not learn how much of it was right.
        self.key.mac(&[b"datagram", signed]).verify_truncated_left(mac).ok()?;
        Some((payload, *session, u32::from_be_bytes(*sent), u32::from_be_bytes(*count)))
    }

    /// Notes a count of a session; false if it was seen, or may have been.
    fn is_new(&mut self, now: Time, session: Session, count: u32) -> bool {
        if !self.seen.contains_key(&session) && self.seen.len() >= SESSIONS_MAX {
            // A copy of what is older than that is untimely.
            self.seen.retain(|_, seen| now.since(seen.last) <= CLOCK_DIFFERENCE_MAX * 2);
            if self.seen.len() >= SESSIONS_MAX {
                return false;
            }
        }
        let fresh = || Seen { counts: BTreeSet::new(), last: now };
        let seen = self.seen.entry(session).or_insert_with(fresh);
        let full = seen.counts.len() >= COUNTS_KEPT;
        // Counts below those that are kept may have been seen.
        if full && seen.counts.first() > Some(&count) || !seen.counts.insert(count) {
            return false;
        }
        if full {
            seen.counts.pop_first();
        }
        seen.last = now;
        true
    }
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
