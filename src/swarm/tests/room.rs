//! Places for peers: how many a host gets, who is refused when all are taken, who makes room.

use super::scene::{Scene, dialed, stop};
use crate::connection::event::Event as PeerEvent;
use crate::connection::reason::CloseReason;
use crate::limits::{DIALS_MAX, HALF_OPEN_GRACE, HALF_OPEN_SHARE, PEERS_PER_HOST_MAX};
use crate::swarm::event::{ArrivalKey, Control, Event};
use crate::swarm::order::{Notice, Order};
use crate::swarm::state::PeerKey;
use std::net::{Ipv4Addr, SocketAddr};

/// Places of the scene's client.
const PLACES: usize = 64;

fn arrive(scene: &mut Scene, host: [u8; 4], port: u16) -> Vec<Order> {
    let address = SocketAddr::from((Ipv4Addr::from(host), port));
    scene.tell(Event::Arrived { arrival: ArrivalKey(u64::from(port)), address })
}

fn admitted(orders: &[Order]) -> Option<PeerKey> {
    orders.iter().find_map(|order| match order {
        Order::Admit { peer, .. } => Some(*peer),
        _ => None,
    })
}

fn asks_for_room(orders: &[Order]) -> bool {
    orders.iter().any(|order| matches!(order, Order::NameSpare))
}

/// A client all of whose places are taken, and who took them.
fn full() -> (Scene, Vec<PeerKey>) {
    let mut scene = Scene::new(1, 1);
    let peers = (1..=PLACES as u8).map(|name| scene.leecher(name)).collect();
    (scene, peers)
}

#[test]
fn a_host_gets_so_many_places_and_no_more() {
    let mut scene = Scene::new(1, 1);
    let host = [10, 9, 9, 9];
    let peers: Vec<_> = (0..PEERS_PER_HOST_MAX as u16)
        .map(|port| admitted(&arrive(&mut scene, host, port + 1)).expect("there is room"))
        .collect();
    let orders = arrive(&mut scene, host, 900);
    assert!(matches!(orders[..], [Order::Refuse(ArrivalKey(900))]), "{orders:?}");
    assert!(admitted(&arrive(&mut scene, [10, 9, 9, 10], 901)).is_some(), "another host");
    scene.say(peers[0], PeerEvent::Closed(CloseReason::RemoteClosed));
    assert!(admitted(&arrive(&mut scene, host, 902)).is_some(), "a place is free again");
}

#[test]
fn loopback_may_have_all_places() {
    let mut scene = Scene::new(1, 1);
    for port in 1..=PLACES as u16 {
        assert!(admitted(&arrive(&mut scene, [127, 0, 0, 1], port)).is_some(), "{port}");
    }
}

#[test]
fn a_host_with_all_its_places_is_not_dialed_but_later() {
    let mut scene = Scene::new(1, 1);
    for port in 1..=PEERS_PER_HOST_MAX as u16 {
        arrive(&mut scene, [10, 0, 0, 7], port);
    }
    assert_eq!(scene.find(7), None);
    assert!(scene.find(8).is_some());
}

#[test]
fn an_address_that_a_person_named_is_dialed_though_its_host_has_all_its_places() {
    let mut scene = Scene::new(1, 1);
    let host = [10, 0, 0, 7];
    for port in 1..=PEERS_PER_HOST_MAX as u16 {
        arrive(&mut scene, host, port);
    }
    let (named, found) = (SocketAddr::from((host, 901)), SocketAddr::from((host, 902)));
    let torrent = scene.swarm.torrents.get_mut(scene.torrent).expect("it is there");
    torrent.addresses.named(named);
    let addresses = Box::new([found]);
    let orders = scene.tell(Event::Control(Control::Found { torrent: scene.torrent, addresses }));
    let dialed: Vec<SocketAddr> = orders
        .iter()
        .filter_map(|order| match order {
            Order::Dial { address, .. } => Some(*address),
            _ => None,
        })
        .collect();
    assert_eq!(dialed, [named]);
}

#[test]
fn past_the_last_place_arrivals_are_refused_and_it_is_told_once() {
    let (mut scene, _) = full();
    let orders = arrive(&mut scene, [10, 1, 0, 1], 1);
    assert!(
        matches!(
            orders[..],
            [
                Order::Refuse(ArrivalKey(1)),
                Order::NameSpare,
                Order::Notify(Notice::Full { peers: PLACES })
            ]
        ),
        "{orders:?}"
    );
    let orders = arrive(&mut scene, [10, 1, 0, 1], 2);
    assert!(matches!(orders[..], [Order::Refuse(ArrivalKey(2))]), "{orders:?}");
    scene.tell(Event::Spare(None));
    assert!(asks_for_room(&arrive(&mut scene, [10, 1, 0, 1], 3)), "the answer was none");
}

