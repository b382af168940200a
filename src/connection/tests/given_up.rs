//! Blocks that come after we stopped waiting for them.

use super::scene::Scene;
use crate::connection::event::{Answer, Command, Event, Grant, LeaseId};
use crate::connection::reason::CloseReason;
use crate::kit::claim::ClaimWord;
use crate::limits::{BLOCK_LOST, GIVEN_UP_MAX, SNUB_PAUSE};
use crate::wire::message::Message;

/// A connection that has given up the two blocks of piece 0.
fn given_up(fast: bool) -> (Scene, Grant) {
    let mut scene = Scene::unchoked(fast, 2, 2);
    let grant = scene.grant(0, 0b11);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.wait(BLOCK_LOST);
    assert_eq!(scene.returned(), [(grant.lease, 0b11)]);
    scene.said();
    (scene, grant)
}

/// Blocks told as stored since the last call, by lease.
fn stored(scene: &mut Scene) -> Vec<(LeaseId, u64)> {
    let events = scene.events().into_iter();
    let stored = events.filter_map(|event| match event {
        Event::Stored { lease, blocks } => Some((lease, blocks)),
        _ => None,
    });
    stored.collect()
}

#[test]
fn a_block_that_was_given_up_is_stored_when_it_comes() {
    for fast in [false, true] {
        let (mut scene, grant) = given_up(fast);
        scene.store(0, 1);
        assert_eq!(stored(&mut scene), [(grant.lease, 0b10)]);
        assert_eq!(grant.claims.claimed(), 0b10);
        assert_eq!(scene.hear_block(0, 1), None, "once");
    }
}

#[test]
fn a_block_that_was_given_up_and_came_from_somebody_else_is_discarded() {
    let (mut scene, grant) = given_up(true);
    assert!(grant.claims.win(0b01));
    assert_eq!(scene.hear_block(0, 0), None);
    scene.store(0, 1);
    assert_eq!(stored(&mut scene), [(grant.lease, 0b10)]);
}

#[test]
fn a_block_that_was_taken_away_is_stored_if_it_comes_before_another() {
    let mut scene = Scene::unchoked(true, 1, 2);
    let grant = scene.grant(0, 0b11);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.order(Command::Cancel { lease: grant.lease, blocks: 0b11 });
    scene.events();
    scene.store(0, 0);
    assert_eq!(stored(&mut scene), [(grant.lease, 0b01)]);
}

#[test]
fn what_was_on_its_way_when_the_peer_choked_us_is_stored() {
    let mut scene = Scene::unchoked(false, 1, 2);
    let grant = scene.grant(0, 0b11);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.hear(&Message::Choke);
    assert_eq!(scene.returned(), [(grant.lease, 0b11)]);
    scene.store(0, 0);
    assert_eq!(stored(&mut scene), [(grant.lease, 0b01)]);
}

#[test]
fn a_block_that_comes_while_it_is_to_be_asked_for_again_is_not_asked_for() {
    let (mut scene, grant) = given_up(true);
    scene.order(Command::Grant(Grant { blocks: 0b11, ..grant.clone() }));
    scene.store(0, 0);
    scene.answer(Answer::Granted);
    scene.turn();
    assert_eq!(scene.requests(), [(0, 1)]);
    scene.store(0, 1);
    assert_eq!(stored(&mut scene), [(grant.lease, 0b11)]);
}

#[test]
fn a_late_block_whose_write_fails_is_free_again() {
    let (mut scene, grant) = given_up(true);
    let block = scene.hear_block(0, 0).unwrap();
    scene.connection.not_stored(block);
    assert_eq!(scene.returned(), [(grant.lease, 0b01)]);
    assert_eq!(grant.claims.claimed(), 0);
}

#[test]
fn a_late_block_that_is_being_written_goes_back_when_the_peer_leaves() {
    let (mut scene, grant) = given_up(true);
    assert!(scene.hear_block(0, 0).is_some());
    scene.connection.leave(CloseReason::RemoteClosed);
    assert_eq!(scene.returned(), [(grant.lease, 0b01)]);
    assert_eq!(grant.claims.claimed(), 0);
}

#[test]
fn a_piece_that_was_bad_is_fetched_again_under_other_claims() {
    let (mut scene, grant) = given_up(true);
    assert_eq!(grant.claims.take(0b11), 0b11, "others gave it, and it was bad");
    let again = Grant { lease: LeaseId(77), claims: ClaimWord::new(), ..grant };
    scene.order(Command::Grant(again.clone()));
    assert_eq!(scene.hear_block(0, 0), None, "asked for under the old claims");
    scene.answer(Answer::Granted);
    scene.turn();
    scene.said();
    scene.wait(BLOCK_LOST);
    scene.store(0, 1);
    assert_eq!(stored(&mut scene), [(again.lease, 0b10)]);
}

#[test]
fn only_so_many_segments_are_remembered() {
    let pieces = GIVEN_UP_MAX as u32 + 1;
    let mut scene = Scene::unchoked(true, pieces, 1);
    for piece in 0..pieces {
        let lease = scene.grant(piece, 1).lease;
        scene.answer(Answer::Granted);
        scene.turn();
        scene.order(Command::Cancel { lease, blocks: 1 });
    }
    assert_eq!(scene.hear_block(0, 0), None, "the oldest is forgotten");
    scene.store(pieces - 1, 0);
    scene.store(1, 0);
}

#[test]
fn nothing_is_written_after_the_brain_took_all_blocks() {
    let (mut scene, grant) = given_up(true);
    scene.order(Command::Grant(Grant { blocks: 0b01, ..grant.clone() }));
    scene.answer(Answer::Granted);
    scene.wait(SNUB_PAUSE);
    let block = scene.hear_block(0, 0).expect("the first answer is written");
    grant.claims.take(0b11);
    scene.connection.not_stored(block);
    assert_eq!(scene.hear_block(0, 0), None, "the second answer");
}
