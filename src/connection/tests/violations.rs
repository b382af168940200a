//! What the protocol forbids ends the connection; what stock clients do beyond it does not.

use super::scene::{Scene, request};
use crate::bitfield::{Bitfield, BitfieldError};
use crate::connection::event::{Command, Event};
use crate::connection::reason::{CloseReason, Violation};
use crate::limits::{IDLE_TIMEOUT, IDLE_WORDS_MAX, KEEP_ALIVE};
use crate::wire::message::{BlockRequest, Message};
use std::time::Duration;

#[test]
fn numbers_outside_the_torrent_are_refused() {
    let mut scene = Scene::new(true, 10, 2, &[]);
    let piece = CloseReason::Violation(Violation::PieceIndex(10));
    assert_eq!(scene.hear_bad(&Message::Have(10)), piece);
    assert_eq!(scene.hear_bad(&Message::AllowedFast(10)), piece);
    let span = CloseReason::Violation(Violation::Span);
    assert_eq!(scene.hear_bad(&Message::Request(request(10, 0))), span);
    let past = BlockRequest { piece: 0, begin: u32::MAX, length: 2 };
    assert_eq!(scene.hear_bad(&Message::Request(past)), span);
}

#[test]
fn a_block_of_another_shape_is_refused() {
    let mut scene = Scene::new(true, 10, 2, &[]);
    for (piece, begin, length) in [(10, 0, 16_384), (0, 1, 16_384), (0, 0, 100), (0, 32_768, 1)] {
        let message = Message::Piece { piece, begin, data: &vec![0; length] };
        let shape = CloseReason::Violation(Violation::BlockShape);
        assert_eq!(scene.hear_bad(&message), shape, "{piece} {begin} {length}");
    }
}

#[test]
fn a_bitfield_of_another_torrent_is_refused() {
    let mut scene = Scene::new(true, 10, 2, &[]);
    let spare = CloseReason::Violation(Violation::Bitfield(BitfieldError::SpareBits));
    assert_eq!(scene.hear_bad(&Message::Bitfield(&[0xff, 0xff])), spare);
    let length = BitfieldError::Length { got: 3, expected: 2 };
    let length = CloseReason::Violation(Violation::Bitfield(length));
    assert_eq!(scene.hear_bad(&Message::Bitfield(&[0, 0, 0])), length);
}

#[test]
fn a_later_bitfield_adds_what_is_news_as_aria2_means_it() {
    let mut scene = Scene::new(false, 100, 1, &[]);
    let mut set = Bitfield::new(100);
    set.insert(3);
    scene.hear(&Message::Bitfield(&set.to_wire()));
    set.insert(70);
    scene.hear(&Message::Have(3));
    scene.hear(&Message::Bitfield(&set.to_wire()));
    let words: Vec<_> = scene
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Word { index, bits } => (index, bits),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, [(0, 1 << 3), (1, 1 << 6)]);
    scene.hear(&Message::HaveAll);
    let rest: u32 = scene
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Word { bits, .. } => bits.count_ones(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(rest, 98, "the two that were told are not told again");
}

#[test]
fn a_flood_of_words_that_say_nothing_ends_it() {
    let mut scene = Scene::new(true, 10, 2, &[]);
    for _ in 0..IDLE_WORDS_MAX {
        scene.hear(&Message::KeepAlive);
    }
    let flood = CloseReason::Violation(Violation::Flood);
    assert_eq!(scene.hear_bad(&Message::KeepAlive), flood);
}

#[test]
fn flapping_interest_is_a_flood_too() {
    let mut scene = Scene::new(true, 10, 2, &[0]);
    let words = [Message::Interested, Message::NotInterested];
    let heard = (0..=IDLE_WORDS_MAX as usize)
        .map(|turn| scene.connection.handle_message(scene.now, &words[turn % 2]))
        .find(Result::is_err);
    assert_eq!(heard, Some(Err(CloseReason::Violation(Violation::Flood))));
}

#[test]
fn silence_is_filled_with_keep_alives_and_ends_at_last() {
    let mut scene = Scene::new(true, 10, 2, &[]);
    scene.wait(KEEP_ALIVE);
    assert_eq!(scene.said().len(), 1, "a keep-alive");
    scene.now = scene.now + IDLE_TIMEOUT;
    assert_eq!(scene.connection.end_turn(scene.now), Err(CloseReason::IdleTimeout));
}

#[test]
fn two_that_have_everything_part() {
    let mut scene = Scene::new(true, 2, 1, &[0, 1]);
    scene.turn();
    scene.hear(&Message::HaveAll);
    assert_eq!(scene.connection.end_turn(scene.now), Err(CloseReason::BothComplete));
}

#[test]
fn an_order_to_leave_is_obeyed_and_leaving_ends_with_the_reason() {
    let mut scene = Scene::unchoked(true, 2, 4);
    let lease = scene.grant(0, 0b11).lease;
    let stop = Command::Stop(CloseReason::Stopped);
    assert_eq!(scene.connection.handle_command(stop), Err(CloseReason::Stopped));
    scene.now = scene.now + Duration::from_secs(1);
    scene.connection.leave(CloseReason::Stopped);
    let events = scene.events();
    assert!(
        matches!(events[..], [Event::Returned { lease: back, blocks: 0b11 },
            Event::Closed(CloseReason::Stopped)] if back == lease),
        "{events:?}"
    );
}
