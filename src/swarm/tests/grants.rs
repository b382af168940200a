//! Work that is given out: what is granted to whom.

use super::scene::{Scene, hash, work};
use crate::connection::event::{Answer, Event, Grant};
use crate::limits::{ENDGAME_BLOCKS_MAX, OPEN_PROBES_MAX};
use crate::swarm::state::PeerKey;

#[test]
fn a_piece_under_way_is_finished_before_another_is_opened() {
    let mut scene = Scene::new(10, 4);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(first, 2);
    let again = scene.grant(second, 2);
    assert_eq!((again.piece, again.lease), (lease.piece, lease.lease));
    assert_eq!(lease.blocks | again.blocks, 0b1111);
    assert_ne!(scene.grant(first, 1).piece, lease.piece);
}

#[test]
fn the_rarest_piece_is_opened_first() {
    let mut scene = Scene::new(20, 1);
    let seed = scene.seed(1);
    for _ in 0..4 {
        let lease = scene.grant(seed, 1);
        let (active, _) = hash(&scene.store(seed, &lease, 1)).unwrap();
        scene.good(active);
    }
    let missing = (0..20).find(|piece| !scene.shared.owned.has(*piece)).unwrap();
    let others: Vec<u32> = (0..20).filter(|piece| *piece != missing).collect();
    scene.peer_with(2, &others);
    assert_eq!(scene.grant(seed, 1).piece.get(), missing);
}

#[test]
fn nobody_is_granted_what_it_does_not_have() {
    let mut scene = Scene::new(3, 2);
    let peer = scene.peer_with(1, &[1]);
    let (grants, answer) = scene.want(peer, 10);
    assert_eq!(grants.iter().map(|grant| grant.piece.get()).collect::<Vec<_>>(), [1]);
    assert_eq!(answer, Answer::Granted);
    assert_eq!(scene.want(peer, 10).1, Answer::NothingNear, "two pieces are open");
    assert_eq!(scene.propose(peer, 2, 10).1, Answer::Denied, "it does not have that");
}

#[test]
fn a_proposed_piece_is_opened_and_one_that_is_out_is_denied() {
    let mut scene = Scene::new(3, 2);
    let (first, second) = (scene.peer_with(1, &[1]), scene.peer_with(2, &[1]));
    let (grants, answer) = scene.propose(first, 1, 10);
    assert_eq!((grants[0].blocks, answer), (0b11, Answer::Granted));
    assert!(scene.shared.taken.has(1), "no use to propose it");
    assert_eq!(scene.propose(second, 1, 10).1, Answer::Denied);
}

#[test]
fn blocks_of_a_piece_under_way_are_found_wherever_it_is_in_the_list() {
    let mut scene = Scene::new(2 * OPEN_PROBES_MAX, 2);
    let last = OPEN_PROBES_MAX;
    for piece in 0..=last {
        let peer = scene.peer_with(piece as u8, &[piece]);
        let lease = scene.grant(peer, 2);
        scene.give_back(peer, lease.lease, 0b10);
        scene.store(peer, &lease, 0b01);
        scene.leave(peer);
    }
    let peer = scene.peer_with(200, &[last]);
    assert_eq!(scene.want(peer, 10).1, Answer::NothingNear);
    assert!(!scene.shared.taken.has(last), "its thread can find it");
    let (grants, answer) = scene.propose(peer, last, 10);
    assert_eq!((grants[0].blocks, answer), (0b10, Answer::Granted));
}

#[test]
fn who_is_idle_shares_in_the_endgame_and_who_wins_ends_it_for_the_other() {
    let mut scene = Scene::new(1, 40);
    let (slow, fast) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(slow, 40);
    assert_eq!(scene.want(fast, 40).1, Answer::Wait, "not while it has work");
    let (grants, _) = scene.want_idle(fast, 40);
    assert_eq!(grants[0].blocks.count_ones(), ENDGAME_BLOCKS_MAX, "a few at a time");
    let orders = scene.store(fast, &grants[0], 0b1);
    assert_eq!(super::scene::cancels(slow, &orders), [(lease.lease, 0b1)]);
    assert!(super::scene::cancels(fast, &orders).is_empty());
}

