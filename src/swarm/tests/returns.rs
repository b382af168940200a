//! Work that comes back: stored, given up, late.

use super::scene::{Scene, cancels, hash};
use crate::connection::event::Answer;

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
