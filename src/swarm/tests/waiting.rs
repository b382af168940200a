//! Peers that wait for work.

use super::scene::{Scene, woken};
use crate::connection::event::{Answer, Event};
use crate::limits::WAKES_UNDER_WAY_MAX;
use crate::swarm::state::PeerKey;

/// A scene in which all blocks are out to one peer and others wait; the lease comes back.
fn returned(waiting: u8) -> (Scene, Vec<PeerKey>, Vec<PeerKey>) {
    let mut scene = Scene::new(1, 2);
    let holder = scene.seed(0);
    let lease = scene.grant(holder, 2);
    let peers: Vec<_> = (1..=waiting).map(|name| scene.seed(name)).collect();
    for peer in &peers {
        assert_eq!(scene.want(*peer, 1).1, Answer::Wait);
    }
    let told = woken(&scene.give_back(holder, lease.lease, 0b11));
    (scene, peers, told)
}

#[test]
fn those_that_asked_longest_ago_are_told_first_and_few_at_once() {
    let (_, peers, told) = returned(9);
    assert_eq!(told, peers[..WAKES_UNDER_WAY_MAX as usize]);
}

#[test]
fn who_passes_hands_the_news_on_until_everybody_has_heard_it() {
    let (mut scene, peers, told) = returned(20);
    let mut heard = told.clone();
    let mut next = 0;
    while next < heard.len() {
        let more = woken(&scene.say(heard[next], Event::Pass));
        heard.extend(more);
        next += 1;
    }
    assert_eq!(heard, peers);
}

#[test]
fn who_asks_hands_the_news_on_too() {
    let (mut scene, peers, told) = returned(9);
    let orders = scene.say(told[0], Event::Want { blocks: 1, idle: false });
    assert_eq!(woken(&orders), [peers[told.len()]]);
}

#[test]
fn who_leaves_hands_the_news_on() {
    let (mut scene, peers, told) = returned(9);
    assert_eq!(woken(&scene.leave(told[0])), [peers[told.len()]]);
}

#[test]
fn nobody_is_told_twice_of_the_same_news() {
    let (mut scene, _, told) = returned(2);
    for peer in &told {
        assert!(woken(&scene.say(*peer, Event::Want { blocks: 4, idle: false })).is_empty());
    }
    let (_, answer) = scene.want(told[1], 4);
    assert_eq!(answer, Answer::Wait);
    assert!(woken(&scene.say(told[0], Event::Pass)).is_empty());
}

#[test]
fn work_that_appears_during_a_search_is_told_when_it_ends() {
    let mut scene = Scene::new(3, 1);
    let holder = scene.peer_with(1, &[0]);
    let lease = scene.grant(holder, 1);
    let peer = scene.peer_with(2, &[0]);
    assert_eq!(scene.want(peer, 1).1, Answer::NothingNear);
    let told = woken(&scene.give_back(holder, lease.lease, 1));
    assert_eq!(told, [peer], "it waits already");
    let piece = scene.shared.layout.piece(1).unwrap();
    let orders = scene.say(peer, Event::Candidate { piece, blocks: 1 });
    assert_eq!(woken(&orders), [peer], "its search may have passed the piece by");
    let orders = scene.say(peer, Event::Candidate { piece, blocks: 1 });
    assert!(woken(&orders).is_empty(), "it was told");
}
