//! Tests of the codec: what is written reads back, and no bytes do harm.

use super::*;
use crate::chord::message::Peer;
use crate::chord::message::Record;
use crate::limits::{DATAGRAM_MAX, PADDED_QUERY};
use proptest::prelude::*;

const RING: RingTag = *b"ring";

fn any_v4() -> impl Strategy<Value = SocketAddr> {
    (1_u8..=223, any::<[u8; 3]>(), 1_u16..)
        .prop_map(|(a, [b, c, d], port)| ([a, b, c, d], port).into())
}

fn any_contacts(most: usize) -> impl Strategy<Value = Vec<Contact>> {
    prop::collection::vec(any_v4().prop_map(Contact::new), 0..=most)
}

fn any_place() -> impl Strategy<Value = RingId> {
    any::<[u8; 20]>().prop_map(RingId)
}

fn any_arc() -> impl Strategy<Value = Arc> {
    (any_place(), any_place()).prop_map(|(begin, end)| Arc { begin, end })
}

fn any_flags() -> impl Strategy<Value = Flags> {
    (0_u8..8).prop_map(Flags::from_bits)
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let record = (any_place(), any_v4(), any_flags(), any::<u32>(), any::<u16>());
    prop::collection::vec(
        record.prop_map(|(key, address, flags, sequence, lease)| Record {
            key,
            address,
            flags,
            sequence,
            lease,
        }),
        0..20,
    )
}

fn any_query() -> impl Strategy<Value = Query> {
    prop_oneof![
        Just(Query::Ping),
        Just(Query::GetNeighbors),
        (any_place(), any_contacts(8))
            .prop_map(|(target, dead)| Query::FindSuccessor { target, dead }),
        prop::option::of(any_v4().prop_map(Contact::new))
            .prop_map(|former| Query::Notify { former }),
        (any_contacts(24), any_contacts(10))
            .prop_map(|(successors, predecessors)| Query::Leave { successors, predecessors }),
        (any_place(), any::<u16>())
            .prop_map(|(key, most)| Query::GetPeers { info_hash: InfoHash(key.0), most }),
        (any_place(), any::<Option<u16>>(), any_flags(), any::<u32>(), any::<u16>()).prop_map(
            |(key, port, flags, sequence, lease)| Query::AnnouncePeer(Announce {
                info_hash: InfoHash(key.0),
                port,
                flags,
                sequence,
                lease
            })
        ),
        (any_arc(), prop::option::of(any::<[u64; 16]>()), any::<Option<u32>>()).prop_map(
            |(arc, digests, learner)| Query::Sync { arc, digests: digests.map(Box::new), learner }
        ),
        (any_arc(), any_contacts(9), prop::collection::vec(any::<u32>(), 0..9))
            .prop_map(|(arc, view, olds)| Query::Activate { arc, view, olds }),
        (any_arc(), prop::option::of((any_place(), any_v4())))
            .prop_map(|(arc, after)| Query::Fetch { arc, after }),
        any_records().prop_map(|records| Query::Transfer { records }),
        (prop::option::of(any_v4()), any_contacts(8))
            .prop_map(|(target, spared)| Query::Probe { target, spared }),
    ]
}

fn any_peer() -> impl Strategy<Value = Peer> {
    (any_v4(), any_flags(), any::<u32>()).prop_map(|(address, flags, sequence)| Peer {
        address,
        flags,
        sequence,
    })
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let lists = (
        prop::option::of(any_contacts(8)),
        prop::option::of(any_contacts(24)),
        prop::option::of(any_contacts(10)),
        prop::option::of(any_contacts(5)),
    );
    let values =
        (any::<Option<[u8; 8]>>(), any::<Option<bool>>(), any::<bool>(), any::<Option<u32>>());
    let content = prop_oneof![
        Just((None, None)),
        any_records().prop_map(|records| (Some(records), None)),
        prop::collection::vec(any_peer(), 0..50).prop_map(|peers| (None, Some(peers))),
    ];
    (lists, values, content, prop::option::of(any_v4()), any::<Option<u16>>()).prop_map(
        |(
            (closer, successors, predecessors, view),
            (cookie, warm, mark, total),
            content,
            seen,
            number,
        )| {
            Answer {
                standing: warm.map(|_| Standing::Member),
                seen,
                cookie,
                closer,
                successors,
                first: mark,
                predecessors,
                warm,
                view,
                peers: content.1,
                total,
                lease: number,
                differing: number,
                records: content.0,
                more: mark,
                until: seen.map(RingId::of_address),
                retry: number,
            }
        },
    )
}

