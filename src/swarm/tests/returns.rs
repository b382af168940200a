//! Work that comes back: stored, given up, late.

use super::scene::{Scene, cancels, hash, woken, work};
use crate::connection::event::{Answer, Event};
use crate::limits::HOLDERS_PER_SEGMENT_MAX;

#[test]
fn late_blocks_go_to_a_second_peer_and_from_the_first_when_both_are_late() {
    let mut scene = Scene::new(1, 4);
    let (first, second, third) = (scene.seed(1), scene.seed(2), scene.seed(3));
    let lease = scene.grant(first, 4);
    assert_eq!(scene.want(second, 4).1, Answer::Wait, "all is out");
    assert!(cancels(first, &scene.late(first, lease.lease, 0b11)).is_empty());
    let again = scene.grant(second, 2);
    assert_eq!(again.blocks, 0b11);
    assert_eq!(scene.want(third, 4).1, Answer::Wait, "two have it");
    let orders = scene.late(second, again.lease, 0b01);
    assert_eq!(cancels(first, &orders), [(lease.lease, 0b01)]);
    assert_eq!(scene.grant(third, 1).blocks, 0b01, "two again");
}

#[test]
fn a_stored_block_is_not_late_any_more() {
    let mut scene = Scene::new(1, 2);
    let peer = scene.seed(1);
    let lease = scene.grant(peer, 2);
    scene.late(peer, lease.lease, 0b11);
    assert_eq!(hash(&scene.store(peer, &lease, 0b01)), None);
    assert!(hash(&scene.store(peer, &lease, 0b10)).is_some());
}

#[test]
fn a_segment_outlives_any_number_of_peers_that_come_and_leave() {
    let mut scene = Scene::new(1, 4);
    for name in 0..2 * HOLDERS_PER_SEGMENT_MAX as u8 {
        let peer = scene.seed(name);
        let lease = scene.grant(peer, 4);
        scene.give_back(peer, lease.lease, 0b1111);
        scene.leave(peer);
    }
    let peer = scene.seed(200);
    let lease = scene.grant(peer, 4);
    assert!(hash(&scene.store(peer, &lease, 0b1111)).is_some());
}

#[test]
fn a_segment_outlives_any_number_of_peers_that_give_one_block_and_leave() {
    let mut scene = Scene::new(1, 20);
    for block in 0..20 {
        let peer = scene.seed(block);
        let lease = scene.grant(peer, 1);
        let orders = scene.store(peer, &lease, 1 << block);
        assert_eq!(hash(&orders).is_some(), block == 19);
        scene.leave(peer);
    }
}

#[test]
fn peers_that_never_answer_make_room_for_one_that_does() {
    let mut scene = Scene::new(1, 2 * HOLDERS_PER_SEGMENT_MAX as u32);
    let snubbers: Vec<_> = (0..HOLDERS_PER_SEGMENT_MAX as u8)
        .map(|name| {
            let peer = scene.seed(name);
            let lease = scene.grant(peer, 2);
            (peer, lease)
        })
        .collect();
    for (peer, lease) in &snubbers {
        scene.late(*peer, lease.lease, lease.blocks);
    }
    let (first, lease) = &snubbers[0];
    let peer = scene.seed(200);
    let orders = scene.say(peer, Event::Want { blocks: 4, idle: false });
    assert_eq!(work(peer, &orders).0[0].blocks, 0b1111);
    assert_eq!(cancels(*first, &orders), [(lease.lease, 0b11)]);
}

#[test]
fn a_late_block_that_is_being_written_is_neither_taken_nor_granted_again() {
    let mut scene = Scene::new(1, 2);
    let (first, second, third) = (scene.seed(1), scene.seed(2), scene.seed(3));
    let lease = scene.grant(first, 2);
    scene.late(first, lease.lease, 0b11);
    let again = scene.grant(second, 2);
    assert!(lease.claims.win(0b01), "the first begins to write it");
    let orders = scene.late(second, again.lease, 0b11);
    assert_eq!(cancels(first, &orders), [(lease.lease, 0b10)]);
    assert_eq!(scene.grant(third, 1).blocks, 0b10);
}

#[test]
fn a_block_whose_write_failed_after_it_was_taken_away_is_told_of() {
    let mut scene = Scene::new(1, 1);
    let (first, second, third) = (scene.seed(1), scene.seed(2), scene.seed(3));
    let lease = scene.grant(first, 1);
    scene.late(first, lease.lease, 1);
    let again = scene.grant(second, 1);
    scene.late(second, again.lease, 1);
    assert!(lease.claims.win(1), "the first begins to write it after all");
    assert_eq!(scene.want(third, 1).1, Answer::Wait);
    lease.claims.release(1);
    assert_eq!(woken(&scene.give_back(first, lease.lease, 1)), [third]);
    assert_eq!(scene.grant(third, 1).blocks, 1);
}

#[test]
fn a_block_that_comes_after_it_was_given_up_counts_and_is_taken_from_whoever_has_it_now() {
    let mut scene = Scene::new(1, 2);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(first, 2);
    scene.give_back(first, lease.lease, 0b11);
    let again = scene.grant(second, 2);
    assert_eq!(cancels(second, &scene.store(first, &lease, 0b01)), [(again.lease, 0b01)]);
    assert!(hash(&scene.store(second, &again, 0b10)).is_some());
}

#[test]
fn who_is_asked_for_a_block_that_comes_late_from_another_is_not_thought_slow() {
    let mut scene = Scene::new(2, 2);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(first, 2);
    scene.give_back(first, lease.lease, 0b11);
    scene.grant(second, 2);
    scene.store(first, &lease, 0b11);
    scene.grant(second, 2);
}

#[test]
fn a_late_block_is_not_granted_while_it_is_being_written() {
    let mut scene = Scene::new(1, 2);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(first, 2);
    scene.give_back(first, lease.lease, 0b11);
    assert!(lease.claims.win(0b01), "the first begins to write it");
    assert_eq!(scene.grant(second, 1).blocks, 0b10);
    assert_eq!(scene.want(second, 1).1, Answer::Wait);
}
