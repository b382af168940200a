//! When verified pieces are recorded, and what happens while the disk is full.

use super::scene::{Scene, hash, woken};
use crate::connection::event::Answer;
use crate::limits::{DISK_FULL_PAUSE, SAVE_PAUSE};
use crate::swarm::event::{Control, DiskEvent, Event};
use crate::swarm::order::{Notice, Order};
use crate::swarm::state::PeerKey;
use std::time::Duration;

/// No orders to record.
const NONE: [bool; 0] = [];

/// The orders to record: whether each is the last.
fn saves(orders: &[Order]) -> Vec<bool> {
    let saves = orders.iter().filter_map(|order| match order {
        Order::Save { last, .. } => Some(*last),
        _ => None,
    });
    saves.collect()
}

/// Lets time pass, a turn each second.
fn pass(scene: &mut Scene, time: Duration) -> Vec<Order> {
    let mut orders = Vec::new();
    for _ in 0..time.as_secs() {
        scene.wait(Duration::from_secs(1));
        orders.extend(scene.turn());
    }
    orders
}

/// Fetches a piece of one block and verifies it.
fn fetch(scene: &mut Scene, peer: PeerKey) -> Vec<Order> {
    let grant = scene.grant(peer, 1);
    let (active, _) = hash(&scene.store(peer, &grant, 1)).expect("all blocks are there");
    scene.good(active)
}

#[test]
fn verified_pieces_are_recorded_together_after_a_while() {
    let mut scene = Scene::new(4, 1);
    let peer = scene.seed(1);
    assert_eq!(saves(&fetch(&mut scene, peer)), NONE);
    assert_eq!(saves(&fetch(&mut scene, peer)), NONE);
    assert_eq!(saves(&pass(&mut scene, SAVE_PAUSE / 2)), NONE);
    assert_eq!(saves(&pass(&mut scene, SAVE_PAUSE)), [false]);
    // While the disk thread is at it nothing more is ordered, but it is not forgotten.
    assert_eq!(saves(&fetch(&mut scene, peer)), NONE);
    let torrent = scene.torrent;
    assert_eq!(saves(&scene.tell(Event::Disk(DiskEvent::Saved(torrent)))), [false]);
    assert_eq!(saves(&scene.tell(Event::Disk(DiskEvent::Saved(torrent)))), NONE);
    assert_eq!(saves(&fetch(&mut scene, peer)), NONE);
    assert_eq!(saves(&pass(&mut scene, SAVE_PAUSE)), [false]);
}

#[test]
fn stopping_records_for_the_last_time_after_the_last_peer_left() {
    let mut scene = Scene::new(2, 1);
    let peer = scene.seed(1);
    let mut orders = scene.tell(Event::Control(Control::Stop));
    while scene.swarm.has_more() {
        orders.extend(scene.turn());
    }
    assert_eq!(saves(&orders), NONE, "the peer may still write");
    let orders = scene.leave(peer);
    assert_eq!(saves(&orders), [true]);
    let last = orders.last().expect("orders");
    assert!(matches!(last, Order::Notify(Notice::Stopped)), "{orders:?}");
}

#[test]
fn a_full_disk_pauses_the_download_until_there_is_room() {
    let mut scene = Scene::new(4, 1);
    let (torrent, peer) = (scene.torrent, scene.seed(1));
    let full = || Event::Disk(DiskEvent::Full { torrent, message: "no space".into() });
    let orders = scene.tell(full());
    assert!(matches!(orders[..], [Order::Notify(Notice::DiskFull { .. })]), "{orders:?}");
    assert!(scene.tell(full()).is_empty(), "told once");
    assert_eq!(scene.want(peer, 1).1, Answer::Wait);
    for room in [false, true] {
        let orders = pass(&mut scene, DISK_FULL_PAUSE + Duration::from_secs(1));
        assert!(matches!(orders[..], [Order::Probe(key)] if key == torrent), "{orders:?}");
        let orders = scene.tell(Event::Disk(DiskEvent::Probed { torrent, room }));
        let goes_on = orders.iter().any(
            |order| matches!(order, Order::Notify(Notice::DiskHasRoom(key)) if *key == torrent),
        );
        assert_eq!((goes_on, woken(&orders).contains(&peer)), (room, room), "{orders:?}");
    }
    assert_eq!(scene.want(peer, 1).1, Answer::Granted);
}

#[test]
fn a_disk_is_not_looked_at_for_a_torrent_that_has_failed() {
    let mut scene = Scene::new(4, 1);
    let torrent = scene.torrent;
    scene.tell(Event::Disk(DiskEvent::Full { torrent, message: "no space".into() }));
    scene.tell(Event::Disk(DiskEvent::Failed { torrent, message: "it is gone".into() }));
    let orders = pass(&mut scene, 3 * DISK_FULL_PAUSE);
    assert!(orders.is_empty(), "{orders:?}");
}
