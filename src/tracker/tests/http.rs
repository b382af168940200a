//! Announces and scrapes over HTTP: both sides read back what the other writes, and nothing that a
//! stranger sends does harm.

use crate::id::{InfoHash, PeerId};
use crate::limits::{TRACKER_PEERS_MAX, TRACKER_TEXT_MAX};
use crate::tracker::announce::{
    AnnounceEvent, AnnounceReply, AnnounceRequest, FoundPeer, Refusal, Retry, ScrapeFigures,
};
use crate::tracker::http_query::{self, QueryError};
use crate::tracker::http_reply::{self, ReplyError};
use crate::tracker::scrape;
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub(super) fn any_request() -> impl Strategy<Value = AnnounceRequest> {
    let ids = (any::<[u8; 20]>(), any::<[u8; 20]>());
    let counts = (any::<u64>(), any::<u64>(), any::<u64>());
    let event = prop_oneof![
        Just(AnnounceEvent::Regular),
        Just(AnnounceEvent::Started),
        Just(AnnounceEvent::Completed),
        Just(AnnounceEvent::Stopped)
    ];
    let want = proptest::option::of(0..i32::MAX as u32);
    let tracker_id = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20));
    (ids, any::<u16>(), counts, event, (any::<u32>(), want, tracker_id)).prop_map(
        |((hash, id), port, (uploaded, downloaded, left), event, (key, want, tracker_id))| {
            let (info_hash, peer_id) = (InfoHash(hash), PeerId(id));
            let tracker_id = tracker_id.map(Vec::into_boxed_slice);
            AnnounceRequest {
                info_hash,
                peer_id,
                port,
                uploaded,
                downloaded,
                left,
                event,
                key,
                want,
                tracker_id,
            }
        },
    )
}

fn peers(addresses: &[&str]) -> Vec<FoundPeer> {
    let peer = |text: &&str| FoundPeer { address: text.parse().unwrap(), id: None };
    addresses.iter().map(peer).collect()
}

#[test]
fn a_query_says_what_trackers_expect() {
    let request = AnnounceRequest {
        info_hash: InfoHash(*b"\x00\xffabcdefghijklmn 789"),
        peer_id: PeerId(*b"-CU0100-abcdefghijkl"),
        port: 6881,
        uploaded: 1,
        downloaded: 2,
        left: 3,
        event: AnnounceEvent::Started,
        key: 0xbeef,
        want: Some(50),
        tracker_id: Some(b"a&b"[..].into()),
    };
    let expected = "info_hash=%00%FFabcdefghijklmn%20789&peer_id=-CU0100-abcdefghijkl&port=6881\
                    &uploaded=1&downloaded=2&left=3&compact=1&key=0000BEEF&numwant=50\
                    &event=started&trackerid=a%26b";
    assert_eq!(http_query::encode(&request), expected);
    let read = http_query::parse(expected).unwrap();
    assert!(read.compact);
    assert_eq!(read.request, request);
}

#[test]
fn a_query_without_what_it_needs_is_told_so() {
    let full = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=1&left=0";
    assert!(http_query::parse(full).is_ok());
    for (name, error) in [
        ("info_hash", QueryError::Missing("info_hash")),
        ("peer_id", QueryError::Missing("peer_id")),
        ("port", QueryError::Missing("port")),
        ("left", QueryError::Missing("left")),
    ] {
        assert_eq!(http_query::parse(&full.replace(name, "other")), Err(error));
    }
    for (query, name) in [
        ("info_hash=short", "info_hash"),
        (&full.replace("port=1", "port=70000"), "port"),
        (&full.replace("port=1", "port=x"), "port"),
        (&full.replace("aaaa", "%zz"), "info_hash"),
    ] {
        assert_eq!(http_query::parse(query), Err(QueryError::Bad(name)), "{query}");
    }
    let minus = http_query::parse(&full.replace("left=0", "left=-1&numwant=-1")).unwrap();
    assert_eq!((minus.request.left, minus.request.want), (u64::MAX, None));
}

#[test]
fn compact_and_dictionary_answers_are_read() {
    let compact = b"d8:completei3e10:incompletei4e8:intervali1800e12:min intervali60e\
        5:peers12:\x7f\x00\x00\x01\x1a\xe1\x0a\x00\x00\x02\x00\x506:peers618:\
        \x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe110:tracker id3:abce\n";
    let reply = http_reply::parse(compact).unwrap();
    let expected = peers(&["127.0.0.1:6881", "10.0.0.2:80", "[2001:db8::1]:6881"]);
    assert_eq!(reply.peers, expected);
    assert_eq!((reply.interval, reply.min_interval), (Some(1800), Some(60)));
    assert_eq!((reply.seeders, reply.leechers), (Some(3), Some(4)));
    assert_eq!(reply.tracker_id.as_deref(), Some(b"abc".as_slice()));

    let dictionaries = b"d8:intervali60e5:peersl\
        d2:ip9:127.0.0.17:peer id20:-CU0100-abcdefghijkl4:porti6881ee\
        d2:ip11:2001:db8::14:porti80eed2:ip11:example.org4:porti80ee\
        d4:porti80eei5ed2:ip9:127.0.0.14:porti70000eeee";
    let reply = http_reply::parse(dictionaries).unwrap();
    let mut expected = peers(&["127.0.0.1:6881", "[2001:db8::1]:80"]);
    expected[0].id = Some(PeerId(*b"-CU0100-abcdefghijkl"));
    assert_eq!(reply.peers, expected);
}

