//! What the codec promises: round trips, exact lengths, and calm under truncation and garbage.

use super::*;
use crate::limits::READ_BUFFER;
use crate::wire::message::piece_header;
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces of the torrent of these tests: a bitfield of 13 bytes.
const PIECES: u32 = 100;

const OPEN: Bounds = Bounds { piece_count: PIECES, fast: true, extensions: true };

/// A message that owns its bytes, so that proptest can make one.
#[derive(Debug, Clone)]
enum Owned {
    Plain(Message<'static>),
    Bitfield(Vec<u8>),
    Piece(u32, u32, Vec<u8>),
    Extended(u8, Vec<u8>),
}

impl Owned {
    fn message(&self) -> Message<'_> {
        match self {
            Self::Plain(message) => *message,
            Self::Bitfield(bits) => Message::Bitfield(bits),
            Self::Piece(piece, begin, data) => {
                Message::Piece { piece: *piece, begin: *begin, data }
            }
            Self::Extended(id, payload) => Message::Extended { id: *id, payload },
        }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.message().encode(&mut bytes);
        bytes
    }
}

fn any_block() -> impl Strategy<Value = BlockRequest> {
    any::<[u32; 3]>().prop_map(|[piece, begin, length]| BlockRequest { piece, begin, length })
}

fn any_message() -> impl Strategy<Value = Owned> {
    use Message as M;
    prop_oneof![
        proptest::sample::select(vec![
            M::KeepAlive,
            M::Choke,
            M::Unchoke,
            M::Interested,
            M::NotInterested,
            M::HaveAll,
            M::HaveNone,
            M::Unknown { id: 21 },
        ])
        .prop_map(Owned::Plain),
        any::<u32>().prop_map(|piece| Owned::Plain(M::Have(piece))),
        any::<u32>().prop_map(|piece| Owned::Plain(M::Suggest(piece))),
        any::<u32>().prop_map(|piece| Owned::Plain(M::AllowedFast(piece))),
        any::<u16>().prop_map(|port| Owned::Plain(M::Port(port))),
        any_block().prop_map(|block| Owned::Plain(M::Request(block))),
        any_block().prop_map(|block| Owned::Plain(M::Cancel(block))),
        any_block().prop_map(|block| Owned::Plain(M::Reject(block))),
        vec(any::<u8>(), 13).prop_map(Owned::Bitfield),
        (any::<u32>(), any::<u32>(), vec(any::<u8>(), 0..600))
            .prop_map(|(piece, begin, data)| Owned::Piece(piece, begin, data)),
        (any::<u8>(), vec(any::<u8>(), 0..600))
            .prop_map(|(id, payload)| Owned::Extended(id, payload)),
    ]
}

/// A header that states `length`.
fn header(id: u8, length: u32) -> [u8; 5] {
    let [a, b, c, d] = length.to_be_bytes();
    [a, b, c, d, id]
}

#[test]
fn every_length_that_is_off_is_refused_by_the_header_alone() {
    let exact = [
        (CHOKE, 1),
        (UNCHOKE, 1),
        (INTERESTED, 1),
        (NOT_INTERESTED, 1),
        (HAVE, 5),
        (BITFIELD, 14),
        (REQUEST, 13),
        (CANCEL, 13),
        (PORT, 3),
        (SUGGEST, 5),
        (HAVE_ALL, 1),
        (HAVE_NONE, 1),
        (REJECT, 13),
        (ALLOWED_FAST, 5),
    ];
    let ranges = [
        (PIECE, 9, 9 + 16_384),
        (EXTENDED, 2, 128 * 1024),
        (10, 1, 1024),
        (21, 1, 1024),
        (255, 1, 1024),
    ];
    let all = exact.into_iter().map(|(id, length)| (id, length, length)).chain(ranges);
    for (id, least, most) in all {
        for length in [least, most] {
            assert!(decode(&header(id, length), &OPEN).is_ok(), "id {id}, length {length}");
        }
        // A length of 0 has no id: it is a keep-alive.
        for length in [least - 1, most + 1, u32::MAX].into_iter().filter(|&length| length > 0) {
            assert_eq!(
                decode(&header(id, length), &OPEN),
                Err(WireError::Length { id, length, least, most }),
                "id {id}, length {length}"
            );
        }
    }
}

#[test]
fn bitfield_length_follows_from_the_piece_count() {
    for (piece_count, bytes) in [(1, 1), (8, 1), (9, 2), (PIECES_MAX, 262_144)] {
        let bounds = Bounds { piece_count, ..OPEN };
        assert!(decode(&header(BITFIELD, 1 + bytes), &bounds).is_ok());
        assert!(decode(&header(BITFIELD, bytes), &bounds).is_err());
        assert!(decode(&header(BITFIELD, 2 + bytes), &bounds).is_err());
    }
}

