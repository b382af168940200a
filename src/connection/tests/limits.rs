//! How much a peer may do of what it may, and what is left of it when it goes.

use super::scene::{Scene, request};
use crate::connection::event::{Command, Event};
use crate::connection::reason::{CloseReason, Violation};
use crate::limits::{BLOCK_LENGTH, IDLE_WORDS_MAX, UPLOAD_QUEUE_MAX};
use crate::wire::message::{BlockRequest, Message};

#[test]
fn blocks_that_nobody_asked_for_are_discarded_and_a_flood_of_them_is_one() {
    let mut scene = Scene::new(true, 2, 1, &[]);
    for _ in 0..IDLE_WORDS_MAX {
        assert_eq!(scene.hear_block(0, 0), None);
    }
    let data = [0; BLOCK_LENGTH as usize];
    let block = Message::Piece { piece: 0, begin: 0, data: &data };
    assert_eq!(scene.hear_bad(&block), CloseReason::Violation(Violation::Flood));
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
    scene.order(Command::Unchoke(true));
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
    scene.order(Command::Unchoke(true));
    scene.said();
    let long = BlockRequest { piece: 0, begin: 0, length: 2 * BLOCK_LENGTH };
    scene.hear(&Message::Request(long));
    assert_eq!(scene.said().len(), 1, "a reject");
    assert_eq!(scene.connection.uploads_due(), None);
}

#[test]
fn a_mere_seed_wants_nothing_of_anybody() {
    let mut scene = Scene::with(true, 3, 1, &[0], false);
    scene.hear(&Message::Have(1));
    scene.hear(&Message::AllowedFast(1));
    scene.hear(&Message::Unchoke);
    scene.turn();
    assert!(scene.said().is_empty(), "it is not interested");
    let events = scene.events();
    assert!(matches!(events[..], [Event::Have(_)]), "it asks for no work: {events:?}");
    scene.hear(&Message::Have(0));
    scene.hear(&Message::Have(2));
    let parted = scene.connection.end_turn(scene.now);
    assert_eq!(parted, Err(CloseReason::BothComplete), "nothing is left to exchange");
}

#[test]
fn pieces_that_are_allowed_again_and_again_are_a_flood() {
    let mut scene = Scene::new(true, 100, 1, &[]);
    let heard = (0..2 * IDLE_WORDS_MAX)
        .map(|turn| scene.connection.handle_message(scene.now, &Message::AllowedFast(turn % 100)))
        .find(Result::is_err);
    assert_eq!(heard, Some(Err(CloseReason::Violation(Violation::Flood))));
}
