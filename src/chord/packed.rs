//! Records and peers packed into byte strings.
//!
//! A peer is its address, flags (8) and sequence (32). Records are grouped by key: key, count (16
//! bits), then for each address, flags (8), sequence (32) and seconds of lease (16).

use super::contact::{Family, read_address, write_address};
use super::message::{Flags, Peer, Record};
use super::ring_id::RingId;
use crate::id::ID_LENGTH;

/// Bytes of a record's group: key and count.
pub(super) const GROUP_HEAD: usize = ID_LENGTH + 2;
/// Bytes of a record behind its address.
pub(super) const RECORD_TAIL: usize = 1 + 4 + 2;

/// Bytes of a peer behind its address.
pub(crate) const PEER_TAIL: usize = 1 + 4;

/// Packs peers.
pub(super) fn write_peers(peers: &[Peer]) -> Vec<u8> {
    let mut out = Vec::new();
    for peer in peers {
        write_address(peer.address, &mut out);
        out.push(peer.flags.to_bits());
        out.extend(peer.sequence.to_be_bytes());
    }
    out
}

/// Unpacks peers; `None` if the length is no multiple of one. Unusable addresses are left out.
pub(super) fn read_peers(family: Family, bytes: &[u8]) -> Option<Vec<Peer>> {
    let width = family.width() + PEER_TAIL;
    if !bytes.len().is_multiple_of(width) {
        return None;
    }
    let peers = bytes.chunks_exact(width).filter_map(|bytes| {
        let (address, tail) = bytes.split_last_chunk::<PEER_TAIL>()?;
        let [flags, a, b, c, d] = *tail;
        Some(Peer {
            address: read_address(family, address)?,
            flags: Flags::from_bits(flags),
            sequence: u32::from_be_bytes([a, b, c, d]),
        })
    });
    Some(peers.collect())
}

/// Packs records; those of one key should be neighbors.
pub(super) fn write_records(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for group in records.chunk_by(|a, b| a.key == b.key) {
        out.extend(group[0].key.0);
        out.extend((group.len() as u16).to_be_bytes());
        for record in group {
            write_address(record.address, &mut out);
            out.push(record.flags.to_bits());
            out.extend(record.sequence.to_be_bytes());
            out.extend(record.lease.to_be_bytes());
        }
    }
    out
}

/// Unpacks records; `None` if the bytes do not fit. Unusable addresses are left out.
pub(super) fn read_records(family: Family, mut bytes: &[u8]) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (key, rest) = bytes.split_first_chunk::<ID_LENGTH>()?;
        let (count, mut rest) = rest.split_first_chunk::<2>()?;
        for _ in 0..u16::from_be_bytes(*count) {
            let (address, tail) = rest.split_at_checked(family.width())?;
            let (tail, next) = tail.split_first_chunk::<RECORD_TAIL>()?;
            let [flags, a, b, c, d, e, f] = *tail;
            if let Some(address) = read_address(family, address) {
                records.push(Record {
                    key: RingId(*key),
                    address,
                    flags: Flags::from_bits(flags),
                    sequence: u32::from_be_bytes([a, b, c, d]),
                    lease: u16::from_be_bytes([e, f]),
                });
            }
            rest = next;
        }
        bytes = rest;
    }
    Some(records)
}