#[test]
fn a_block_has_at_most_two_holders() {
    let mut scene = Scene::new(1, 4);
    let peers: Vec<_> = (1..4).map(|name| scene.seed(name)).collect();
    scene.grant(peers[0], 4);
    assert_eq!(scene.want_idle(peers[1], 4).1, Answer::Granted);
    assert_eq!(scene.want_idle(peers[2], 4).1, Answer::Wait);
}

#[test]
fn a_block_that_somebody_has_claimed_is_not_granted_again() {
    let mut scene = Scene::new(1, 2);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(first, 2);
    assert!(lease.claims.win(0b01), "it is on its way into the file");
    let (grants, _) = scene.want_idle(second, 2);
    assert_eq!(grants[0].blocks, 0b10);
}

#[test]
fn a_large_piece_is_granted_segment_by_segment_with_an_odd_end() {
    let mut scene = Scene::new(2, 130);
    let peer = scene.seed(1);
    let (grants, answer) = scene.want(peer, 131);
    let sizes: Vec<_> = grants.iter().map(|grant| grant.blocks.count_ones()).collect();
    assert_eq!((sizes, answer), (vec![64, 64, 2, 1], Answer::Granted));
    assert_eq!(grants[3].segment, 0, "and the next piece");
}

#[test]
fn who_has_not_joined_gets_no_work() {
    let mut scene = Scene::new(2, 2);
    let first = scene.seed(1);
    let (second, _) = scene.arrive(1, crate::id::PeerId([1; 20]));
    let orders = scene.say(second, Event::Want { blocks: 1, idle: true });
    assert_eq!(work(second, &orders).1, Answer::Wait, "it is a duplicate");
    assert_eq!(scene.want(first, 1).1, Answer::Granted);
}

#[test]
fn who_brought_nothing_in_time_gets_one_block_and_no_second_place() {
    let mut scene = Scene::new(1, 8);
    let (stalling, other) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(stalling, 4);
    scene.grant(other, 4);
    scene.late(stalling, lease.lease, 0b0001);
    assert_eq!(scene.want(stalling, 4).1, Answer::Wait, "it has work it does not do");
    assert_eq!(scene.want_idle(stalling, 4).1, Answer::Wait, "nothing is left but endgame");
    let (grants, _) = scene.want_idle(other, 4);
    assert_ne!(grants[0].blocks & lease.blocks, 0, "who works may share in its blocks");
}

/// Two peers that hold a piece of four blocks and are late with all of it, and an honest one.
fn stalling() -> (Scene, [PeerKey; 3]) {
    let mut scene = Scene::new(2, 4);
    let peers = [1, 2, 3].map(|name| scene.seed(name));
    for peer in &peers[..2] {
        let lease = scene.grant(*peer, 2);
        scene.late(*peer, lease.lease, lease.blocks);
    }
    (scene, peers)
}

#[test]
fn a_peer_that_brought_nothing_is_granted_one_block_however_it_asks() {
    let (mut scene, [stalling, ..]) = stalling();
    let one = |grants: &[Grant]| grants.iter().map(|grant| grant.blocks.count_ones()).sum::<u32>();
    assert_eq!(one(&scene.want_idle(stalling, 30).0), 1);
    let under_way = (0..2).find(|piece| scene.shared.taken.has(*piece));
    let open = under_way.map_or(1, |piece| 1 - piece);
    assert!(one(&scene.propose(stalling, open, 30).0) <= 1);
}

#[test]
fn peers_that_brought_nothing_do_not_take_the_second_places_of_each_other() {
    let (mut scene, [first, second, honest]) = stalling();
    for _ in 0..8 {
        for (peer, piece) in [(first, 0), (second, 1), (first, 1), (second, 0)] {
            scene.want_idle(peer, 4);
            scene.propose(peer, piece, 4);
        }
    }
    let mut granted = 0;
    while let (grants, Answer::Granted) = scene.want_idle(honest, 8)
        && !grants.is_empty()
    {
        granted += grants.iter().map(|grant| grant.blocks.count_ones()).sum::<u32>();
        assert!(granted <= 8, "no more blocks are there");
    }
    assert_eq!(granted, 8, "it is let to every block");
}
