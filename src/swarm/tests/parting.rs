//! A private torrent with another tracker leaves all of its peers (BEP 27).

use super::scene::{Scene, stop};
use crate::connection::event::Event as PeerEvent;
use crate::connection::reason::CloseReason;
use crate::limits::STOPS_PER_TURN;
use crate::swarm::event::{Control, Event};
use crate::swarm::order::Order;
use std::net::SocketAddr;

fn dialed(orders: &[Order]) -> Vec<SocketAddr> {
    let address = |order: &Order| match order {
        Order::Dial { address, .. } => Some(*address),
        _ => None,
    };
    orders.iter().filter_map(address).collect()
}

#[test]
fn all_peers_leave_and_only_those_of_the_new_tracker_are_dialed() {
    let mut scene = Scene::new(4, 1);
    let torrent = scene.torrent;
    let count = STOPS_PER_TURN as u8 + 3;
    let peers: Vec<_> = (1..=count).map(|name| scene.leecher(name)).collect();
    let old = SocketAddr::from(([10, 3, 0, 1], 1));
    let new = SocketAddr::from(([10, 3, 0, 2], 2));
    let named = SocketAddr::from(([10, 3, 0, 3], 3));
    let book = &mut scene.swarm.torrents.get_mut(torrent).expect("it is there").addresses;
    // Known, and waiting to be dialed.
    assert!(book.found(old));
    book.named(named);
    let mut orders = scene.tell(Event::Control(Control::Part(torrent)));
    let found = Control::Found { torrent, addresses: Box::new([new]) };
    orders.extend(scene.tell(Event::Control(found)));
    while scene.swarm.has_more() {
        orders.extend(scene.turn());
    }
    for peer in &peers {
        assert_eq!(stop(*peer, &orders), Some(CloseReason::OtherTracker));
    }
    assert_eq!(dialed(&orders), [named, new]);
    let last_stop = orders.iter().rposition(|order| matches!(order, Order::Post(..)));
    let first_dial = orders.iter().position(|order| matches!(order, Order::Dial { .. }));
    assert!(last_stop < first_dial, "nobody new is told to leave");
    for peer in peers {
        scene.say(peer, PeerEvent::Closed(CloseReason::OtherTracker));
    }
    scene.tell(Event::Control(Control::Part(torrent)));
    let mut turns = 0;
    while scene.swarm.has_more() {
        scene.turn();
        turns += 1;
        assert!(turns < 100, "it comes to its end");
    }
}
