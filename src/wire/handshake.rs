//! The handshake that opens a connection, and the features offered in it (BEP 3, 6, 10).
//!
//! Whether the info-hash is one that we serve, and who talks first, is the connection's matter.

use crate::id::{ID_LENGTH, InfoHash, PeerId};
use crate::wire::error::WireError;

/// Length of a handshake in bytes.
pub const HANDSHAKE_LENGTH: usize = 68;

/// What every handshake begins with: the length of the protocol's name and the name.
const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";

/// Bytes of the handshake that hold features.
const RESERVED_LENGTH: usize = 8;

/// Length of a handshake up to and with the info-hash, in bytes.
const HASH_END: usize = PROTOCOL.len() + RESERVED_LENGTH + ID_LENGTH;

/// The extension protocol's bit in the sixth reserved byte (BEP 10).
const EXTENSIONS_BIT: u8 = 0x10;

/// The Fast extension's bit in the last reserved byte (BEP 6).
const FAST_BIT: u8 = 0x04;

/// The optional parts of the protocol that a side offers; the reserved bits we do not know are
/// ignored when read and sent as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// The Fast extension (BEP 6).
    pub fast: bool,
    /// The extension protocol (BEP 10).
    pub extensions: bool,
}

impl Features {
    /// Everything that this program speaks.
    pub const OURS: Self = Self { fast: true, extensions: true };

    /// What both sides offer, and so what holds on their connection.
    pub fn shared(self, other: Self) -> Self {
        Self { fast: self.fast && other.fast, extensions: self.extensions && other.extensions }
    }

    fn to_reserved(self) -> [u8; RESERVED_LENGTH] {
        let extensions = if self.extensions { EXTENSIONS_BIT } else { 0 };
        let fast = if self.fast { FAST_BIT } else { 0 };
        [0, 0, 0, 0, 0, extensions, 0, fast]
    }

    fn from_reserved(reserved: [u8; RESERVED_LENGTH]) -> Self {
        let [.., sixth, _, eighth] = reserved;
        Self { fast: eighth & FAST_BIT != 0, extensions: sixth & EXTENSIONS_BIT != 0 }
    }
}

/// The first words of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// The torrent that the connection is about.
    pub info_hash: InfoHash,
    /// What the sender calls itself.
    pub peer_id: PeerId,
    /// What the sender offers.
    pub features: Features,
}

impl Handshake {
    /// The bytes to send.
    pub fn encode(&self) -> [u8; HANDSHAKE_LENGTH] {
        let mut bytes = [0; HANDSHAKE_LENGTH];
        let reserved = self.features.to_reserved();
        let parts = [&PROTOCOL[..], &reserved, &self.info_hash.0, &self.peer_id.0];
        for (byte, value) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *value;
        }
        bytes
    }

    /// Reads the handshake at the front of `bytes`; `None` when it needs more of them.
    ///
    /// Something else than BitTorrent is refused from its first wrong byte on.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, WireError> {
        let Some((features, info_hash)) = decode_front(bytes)? else { return Ok(None) };
        let peer_id = bytes.get(HASH_END..).and_then(<[u8]>::first_chunk);
        Ok(peer_id.map(|id| Self { info_hash, peer_id: PeerId(*id), features }))
    }

    /// The info-hash as soon as its last byte is there: an acceptor answers on the hash, because
    /// some clients send their peer id only after the answer (BEP 3).
    pub fn peek_info_hash(bytes: &[u8]) -> Result<Option<InfoHash>, WireError> {
        Ok(decode_front(bytes)?.map(|(_, info_hash)| info_hash))
    }
}

/// The handshake without the peer id.
fn decode_front(bytes: &[u8]) -> Result<Option<(Features, InfoHash)>, WireError> {
    let wrong = bytes.iter().zip(PROTOCOL).position(|(found, expected)| found != expected);
    if let Some((offset, &found)) = wrong.and_then(|at| Some((at, bytes.get(at)?))) {
        return Err(WireError::Protocol { offset, found });
    }
    Ok(decode_fields(bytes))
}

fn decode_fields(bytes: &[u8]) -> Option<(Features, InfoHash)> {
    let (_, rest) = bytes.split_first_chunk::<{ PROTOCOL.len() }>()?;
    let (reserved, rest) = rest.split_first_chunk::<RESERVED_LENGTH>()?;
    let info_hash = rest.first_chunk::<ID_LENGTH>()?;
    Some((Features::from_reserved(*reserved), InfoHash(*info_hash)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn handshake() -> Handshake {
        Handshake {
            info_hash: InfoHash([7; ID_LENGTH]),
            peer_id: PeerId::ours(*b"abcdefghijkl"),
            features: Features::OURS,
        }
    }

    #[test]
    fn bytes_are_those_of_the_protocol() {
        let bytes = handshake().encode();
        let expected = [
            &b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04"[..],
            &[7; 20],
            &b"-CU0100-abcdefghijkl"[..],
        ];
        assert_eq!(bytes.to_vec(), expected.concat());
    }

    #[test]
    fn every_shorter_handshake_needs_more_and_the_hash_is_there_at_48() {
        let bytes = handshake().encode();
        for length in 0..HANDSHAKE_LENGTH {
            assert_eq!(Handshake::decode(&bytes[..length]), Ok(None), "{length}");
            let hash = Handshake::peek_info_hash(&bytes[..length]);
            assert_eq!(hash, Ok((length >= 48).then_some(InfoHash([7; 20]))), "{length}");
        }
        assert_eq!(Handshake::decode(&bytes), Ok(Some(handshake())));
    }

    #[test]
    fn another_protocol_is_refused_from_its_first_wrong_byte_on() {
        for offset in 0..PROTOCOL.len() {
            let mut bytes = handshake().encode();
            bytes[offset] ^= 0x20;
            let refused = WireError::Protocol { offset, found: bytes[offset] };
            assert_eq!(Handshake::decode(&bytes[..offset]), Ok(None));
            for length in [offset + 1, 20, 68] {
                assert_eq!(Handshake::decode(&bytes[..length]), Err(refused));
                assert_eq!(Handshake::peek_info_hash(&bytes[..length]), Err(refused));
            }
        }
    }

    #[test]
    fn a_feature_holds_only_when_both_offer_it() {
        let fast = Features { fast: true, extensions: false };
        assert_eq!(fast.shared(Features::OURS), fast);
        assert_eq!(fast.shared(Features::default()), Features::default());
    }

    proptest! {
        #[test]
        fn reads_back_what_it_wrote(
            hash: [u8; 20], peer: [u8; 20], fast: bool, extensions: bool, more: Vec<u8>,
        ) {
            let sent = Handshake {
                info_hash: InfoHash(hash),
                peer_id: PeerId(peer),
                features: Features { fast, extensions },
            };
            let bytes = [&sent.encode()[..], &more].concat();
            prop_assert_eq!(Handshake::decode(&bytes), Ok(Some(sent)));
        }

        #[test]
        fn unknown_reserved_bits_are_ignored(reserved: [u8; 8]) {
            let mut bytes = handshake().encode();
            bytes[20..28].copy_from_slice(&reserved);
            let features = Features {
                fast: reserved[7] & 4 == 4,
                extensions: reserved[5] & 16 == 16,
            };
            let read = Handshake::decode(&bytes).map(|read| read.map(|read| read.features));
            prop_assert_eq!(read, Ok(Some(features)));
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = Handshake::decode(&bytes);
            let _ = Handshake::peek_info_hash(&bytes);
        }
    }
}
