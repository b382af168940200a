//! Who reaches whom: nodes behind NATs, pairs that cannot speak to each other, sources that ask
//! too much. The nodes have public addresses, so that quotas and subnets count.

use crate::data::{announce_some, expect_all, key};
use crate::seeds::{becomes_ideal, for_seeds, seconds};
use cuerda::chord::codec::encode;
use cuerda::chord::input::{Command, Event};
use cuerda::chord::message::{Body, Message, Query, Standing};
use cuerda::chord::settings::Settings;
use cuerda::simulator::world::World;
use std::net::SocketAddr;
use std::sync::Arc;

/// Adds a node behind a NAT that is known at its outer address, or thinks it is elsewhere.
fn behind_nat(world: &mut World, inner: Option<SocketAddr>, symmetric: bool) -> usize {
    let slot = world.add_slot(world.next_address());
    if symmetric {
        world.network.translate_per_partner(slot);
    } else if inner.is_none() {
        world.network.translate(slot);
    }
    let address = inner.unwrap_or(world.slots[slot].address);
    world.start_as(slot, address, Arc::new(Settings::default()));
    let bootstrap = (0..3).map(|via| world.slots[via].address).collect();
    world.command(slot, Command::Join(bootstrap));
    slot
}

fn open_ring(world: &mut World, count: usize) {
    world.public = true;
    world.grow(count);
    becomes_ideal(world, seconds(200));
    world.run_for(seconds(30));
}

#[test]
fn a_ring_of_public_addresses_works_under_its_quotas() {
    for_seeds(2, |world| {
        open_ring(world, 20);
        let key = key(world);
        let kept = announce_some(world, key, 4);
        assert_eq!(kept.len(), 4);
        expect_all(world, key, &kept);
        let last = world.join_one(Some(0));
        world.run_for(seconds(10));
        let node = world.slots[last].node.as_ref().unwrap();
        assert_eq!((node.standing(), node.is_reachable()), (Standing::Member, Some(true)));
    });
}

#[test]
fn who_cannot_be_reached_stays_a_client_that_reads_and_announces() {
    for_seeds(3, |world| {
        open_ring(world, 15);
        for symmetric in [false, true] {
            let slot = behind_nat(world, None, symmetric);
            world.run_for(seconds(25));
            let node = world.slots[slot].node.as_ref().unwrap();
            assert_eq!((node.standing(), node.is_reachable()), (Standing::Client, Some(false)));
            let address = world.slots[slot].address;
            let listed = world.running().filter(|(other, node)| {
                let lists = node.neighborhood();
                let mut all = lists.successors.entries().iter().chain(lists.predecessors.entries());
                *other != slot && all.any(|node| node.address.ip() == address.ip())
            });
            assert_eq!(listed.count(), 0, "a client is in nobody's lists");
            let key = key(world);
            assert!(crate::data::announce(world, slot, key, 5));
            let (found, complete) = crate::data::read(world, slot, key);
            assert!(complete && found == [SocketAddr::new(address.ip(), 5)].into());
        }
    });
}

#[test]
fn a_node_learns_from_others_where_it_is() {
    for_seeds(3, |world| {
        open_ring(world, 12);
        let slot = behind_nat(world, Some(([192, 168, 1, 2], 7_000).into()), false);
        world.run_for(seconds(30));
        let outer = world.slots[slot].address;
        let moved = world.slots[slot].events.iter().any(|(_, event)| *event == Event::Moved(outer));
        assert!(moved, "{:?}", world.slots[slot].events);
    });
}

#[test]
fn two_neighbors_that_cannot_hear_each_other_stay_in_the_ring() {
    for_seeds(3, |world| {
        world.grow(12);
        becomes_ideal(world, seconds(150));
        let order: Vec<usize> = world.members().into_values().collect();
        let (a, b) = (order[3], order[4]);
        world.network.set_group(a, 1);
        world.network.set_group(b, 2);
        world.network.cut(1, 2);
        world.network.cut(2, 1);
        for _ in 0..25 {
            world.run_for(seconds(5));
            assert_eq!(world.not_right(), None);
        }
        // Joins and crashes behind them still come round.
        world.crash(order[6]);
        let via = order[0];
        world.join_one(Some(via));
        world.run_for(seconds(40));
        assert_eq!(world.not_right(), None);
        world.network.heal();
        world.run_for(seconds(60));
        becomes_ideal(world, seconds(120));
    });
}

#[test]
fn a_neighbor_that_only_a_liar_hears_of_does_not_stay_for_ever() {
    for_seeds(2, |world| {
        world.grow(8);
        becomes_ideal(world, seconds(120));
        let order: Vec<usize> = world.members().into_values().collect();
        // One that hears nothing but is heard is as useless: it answers nobody who asks it.
        let slot = order[2];
        world.network.set_group(slot, 1);
        world.network.cut(0, 1);
        world.run_for(seconds(30));
        let id = world.contact(slot).id;
        let before = world.slots[order[1]].node.as_ref().unwrap();
        let listed = before.neighborhood().successors.entries().iter().any(|node| node.id == id);
        assert!(!listed, "nobody gets an answer of it");
    });
}

#[test]
fn a_source_that_asks_too_much_is_not_answered_and_others_are() {
    for_seeds(1, |world| {
        open_ring(world, 10);
        let flooder = world.add_slot(([99, 1, 1, 1], 5).into());
        let query = Body::Query { query: Query::GetNeighbors, cookie: None, client: true };
        let message = Message { transaction: [1, 2, 3, 4], body: query };
        let bytes = encode(&message, world.settings.tag(), 400);
        let (from, to) = (world.slots[flooder].address, world.slots[3].address);
        let sent = world.slots[3].sent;
        for _ in 0..100 {
            for _ in 0..100 {
                world.inject(flooder, from, to, bytes.clone());
            }
            world.run_for(std::time::Duration::from_millis(100));
        }
        let answered = world.slots[3].sent - sent;
        assert!((250..500).contains(&answered), "of 10,000 questions in 10 s: {answered}");
        let key = key(world);
        let kept = announce_some(world, key, 3);
        expect_all(world, key, &kept);
    });
}
