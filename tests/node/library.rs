//! The handle that a program holds: announce, look up, withdraw, status, stop.

use crate::scene::{
    DEPTH, address, becomes_ideal, client, finish, hash, look_up, node, short, start, stop,
    stop_all, walk,
};
use crate::support::wait;
use cuerda::chord::settings::Settings;
use cuerda::client::ring::{
    Flags, Outcome, Ring, RingNotice, RingOptions, RingStartError, Role, Standing,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// Time for anything that needs a few round trips.
const SOON: Duration = Duration::from_secs(30);

/// A ring of so many nodes, each joined through the first.
fn ring(count: usize) -> Vec<Ring> {
    let first = node("127.0.0.1:0", &[]);
    let via = address(&first);
    let mut nodes = vec![first];
    nodes.extend((1..count).map(|_| node("127.0.0.1:0", &[via])));
    becomes_ideal(&nodes[0].handle(), via, count, SOON);
    nodes
}

#[test]
fn what_one_node_announces_all_others_and_clients_find_until_it_is_withdrawn() {
    let nodes = ring(8);
    let announced = nodes[3].handle();
    let call = announced.announce(hash(1), Some(7_001), Role::Seeder).expect("a running node");
    let (_, outcomes) = finish(call);
    let [Outcome::Counted { complete: true, replies, replicas: 5 }] = outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert!(replies >= 3, "{replies}");
    let expected: SocketAddr = ([127, 0, 0, 1], 7_001).into();
    let outside = client(address(&nodes[5]));
    for handle in nodes.iter().chain([&outside]).map(Ring::handle) {
        let (peers, complete) = look_up(&handle, hash(1));
        assert!(complete && peers.contains(&expected) && peers.len() == 1, "{peers:?}");
    }
    assert_eq!(announced.status(SOON).expect("a status")[0].announced, 1);
    let (_, outcomes) = finish(announced.withdraw(hash(1), Some(7_001)).expect("a running node"));
    assert!(matches!(outcomes[..], [Outcome::Counted { complete: true, .. }]), "{outcomes:?}");
    wait::until("all replicas know that the peer left", SOON, || {
        let (peers, complete) = look_up(&outside.handle(), hash(1));
        (complete && peers.is_empty()).then_some(())
    });
    assert_eq!(announced.status(SOON).expect("a status")[0].announced, 0);
    stop_all(nodes.into_iter().chain([outside]));
}

#[test]
fn who_stops_takes_leave_and_what_it_announced_is_gone() {
    let mut nodes = ring(6);
    let leaver = nodes.remove(2);
    let (gone, rest) = (address(&leaver), address(&nodes[0]));
    finish(leaver.handle().announce(hash(2), Some(7_002), Role::Leecher).expect("a node"));
    finish(nodes[0].handle().announce(hash(2), Some(7_003), Role::Leecher).expect("a node"));
    stop(leaver);
    let walked = becomes_ideal(&nodes[0].handle(), rest, 5, SOON);
    assert!(walked.nodes.iter().all(|(contact, _)| contact.address != gone));
    wait::until("only who stayed is told", SOON, || {
        let (peers, complete) = look_up(&nodes[1].handle(), hash(2));
        assert!(!complete || peers.contains(&([127, 0, 0, 1], 7_003).into()), "{peers:?}");
        (complete && peers.len() == 1).then_some(())
    });
    stop_all(nodes);
}

#[test]
fn a_node_finds_its_way_back_by_the_contacts_that_it_saved() {
    let nodes = ring(4);
    let via = address(&nodes[0]);
    let folder = tempfile::tempdir().expect("a folder");
    let options = |bootstrap: Vec<SocketAddr>| RingOptions {
        listen: vec![([127, 0, 0, 1], 0).into()],
        bootstrap,
        state: Some(folder.path().join("contacts")),
        settings: Settings { periods: short(), ..Settings::default() },
        ..RingOptions::default()
    };
    let fifth = start(options(vec![via]));
    becomes_ideal(&nodes[0].handle(), via, 5, SOON);
    stop(fifth);
    becomes_ideal(&nodes[0].handle(), via, 4, SOON);
    let again = start(options(Vec::new()));
    becomes_ideal(&nodes[0].handle(), via, 5, SOON);
    stop_all(nodes.into_iter().chain([again]));
}

#[test]
fn both_families_have_a_ring_each_and_one_handle_for_both() {
    let (v4, v6): (SocketAddr, SocketAddr) =
        (([127, 0, 0, 1], 0).into(), "[::1]:0".parse().expect("an address"));
    let options = |bootstrap: Vec<SocketAddr>| RingOptions {
        listen: vec![v4, v6],
        bootstrap,
        settings: Settings { periods: short(), ..Settings::default() },
        ..RingOptions::default()
    };
    let first = match Ring::start(options(Vec::new())) {
        Ok(first) => first,
        // A machine without IPv6 has no two rings.
        Err(RingStartError::Listen { address, .. }) if address.is_ipv6() => return,
        Err(error) => panic!("{error}"),
    };
    let addresses = first.listening().to_vec();
    assert_eq!(addresses[0].port(), addresses[1].port());
    let others: Vec<Ring> = (0..3).map(|_| start(options(addresses.clone()))).collect();
    for via in addresses {
        becomes_ideal(&first.handle(), via, 4, SOON);
    }
    let call = others[0].handle().announce(hash(3), None, Role::Leecher).expect("a node");
    assert_eq!(finish(call).1.len(), 2, "both rings tell how it went");
    let (peers, outcomes) = finish(others[1].handle().lookup(hash(3)).expect("a node"));
    let expected = others[0].listening().iter().copied().collect();
    assert_eq!((peers, outcomes.len()), (expected, 2));
    stop_all(others.into_iter().chain([first]));
}

#[test]
fn a_node_tells_how_it_is_and_what_happens_to_it() {
    let nodes = ring(3);
    let status = nodes[1].handle().status(SOON).expect("a status");
    let [status] = &status[..] else { panic!("{status:?}") };
    assert_eq!((status.standing, status.nodes), (Standing::Member, 3));
    assert_eq!((status.successors.len(), status.me.address), (2, address(&nodes[1])));
    assert!(status.traffic.datagrams_in > 0 && status.traffic.bytes_out > 0);
    let told: Vec<RingNotice> = nodes[1].notices().try_iter().collect();
    assert!(told.iter().any(|notice| matches!(notice, RingNotice::Joined(_))), "{told:?}");
    stop_all(nodes);
}

#[test]
fn what_cannot_be_answered_is_told_in_bounded_time() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let outside = client(silent.local_addr().expect("an address"));
    let call = outside.handle().lookup(hash(4)).expect("a running node");
    let walked = walk(&outside.handle(), silent.local_addr().expect("an address"));
    assert!(walked.nodes.is_empty() && walked.silent.len() == 1 && !walked.is_ideal(DEPTH));
    let other_family = outside.handle();
    let walked = walk(&other_family, "[::1]:9".parse().expect("an address"));
    assert_eq!(walked.silent.len(), 1);
    assert_eq!(finish(call), (BTreeSet::new(), vec![Outcome::Failed]));
    stop(outside);
    assert!(other_family.lookup(hash(4)).map(finish).is_ok_and(|(_, done)| done.is_empty()));
}

#[test]
fn an_announce_that_is_kept_is_renewed() {
    let first = node("127.0.0.1:0", &[]);
    let second = start(RingOptions {
        listen: vec![([127, 0, 0, 1], 0).into()],
        bootstrap: vec![address(&first)],
        settings: Settings { periods: short(), ..Settings::default() },
        renewal_period: Duration::from_secs(1),
        ..RingOptions::default()
    });
    becomes_ideal(&first.handle(), address(&first), 2, SOON);
    finish(second.handle().announce(hash(5), None, Role::Leecher).expect("a node"));
    // Somebody takes it out of the ring in the announcer's name: the next announce brings it back.
    let gone = Flags { gone: true, ..Flags::default() };
    let own = Some(address(&second).port());
    finish(second.handle().announce_with(hash(5), own, gone, false).expect("a node"));
    wait::until("the announce is renewed", SOON, || {
        look_up(&first.handle(), hash(5)).0.contains(&address(&second)).then_some(())
    });
    stop(second);
    stop(first);
}
