//! The pieces that a choked peer may request all the same, so that a newcomer gets something to
//! trade (BEP 6).
//!
//! Both sides can compute the set: it follows from the peer's IPv4 network and the info-hash, so
//! reconnecting from a neighboring address does not give other pieces.

use crate::id::{ID_LENGTH, InfoHash};
use sha1::{Digest, Sha1};
use std::net::Ipv4Addr;

/// Most hashes computed for one set. Each gives five draws; ten pieces of eleven take about ten
/// hashes, and the bound only guards against a hash that runs in a circle.
const ROUNDS_MAX: usize = 1_024;

/// The allowed-fast set of the peer at `ip`: at most `count` different piece numbers below
/// `piece_count`, in the order of BEP 6. A torrent of no more pieces than that is allowed whole.
pub fn allowed_fast_set(
    ip: Ipv4Addr,
    info_hash: InfoHash,
    piece_count: u32,
    count: usize,
) -> Vec<u32> {
    if piece_count as usize <= count {
        return (0..piece_count).collect();
    }
    let [a, b, c, _] = ip.octets();
    let mut hash: [u8; ID_LENGTH] =
        Sha1::new().chain_update([a, b, c, 0]).chain_update(info_hash.0).finalize().into();
    let mut set = Vec::with_capacity(count);
    for _ in 0..ROUNDS_MAX {
        for word in hash.as_chunks::<4>().0 {
            if set.len() == count {
                return set;
            }
            let piece = u32::from_be_bytes(*word) % piece_count;
            if !set.contains(&piece) {
                set.push(piece);
            }
        }
        hash = Sha1::digest(hash).into();
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::ALLOWED_FAST_COUNT;

    const HASH: InfoHash = InfoHash([0xaa; ID_LENGTH]);

    fn set(last_octet: u8, piece_count: u32, count: usize) -> Vec<u32> {
        allowed_fast_set(Ipv4Addr::new(80, 4, 4, last_octet), HASH, piece_count, count)
    }

    #[test]
    fn sets_are_those_of_the_specification() {
        assert_eq!(set(200, 1313, 7), [1059, 431, 808, 1217, 287, 376, 1188]);
        assert_eq!(set(200, 1313, 9), [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]);
    }

    #[test]
    fn neighbors_have_the_same_set_and_other_networks_another() {
        assert_eq!(set(1, 1313, 9), set(200, 1313, 9));
        let other = allowed_fast_set(Ipv4Addr::new(80, 4, 5, 200), HASH, 1313, 9);
        assert_ne!(other, set(200, 1313, 9));
    }

    #[test]
    fn tiny_torrents_end_with_different_pieces_that_exist() {
        for piece_count in 0..40 {
            let mut pieces = set(200, piece_count, ALLOWED_FAST_COUNT);
            pieces.sort_unstable();
            pieces.dedup();
            assert_eq!(pieces.len(), ALLOWED_FAST_COUNT.min(piece_count as usize));
            assert!(pieces.iter().all(|&piece| piece < piece_count));
        }
    }

    #[test]
    fn none_is_none() {
        assert!(set(200, 1313, 0).is_empty());
    }
}
