//! Announced peers under the oracle: what was acknowledged by a quorum is in every complete read
//! that begins afterwards.

use crate::seeds::{becomes_ideal, for_seeds, seconds};
use cuerda::chord::input::{Command, Event, Outcome};
use cuerda::chord::message::Flags;
use cuerda::id::InfoHash;
use cuerda::simulator::world::World;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Announces `port` of a node; true if a quorum acknowledged.
pub(crate) fn announce(world: &mut World, slot: usize, key: InfoHash, port: u16) -> bool {
    let flags = Flags { unpingable: true, ..Flags::default() };
    let command = Command::Announce { info_hash: key, port: Some(port), flags };
    matches!(finish(world, slot, command), (Some(Outcome::Counted { complete: true, .. }), _))
}

/// Reads; the peers found, and whether a quorum answered.
pub(crate) fn read(world: &mut World, slot: usize, key: InfoHash) -> (BTreeSet<SocketAddr>, bool) {
    let (outcome, found) = finish(world, slot, Command::Lookup(key));
    (found, matches!(outcome, Some(Outcome::Counted { complete: true, .. })))
}

/// Runs a command to its end.
pub(crate) fn finish(
    world: &mut World,
    slot: usize,
    command: Command,
) -> (Option<Outcome>, BTreeSet<SocketAddr>) {
    let number = world.command(slot, command);
    let ended = world.run_till(std::time::Duration::from_millis(20), seconds(15), |world| {
        world.outcome(slot, number).is_some()
    });
    assert!(ended || world.slots[slot].node.is_none(), "every command ends");
    let mut found = BTreeSet::new();
    for (_, event) in &world.slots[slot].events {
        if let Event::Peers { command, peers } = event
            && *command == number
        {
            for (address, flags) in peers {
                if flags.gone {
                    found.remove(address);
                } else {
                    found.insert(*address);
                }
            }
        }
    }
    (world.outcome(slot, number).cloned(), found)
}

pub(crate) fn key(world: &mut World) -> InfoHash {
    InfoHash(world.random_place().0)
}

/// Announces from several nodes; what was acknowledged.
pub(crate) fn announce_some(world: &mut World, key: InfoHash, count: u16) -> BTreeSet<SocketAddr> {
    let mut acknowledged = BTreeSet::new();
    for port in 1..=count {
        let slot = world.random_slot();
        if announce(world, slot, key, port) {
            acknowledged.insert(SocketAddr::new(world.slots[slot].address.ip(), port));
        }
    }
    acknowledged
}

/// A complete read must come within some tries, and miss nothing.
pub(crate) fn expect_all(world: &mut World, key: InfoHash, acknowledged: &BTreeSet<SocketAddr>) {
    for _ in 0..10 {
        let slot = world.random_slot();
        let (found, complete) = read(world, slot, key);
        if complete {
            let missed: Vec<_> = acknowledged.difference(&found).collect();
            assert!(missed.is_empty(), "acknowledged, but missed by {slot}: {missed:?}");
            return;
        }
    }
    panic!("no read of {key} was complete");
}

#[test]
fn what_is_announced_is_found_by_everybody() {
    for_seeds(2, |world| {
        let size = 1 + world.draw(40) as usize;
        world.grow(size);
        world.run_for(seconds(30));
        let key = key(world);
        let acknowledged = announce_some(world, key, 5);
        assert_eq!(acknowledged.len(), 5, "nothing changes, so everything is acknowledged");
        for _ in 0..3 {
            expect_all(world, key, &acknowledged);
        }
    });
}

#[test]
fn a_node_alone_holds_what_it_announces_and_the_next_one_gets_it() {
    for_seeds(3, |world| {
        world.grow(1);
        let key = key(world);
        let acknowledged = announce_some(world, key, 2);
        assert_eq!(acknowledged.len(), 2);
        expect_all(world, key, &acknowledged);
        world.join_one(Some(0));
        world.run_for(seconds(10));
        world.crash(0);
        expect_all(world, key, &acknowledged);
    });
}

#[test]
fn one_join_after_another_loses_nothing() {
    for_seeds(4, |world| {
        world.grow(6);
        world.run_for(seconds(30));
        let key = key(world);
        let mut acknowledged = announce_some(world, key, 3);
        for _ in 0..15 {
            let via = world.random_slot();
            world.join_one(Some(via));
            let wait = u64::from(world.draw(6));
            world.run_for(seconds(wait));
            expect_all(world, key, &acknowledged);
            acknowledged.extend(announce_some(world, key, 1));
            world.run_for(seconds(10));
        }
    });
}

