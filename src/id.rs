//! The two 20-byte names of BEP 3: the info-hash of a torrent and the id of a peer.
//!
//! Values only: nothing here computes a hash or draws a random number.

use std::fmt;
use std::str::FromStr;

/// Length of a SHA-1 digest and of both identifiers, in bytes.
pub const ID_LENGTH: usize = 20;

/// First bytes of our peer id (BEP 20, Azureus style): client `CU`, version 0.1.0.0.
pub const CLIENT_PREFIX: &[u8; 8] = b"-CU0100-";

/// SHA-1 of the exact bytes of a torrent's `info` dictionary (BEP 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash(pub [u8; ID_LENGTH]);

/// What a peer calls itself in the handshake (BEP 3, BEP 20).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; ID_LENGTH]);

/// Why a text is no info-hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnInfoHash;

impl fmt::Display for NotAnInfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an info-hash: expected 40 hexadecimal digits")
    }
}

impl std::error::Error for NotAnInfoHash {}

impl PeerId {
    /// Our own id: the client prefix and twelve random bytes.
    pub fn ours(random: [u8; 12]) -> Self {
        let mut id = [0; ID_LENGTH];
        id[..CLIENT_PREFIX.len()].copy_from_slice(CLIENT_PREFIX);
        id[CLIENT_PREFIX.len()..].copy_from_slice(&random);
        Self(id)
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InfoHash {
    type Err = NotAnInfoHash;

    /// Reads 40 hexadecimal digits of either case.
    fn from_str(text: &str) -> Result<Self, NotAnInfoHash> {
        let digits = text.as_bytes();
        if digits.len() != ID_LENGTH * 2 {
            return Err(NotAnInfoHash);
        }
        let mut hash = [0; ID_LENGTH];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).ok_or(NotAnInfoHash);
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(hash))
    }
}

/// Printable bytes as they are, the others as `.`: enough to recognize a client in a log.
impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            let shown = if byte.is_ascii_graphic() { char::from(byte) } else { '.' };
            write!(f, "{shown}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_hash_reads_back_what_it_shows_in_any_case() {
        let hash = InfoHash(std::array::from_fn(|i| (i * 13) as u8));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
    }

    #[test]
    fn info_hash_refuses_other_lengths_and_letters() {
        assert_eq!("ab".parse::<InfoHash>(), Err(NotAnInfoHash));
        assert_eq!("zz".repeat(20).parse::<InfoHash>(), Err(NotAnInfoHash));
        assert_eq!("é".repeat(20).parse::<InfoHash>(), Err(NotAnInfoHash));
    }

    #[test]
    fn our_peer_id_names_the_client() {
        assert!(PeerId::ours(*b"abcdefghijkl").to_string().starts_with("-CU0100-abcdefghijkl"));
    }
}
