//! Torrents that are taken on, looked at on the disk, and dialed for.

use super::scene::{HASH, Scene, dialed};
use crate::bitfield::Bitfield;
use crate::connection::event::{Answer, Event as PeerEvent};
use crate::connection::reason::CloseReason;
use crate::connection::shared::SharedTorrent;
use crate::kit::random::Random;
use crate::layout::Layout;
use crate::limits::{BLOCK_LENGTH, CHECK_JOBS_AHEAD, DIALS_MAX, STOPS_PER_TURN};
use crate::swarm::addresses::AddressBook;
use crate::swarm::event::{Control, DiskEvent, Event, Hashed};
use crate::swarm::order::{Notice, Order};
use crate::swarm::picker::Picker;
use crate::swarm::state::NewTorrent;
use crate::tracker::report::{Report, ReportOutcome};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

fn new_torrent(pieces: u32) -> NewTorrent {
    let length = u64::from(BLOCK_LENGTH) * 1_024;
    let layout = Layout::single(length, length * u64::from(pieces)).unwrap();
    let none = Bitfield::new(pieces);
    NewTorrent {
        shared: Arc::new(SharedTorrent::new(crate::id::InfoHash([8; 20]), Arc::new(layout), &none)),
        picker: Picker::new(pieces, 10, &mut Random::new(1)),
        addresses: AddressBook::default(),
    }
}

fn checks(orders: &[Order]) -> Vec<(u32, u32)> {
    let checks = orders.iter().filter_map(|order| match order {
        Order::Check { first, count, .. } => Some((*first, *count)),
        _ => None,
    });
    checks.collect()
}

#[test]
fn a_torrent_is_taken_on_once() {
    let mut scene = Scene::new(1, 1);
    let again = NewTorrent { shared: Arc::clone(&scene.shared), ..new_torrent(1) };
    assert_eq!(again.shared.info_hash, HASH);
    let orders = scene.tell(Event::Control(Control::Add(Box::new(again))));
    assert!(
        matches!(orders[..], [Order::Forget(HASH), Order::Notify(Notice::Refused(_))]),
        "{orders:?}"
    );
}

#[test]
fn when_a_thread_fails_every_torrent_does_and_none_is_taken_on() {
    let mut scene = Scene::new(1, 1);
    let add = |number: u8| {
        let mut new = new_torrent(1);
        let shared = Arc::new(SharedTorrent::new(
            crate::id::InfoHash([number; 20]),
            Arc::clone(&new.shared.layout),
            &Bitfield::new(1),
        ));
        new.shared = Arc::clone(&shared);
        (shared, Event::Control(Control::Add(Box::new(new))))
    };
    let mut all = vec![Arc::clone(&scene.shared)];
    for number in 100..100 + 2 * STOPS_PER_TURN as u8 {
        let (shared, event) = add(number);
        scene.tell(event);
        all.push(shared);
    }
    scene.tell(Event::Broken { thread: "hash-0".into() });
    while scene.swarm.has_more() {
        scene.turn();
    }
    let (late, event) = add(99);
    let orders = scene.tell(event);
    assert!(orders.iter().any(|order| matches!(order, Order::Notify(Notice::Refused(_)))));
    for shared in all.iter().chain([&late]) {
        let message = shared.failure.get().expect("it has failed");
        assert!(message.contains("the thread hash-0 failed"), "{message}");
    }
}

#[test]
fn a_failed_torrent_is_not_complete_whatever_was_under_way() {
    let mut scene = Scene::new(1, 2);
    let torrent = scene.torrent;
    let peer = scene.seed(1);
    let lease = scene.grant(peer, 2);
    let (active, _) = super::scene::hash(&scene.store(peer, &lease, 0b11)).unwrap();
    let orders = scene.good(active);
    assert!(orders.iter().any(|order| matches!(order, Order::Settle(_))), "{orders:?}");
    scene.tell(Event::Disk(DiskEvent::Failed { torrent, message: "it is gone".into() }));
    let orders = scene.tell(Event::Disk(DiskEvent::Settled { torrent }));
    assert!(orders.is_empty(), "{orders:?}");
    assert!(!scene.shared.settled.load(std::sync::atomic::Ordering::Relaxed));
}

#[test]
fn what_is_on_the_disk_is_checked_a_few_jobs_at_a_time_and_then_owned() {
    let mut scene = Scene::new(1, 1);
    let new = new_torrent(100);
    let shared = Arc::clone(&new.shared);
    let orders = scene.tell(Event::Control(Control::Add(Box::new(new))));
    let [Order::Notify(Notice::Added(torrent)), Order::Prepare { .. }] = orders[..] else {
        panic!("{orders:?}")
    };
    let orders = scene.tell(Event::Disk(DiskEvent::Prepared { torrent, check: true }));
    let mut jobs = checks(&orders);
    assert_eq!(jobs.len(), CHECK_JOBS_AHEAD, "pieces of 16 MiB, one a job");
    let mut last = Vec::new();
    while let Some((first, count)) = jobs.pop() {
        let good = u64::from(first % 3 == 0);
        last =
            scene.tell(Event::Hashed(Hashed::Checked { torrent, first, count, good, trusted: 0 }));
        jobs.extend(checks(&last));
    }
    assert_eq!(shared.owned.count(), 34);
    assert!(shared.owned.has(99) && !shared.owned.has(98));
    let told = last.iter().any(|order| {
        matches!(order, Order::Notify(Notice::Checked { torrent: t, owned: 34 }) if *t == torrent)
    });
    assert!(told, "{last:?}");
    let announced = last.iter().any(
        |order| matches!(order, Order::Discover { torrent: t, complete: false } if *t == torrent),
    );
    assert!(announced, "trackers hear of it when what is missing is known: {last:?}");
}

