//! Nodes that leave with a word: nothing acknowledged goes with them, however many leave.

use crate::data::{announce_some, expect_all, key};
use crate::seeds::{becomes_ideal, becomes_right, for_seeds, seconds};
use cuerda::chord::input::{Command, Event};

#[test]
fn half_the_nodes_leave_within_a_minute_and_no_announce_is_lost() {
    for_seeds(2, |world| {
        world.grow(30);
        becomes_ideal(world, seconds(150));
        world.run_for(seconds(30));
        let keys: Vec<_> = (0..4).map(|_| key(world)).collect();
        let kept: Vec<_> = keys.iter().map(|key| announce_some(world, *key, 3)).collect();
        for _ in 0..15 {
            let members: Vec<usize> = world.members().into_values().collect();
            let slot = members[world.draw(members.len() as u32) as usize];
            world.leave(slot);
            world.run_for(seconds(4));
            let chosen = world.draw(4) as usize;
            expect_all(world, keys[chosen], &kept[chosen]);
        }
        world.run_for(seconds(2));
        assert_eq!(world.running().count(), 15, "all that left are gone");
        let handed_over = world
            .slots
            .iter()
            .filter(|slot| slot.events.iter().any(|(_, event)| *event == Event::Left));
        assert_eq!(handed_over.count(), 15);
        becomes_right(world, seconds(30));
        for (key, kept) in keys.iter().zip(&kept) {
            expect_all(world, *key, kept);
        }
    });
}

#[test]
fn all_replicas_of_a_key_can_leave_at_once() {
    for_seeds(4, |world| {
        world.grow(25);
        becomes_ideal(world, seconds(150));
        world.run_for(seconds(30));
        let key = key(world);
        let kept = announce_some(world, key, 3);
        // Those that have gone last come back to nobody: their announces are on the others.
        let place = cuerda::chord::ring_id::RingId::of_key(key);
        let members = world.members();
        for replica in world.followers(place, 5) {
            world.leave(members[&replica.id]);
        }
        world.run_for(seconds(6));
        assert_eq!(world.running().count(), 20);
        expect_all(world, key, &kept);
    });
}

#[test]
fn the_last_two_nodes_hand_over_and_the_last_one_just_leaves() {
    for_seeds(3, |world| {
        world.grow(2);
        becomes_ideal(world, seconds(30));
        let key = key(world);
        let kept = announce_some(world, key, 2);
        world.leave(0);
        world.run_for(seconds(6));
        expect_all(world, key, &kept);
        let before = world.now;
        world.leave(1);
        let left =
            world.slots[1].events.iter().any(|(at, event)| *at == before && *event == Event::Left);
        assert!(left, "there is nobody to wait for");
    });
}

#[test]
fn who_leaves_a_ring_that_does_not_answer_is_gone_in_five_seconds() {
    for_seeds(2, |world| {
        world.grow(6);
        becomes_ideal(world, seconds(60));
        let slots = world.running_slots();
        world.split(&[vec![slots[0]], slots[1..].to_vec()]);
        let number = world.command(slots[0], Command::Lookup(cuerda::id::InfoHash([1; 20])));
        world.leave(slots[0]);
        world.run_for(seconds(4));
        assert!(world.slots[slots[0]].node.is_some(), "others may still need what it holds");
        world.run_for(seconds(2));
        assert!(world.slots[slots[0]].node.is_none());
        assert!(world.outcome(slots[0], number).is_some(), "commands end");
    });
}