proptest! {
    #[test]
    fn queries_read_back_as_written(
        query in any_query(), transaction: [u8; 4], cookie: Option<[u8; 8]>, client: bool,
        pad: bool,
    ) {
        let message = Message { transaction, body: Body::Query { query, cookie, client } };
        let padded = if pad { PADDED_QUERY } else { 0 };
        let bytes = encode(&message, RING, padded);
        prop_assert!(bytes.len() <= DATAGRAM_MAX && bytes.len() + 9 > padded, "{}", bytes.len());
        prop_assert_eq!(decode(&bytes, RING, Family::V4), Ok(message));
        prop_assert_eq!(decode(&bytes, *b"else", Family::V4), Err(MessageError::OtherRing));
    }

    #[test]
    fn answers_read_back_as_written(answer in any_answer(), transaction: [u8; 4], fault: bool) {
        let answer = Box::new(answer);
        let body = if fault { Body::Fault(Fault::Busy, answer) } else { Body::Answer(answer) };
        let message = Message { transaction, body };
        let bytes = encode(&message, RING, 0);
        prop_assert_eq!(decode(&bytes, RING, Family::V4), Ok(message));
    }

    #[test]
    fn no_bytes_do_harm(bytes: Vec<u8>) {
        let _ = decode(&bytes, RING, Family::V4);
    }

    #[test]
    fn damaged_messages_are_refused_or_other_messages(
        query in any_query(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
    ) {
        let body = Body::Query { query, cookie: None, client: false };
        let mut bytes = encode(&Message { transaction: [1; 4], body }, RING, 0);
        let place = at.index(bytes.len());
        bytes[place] = byte;
        let _ = decode(&bytes, RING, Family::V4);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(decode(&bytes, RING, Family::V4).is_err());
    }
}

#[test]
fn what_is_not_a_message_is_told_apart() {
    let read = |bytes: &[u8]| decode(bytes, RING, Family::V4).unwrap_err();
    assert!(matches!(read(&[b'l'; 1_300]), MessageError::Bencode(_)));
    assert_eq!(read(&[b'l'; 1_401]), MessageError::TooLong { length: 1_401 });
    assert!(matches!(read(b"d1:q4:ping1:t4:aaaa1:w4:ring1:y1:qe "), MessageError::Bencode(_)));
    assert!(matches!(read(b"d1:y1:q1:t4:aaaa1:w4:ringe"), MessageError::Bencode(_)), "unsorted");
    assert_eq!(
        read(b"d1:q4:ping1:t4:aaaa1:w4:ring1:y1:xe").to_string(),
        "ring datagram with a bad field `y`, expected `q`, `r` or `e`"
    );
    assert_eq!(read(b"d1:t4:aaaa1:w4:ring1:y1:qe"), MessageError::Missing { field: "q" });
    let unknown = MessageError::UnknownQuery { transaction: *b"aaaa" };
    assert_eq!(read(b"d1:q4:fine1:t4:aaaa1:w4:ring1:y1:qe"), unknown);
    assert!(
        decode(b"d1:ad3:new3:hate1:q4:ping1:t4:aaaa1:w4:ring1:y1:qe", RING, Family::V4).is_ok()
    );
}
