//! Peers that come and go.

use super::scene::{OURS, Scene, commands, dialed, stop};
use crate::connection::event::{Command, Event};
use crate::connection::reason::CloseReason;
use crate::id::PeerId;
use crate::limits::{REDIAL_PAUSE_MAX, REDIAL_PAUSE_MIN};
use crate::swarm::event::Event as SwarmEvent;
use crate::swarm::order::Order;
use crate::swarm::state::PeerKey;
use std::time::Duration;

const LESSER: PeerId = PeerId([1; 20]);
const GREATER: PeerId = PeerId([200; 20]);

/// Of two connections to a peer of that name, one dialed and one accepted, in that order or the
/// other: whether the dialed one stays.
fn keeps_dialed(id: PeerId, dialed_first: bool) -> bool {
    let mut scene = Scene::new(1, 1);
    let mut orders = Vec::new();
    let mut keys: [Option<PeerKey>; 2] = [None; 2];
    for dial in [dialed_first, !dialed_first] {
        if dial {
            let peer = scene.find(1).unwrap();
            orders.extend(scene.join(peer, id));
            keys[0] = Some(peer);
        } else {
            let (peer, more) = scene.arrive(1, id);
            orders.extend(more);
            keys[1] = Some(peer);
        }
    }
    let stopped = keys.map(|key| stop(key.unwrap(), &orders));
    assert_eq!(stopped.iter().flatten().collect::<Vec<_>>(), [&CloseReason::Duplicate]);
    stopped[0].is_none()
}

#[test]
fn of_two_connections_both_sides_keep_the_one_that_the_greater_side_dialed() {
    assert!(OURS > LESSER && OURS < GREATER);
    for dialed_first in [true, false] {
        assert!(keeps_dialed(LESSER, dialed_first));
        assert!(!keeps_dialed(GREATER, dialed_first));
    }
}

#[test]
fn of_two_connections_from_the_same_side_the_older_stays() {
    let mut scene = Scene::new(1, 1);
    let (older, _) = scene.arrive(1, LESSER);
    let (newer, orders) = scene.arrive(2, LESSER);
    assert_eq!(stop(newer, &orders), Some(CloseReason::Duplicate));
    assert_eq!(stop(older, &orders), None);
}

#[test]
fn who_left_may_come_back_at_once() {
    let mut scene = Scene::new(1, 1);
    let (older, _) = scene.arrive(1, LESSER);
    scene.leave(older);
    let (newer, orders) = scene.arrive(1, LESSER);
    assert_eq!(stop(newer, &orders), None);
}

#[test]
fn an_address_whose_connections_do_not_last_is_dialed_less_and_less() {
    let mut scene = Scene::new(1, 1);
    let mut peer = scene.find(1).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..3 {
        scene.join(peer, LESSER);
        scene.leave(peer);
        let left_at = scene.now;
        peer = loop {
            scene.wait(Duration::from_millis(100));
            if let Some(peer) = dialed(&scene.turn()) {
                break peer;
            }
        };
        pauses.push(scene.now - left_at);
    }
    let shortest = [REDIAL_PAUSE_MIN, 2 * REDIAL_PAUSE_MIN, 4 * REDIAL_PAUSE_MIN];
    assert!(pauses.iter().zip(shortest).all(|(pause, least)| *pause >= least), "{pauses:?}");
    scene.join(peer, LESSER);
    scene.wait(REDIAL_PAUSE_MAX);
    scene.turn();
    scene.leave(peer);
    scene.wait(REDIAL_PAUSE_MIN + Duration::from_millis(200));
    let again = (0..10).find_map(|_| dialed(&scene.turn()));
    assert!(again.is_some(), "this one had lasted");
}

#[test]
fn a_free_slot_is_given_to_the_first_who_is_interested() {
    let mut scene = Scene::new(1, 1);
    let peers: Vec<_> = (1..4).map(|name| scene.leecher(name)).collect();
    let unchoked: Vec<bool> = peers
        .iter()
        .map(|peer| {
            let orders = scene.say(*peer, Event::Interest(true));
            commands(*peer, &orders).iter().any(|c| matches!(c, Command::Unchoke(true)))
        })
        .collect();
    assert_eq!(unchoked, [true, true, false], "there are two slots");
    let orders = scene.leave(peers[0]);
    assert!(orders.iter().any(|order| matches!(order, Order::Rechoke)));
    let orders = scene.say(peers[2], Event::Interest(true));
    assert!(commands(peers[2], &orders).iter().any(|c| matches!(c, Command::Unchoke(true))));
}

#[test]
fn what_a_peer_has_counts_until_it_leaves() {
    let mut scene = Scene::new(200, 1);
    let peer = scene.leecher(1);
    scene.say(peer, Event::Word { index: 0, bits: 0b101 });
    scene.say(peer, Event::Word { index: 3, bits: 0xff });
    scene.say(peer, Event::Have(scene.shared.layout.piece(1).unwrap()));
    let other = scene.peer_with(2, &[1, 199]);
    // After each of these the scene compares the picker's counts with what was told.
    scene.leave(peer);
    scene.leave(other);
}

#[test]
fn a_word_from_somebody_who_left_is_ignored() {
    let mut scene = Scene::new(2, 1);
    let peer = scene.seed(1);
    let lease = scene.grant(peer, 1);
    scene.give_back(peer, lease.lease, 1);
    scene.leave(peer);
    assert!(scene.say(peer, Event::Want { blocks: 1, idle: true }).is_empty());
    assert!(scene.say(peer, Event::Stored { lease: lease.lease, blocks: 1 }).is_empty());
    assert!(scene.say(peer, Event::Closed(CloseReason::RemoteClosed)).is_empty());
}

#[test]
fn of_a_peer_without_a_thread_nothing_is_kept() {
    let mut scene = Scene::new(1, 1);
    let peer = scene.find(1).expect("it is dialed");
    let orders = scene.tell(SwarmEvent::NotStarted(peer));
    assert!(orders.iter().any(|order| matches!(order, Order::Join(key) if *key == peer)));
}