#[test]
fn a_failure_is_told_in_a_bounded_printable_line() {
    let text = format!("no\n\x1b[2J{}", "x".repeat(9999));
    let bytes = format!("d14:failure reason{}:{text}8:retry in5:nevere", text.len());
    let Err(ReplyError::Refused(refusal)) = http_reply::parse(bytes.as_bytes()) else { panic!() };
    assert!(refusal.reason.len() <= TRACKER_TEXT_MAX && refusal.reason.starts_with("no  [2J"));
    assert_eq!(refusal.retry, Retry::Never);
    let refused = |bytes: &[u8]| match http_reply::parse(bytes) {
        Err(ReplyError::Refused(refusal)) => refusal.retry,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(b"d14:failure reason0:8:retry ini5ee"), after(5));
    assert_eq!(refused(b"d14:failure reason0:8:retry in2:15e"), after(15));
    assert_eq!(refused(b"d14:failure reason0:8:retry in2:-1e"), Retry::AsUsual);
}

fn after(minutes: u64) -> Retry {
    Retry::After(Duration::from_secs(minutes * 60))
}

#[test]
fn answers_that_say_nothing_or_are_none_are_errors() {
    for bytes in [b"".as_slice(), b"<html>", b"de", b"d1:ai1ee", b"le", b"i5e", b"d5:peers"] {
        assert!(http_reply::parse(bytes).is_err(), "{bytes:?}");
    }
    assert!(http_reply::parse(b"d8:intervali60ee").unwrap().peers.is_empty());
    assert!(http_reply::parse(b"d5:peers0:e").unwrap().peers.is_empty());
}

#[test]
fn numbers_out_of_range_and_odd_lengths_do_no_harm() {
    let reply = http_reply::parse(b"d8:intervali-5e10:incompletei99999999999e5:peers7:\x01e");
    assert!(reply.is_err(), "the string is longer than the bytes");
    let reply = http_reply::parse(
        b"d8:intervali-5e10:incompletei99999999999e5:peers7:\x01\x02\x03\x04\x05\x06\x07e",
    );
    let reply = reply.unwrap();
    assert_eq!((reply.interval, reply.leechers), (None, Some(u32::MAX)));
    assert_eq!(reply.peers.len(), 1);
}

#[test]
fn a_flood_of_peers_is_cut() {
    let mut bytes = b"d5:peers600000:".to_vec();
    bytes.extend([7; 600_000]);
    bytes.push(b'e');
    assert_eq!(http_reply::parse(&bytes).unwrap().peers.len(), TRACKER_PEERS_MAX);
}

#[test]
fn scrape_figures_read_back() {
    let hash = InfoHash([0xee; 20]);
    let figures = ScrapeFigures { seeders: 1, completed: 2, leechers: 3 };
    let bytes = scrape::encode_reply(&[(hash, figures)]).unwrap();
    assert_eq!(scrape::parse(&bytes, hash), Ok(Some(figures)));
    assert_eq!(scrape::parse(&bytes, InfoHash([0; 20])), Ok(None));
    assert_eq!(scrape::parse(b"de", hash), Err(ReplyError::Nothing));
    assert_eq!(scrape::encode_query(&[hash]), format!("info_hash={}", "%EE".repeat(20)));
}

proptest! {
    #[test]
    fn any_announce_reads_back(request in any_request()) {
        let read = http_query::parse(&http_query::encode(&request)).unwrap();
        prop_assert_eq!(read.request, request);
    }

    #[test]
    fn any_query_is_read_or_refused(query in "\\PC{0,80}") {
        let _ = http_query::parse(&query);
    }

    #[test]
    fn any_answer_reads_back(
        addresses in proptest::collection::vec((any::<IpAddr>(), any::<u16>()), 0..40),
        compact: bool,
        interval in proptest::option::of(0..u32::MAX),
        warning in "[ -~]{0,40}",
    ) {
        let address = |(ip, port): (IpAddr, u16)| SocketAddr::new(ip.to_canonical(), port);
        let peer = |entry| FoundPeer { address: address(entry), id: None };
        let mut peers: Vec<FoundPeer> = addresses.into_iter().map(peer).collect();
        // Strings hold one family after the other.
        peers.sort_by_key(|peer| peer.address.is_ipv6());
        let reply = AnnounceReply {
            interval,
            warning: Some(warning.trim().into()),
            peers,
            ..AnnounceReply::default()
        };
        let bytes = http_reply::encode(&reply, compact).unwrap();
        prop_assert_eq!(http_reply::parse(&bytes).unwrap(), reply);
    }

    #[test]
    fn any_refusal_reads_back(reason in "[!-~]{0,60}", minutes in 0_u64..9999) {
        let refusal = Refusal { reason: reason.into(), retry: after(minutes) };
        let bytes = http_reply::encode_refusal(&refusal).unwrap();
        prop_assert_eq!(http_reply::parse(&bytes), Err(ReplyError::Refused(refusal)));
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(bytes: Vec<u8>) {
        let _ = (http_reply::parse(&bytes), scrape::parse(&bytes, InfoHash([0; 20])));
    }
}
