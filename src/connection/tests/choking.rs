//! What becomes of leases when the peer chokes us, refuses, or keeps us waiting.

use super::scene::{Said, Scene, request};
use crate::connection::event::{Answer, Command, Event};
use crate::limits::{BLOCK_LOST, SNUB_PAUSE, SNUB_TIMEOUT, WINDOW_START};
use crate::wire::message::Message;
use std::time::Duration;

/// What of a lease of 24 blocks is not asked for at first.
const UNASKED: u64 = 0xff_ffff & !((1 << WINDOW_START) - 1);

#[test]
fn a_choke_without_fast_gives_every_block_back() {
    let mut scene = Scene::unchoked(false, 2, 40);
    let lease = scene.grant(0, 0xff_ffff).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    assert_eq!(scene.requests().len(), WINDOW_START as usize);
    scene.hear(&Message::Choke);
    assert_eq!(scene.returned(), [(lease, 0xff_ffff)]);
}

#[test]
fn a_choke_with_fast_gives_back_what_was_not_asked_for_and_waits_for_the_rejects() {
    let mut scene = Scene::unchoked(true, 2, 40);
    let lease = scene.grant(0, 0xff_ffff).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    scene.hear(&Message::Choke);
    assert_eq!(scene.returned(), [(lease, UNASKED)]);
    scene.hear(&Message::Reject(request(0, 3)));
    assert_eq!(scene.returned(), [(lease, 1 << 3)]);
    scene.store(0, 5);
    assert!(scene.returned().is_empty());
}

#[test]
fn blocks_granted_after_a_choke_go_back_at_once() {
    let mut scene = Scene::unchoked(true, 2, 40);
    scene.hear(&Message::Choke);
    let lease = scene.grant(0, 0b111).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    assert_eq!(scene.returned(), [(lease, 0b111)]);
    assert!(scene.requests().is_empty());
}

#[test]
fn an_allowed_fast_piece_is_kept_and_asked_for_while_choked() {
    let mut scene = Scene::unchoked(true, 2, 4);
    scene.hear(&Message::AllowedFast(1));
    scene.hear(&Message::Choke);
    scene.grant(1, 0b1111);
    scene.answer(Answer::Granted);
    scene.turn();
    assert!(scene.returned().is_empty());
    assert_eq!(scene.requests(), [(1, 0), (1, 1), (1, 2), (1, 3)]);
}

#[test]
fn a_snubbing_peer_keeps_what_it_was_asked_for_and_nothing_else() {
    let mut scene = Scene::unchoked(true, 2, 40);
    let lease = scene.grant(0, 0xff_ffff).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    assert!(scene.returned().is_empty());
    scene.wait(SNUB_TIMEOUT);
    let events = scene.events();
    assert!(
        matches!(events[..], [Event::Returned { lease: back, blocks: UNASKED }] if back == lease),
        "it is asked for no more while it has requests: {events:?}"
    );
}

#[test]
fn a_reject_gives_the_block_back_and_makes_a_pause() {
    let mut scene = Scene::unchoked(true, 2, 40);
    let lease = scene.grant(0, 0xff_ffff).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    scene.said();
    scene.hear(&Message::Reject(request(0, 2)));
    scene.turn();
    assert_eq!(scene.returned(), [(lease, 1 << 2)]);
    assert_eq!(scene.said(), [] as [Said; 0], "not at once");
    (0..6).filter(|block| *block != 2).for_each(|block| scene.store(0, block));
    scene.wait(Duration::from_secs(1));
    let window = WINDOW_START / 2;
    assert_eq!(scene.requests().len() as u32, window - 2, "two are in flight");
}

#[test]
fn a_snubbing_peer_is_asked_again_after_a_while_and_trusted_when_it_answers() {
    let mut scene = Scene::unchoked(false, 2, 40);
    scene.grant(0, 0b1);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.answer(Answer::Wait);
    scene.wait(SNUB_TIMEOUT);
    scene.wait(BLOCK_LOST - SNUB_TIMEOUT);
    let events = scene.events();
    assert!(matches!(events.last(), Some(Event::Returned { .. })), "{events:?}");
    scene.order(Command::Work);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Pass]), "others come first");
    let patience = scene.connection.deadline(scene.now);
    assert_eq!(patience - scene.now, SNUB_TIMEOUT + SNUB_PAUSE - BLOCK_LOST);
    scene.wait(patience - scene.now);
    assert!(matches!(scene.events()[..], [Event::Want { blocks: 1, .. }]));
    scene.grant(0, 0b1);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.store(0, 0);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Stored { .. }, Event::Want { blocks: 2.., .. }]));
}
