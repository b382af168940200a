//! Work that could be forgotten: grants that nobody saw, pieces for which there was no room.

use super::scene::{Scene, commands, hash};
use crate::connection::event::{Answer, Command, Event, Grant};
use crate::connection::reason::CloseReason;
use crate::limits::{ACTIVE_PIECES_MAX, SEGMENTS_MAX};
use crate::swarm;
use crate::swarm::order::Order;
use crate::swarm::state::PeerKey;

#[test]
fn grants_to_a_peer_that_left_before_it_saw_them_come_back() {
    let mut scene = Scene::new(2, 4);
    for name in 0..3 {
        let ghost = scene.seed(name);
        scene.say(ghost, Event::Want { blocks: 100, idle: true });
        scene.say(ghost, Event::Closed(CloseReason::RemoteClosed));
    }
    let peer = scene.seed(200);
    let (grants, _) = scene.want(peer, 100);
    let blocks: u32 = grants.iter().map(|grant| grant.blocks.count_ones()).sum();
    assert_eq!(blocks, 8, "all of both pieces");
}

#[test]
fn who_found_no_room_is_told_when_a_piece_is_done() {
    let count = ACTIVE_PIECES_MAX as u32 + 2;
    let mut scene = Scene::new(count, 1);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let mut leases = Vec::new();
    while leases.len() < ACTIVE_PIECES_MAX {
        leases.extend(scene.want(first, 8).0);
    }
    assert_eq!(scene.want(second, 1).1, Answer::NothingNear);
    let piece = (0..count).find(|piece| !scene.shared.taken.has(*piece)).unwrap();
    assert_eq!(scene.propose(second, piece, 1).1, Answer::Wait, "no more proposals");
    let (active, _) = hash(&scene.store(first, &leases[0], 1)).unwrap();
    let orders = scene.good(active);
    let told = orders
        .iter()
        .any(|order| matches!(order, Order::Post(peer, Command::Work) if *peer == second));
    assert!(told, "there is room");
    assert_eq!(scene.want(second, 1).1, Answer::Granted);
}

/// What a peer is granted, without a look at everything after each event: here that takes long.
fn quick(scene: &mut Scene, peer: PeerKey, event: Event) -> (Vec<Grant>, Vec<Order>) {
    scene.swarm.handle(scene.now, swarm::event::Event::Peer(peer, event));
    scene.swarm.turn(scene.now);
    let orders: Vec<_> = std::iter::from_fn(|| scene.swarm.next_order()).collect();
    let grants = commands(peer, &orders).into_iter().filter_map(|command| match command {
        Command::Grant(grant) => Some(grant),
        _ => None,
    });
    (grants.collect(), orders)
}

/// Peers begin as many pieces as they are let, two of three segments each, and leave. Whoever comes
/// then must be able to end one.
#[test]
fn pieces_under_way_can_always_begin_all_their_segments() {
    let count = (SEGMENTS_MAX / 3) as u32 + 100;
    let mut scene = Scene::new(count, 3 * 64);
    let (gone, seed) = (scene.seed(1), scene.seed(2));
    let pieces: Vec<_> = scene.shared.layout.pieces().collect();
    for &piece in &pieces {
        for _ in 0..2 {
            for grant in quick(&mut scene, gone, Event::Candidate { piece, blocks: 64 }).0 {
                let back = Event::Returned { lease: grant.lease, blocks: grant.blocks };
                quick(&mut scene, gone, back);
            }
        }
    }
    let last = count - 1;
    assert_eq!(scene.propose(gone, last, 64).1, Answer::Wait, "there is no room for it");
    scene.leave(gone);
    let (mut grants, _) = scene.want(seed, 64);
    let piece = grants[0].piece;
    let mut done = None;
    while done.is_none() {
        for grant in grants {
            let stored = Event::Stored { lease: grant.lease, blocks: grant.blocks };
            done = done.or(hash(&quick(&mut scene, seed, stored).1));
        }
        grants = quick(&mut scene, seed, Event::Candidate { piece, blocks: 64 }).0;
        assert!(done.is_some() || !grants.is_empty(), "a piece under way cannot be ended");
    }
}
