//! Pieces that failed their hash, fetched once more from one peer alone.

use super::scene::{Scene, cancels, hash, woken};
use crate::connection::event::{Answer, Grant};
use crate::limits::{SOLE_HEAD_START, SOLE_PATIENCE_MAX, SOLE_PATIENCE_MIN, SOLE_PAUSE, SOLE_TURN};
use crate::swarm::order::Order;
use crate::swarm::state::PeerKey;
use std::time::Duration;

/// A piece of so many blocks that came from two peers and was bad; the first fetches it alone, all
/// but its last block. The third peer, which has given another piece, waits for work.
fn alone_of(blocks: u32) -> (Scene, [PeerKey; 3], Grant) {
    let mut scene = Scene::new(2, blocks);
    let peers = [1, 2, 3].map(|name| scene.seed(name));
    let other = scene.grant(peers[2], blocks);
    let (active, _) = hash(&scene.store(peers[2], &other, other.blocks)).unwrap();
    scene.good(active);
    let leases = [scene.grant(peers[0], blocks / 2), scene.grant(peers[1], blocks / 2)];
    scene.store(peers[0], &leases[0], leases[0].blocks);
    let (active, _) = hash(&scene.store(peers[1], &leases[1], leases[1].blocks)).unwrap();
    scene.bad(active);
    let lease = scene.grant(peers[0], blocks - 1);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
    (scene, peers, lease)
}

fn alone() -> (Scene, [PeerKey; 3], Grant) {
    alone_of(4)
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
    scene.wait(SOLE_PATIENCE_MIN);
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
    scene.wait(SOLE_PATIENCE_MIN / 2);
    scene.store(peers[0], &lease, 0b001);
    scene.wait(SOLE_PATIENCE_MIN / 2);
    for _ in 0..200 {
        assert!(cancels(peers[0], &scene.turn()).is_empty());
    }
}

#[test]
fn it_starts_again_only_after_a_write_that_is_under_way() {
    let (mut scene, peers, lease) = alone();
    assert!(lease.claims.win(0b001), "the write begins");
    scene.wait(SOLE_PATIENCE_MIN);
    let orders: Vec<_> = (0..200).flat_map(|_| scene.turn()).collect();
    assert_eq!(cancels(peers[0], &orders), [(lease.lease, 0b110)]);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
    let stored = crate::connection::event::Event::Stored { lease: lease.lease, blocks: 0b001 };
    let orders = scene.say(peers[0], stored);
    assert_eq!(woken(&orders), [peers[2]]);
    assert_eq!(scene.grant(peers[2], 4).blocks, 0b1111);
}

