//! What a peer may not do, and how much of what it may.

use super::scene::{Scene, request};
use crate::bitfield::Bitfield;
use crate::connection::event::Event;
use crate::connection::reason::{CloseReason, Violation};
use crate::limits::{BLOCK_LENGTH, IDLE_TIMEOUT, IDLE_WORDS_MAX, UPLOAD_QUEUE_MAX};
use crate::wire::message::{BlockRequest, Message};

fn violation(violation: Violation) -> CloseReason {
    CloseReason::Violation(violation)
}

#[test]
fn a_flood_of_words_that_say_nothing_ends_the_connection() {
    for word in [Message::KeepAlive, Message::Have(0), Message::Choke, Message::NotInterested] {
        let mut scene = Scene::new(true, 2, 1, &[]);
        scene.hear(&Message::Have(0));
        (0..IDLE_WORDS_MAX).for_each(|_| scene.hear(&word));
        assert_eq!(scene.hear_bad(&word), violation(Violation::Flood), "{}", word.kind());
    }
}

#[test]
fn blocks_that_nobody_asked_for_are_discarded_and_a_flood_of_them_is_one() {
    let mut scene = Scene::new(true, 2, 1, &[]);
    for _ in 0..IDLE_WORDS_MAX {
        assert_eq!(scene.hear_block(0, 0), None);
    }
    let data = [0; BLOCK_LENGTH as usize];
    let block = Message::Piece { piece: 0, begin: 0, data: &data };
    assert_eq!(scene.hear_bad(&block), violation(Violation::Flood));
}

#[test]
fn numbers_outside_the_torrent_are_violations() {
    let mut scene = Scene::new(true, 2, 2, &[]);
    let data = [0; 16];
    let bad = [
        (Message::Have(2), Violation::PieceIndex(2)),
        (Message::AllowedFast(2), Violation::PieceIndex(2)),
        (Message::Request(request(2, 0)), Violation::Span),
        (Message::Request(request(1, 2)), Violation::Span),
        (Message::Reject(request(1, 2)), Violation::BlockShape),
        (Message::Piece { piece: 0, begin: 1, data: &data }, Violation::BlockShape),
        (Message::Piece { piece: 0, begin: 0, data: &data }, Violation::BlockShape),
    ];
    for (message, reason) in bad {
        assert_eq!(scene.hear_bad(&message), violation(reason), "{}", message.kind());
    }
}

#[test]
fn a_second_bitfield_tells_only_what_is_new() {
    let mut scene = Scene::new(true, 100, 1, &[]);
    let mut set = Bitfield::new(100);
    set.insert(3);
    scene.hear(&Message::Bitfield(&set.to_wire()));
    assert!(matches!(scene.events()[..], [Event::Word { index: 0, bits: 0b1000 }]));
    set.insert(99);
    scene.hear(&Message::Bitfield(&set.to_wire()));
    assert!(matches!(scene.events()[..], [Event::Word { index: 1, bits }] if bits == 1 << 35));
    scene.hear(&Message::Bitfield(&set.to_wire()));
    assert!(scene.events().is_empty());
}

#[test]
fn what_was_told_of_the_peers_pieces_is_taken_back_when_it_leaves() {
    let mut scene = Scene::new(true, 100, 1, &[]);
    scene.hear(&Message::Have(3));
    scene.hear(&Message::HaveAll);
    scene.events();
    scene.connection.leave(CloseReason::RemoteClosed);
    let events = scene.events();
    assert!(
        matches!(
            events[..],
            [
                Event::WordGone { index: 0 },
                Event::WordGone { index: 1 },
                Event::Closed(CloseReason::RemoteClosed),
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn the_queue_of_requests_has_an_end() {
    let mut scene = Scene::new(true, 1, 1, &[0]);
    scene.order(crate::connection::event::Command::Unchoke(true));
    scene.said();
    for _ in 0..UPLOAD_QUEUE_MAX {
        scene.hear(&Message::Request(request(0, 0)));
    }
    assert!(scene.said().is_empty());
    scene.hear(&Message::Request(request(0, 0)));
    assert_eq!(scene.said().len(), 1, "a reject");
}

#[test]
fn spans_longer_than_a_block_are_refused() {
    let mut scene = Scene::new(true, 1, 4, &[0]);
    scene.order(crate::connection::event::Command::Unchoke(true));
    scene.said();
    let long = BlockRequest { piece: 0, begin: 0, length: 2 * BLOCK_LENGTH };
    scene.hear(&Message::Request(long));
    assert_eq!(scene.said().len(), 1, "a reject");
    assert!(!scene.connection.has_uploads());
}

#[test]
fn a_silent_peer_is_gone_after_a_while() {
    let mut scene = Scene::new(true, 1, 1, &[]);
    scene.now = scene.now + IDLE_TIMEOUT;
    assert_eq!(scene.connection.end_turn(scene.now), Err(CloseReason::IdleTimeout));
}

#[test]
fn two_that_are_complete_part() {
    let mut scene = Scene::new(true, 1, 1, &[0]);
    scene.hear(&Message::HaveAll);
    assert_eq!(scene.connection.end_turn(scene.now), Err(CloseReason::BothComplete));
}
