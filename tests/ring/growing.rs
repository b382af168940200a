//! Rings that grow: one node after another, all at once, from one node to many.

use crate::seeds::{becomes_agreed, becomes_ideal, becomes_right, for_seeds, seconds};

#[test]
fn nodes_that_join_one_after_another_form_a_ring() {
    for_seeds(2, |world| {
        world.join(1, None);
        for _ in 0..30 {
            let via = world.random_slot();
            world.join_one(Some(via));
            world.run_for(seconds(2));
        }
        becomes_right(world, seconds(15));
        becomes_ideal(world, seconds(150));
    });
}

#[test]
fn nodes_that_join_all_at_once_form_a_ring() {
    for_seeds(1, |world| {
        world.join(1, None);
        world.join(40, Some(0));
        becomes_right(world, seconds(30));
        becomes_ideal(world, seconds(150));
        becomes_agreed(world, seconds(60));
    });
}

#[test]
fn rings_of_one_two_and_three_are_rings() {
    for_seeds(50, |world| {
        world.join(1, None);
        becomes_ideal(world, seconds(1));
        for _ in 0..5 {
            world.join_one(Some(0));
            becomes_ideal(world, seconds(20));
        }
    });
}

#[test]
#[ignore = "slow: passes in about a minute"]
fn a_large_ring_forms_and_its_fingers_are_right() {
    for_seeds(1, |world| {
        world.grow(300);
        becomes_right(world, seconds(30));
        becomes_ideal(world, seconds(150));
        world.run_for(seconds(300));
        assert_eq!(world.wrong_fingers(), 0);
    });
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let traces = |seed: u64| {
        let mut world = cuerda::simulator::world::World::new(
            seed,
            cuerda::chord::settings::Settings::default(),
        );
        world.network.loss_permille = 50;
        world.grow(20);
        world.run_for(seconds(60));
        (world.trace, world.datagrams)
    };
    assert_eq!(traces(3), traces(3));
    assert_ne!(traces(3).0, traces(4).0);
}
