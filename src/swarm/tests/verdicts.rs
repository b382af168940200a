//! What the hash threads find, and whose fault it is.

use super::scene::{Scene, hash, stop};
use crate::connection::event::Answer;
use crate::connection::reason::{CloseReason, Violation};
use crate::id::PeerId;
use crate::limits::HOLDERS_PER_SEGMENT_MAX;
use crate::swarm::event::{DiskEvent, Event};
use crate::swarm::order::{Notice, Order};

const BAD_DATA: Option<CloseReason> = Some(CloseReason::Violation(Violation::BadData));

#[test]
fn a_good_piece_is_owned_and_told() {
    let mut scene = Scene::new(2, 2);
    let peer = scene.seed(1);
    let lease = scene.grant(peer, 2);
    let (active, compare) = hash(&scene.store(peer, &lease, 0b11)).unwrap();
    assert!(!compare, "there is nothing to compare with");
    let orders = scene.good(active);
    assert!(orders.iter().any(|order| matches!(order, Order::Herald(_))));
    assert!(scene.shared.owned.has(lease.piece.get()));
    assert_eq!(scene.shared.have_log.len(), 1);
    let lease = scene.grant(peer, 2);
    let (active, _) = hash(&scene.store(peer, &lease, 0b11)).unwrap();
    let orders = scene.good(active);
    let complete = |order: &Order| matches!(order, Order::Notify(Notice::Complete(_)));
    assert!(orders.iter().any(|order| matches!(order, Order::Settle(_))));
    assert!(!orders.iter().any(complete), "the files are to be looked for first");
    let torrent = scene.torrent;
    let orders = scene.tell(Event::Disk(DiskEvent::Settled { torrent }));
    assert!(orders.iter().any(complete));
    assert!(scene.shared.settled.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn who_gave_all_of_a_bad_piece_is_banned_and_does_not_come_back() {
    let mut scene = Scene::new(1, 2);
    let (liar, other) = (scene.seed(1), scene.seed(2));
    let lease = scene.grant(liar, 2);
    let (active, _) = hash(&scene.store(liar, &lease, 0b11)).unwrap();
    let orders = scene.bad(active);
    assert_eq!((stop(liar, &orders), stop(other, &orders)), (BAD_DATA, None));
    assert_eq!(scene.want(liar, 2).1, Answer::Wait, "it gets no more work");
    let again = scene.grant(other, 2);
    assert_ne!(again.lease, lease.lease, "with new claims");
    scene.leave(liar);
    let (same_name, orders) = scene.arrive(9, PeerId([1; 20]));
    assert_eq!(stop(same_name, &orders), None, "anybody can claim anybody's name");
    let address = "10.0.0.1:4000".parse().unwrap();
    let arrival = crate::swarm::event::ArrivalKey(99);
    let orders = scene.tell(Event::Arrived { arrival, address });
    assert!(matches!(orders[..], [Order::Refuse(_)]), "nor from the same host: {orders:?}");
}

#[test]
fn of_several_who_gave_a_bad_piece_the_ones_are_banned_whose_blocks_differ() {
    let mut scene = Scene::new(1, 4);
    let peers: Vec<_> = (1..4).map(|name| scene.seed(name)).collect();
    let leases = [scene.grant(peers[0], 1), scene.grant(peers[1], 2), scene.grant(peers[2], 1)];
    let mut orders = Vec::new();
    for (peer, lease) in peers.iter().zip(&leases) {
        orders = scene.store(*peer, lease, lease.blocks);
    }
    let (active, _) = hash(&orders).unwrap();
    let orders = scene.bad(active);
    assert!(peers.iter().all(|peer| stop(*peer, &orders).is_none()), "nobody is blamed yet");
    let alone = scene.grant(peers[2], 4);
    assert_eq!(scene.want_idle(peers[0], 4).1, Answer::Wait, "one fetches all of it");
    let (active, compare) = hash(&scene.store(peers[2], &alone, 0b1111)).unwrap();
    assert!(compare);
    let orders = scene.blame(active, 0, leases[1].blocks);
    let blamed = peers.iter().map(|peer| stop(*peer, &orders)).collect::<Vec<_>>();
    assert_eq!(blamed, [None, BAD_DATA, None]);
    scene.good(active);
    assert!(scene.shared.owned.is_full());
}

#[test]
fn one_who_fetches_a_bad_piece_alone_and_lies_is_banned_too() {
    let mut scene = Scene::new(1, 2);
    let (first, second) = (scene.seed(1), scene.seed(2));
    let leases = [scene.grant(first, 1), scene.grant(second, 1)];
    scene.store(first, &leases[0], 0b01);
    let (active, _) = hash(&scene.store(second, &leases[1], 0b10)).unwrap();
    scene.bad(active);
    let alone = scene.grant(first, 2);
    let (active, _) = hash(&scene.store(first, &alone, 0b11)).unwrap();
    let orders = scene.bad(active);
    assert_eq!((stop(first, &orders), stop(second, &orders)), (BAD_DATA, None));
    let alone = scene.grant(second, 2);
    let (active, compare) = hash(&scene.store(second, &alone, 0b11)).unwrap();
    assert!(compare, "the first evidence still counts");
    scene.blame(active, 0, 0b01);
    scene.good(active);
    assert!(scene.shared.owned.is_full());
}

#[test]
fn who_left_before_its_blocks_were_judged_is_banned_all_the_same() {
    let mut scene = Scene::new(1, 2);
    let liar = scene.seed(1);
    let lease = scene.grant(liar, 2);
    let (active, _) = hash(&scene.store(liar, &lease, 0b11)).unwrap();
    scene.leave(liar);
    let again = scene.seed(1);
    let other = scene.seed(2);
    let orders = scene.bad(active);
    assert_eq!(stop(again, &orders), Some(CloseReason::Banned));
    assert_eq!(stop(other, &orders), None);
    scene.leave(again);
    let address = "10.0.0.1:4000".parse().unwrap();
    let arrival = crate::swarm::event::ArrivalKey(99);
    let orders = scene.tell(Event::Arrived { arrival, address });
    assert!(matches!(orders[..], [Order::Refuse(_)]), "{orders:?}");
}

#[test]
fn a_liar_whose_block_came_after_it_was_given_up_is_found_though_its_place_was_taken() {
    let places = HOLDERS_PER_SEGMENT_MAX as u8;
    let mut scene = Scene::new(1, u32::from(places));
    let liar = scene.seed(100);
    let lease = scene.grant(liar, 1);
    scene.give_back(liar, lease.lease, 0b1);
    let others: Vec<_> = (0..places).map(|name| scene.seed(name)).collect();
    let leases: Vec<_> = others.iter().map(|peer| scene.grant(*peer, 1)).collect();
    scene.store(liar, &lease, 0b1);
    let mut orders = Vec::new();
    for (peer, lease) in others.iter().zip(&leases).skip(1) {
        orders = scene.store(*peer, lease, lease.blocks);
    }
    let (active, _) = hash(&orders).unwrap();
    scene.bad(active);
    let again = scene.grant(others[1], u32::from(places));
    let (active, compare) = hash(&scene.store(others[1], &again, again.blocks)).unwrap();
    assert!(compare);
    assert_eq!(stop(liar, &scene.blame(active, 0, 0b1)), BAD_DATA);
}
