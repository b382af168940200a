//! Work that could be forgotten: grants that nobody saw, pieces for which there was no room.

use super::scene::{Scene, hash};
use crate::connection::event::{Answer, Command, Event};
use crate::connection::reason::CloseReason;
use crate::limits::ACTIVE_PIECES_MAX;
use crate::swarm::order::Order;

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
