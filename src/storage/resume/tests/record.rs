//! The record as bytes, and which pieces are believed.

use crate::bitfield::Bitfield;
use crate::id::InfoHash;
use crate::layout::Layout;
use crate::storage::resume::trust::{is_at_rest, trusted};
use crate::storage::resume::{FileTime, Record, RecordError, Shape, Stamp};
use proptest::prelude::*;
use sha1::{Digest, Sha1};

/// A torrent of so many pieces of 8 bytes in files of these lengths.
fn layout(lengths: &[u64]) -> Layout {
    Layout::new(8, lengths.iter().map(|&length| (length, false))).unwrap()
}

fn stamp(length: u64) -> Stamp {
    let at = |nanos| FileTime { seconds: 1_700_000_000, nanos };
    Stamp { length, modified: at(1), changed: at(2), inode: 77 }
}

fn any_stamp() -> impl Strategy<Value = Option<Stamp>> {
    let time =
        || (any::<i64>(), any::<u32>()).prop_map(|(seconds, nanos)| FileTime { seconds, nanos });
    proptest::option::of(
        (any::<u64>(), time(), time(), any::<u64>()).prop_map(
            |(length, modified, changed, inode)| Stamp { length, modified, changed, inode },
        ),
    )
}

/// A record of a torrent with these files, and its bytes.
fn sample(lengths: &[u64]) -> (Shape, Record, Vec<u8>) {
    let layout = layout(lengths);
    let shape = Shape::new(InfoHash([9; 20]), &layout);
    let mut good = Bitfield::new(layout.piece_count());
    good.insert(0);
    let record = Record {
        boot: None,
        good,
        stamps: lengths.iter().map(|&length| Some(stamp(length))).collect(),
    };
    let bytes = record.encode(&shape);
    (shape, record, bytes)
}

/// The bytes with a checksum that fits them again.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 20;
    let checksum: [u8; 20] = Sha1::digest(&bytes[..end]).into();
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn each_fault_has_its_name() {
    let (shape, record, bytes) = sample(&[20, 30]);
    assert_eq!(Record::decode(&bytes, &shape), Ok(record));
    assert_eq!(Record::decode(b"", &shape), Err(RecordError::NotARecord));
    assert_eq!(
        Record::decode(&resealed(bytes[1..].to_vec()), &shape),
        Err(RecordError::NotARecord)
    );
    let short = &bytes[..bytes.len() - 1];
    let (found, expected) = (short.len() as u64, bytes.len() as u64);
    assert_eq!(Record::decode(short, &shape), Err(RecordError::Length { found, expected }));
    let other = Shape { info_hash: InfoHash([8; 20]), ..shape.clone() };
    assert_eq!(Record::decode(&bytes, &other), Err(RecordError::OtherTorrent));
    let mut spare = bytes.clone();
    spare[68] |= 1;
    assert_eq!(Record::decode(&resealed(spare), &shape), Err(RecordError::Malformed));
    let mut tag = bytes;
    tag[69] = 2;
    assert_eq!(Record::decode(&resealed(tag), &shape), Err(RecordError::Malformed));
}

#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    let (_, _, bytes) = sample(&[20]);
    assert_eq!(bytes.len(), 48 + 20 + 1 + 41 + 20);
    assert_eq!(bytes[..8], *b"cuerdaR1");
    assert_eq!(bytes[28..48], [0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1]);
    assert_eq!(bytes[48..68], [0; 20]);
    assert_eq!(bytes[68..78], [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 20]);
}

#[test]
fn a_piece_is_trusted_when_all_its_files_look_the_same() {
    // Pieces 0 to 5; the first file ends in piece 2, the second in piece 4.
    let lengths = [20, 15, 11];
    let layout = layout(&lengths);
    let then: Vec<_> = lengths.iter().map(|&length| Some(stamp(length))).collect();
    let all = Bitfield::full(layout.piece_count());
    let trusts = |now: &[Option<Stamp>], stored: [bool; 3]| {
        let set = trusted(all.clone(), &then, now, &stored, &layout);
        (0..layout.piece_count()).filter(|piece| set.has(*piece)).collect::<Vec<_>>()
    };
    assert_eq!(trusts(&then, [true; 3]), [0, 1, 2, 3, 4, 5]);
    let other = |file: usize, stamp| {
        let mut now = then.clone();
        now[file] = stamp;
        now
    };
    let edited = [
        Stamp { modified: FileTime::default(), ..stamp(15) },
        Stamp { changed: FileTime::default(), ..stamp(15) },
        Stamp { inode: 1, ..stamp(15) },
        stamp(14),
    ];
    for stamp in edited.map(Some).into_iter().chain([None]) {
        assert_eq!(trusts(&other(1, stamp), [true; 3]), [0, 1, 5], "{stamp:?}");
    }
    assert_eq!(trusts(&other(1, None), [true, false, true]), [0, 1, 2, 3, 4, 5], "not stored");
    // A file that is longer than the torrent's, today as then, is not the torrent's.
    let long = other(0, Some(stamp(21)));
    let set = trusted(all.clone(), &long, &long, &[true; 3], &layout);
    assert!(!set.has(0) && set.has(3));
}

#[test]
fn a_file_rests_when_all_its_pieces_are_good() {
    let layout = layout(&[20, 15]);
    let mut good = Bitfield::new(layout.piece_count());
    for piece in [0, 1, 2] {
        assert!(!is_at_rest(&good, &layout, 0));
        good.insert(piece);
    }
    assert!(is_at_rest(&good, &layout, 0) && !is_at_rest(&good, &layout, 1));
}

proptest! {
    #[test]
    fn records_read_back(
        lengths in proptest::collection::vec(0_u64..60, 1..12),
        bits in any::<u64>(),
        boot in any::<[u8; 20]>(),
        stamps in proptest::collection::vec(any_stamp(), 12),
    ) {
        prop_assume!(lengths.iter().sum::<u64>() > 0);
        let layout = layout(&lengths);
        let shape = Shape::new(InfoHash([1; 20]), &layout);
        let mut good = Bitfield::new(layout.piece_count());
        good.merge_word(0, bits);
        let boot = (boot != [0; 20]).then_some(boot);
        let record = Record { boot, good, stamps: stamps[..lengths.len()].to_vec() };
        let bytes = record.encode(&shape);
        prop_assert_eq!(bytes.len() as u64, shape.record_length());
        prop_assert_eq!(Record::decode(&bytes, &shape), Ok(record));
    }

    #[test]
    fn no_damage_is_believed(at in 0_usize..1000, bit in 0_u8..8, cut in any::<bool>()) {
        let (shape, _, mut bytes) = sample(&[20, 30, 0, 7]);
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        prop_assert!(Record::decode(&bytes, &shape).is_err());
    }

    #[test]
    fn hostile_bytes_with_a_right_checksum_never_panic(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        keep in 0_usize..60,
    ) {
        let (shape, _, mut bytes) = sample(&[20, 30, 0, 7]);
        let end = bytes.len() - 20;
        let tail = bytes[..end].iter_mut().skip(keep);
        tail.zip(body).for_each(|(to, byte)| *to = byte);
        if let Ok(record) = Record::decode(&resealed(bytes), &shape) {
            prop_assert_eq!(record.stamps.len(), 4);
            prop_assert_eq!(record.good.len(), shape.pieces);
        }
    }
}