#[test]
fn bitfield_of_an_unknown_torrent_has_only_the_general_bound() {
    let bounds = Bounds { piece_count: 0, ..OPEN };
    for (length, fits) in [(1, true), (77, true), (262_145, true), (262_146, false)] {
        assert_eq!(decode(&header(BITFIELD, length), &bounds).is_ok(), fits, "{length}");
    }
}

#[test]
fn extensions_need_to_be_negotiated() {
    for id in [SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST] {
        let bounds = Bounds { fast: false, ..OPEN };
        let (length, _) = lengths(id, PIECES);
        assert_eq!(decode(&header(id, length), &bounds), Err(WireError::NotNegotiated { id }));
    }
    let bounds = Bounds { extensions: false, ..OPEN };
    assert_eq!(
        decode(&header(EXTENDED, 2), &bounds),
        Err(WireError::NotNegotiated { id: EXTENDED })
    );
}

#[test]
fn the_longest_block_is_taken_whole() {
    let data = vec![3; BLOCK_LENGTH as usize];
    let bytes = [&piece_header(1, 2, BLOCK_LENGTH)[..], &data].concat();
    let message = Message::Piece { piece: 1, begin: 2, data: &data };
    assert_eq!(decode(&bytes, &OPEN), Ok(Decoded::Message { message, consumed: bytes.len() }));
}

#[test]
fn an_unknown_message_is_skipped_with_its_payload() {
    let bytes = [&header(22, 4)[..], b"abc", &[0; 4]].concat();
    let read: Vec<_> = messages(&bytes, &OPEN).collect();
    assert_eq!(read, [Ok(Message::Unknown { id: 22 }), Ok(Message::KeepAlive)]);
}

#[test]
fn messages_end_after_the_first_error_and_do_not_count_it() {
    let bytes = [&[0; 4][..], &header(HAVE, 6), &[0; 40]].concat();
    let mut read = messages(&bytes, &OPEN);
    assert_eq!(read.next(), Some(Ok(Message::KeepAlive)));
    assert!(matches!(read.next(), Some(Err(WireError::Length { id: HAVE, length: 6, .. }))));
    assert_eq!(read.next(), None);
    assert_eq!(read.consumed(), 4);
}

proptest! {
    #[test]
    fn reads_back_what_it_wrote(owned in any_message(), more: Vec<u8>) {
        let bytes = owned.encoded();
        let consumed = bytes.len();
        let decoded = Decoded::Message { message: owned.message(), consumed };
        prop_assert_eq!(decode(&bytes, &OPEN), Ok(decoded));
        let followed = [&bytes[..], &more].concat();
        prop_assert_eq!(decode(&followed, &OPEN), Ok(decoded));
    }

    #[test]
    fn every_truncation_needs_more_and_never_less_than_it_has(owned in any_message()) {
        let bytes = owned.encoded();
        for length in 0..bytes.len() {
            match decode(&bytes[..length], &OPEN) {
                Ok(Decoded::NeedMore { at_least }) => {
                    prop_assert!(length < at_least && at_least <= bytes.len());
                    if length >= HEADER_LENGTH {
                        prop_assert_eq!(at_least, bytes.len());
                    }
                }
                other => prop_assert!(false, "{length} of {} bytes: {other:?}", bytes.len()),
            }
        }
    }

    #[test]
    fn a_run_of_messages_comes_out_whole(
        owned in vec(any_message(), 0..20), cut in 0_usize..40,
    ) {
        let mut bytes: Vec<u8> = owned.iter().flat_map(Owned::encoded).collect();
        let whole = bytes.len();
        bytes.extend_from_slice(&piece_header(0, 0, 100)[..cut.min(13)]);
        let mut read = messages(&bytes, &OPEN);
        for sent in &owned {
            prop_assert_eq!(read.next(), Some(Ok(sent.message())));
        }
        prop_assert_eq!(read.next(), None);
        prop_assert_eq!(read.consumed(), whole);
    }

    #[test]
    fn garbage_never_panics_and_never_asks_for_more_than_the_bound(
        length in prop_oneof![0_u32..300, any::<u32>()], id: u8, payload: Vec<u8>,
        piece_count in 0_u32..200, fast: bool, extensions: bool,
    ) {
        let bounds = Bounds { piece_count, fast, extensions };
        let bytes = [&header(id, length)[..], &payload].concat();
        match decode(&bytes, &bounds) {
            Ok(Decoded::NeedMore { at_least }) => {
                prop_assert!(at_least > bytes.len());
                let most = if id == EXTENDED { EXTENDED_MESSAGE_MAX as usize } else { READ_BUFFER };
                prop_assert!(at_least <= PREFIX_LENGTH + most + 1);
            }
            Ok(Decoded::Message { consumed, .. }) => prop_assert!(consumed <= bytes.len()),
            Err(_) => {}
        }
    }
}
