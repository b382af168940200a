//! UDP trackers: packets both ways, and one question from connecting to its answer.

use super::http::any_request;
use crate::id::{InfoHash, PeerId};
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{UDP_CONNECTION_LIFE, UDP_RETRIES_MAX, UDP_RETRY_FIRST};
use crate::tracker::announce::{
    AnnounceEvent, AnnounceReply, AnnounceRequest, Family, FoundPeer, ScrapeFigures,
};
use crate::tracker::udp::{UdpReply, UdpRequest};
use crate::tracker::udp_exchange::{Answer, Connection, Exchange, Poll, Question};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

fn request() -> AnnounceRequest {
    AnnounceRequest {
        info_hash: InfoHash([0xaa; 20]),
        peer_id: PeerId(*b"-CU0100-abcdefghijkl"),
        port: 0x1ae1,
        uploaded: 3,
        downloaded: 1,
        left: 2,
        event: AnnounceEvent::Started,
        key: 0x0102_0304,
        want: None,
        tracker_id: None,
    }
}

fn exchange(known: Option<Connection>) -> Exchange {
    let question = Question::Announce(Box::new(request()), b"/a".to_vec());
    Exchange::new(question, Family::V4, known, Random::new(7), Time::ZERO)
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// What is sent now.
fn sent(exchange: &mut Exchange, now: Time) -> UdpRequest {
    let Poll::Send(packet) = exchange.poll(now) else { panic!("nothing is sent at {now}") };
    UdpRequest::decode(&packet).expect("a question")
}

#[test]
fn packets_are_what_bep_15_says() {
    let connect = UdpRequest::Connect { transaction: 9 }.encode();
    assert_eq!(connect, b"\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0\0\0\0\x09");
    let (connection, transaction) = (0x0102_0304_0506_0708, 9);
    let announce =
        UdpRequest::Announce { connection, transaction, request: request(), path: Vec::new() };
    let packet = announce.encode();
    assert_eq!(packet.len(), 98);
    assert_eq!(packet[..16], *b"\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x01\0\0\0\x09");
    assert_eq!(
        packet[56..],
        *b"\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\
        \0\0\0\x02\0\0\0\0\x01\x02\x03\x04\xff\xff\xff\xff\x1a\xe1"
    );
    let hashes = vec![InfoHash([1; 20]), InfoHash([2; 20])];
    let scrape = UdpRequest::Scrape { connection, transaction, hashes };
    assert_eq!(scrape.encode().len(), 16 + 40);
}

#[test]
fn an_announce_connects_first_and_keeps_the_connection() {
    let mut exchange = exchange(None);
    let UdpRequest::Connect { transaction } = sent(&mut exchange, at(0)) else { panic!() };
    let reply = UdpReply::Connect { transaction, connection: 5 };
    assert_eq!(exchange.received(at(1), &reply.encode(Family::V4)), None);
    let UdpRequest::Announce { connection, transaction, request: told, path } =
        sent(&mut exchange, at(1))
    else {
        panic!()
    };
    assert_eq!((connection, told, path), (5, request(), b"/a".to_vec()));
    let reply = AnnounceReply { interval: Some(60), ..AnnounceReply::default() };
    let packet = UdpReply::Announce { transaction, reply }.encode(Family::V4);
    let Some(Answer::Announced(reply)) = exchange.received(at(2), &packet) else { panic!() };
    assert_eq!(reply.interval, Some(60));
    assert_eq!(exchange.connection(), Some(Connection { id: 5, since: at(1) }));
}

#[test]
fn a_known_connection_saves_a_round_trip_until_it_is_old() {
    let known = Some(Connection { id: 5, since: Time::ZERO });
    let young = at(UDP_CONNECTION_LIFE.as_secs() - 1);
    assert!(matches!(sent(&mut exchange(known), young), UdpRequest::Announce { .. }));
    let old = Time::ZERO + UDP_CONNECTION_LIFE;
    assert!(matches!(sent(&mut exchange(known), old), UdpRequest::Connect { .. }));
}

#[test]
fn silence_doubles_the_pause_and_ends_after_the_last_try() {
    let mut exchange = exchange(None);
    let mut now = at(0);
    for silences in 0..=UDP_RETRIES_MAX {
        sent(&mut exchange, now);
        let Poll::Wait(due) = exchange.poll(now) else {
            panic!("try {silences} is not waited for")
        };
        assert_eq!(due.since(now), UDP_RETRY_FIRST * 2_u32.pow(silences));
        now = due;
    }
    assert_eq!(exchange.poll(now), Poll::GiveUp);
}

#[test]
fn a_connection_that_gets_old_between_tries_is_made_anew() {
    let known = Some(Connection { id: 5, since: at(0) });
    let mut exchange = exchange(known);
    assert!(matches!(sent(&mut exchange, at(50)), UdpRequest::Announce { .. }));
    assert!(matches!(sent(&mut exchange, at(65)), UdpRequest::Connect { .. }));
}

#[test]
fn answers_to_other_questions_are_nothing() {
    let mut exchange = exchange(None);
    let nobody_asked = UdpReply::Error { transaction: 0, reason: "x".into() };
    assert_eq!(exchange.received(at(0), &nobody_asked.encode(Family::V4)), None);
    let UdpRequest::Connect { transaction } = sent(&mut exchange, at(0)) else { panic!() };
    for wrong in [
        UdpReply::Connect { transaction: transaction ^ 1, connection: 5 },
        UdpReply::Announce { transaction, reply: AnnounceReply::default() },
        UdpReply::Scrape { transaction, figures: vec![ScrapeFigures::default()] },
    ] {
        assert_eq!(exchange.received(at(0), &wrong.encode(Family::V4)), None);
        assert!(matches!(exchange.poll(at(0)), Poll::Wait(_)), "{wrong:?} changed something");
    }
    for short in [b"".as_slice(), b"\0\0\0\0", b"\0\0\0\0\0\0\0\0", b"\xff\xff\xff\xff\0\0\0\0"] {
        assert_eq!(exchange.received(at(0), short), None);
    }
}

#[test]
fn a_no_is_told_and_the_connection_forgotten() {
    let mut exchange = exchange(Some(Connection { id: 5, since: at(0) }));
    let UdpRequest::Announce { transaction, .. } = sent(&mut exchange, at(0)) else { panic!() };
    let packet = UdpReply::Error { transaction, reason: "not\nhere".into() }.encode(Family::V4);
    let answer = exchange.received(at(0), &packet);
    assert_eq!(answer, Some(Answer::Refused("not here".into())));
    assert_eq!(exchange.connection(), None);
}

#[test]
fn figures_are_scraped() {
    let question = Question::Scrape(InfoHash([1; 20]));
    let known = Some(Connection { id: 5, since: at(0) });
    let mut exchange = Exchange::new(question, Family::V4, known, Random::new(7), at(0));
    let UdpRequest::Scrape { transaction, hashes, .. } = sent(&mut exchange, at(0)) else {
        panic!()
    };
    assert_eq!(hashes, [InfoHash([1; 20])]);
    let figures = ScrapeFigures { seeders: 1, completed: 2, leechers: 3 };
    let reply = UdpReply::Scrape { transaction, figures: vec![figures] };
    let answer = exchange.received(at(0), &reply.encode(Family::V4));
    assert_eq!(answer, Some(Answer::Scraped(figures)));
}

proptest! {
    #[test]
    fn any_question_reads_back(
        mut request in any_request(),
        path in proptest::collection::vec(any::<u8>(), 0..600),
        connection: u64,
        transaction: u32,
    ) {
        request.tracker_id = None;
        let question = UdpRequest::Announce { connection, transaction, request, path };
        prop_assert_eq!(UdpRequest::decode(&question.encode()), Some(question));
    }

    #[test]
    fn any_answer_reads_back(
        ports in proptest::collection::vec(any::<(u32, u16)>(), 0..60),
        six: bool,
        transaction: u32,
    ) {
        let family = if six { Family::V6 } else { Family::V4 };
        let ip = |bits: u32| match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(bits)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(bits))),
        };
        let peer = |(bits, port)| FoundPeer { address: SocketAddr::new(ip(bits), port), id: None };
        let reply = AnnounceReply {
            interval: Some(1),
            seeders: Some(2),
            leechers: Some(3),
            peers: ports.into_iter().map(peer).collect(),
            ..AnnounceReply::default()
        };
        let answer = UdpReply::Announce { transaction, reply };
        prop_assert_eq!(UdpReply::decode(&answer.encode(family), family), Some(answer));
    }

    #[test]
    fn any_packet_is_read_or_ignored(packet: Vec<u8>, six: bool) {
        let family = if six { Family::V6 } else { Family::V4 };
        let _ = (UdpReply::decode(&packet, family), UdpRequest::decode(&packet));
        let mut exchange = exchange(None);
        sent(&mut exchange, at(0));
        prop_assert_eq!(exchange.received(at(0), &packet), None);
    }
}
