//! Answers of trackers, over HTTP and UDP: whatever comes, what is taken from it is bounded and
//! printable, and what was understood can be said again.

use super::metainfo::check_message;
use cuerda::id::InfoHash;
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::limits::{TRACKER_ID_MAX, TRACKER_PEERS_MAX, TRACKER_TEXT_MAX, UDP_SCRAPE_MAX};
use cuerda::tracker::announce::{AnnounceReply, Family};
use cuerda::tracker::http_reply::{self, ReplyError};
use cuerda::tracker::scrape;
use cuerda::tracker::udp::{UdpReply, UdpRequest};
use cuerda::tracker::udp_exchange::{Exchange, Poll, Question};

/// The torrent that is asked about; the corpus has answers about it.
const HASH: InfoHash = InfoHash([b'h'; 20]);

/// Reads the bytes as every kind of answer.
pub(crate) fn check(bytes: &[u8]) {
    check_announce(bytes);
    match scrape::parse(bytes, HASH) {
        Ok(Some(figures)) => {
            let again = scrape::encode_reply(&[(HASH, figures)]).expect("figures can be written");
            assert_eq!(scrape::parse(&again, HASH), Ok(Some(figures)));
        }
        Ok(None) => {}
        Err(error) => check_error(&error),
    }
    for family in [Family::V4, Family::V6] {
        check_packet(bytes, family);
        check_exchange(bytes, family);
    }
}

/// An answer to an announce over HTTP.
fn check_announce(bytes: &[u8]) {
    let reply = match http_reply::parse(bytes) {
        Ok(reply) => reply,
        Err(error) => return check_error(&error),
    };
    check_reply(&reply);
    assert!(reply.tracker_id.as_ref().is_none_or(|id| id.len() <= TRACKER_ID_MAX));
    reply.warning.iter().for_each(|text| check_text(text));
    // Peers in dictionaries keep everything; in strings those of each family keep their order.
    let whole = AnnounceReply { interval: Some(reply.interval.unwrap_or(1)), ..reply };
    let again = http_reply::encode(&whole, false).expect("it was read, so it can be written");
    assert_eq!(http_reply::parse(&again).as_ref(), Ok(&whole));
    let compact = http_reply::encode(&whole, true).expect("it was read, so it can be written");
    let compact = http_reply::parse(&compact).expect("it was written");
    assert_eq!(compact.peers.len(), whole.peers.len());
}

/// A packet of a tracker.
fn check_packet(bytes: &[u8], family: Family) {
    let Some(reply) = UdpReply::decode(bytes, family) else { return };
    match &reply {
        UdpReply::Announce { reply, .. } => {
            check_reply(reply);
            assert!(reply.peers.len() <= bytes.len() / 6);
        }
        UdpReply::Scrape { figures, .. } => assert!(figures.len() <= UDP_SCRAPE_MAX),
        UdpReply::Error { reason, .. } => check_text(reason),
        UdpReply::Connect { .. } => {}
    }
    let again = UdpReply::decode(&reply.encode(family), family).expect("it was written");
    assert_eq!(again, without_strangers(reply, family));
}

/// The same answer without peers of the other family, as addresses of IPv4 in the form of IPv6.
fn without_strangers(mut reply: UdpReply, family: Family) -> UdpReply {
    if let UdpReply::Announce { reply, .. } = &mut reply {
        reply.peers.retain(|peer| Family::of(peer.address.ip()) == family);
    }
    reply
}

/// A question that the bytes answer, in packets of the length that the first byte says. If the
/// second one is odd, the answers name their question, which nobody would guess.
fn check_exchange(bytes: &[u8], family: Family) {
    let [length, flags, stream @ ..] = bytes else { return };
    let now = Time::ZERO;
    let mut exchange = Exchange::new(Question::Scrape(HASH), family, None, Random::new(1), now);
    let mut packets = stream.chunks(usize::from(*length).max(1));
    for turn in 0.. {
        match exchange.poll(now) {
            Poll::Send(packet) => {
                let sent = UdpRequest::decode(&packet).expect("a question");
                let connects = matches!(sent, UdpRequest::Connect { .. });
                assert_eq!(connects, turn == 0, "no time passes, so nothing is asked twice");
                let Some(answer) = packets.next() else { return };
                let mut answer = answer.to_vec();
                if let Some(place) = answer.get_mut(4..8).filter(|_| flags & 1 == 1) {
                    place.copy_from_slice(&packet[12..16]);
                }
                if exchange.received(now, &answer).is_some() {
                    return;
                }
            }
            Poll::Wait(_) => {
                let Some(answer) = packets.next() else { return };
                if exchange.received(now, answer).is_some() {
                    return;
                }
            }
            Poll::GiveUp => return,
        }
    }
}

fn check_reply(reply: &AnnounceReply) {
    assert!(reply.peers.len() <= TRACKER_PEERS_MAX, "{}", reply.peers.len());
}

fn check_error(error: &ReplyError) {
    if let ReplyError::Refused(refusal) = error {
        check_text(&refusal.reason);
    }
    check_message(&error.to_string());
}

/// A stranger's text that is shown.
fn check_text(text: &str) {
    assert!(text.len() <= TRACKER_TEXT_MAX && !text.chars().any(char::is_control), "{text:?}");
}