#[test]
fn it_starts_again_only_after_the_write_of_a_block_that_came_after_it_was_given_up() {
    let (mut scene, peers, lease) = alone();
    scene.give_back(peers[0], lease.lease, 0b111);
    assert!(lease.claims.win(0b001), "it comes after all, and the write begins");
    scene.wait(SOLE_PATIENCE_MIN);
    turns(&mut scene);
    assert!(!lease.claims.win(0b010), "what comes after that is of no use");
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
    let stored = crate::connection::event::Event::Stored { lease: lease.lease, blocks: 0b001 };
    assert_eq!(woken(&scene.say(peers[0], stored)), [peers[2]]);
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

/// Turns until every timer that is due has expired.
fn turns(scene: &mut Scene) -> Vec<Order> {
    (0..200).flat_map(|_| scene.turn()).collect()
}

/// The peer that fetches the piece alone brings a block each time just before its patience ends,
/// for so long.
fn trickle(scene: &mut Scene, peer: PeerKey, lease: &Grant, time: Duration) -> Vec<Order> {
    let pause = SOLE_PATIENCE_MIN - SOLE_PATIENCE_MIN / 10;
    let (mut passed, mut orders) = (Duration::ZERO, Vec::new());
    for block in 0..lease.blocks.count_ones() {
        if passed + pause > time {
            break;
        }
        (passed, orders) = (passed + pause, Vec::new());
        scene.wait(pause);
        orders.extend(turns(scene));
        assert!(cancels(peer, &orders).is_empty());
        scene.store(peer, lease, 1 << block);
    }
    scene.wait(time.saturating_sub(passed));
    orders.extend(turns(scene));
    orders
}

#[test]
fn a_peer_that_brings_a_block_now_and_then_does_not_keep_it_from_the_others() {
    let (mut scene, peers, lease) = alone_of(64);
    let orders = trickle(&mut scene, peers[0], &lease, SOLE_TURN);
    assert_eq!(cancels(peers[0], &orders).len(), 1);
    assert_eq!(woken(&orders), [peers[2]]);
    assert_eq!(scene.want_idle(peers[0], 4).1, Answer::Wait, "others come first");
    assert_eq!(scene.grant(peers[2], 64).blocks, u64::MAX);
}

#[test]
fn the_only_peer_that_has_it_may_be_as_slow_as_it_is() {
    let (mut scene, peers, lease) = alone();
    scene.leave(peers[1]);
    scene.leave(peers[2]);
    scene.store(peers[0], &lease, 0b001);
    scene.wait(SOLE_PATIENCE_MAX - SOLE_PATIENCE_MAX / 10);
    let orders = turns(&mut scene);
    assert!(cancels(peers[0], &orders).is_empty());
}

#[test]
fn who_gave_way_is_told_when_it_may_try_again() {
    let (mut scene, peers, lease) = alone();
    scene.wait(SOLE_PATIENCE_MIN);
    assert_eq!(cancels(peers[0], &turns(&mut scene)), [(lease.lease, lease.blocks)]);
    scene.leave(peers[1]);
    scene.leave(peers[2]);
    assert_eq!(scene.want_idle(peers[0], 4).1, Answer::Wait);
    scene.wait(SOLE_PAUSE);
    assert_eq!(woken(&turns(&mut scene)), [peers[0]]);
    assert_eq!(scene.grant(peers[0], 4).blocks, 0b1111);
}

#[test]
fn each_turn_is_longer_and_more_patient_than_the_one_before() {
    let (mut scene, peers, lease) = alone_of(64);
    trickle(&mut scene, peers[0], &lease, SOLE_TURN);
    let lease = scene.grant(peers[2], 64);
    let orders = trickle(&mut scene, peers[2], &lease, SOLE_TURN);
    assert!(cancels(peers[2], &orders).is_empty());
    scene.store(peers[2], &lease, 1 << 63);
    scene.wait(2 * SOLE_PATIENCE_MIN - SOLE_PATIENCE_MIN / 10);
    assert!(cancels(peers[2], &turns(&mut scene)).is_empty());
}

#[test]
fn who_has_brought_one_is_told_that_it_may_fetch_the_next() {
    let mut scene = Scene::new(2, 2);
    let peers = [1, 2].map(|name| scene.seed(name));
    let mut bad = Vec::new();
    for _ in 0..2 {
        let leases = peers.map(|peer| scene.grant(peer, 1));
        scene.store(peers[0], &leases[0], leases[0].blocks);
        bad.extend(hash(&scene.store(peers[1], &leases[1], leases[1].blocks)));
    }
    assert_eq!(bad.len(), 2);
    bad.into_iter().for_each(|(active, _)| drop(scene.bad(active)));
    scene.leave(peers[1]);
    let first = scene.grant(peers[0], 2);
    assert_eq!(scene.want_idle(peers[0], 2).1, Answer::Wait, "one at a time");
    let orders = scene.store(peers[0], &first, 0b11);
    assert!(hash(&orders).is_some());
    assert_eq!(woken(&orders), [peers[0]], "nobody else would tell it");
    let second = scene.grant(peers[0], 2);
    assert_ne!(second.piece, first.piece);
}

#[test]
fn who_has_never_given_a_block_does_not_come_first() {
    let mut scene = Scene::new(1, 4);
    let peers = [1, 2, 3].map(|name| scene.seed(name));
    let leases = [scene.grant(peers[0], 2), scene.grant(peers[1], 2)];
    scene.store(peers[0], &leases[0], 0b0011);
    let (active, _) = hash(&scene.store(peers[1], &leases[1], 0b1100)).unwrap();
    scene.bad(active);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait, "it has not shown anything yet");
    scene.wait(SOLE_HEAD_START);
    let orders = turns(&mut scene);
    assert_eq!(woken(&orders), [peers[2]], "nobody else took it");
    assert_eq!(scene.grant(peers[2], 4).blocks, 0b1111);
}

#[test]
fn who_gave_blocks_and_is_late_with_others_does_not_come_first() {
    let mut scene = Scene::new(2, 4);
    let peers = [1, 2].map(|name| scene.seed(name));
    let leases = peers.map(|peer| scene.grant(peer, 2));
    scene.store(peers[0], &leases[0], leases[0].blocks);
    let (active, _) = hash(&scene.store(peers[1], &leases[1], leases[1].blocks)).unwrap();
    let stalls = scene.grant(peers[0], 4);
    scene.late(peers[0], stalls.lease, stalls.blocks);
    scene.bad(active);
    let gets_it = |scene: &mut Scene, peer| {
        let (grants, _) = scene.want_idle(peer, 8);
        grants.iter().any(|grant| grant.piece == leases[0].piece)
    };
    assert!(!gets_it(&mut scene, peers[0]));
    assert!(gets_it(&mut scene, peers[1]));
}
