//! Pieces that failed their hash, fetched once more from one peer alone.

use super::scene::{Scene, cancels, hash, woken};
use crate::connection::event::{Answer, Grant};
use crate::limits::SOLE_PATIENCE;
use crate::swarm::state::PeerKey;

/// A piece of four blocks that came from two peers and was bad; the first fetches it alone. The
/// third peer waits for work.
fn alone() -> (Scene, [PeerKey; 3], Grant) {
    let mut scene = Scene::new(1, 4);
    let peers = [1, 2, 3].map(|name| scene.seed(name));
    let leases = [scene.grant(peers[0], 2), scene.grant(peers[1], 2)];
    scene.store(peers[0], &leases[0], 0b0011);
    let (active, _) = hash(&scene.store(peers[1], &leases[1], 0b1100)).unwrap();
    scene.bad(active);
    let lease = scene.grant(peers[0], 3);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
    (scene, peers, lease)
}

#[test]
fn it_starts_again_with_another_when_that_peer_leaves() {
    let (mut scene, peers, lease) = alone();
    scene.store(peers[0], &lease, 0b001);
    scene.give_back(peers[0], lease.lease, 0b110);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait, "it may ask again");
    assert_eq!(woken(&scene.leave(peers[0])), [peers[2]]);
    let again = scene.grant(peers[2], 4);
    assert!(hash(&scene.store(peers[2], &again, 0b1111)).is_some());
}

#[test]
fn it_starts_again_when_that_peer_leaves_with_no_block_of_it_out() {
    let (mut scene, peers, lease) = alone();
    scene.store(peers[0], &lease, 0b111);
    scene.leave(peers[0]);
    assert_eq!(scene.grant(peers[2], 4).blocks, 0b1111);
}

#[test]
fn it_starts_again_when_that_peer_brings_nothing_for_a_while() {
    let (mut scene, peers, lease) = alone();
    scene.late(peers[0], lease.lease, 0b111);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait, "late is not enough");
    scene.wait(SOLE_PATIENCE);
    let mut orders = scene.turn();
    (0..200).for_each(|_| orders.extend(scene.turn()));
    assert_eq!(cancels(peers[0], &orders), [(lease.lease, 0b111)]);
    assert_eq!(woken(&orders), [peers[2]]);
    assert_eq!(scene.grant(peers[2], 4).blocks, 0b1111);
    assert!(!lease.claims.win(0b001), "the first may not write any more");
}

#[test]
fn it_goes_on_while_that_peer_brings_something() {
    let (mut scene, peers, lease) = alone();
    scene.wait(SOLE_PATIENCE / 2);
    scene.store(peers[0], &lease, 0b001);
    scene.wait(SOLE_PATIENCE / 2);
    for _ in 0..200 {
        assert!(cancels(peers[0], &scene.turn()).is_empty());
    }
}

#[test]
fn it_starts_again_only_after_a_write_that_is_under_way() {
    let (mut scene, peers, lease) = alone();
    assert!(lease.claims.win(0b001), "the write begins");
    scene.wait(SOLE_PATIENCE);
    let orders: Vec<_> = (0..200).flat_map(|_| scene.turn()).collect();
    assert_eq!(cancels(peers[0], &orders), [(lease.lease, 0b110)]);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
    let stored = crate::connection::event::Event::Stored { lease: lease.lease, blocks: 0b001 };
    let orders = scene.say(peers[0], stored);
    assert_eq!(woken(&orders), [peers[2]]);
    assert_eq!(scene.grant(peers[2], 4).blocks, 0b1111);
}

#[test]
fn that_peer_is_given_the_rest_of_it_before_anything_else() {
    let mut scene = Scene::new(5, 4);
    let peers = [1, 2].map(|name| scene.seed(name));
    let leases = [scene.grant(peers[0], 2), scene.grant(peers[1], 2)];
    let other = scene.grant(peers[1], 1);
    scene.store(peers[0], &leases[0], 0b0011);
    let (active, _) = hash(&scene.store(peers[1], &leases[1], 0b1100)).unwrap();
    scene.bad(active);
    let mut granted = Vec::new();
    while granted.last() != Some(&leases[0].piece) {
        granted.push(scene.grant(peers[0], 1).piece);
    }
    assert_ne!(other.piece, leases[0].piece);
    for _ in 0..3 {
        assert_eq!(scene.grant(peers[0], 1).piece, leases[0].piece);
    }
}