#[test]
fn who_is_of_no_use_makes_room_for_the_next() {
    let (mut scene, peers) = full();
    assert!(asks_for_room(&arrive(&mut scene, [10, 1, 0, 1], 1)));
    scene.say(peers[3], PeerEvent::Interest(true));
    assert_eq!(stop(peers[3], &scene.tell(Event::Spare(Some(peers[3])))), None, "it woke up");
    arrive(&mut scene, [10, 1, 0, 1], 2);
    let orders = scene.tell(Event::Spare(Some(peers[4])));
    assert_eq!(stop(peers[4], &orders), Some(CloseReason::Displaced));
    scene.say(peers[4], PeerEvent::Closed(CloseReason::Displaced));
    assert!(admitted(&arrive(&mut scene, [10, 1, 0, 1], 3)).is_some());
}

#[test]
fn nobody_leaves_when_there_is_room_by_then() {
    let (mut scene, peers) = full();
    arrive(&mut scene, [10, 1, 0, 1], 1);
    scene.leave(peers[0]);
    assert_eq!(stop(peers[4], &scene.tell(Event::Spare(Some(peers[4])))), None);
}

#[test]
fn some_places_are_kept_while_there_is_somebody_to_dial() {
    let mut scene = Scene::new(1, 1);
    let hosts = 1..=DIALS_MAX as u8 + 8;
    let addresses =
        hosts.map(|host| SocketAddr::from((Ipv4Addr::new(10, 2, 0, host), 1))).collect();
    let torrent = scene.torrent;
    scene.tell(Event::Control(Control::Found { torrent, addresses }));
    while scene.swarm.has_more() {
        scene.turn();
    }
    let came = (1..=PLACES as u8)
        .filter(|&host| admitted(&arrive(&mut scene, [10, 3, 0, host], u16::from(host))).is_some());
    assert_eq!(came.count(), PLACES - DIALS_MAX - PLACES / 16);
}

#[test]
fn a_dial_that_finds_no_place_asks_for_one() {
    let (mut scene, peers) = full();
    let address = SocketAddr::from((Ipv4Addr::new(10, 2, 0, 1), 1));
    let torrent = scene.torrent;
    let found = Control::Found { torrent, addresses: Box::new([address]) };
    assert!(asks_for_room(&scene.tell(Event::Control(found))));
    scene.tell(Event::Spare(Some(peers[0])));
    let mut orders = scene.leave(peers[0]);
    orders.extend(scene.turn());
    assert!(dialed(&orders).is_some(), "{orders:?}");
}

/// Arrivals of as many hosts, each of which says nothing.
fn silent(scene: &mut Scene, count: usize) -> Vec<PeerKey> {
    let hosts = 1..=count as u8;
    hosts
        .map(|host| admitted(&arrive(scene, [10, 4, 0, host], 1)).expect("there is room"))
        .collect()
}

#[test]
fn who_says_nothing_has_a_share_of_the_places_and_makes_room_in_turn() {
    let mut scene = Scene::new(1, 1);
    for name in 1..=PLACES as u8 / 2 {
        scene.leecher(name);
    }
    let came = silent(&mut scene, PLACES / HALF_OPEN_SHARE);
    for (host, oldest) in came.into_iter().enumerate() {
        let orders = arrive(&mut scene, [10, 5, 0, host as u8], 1);
        assert!(admitted(&orders).is_some(), "{orders:?}");
        assert_eq!(stop(oldest, &orders), Some(CloseReason::Displaced), "the oldest first");
        scene.swarm.audit().expect("it fits together");
        scene.say(oldest, PeerEvent::Closed(CloseReason::Displaced));
    }
    assert_eq!(scene.swarm.peers.len(), PLACES / 2 + PLACES / HALF_OPEN_SHARE);
}

#[test]
fn when_all_places_are_taken_a_handshake_has_its_time_and_no_more() {
    let mut scene = Scene::new(1, 1);
    let half_open = silent(&mut scene, 1);
    for name in 1..PLACES as u8 {
        scene.leecher(name);
    }
    let orders = arrive(&mut scene, [10, 5, 0, 1], 1);
    assert_eq!(stop(half_open[0], &orders), None, "it may be under way");
    assert!(asks_for_room(&orders));
    scene.now = scene.now + HALF_OPEN_GRACE;
    let orders = arrive(&mut scene, [10, 5, 0, 2], 2);
    assert_eq!(stop(half_open[0], &orders), Some(CloseReason::Displaced));
    scene.say(half_open[0], PeerEvent::Closed(CloseReason::Displaced));
    assert!(admitted(&arrive(&mut scene, [10, 5, 0, 3], 3)).is_some());
}