#[test]
fn trackers_hear_of_a_last_piece_and_people_of_trackers() {
    let mut scene = Scene::new(1, 2);
    let torrent = scene.torrent;
    let peer = scene.seed(1);
    let lease = scene.grant(peer, 2);
    let (active, _) = super::scene::hash(&scene.store(peer, &lease, 0b11)).unwrap();
    scene.good(active);
    let orders = scene.tell(Event::Disk(DiskEvent::Settled { torrent }));
    let expected = [Order::Completed(torrent), Order::Notify(Notice::Complete(torrent))];
    assert_eq!(format!("{orders:?}"), format!("{expected:?}"), "before anybody can stop for it");
    let outcome = ReportOutcome::Failed { reason: "no".into(), again: None };
    let report = Box::new(Report { tracker: "udp://a:1".into(), outcome });
    let orders = scene.tell(Event::Tracker { torrent, report: report.clone() });
    let [Order::Notify(Notice::Tracker { report: told, .. })] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(*told, report);
}

#[test]
fn a_torrent_that_is_being_checked_is_not_served() {
    let mut scene = Scene::new(1, 1);
    let new = new_torrent(1);
    let hash = new.shared.info_hash;
    scene.tell(Event::Control(Control::Add(Box::new(new))));
    let arrival = crate::swarm::event::ArrivalKey(50);
    let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, 9), 1));
    let orders = scene.tell(Event::Arrived { arrival, address });
    let [Order::Admit { peer, .. }] = orders[..] else { panic!("{orders:?}") };
    let orders = scene.say(peer, PeerEvent::Greeted(hash));
    assert_eq!(super::scene::stop(peer, &orders), Some(CloseReason::UnknownTorrent));
}

#[test]
fn when_the_disk_fails_nothing_more_is_granted_or_dialed() {
    let mut scene = Scene::new(2, 2);
    let peer = scene.seed(1);
    scene.grant(peer, 1);
    let failed = DiskEvent::Failed { torrent: scene.torrent, message: "no room".into() };
    let orders = scene.tell(Event::Disk(failed));
    let expected = matches!(
        orders[..],
        [Order::Withdraw(torrent), Order::Notify(Notice::Failed { .. })] if torrent == scene.torrent
    );
    assert!(expected, "{orders:?}");
    assert_eq!(scene.shared.failure.get().map(|message| &**message), Some("no room"));
    assert_eq!(scene.want(peer, 1).1, Answer::Wait);
    assert_eq!(scene.find(7), None);
}

#[test]
fn so_many_are_dialed_at_once_and_the_others_when_those_are_done() {
    let mut scene = Scene::new(1, 1);
    let addresses: Box<[SocketAddr]> = (0..DIALS_MAX as u8 + 5)
        .map(|host| SocketAddr::from((Ipv4Addr::new(10, 0, 1, host + 1), 1)))
        .collect();
    let torrent = scene.torrent;
    let mut orders = scene.tell(Event::Control(Control::Found { torrent, addresses }));
    while scene.swarm.has_more() {
        orders.extend(scene.turn());
    }
    let peers: Vec<_> = orders
        .iter()
        .filter_map(|order| match order {
            Order::Dial { peer, .. } => Some(*peer),
            _ => None,
        })
        .collect();
    assert_eq!(peers.len(), DIALS_MAX);
    let closed = PeerEvent::Closed(CloseReason::ConnectTimeout);
    assert!(dialed(&scene.say(peers[0], closed)).is_some());
    assert!(dialed(&scene.join(peers[1], crate::id::PeerId([1; 20]))).is_some());
}

#[test]
fn stopping_tells_everybody_and_ends_with_the_last_word() {
    let mut scene = Scene::new(1, 1);
    let peers: Vec<_> = (1..40).map(|name| scene.seed(name)).collect();
    let mut orders = scene.tell(Event::Control(Control::Stop));
    while scene.swarm.has_more() {
        orders.extend(scene.turn());
    }
    for peer in &peers {
        assert_eq!(super::scene::stop(*peer, &orders), Some(CloseReason::Stopped));
    }
    for peer in &peers {
        assert!(!scene.swarm.is_stopped());
        orders = scene.leave(*peer);
    }
    assert!(orders.iter().any(|order| matches!(order, Order::Notify(Notice::Stopped))));
}
