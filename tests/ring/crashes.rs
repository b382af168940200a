//! Rings that lose nodes: half at once, one after another, with the same address again; and
//! networks that lose datagrams or fall apart.

use crate::seeds::{becomes_agreed, becomes_ideal, becomes_right, for_seeds, seconds};

#[test]
fn half_the_nodes_crash_and_the_others_form_the_ring() {
    for_seeds(1, |world| {
        world.grow(60);
        becomes_ideal(world, seconds(150));
        world.crash_part(50);
        becomes_right(world, seconds(30));
        becomes_ideal(world, seconds(60));
        becomes_agreed(world, seconds(60));
    });
}

#[test]
fn each_node_of_a_small_ring_crashes_and_returns_with_its_address() {
    for_seeds(10, |world| {
        world.join(1, None);
        for size in 2..=6_usize {
            world.join_one(Some(0));
            world.run_for(seconds(20));
            for slot in 0..size {
                world.crash(slot);
                let wait = u64::from(world.draw(12));
                world.run_for(seconds(wait));
                let via = world.random_slot();
                world.restart(slot, Some(via));
                world.run_for(seconds(15));
            }
            becomes_ideal(world, seconds(120));
        }
    });
}

#[test]
fn nodes_leave_with_a_word_and_the_ring_closes() {
    for_seeds(1, |world| {
        world.grow(30);
        becomes_ideal(world, seconds(150));
        for _ in 0..15 {
            let slot = world.random_slot();
            world.leave(slot);
            world.run_for(seconds(1));
            world.stop(slot);
            assert_eq!(world.rings(), 1);
            becomes_right(world, seconds(25));
        }
    });
}

#[test]
#[ignore = "takes 12 s a seed; seeds 1 to 6 were seen to pass"]
fn a_ring_forms_and_heals_although_a_fifth_of_the_datagrams_is_lost() {
    for_seeds(10, |world| {
        world.network.loss_permille = 200;
        world.network.duplicate_permille = 50;
        world.grow(40);
        becomes_right(world, seconds(120));
        world.crash_part(25);
        becomes_right(world, seconds(120));
    });
}

#[test]
fn two_halves_that_could_not_hear_each_other_become_one_ring_again() {
    for_seeds(1, |world| {
        world.grow(40);
        becomes_ideal(world, seconds(150));
        let mut slots = world.running_slots();
        let half = slots.split_off(20);
        world.split(&[slots, half]);
        world.run_for(seconds(120));
        assert_eq!(world.rings(), 2);
        world.network.heal();
        becomes_ideal(world, seconds(300));
        becomes_agreed(world, seconds(60));
    });
}

#[test]
fn rings_begun_apart_become_one() {
    for_seeds(5, |world| {
        // Everybody is told of everybody before anybody is there: all begin rings of their own.
        let first = world.join_one(None);
        world.network.set_group(first, 1);
        for group in 2..5_u32 {
            for other in 0..5 {
                world.network.cut(group, other);
                world.network.cut(other, group);
            }
        }
        for group in 2..5 {
            for _ in 0..5 {
                let slot = world.join_one(Some(first));
                world.network.set_group(slot, group);
            }
        }
        world.run_for(seconds(60));
        assert!(world.rings() > 1);
        world.network.heal();
        becomes_ideal(world, seconds(600));
    });
}

#[test]
fn nodes_that_pause_are_not_lost_for_ever() {
    for_seeds(2, |world| {
        world.grow(20);
        for _ in 0..10 {
            let slot = world.random_slot();
            let time = u64::from(world.draw(30));
            world.pause(slot, seconds(time));
            world.run_for(seconds(7));
        }
        world.run_for(seconds(60));
        becomes_ideal(world, seconds(600));
    });
}