#[test]
fn one_crash_or_leave_after_another_loses_nothing() {
    for_seeds(2, |world| {
        world.grow(25);
        world.run_for(seconds(60));
        let key = key(world);
        let mut acknowledged = announce_some(world, key, 3);
        for _ in 0..12 {
            let slot = world.random_slot();
            if world.draw(2) == 0 {
                world.crash(slot)
            } else {
                world.leave(slot)
            }
            let wait = u64::from(world.draw(20));
            world.run_for(seconds(wait));
            expect_all(world, key, &acknowledged);
            acknowledged.extend(announce_some(world, key, 1));
            world.run_for(seconds(20));
        }
    });
}

#[test]
fn any_two_of_five_replicas_can_be_lost_at_once() {
    for_seeds(2, |world| {
        world.grow(25);
        world.run_for(seconds(60));
        for _ in 0..4 {
            let key = key(world);
            let acknowledged = announce_some(world, key, 3);
            let place = cuerda::chord::ring_id::RingId::of_key(key);
            let mut replicas = world.followers(place, 5);
            for _ in 0..2 {
                let chosen = replicas.remove(world.draw(replicas.len() as u32) as usize);
                let slot = world.members()[&chosen.id];
                world.crash(slot);
            }
            expect_all(world, key, &acknowledged);
            world.run_for(seconds(60));
            expect_all(world, key, &acknowledged);
        }
    });
}

#[test]
fn after_a_split_heals_both_sides_announces_are_found() {
    for_seeds(1, |world| {
        world.grow(24);
        becomes_ideal(world, seconds(150));
        let key = key(world);
        let mut slots = world.running_slots();
        let half = slots.split_off(12);
        world.split(&[slots.clone(), half.clone()]);
        world.run_for(seconds(90));
        let mut acknowledged = BTreeSet::new();
        for (port, slot) in [(1, slots[0]), (2, half[0])] {
            assert!(announce(world, slot, key, port), "each side serves its own");
            acknowledged.insert(SocketAddr::new(world.slots[slot].address.ip(), port));
        }
        world.network.heal();
        becomes_ideal(world, seconds(600));
        world.run_for(seconds(120));
        expect_all(world, key, &acknowledged);
    });
}

#[test]
fn a_peer_that_withdraws_is_found_no_more() {
    for_seeds(8, |world| {
        world.grow(12);
        world.run_for(seconds(30));
        let key = key(world);
        assert!(announce(world, 3, key, 5));
        let flags = Flags { gone: true, ..Flags::default() };
        let gone = Command::Announce { info_hash: key, port: Some(5), flags };
        let (outcome, _) = finish(world, 3, gone);
        assert!(matches!(outcome, Some(Outcome::Counted { complete: true, .. })));
        // The write counts when three of five have it; of the others none is in a read alone.
        let (found, complete) = read(world, 7, key);
        assert!(complete && found.is_empty(), "{found:?}");
        world.run_for(seconds(2));
        let (found, complete) = read(world, 8, key);
        assert!(complete && found.is_empty(), "2 s later: {found:?}");
    });
}

#[test]
fn an_announce_reaches_also_the_replicas_that_it_does_not_wait_for() {
    for_seeds(4, |world| {
        world.grow(12);
        world.run_for(seconds(30));
        let key = key(world);
        assert!(announce(world, 3, key, 5));
        world.run_for(seconds(2));
        let place = cuerda::chord::ring_id::RingId::of_key(key);
        let members = world.members();
        for replica in world.followers(place, 5) {
            let node = world.slots[members[&replica.id]].node.as_ref().unwrap();
            assert_eq!(node.store().len(), 1, "{replica:?}");
        }
    });
}

#[test]
fn a_peer_that_dies_is_taken_out_by_pings() {
    for_seeds(2, |world| {
        world.grow(12);
        world.run_for(seconds(30));
        let key = key(world);
        let port = world.slots[4].address.port();
        let live = Command::Announce { info_hash: key, port: Some(port), flags: Flags::default() };
        let (outcome, _) = finish(world, 4, live);
        assert!(matches!(outcome, Some(Outcome::Counted { complete: true, .. })));
        world.run_for(seconds(600));
        assert_eq!(read(world, 7, key).0.len(), 1, "it lives, so it stays");
        world.crash(4);
        world.run_for(seconds(600));
        assert!(read(world, 7, key).0.is_empty(), "ten minutes after its death it is gone");
    });
}
