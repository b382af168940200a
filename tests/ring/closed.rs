//! Closed rings: who has the key is in, everybody else hears nothing.

use crate::data::{announce_some, expect_all, key};
use crate::seeds::{becomes_ideal, for_seeds_with, seconds};
use cuerda::chord::input::Command;
use cuerda::chord::message::Standing;
use cuerda::chord::seal::{KEY_LENGTH, RingKey};
use cuerda::chord::settings::Settings;
use std::sync::Arc;

fn closed(byte: u8) -> Settings {
    Settings { key: Some(RingKey::new([byte; KEY_LENGTH])), ..Settings::default() }
}

#[test]
fn a_closed_ring_works_although_the_network_repeats_and_reorders() {
    for_seeds_with(2, &closed(1), |world| {
        world.network.duplicate_permille = 200;
        world.grow(12);
        becomes_ideal(world, seconds(150));
        world.run_for(seconds(30));
        let key = key(world);
        let kept = announce_some(world, key, 4);
        assert_eq!(kept.len(), 4);
        expect_all(world, key, &kept);
        let refused: Vec<_> = world.running().map(|(_, node)| node.refused()).collect();
        assert!(refused.iter().all(|refused| refused.strange == 0 && refused.untimely == 0));
        assert!(refused.iter().any(|refused| refused.repeated > 0), "copies are not taken in");
    });
}

#[test]
fn strangers_hear_nothing_of_a_closed_ring() {
    for stranger in [Settings::default(), closed(2)] {
        for_seeds_with(1, &closed(1), |world| {
            world.grow(5);
            becomes_ideal(world, seconds(60));
            let slot = world.add_slot(world.next_address());
            world.start(slot, Arc::new(stranger.clone()));
            let via = world.slots[0].address;
            world.command(slot, Command::Join(vec![via]));
            world.run_for(seconds(60));
            let node = world.slots[slot].node.as_ref().unwrap();
            assert!(node.contacts().is_empty(), "nobody has answered it");
            assert!(node.neighborhood().successors.first().is_none());
            let member = world.slots[0].node.as_ref().unwrap();
            assert!(member.refused().strange > 0);
            assert!(
                !member.contacts().live().any(|node| node.address == world.slots[slot].address)
            );
        });
    }
}

#[test]
fn copies_from_another_run_or_a_wrong_clock_are_refused() {
    for_seeds_with(1, &closed(1), |world| {
        world.grow(4);
        becomes_ideal(world, seconds(60));
        let late = Settings { epoch_micros: 121_000_000, ..closed(1) };
        let slot = world.add_slot(world.next_address());
        world.start(slot, Arc::new(late));
        let via = world.slots[0].address;
        world.command(slot, Command::Join(vec![via]));
        world.run_for(seconds(30));
        let member = world.slots[0].node.as_ref().unwrap();
        assert!(member.refused().untimely > 0, "its clock is two minutes ahead");
        let slot = world.add_slot(world.next_address());
        world.start(slot, Arc::new(Settings { epoch_micros: 110_000_000, ..closed(1) }));
        world.command(slot, Command::Join(vec![via]));
        world.run_for(seconds(10));
        let node = world.slots[slot].node.as_ref().unwrap();
        assert_eq!(node.standing(), Standing::Member);
        assert!(node.neighborhood().successors.first().is_some());
    });
}
