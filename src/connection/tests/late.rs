//! Blocks that do not come in time, and requests taken back.

use super::scene::{Said, Scene, request};
use crate::connection::event::{Answer, Command, Event};
use crate::limits::{BLOCK_LOST, BLOCK_TIMEOUT, WINDOW_START};
use crate::wire::message::Message;
use std::time::Duration;

fn overdue(events: &[Event]) -> Vec<u64> {
    let overdue = events.iter().filter_map(|event| match event {
        Event::Overdue { blocks, .. } => Some(*blocks),
        _ => None,
    });
    overdue.collect()
}

#[test]
fn a_late_block_is_told_once_and_may_still_come() {
    let mut scene = Scene::unchoked(true, 1, 2);
    scene.grant(0, 0b11);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.wait(Duration::from_secs(10));
    scene.store(0, 0);
    scene.wait(BLOCK_TIMEOUT - Duration::from_secs(10));
    assert_eq!(overdue(&scene.events()), [0b10]);
    scene.wait(Duration::from_secs(1));
    assert!(overdue(&scene.events()).is_empty());
    scene.store(0, 1);
    assert!(matches!(scene.events()[..], [Event::Stored { blocks: 0b11, .. }]));
}

#[test]
fn all_late_blocks_of_a_lease_are_told_at_once() {
    let mut scene = Scene::unchoked(true, 1, 40);
    scene.grant(0, (1 << WINDOW_START) - 1);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.wait(BLOCK_TIMEOUT);
    assert_eq!(overdue(&scene.events()), [(1 << WINDOW_START) - 1]);
    scene.said();
    scene.wait(BLOCK_LOST - BLOCK_TIMEOUT);
    assert_eq!(scene.returned().len(), 1, "and so are those that are given up");
    assert_eq!(scene.said().len(), WINDOW_START as usize, "each is taken back");
}

#[test]
fn a_window_that_was_sent_one_by_one_and_stalls_makes_few_events() {
    let mut scene = Scene::unchoked(true, 1, 60);
    let last = 50 - 1;
    scene.grant(0, (1 << 50) - 1);
    scene.answer(Answer::Granted);
    scene.turn();
    // Each block that comes lets two requests go, a little later than the ones before.
    for block in 0..20 {
        scene.wait(Duration::from_millis(30));
        scene.store(0, block);
    }
    scene.turn();
    scene.events();
    let (mut told, mut blocks) = (0, 0_u64);
    let end = scene.now + BLOCK_TIMEOUT + Duration::from_secs(3);
    while scene.now < end {
        scene.now = scene.connection.deadline(scene.now).min(end);
        scene.turn();
        let late = overdue(&scene.events());
        told += late.len();
        late.iter().for_each(|late| blocks |= late);
    }
    assert!(blocks.count_ones() >= 20 && blocks >> last <= 1, "{blocks:b} are late");
    assert!(told <= 3, "{told} events");
}

#[test]
fn a_request_that_is_never_answered_is_given_up_and_can_be_asked_again() {
    let mut scene = Scene::unchoked(false, 1, 2);
    let lease = scene.grant(0, 0b11).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    scene.said();
    scene.store(0, 0);
    scene.wait(BLOCK_LOST);
    assert_eq!(scene.said(), [Said::Cancel(0, 1)]);
    let events = scene.events();
    let told =
        |event: &Event| matches!(event, Event::Returned { lease: l, blocks: 0b10 } if *l == lease);
    assert!(events.iter().any(told), "{events:?}");
    scene.grant(0, 0b10);
    scene.answer(Answer::Granted);
    scene.turn();
    assert_eq!(scene.requests(), [(0, 1)]);
    scene.store(0, 1);
}

#[test]
fn the_deadline_is_that_of_the_next_late_block() {
    let mut scene = Scene::unchoked(true, 1, 2);
    scene.grant(0, 0b11);
    scene.answer(Answer::Granted);
    scene.turn();
    let asked_at = scene.now;
    scene.wait(Duration::from_secs(1));
    scene.store(0, 0);
    scene.turn();
    let deadlines: Vec<_> = (0..3)
        .map(|_| {
            let deadline = scene.connection.deadline(scene.now);
            scene.now = deadline;
            scene.turn();
            deadline - asked_at
        })
        .collect();
    let snub = Duration::from_secs(21);
    assert_eq!(deadlines, [snub, BLOCK_TIMEOUT, BLOCK_LOST]);
}

#[test]
fn a_cancel_takes_back_what_was_asked_and_forgets_the_rest() {
    let mut scene = Scene::unchoked(true, 1, 40);
    let grant = scene.grant(0, 0xff_ffff);
    scene.answer(Answer::Granted);
    scene.turn();
    scene.said();
    let last = WINDOW_START - 1;
    let blocks = 1 << last | 1 << (last + 1);
    assert_eq!(grant.claims.take(blocks), blocks, "somebody else writes them");
    scene.order(Command::Cancel { lease: grant.lease, blocks });
    assert_eq!(scene.said(), [Said::Cancel(0, last)], "the next one was not asked for");
    assert_eq!(scene.hear_block(0, last), None, "it comes all the same and is discarded");
}

#[test]
fn the_answer_to_a_cancel_is_not_taken_for_one_to_the_next_request() {
    let mut scene = Scene::unchoked(true, 1, 2);
    let lease = scene.grant(0, 0b11).lease;
    scene.answer(Answer::Granted);
    scene.turn();
    scene.order(Command::Cancel { lease, blocks: 0b10 });
    scene.grant(0, 0b10);
    scene.turn();
    scene.events();
    scene.hear(&Message::Reject(request(0, 1)));
    assert!(scene.returned().is_empty(), "that was for the cancel");
    scene.hear(&Message::Reject(request(0, 1)));
    assert_eq!(scene.returned().len(), 1, "and this for the request");
}
