//! Overlapping changes of one arc, for which nothing is promised: how often an acknowledged
//! announce is missed by a complete read then, measured.

use crate::data::{announce, key, read};
use crate::seeds::{becomes_agreed, becomes_right, for_seeds, seconds};
use cuerda::id::InfoHash;
use cuerda::simulator::world::World;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// What was counted.
#[derive(Default)]
struct Counts {
    complete: Cell<u64>,
    incomplete: Cell<u64>,
    missed: Cell<u64>,
}

impl Counts {
    /// Announces and reads once, and counts what the read misses.
    fn turn(&self, world: &mut World, key: InfoHash, told: &mut BTreeSet<SocketAddr>, port: u16) {
        let slot = world.random_slot();
        if announce(world, slot, key, port) {
            told.insert(SocketAddr::new(world.slots[slot].address.ip(), port));
        }
        let slot = world.random_slot();
        let (found, complete) = read(world, slot, key);
        let count = |cell: &Cell<u64>, more| cell.set(cell.get() + more);
        count(if complete { &self.complete } else { &self.incomplete }, 1);
        if complete {
            count(&self.missed, told.difference(&found).count() as u64);
        }
    }

    fn report(&self, what: &str) {
        let (complete, incomplete) = (self.complete.get(), self.incomplete.get());
        let missed = self.missed.get();
        println!("{what}: {complete} complete reads, {incomplete} not, {missed} announces missed");
    }
}

#[test]
fn joins_that_overlap_miss_hardly_anything() {
    let counts = Counts::default();
    for_seeds(2, |world| {
        world.grow(8);
        world.run_for(seconds(30));
        let key = key(world);
        let mut told = BTreeSet::new();
        for port in 1..=20 {
            for _ in 0..1 + world.draw(3) {
                let via = world.random_slot();
                world.join_one(Some(via));
            }
            counts.turn(world, key, &mut told, port);
            let wait = u64::from(world.draw(1_500));
            world.run_for(Duration::from_millis(wait));
        }
        becomes_right(world, seconds(60));
        becomes_agreed(world, seconds(60));
    });
    counts.report("joins, one to three at a time");
    assert!(counts.complete.get() >= 20, "reads go on while nodes join");
    let bound = counts.complete.get() / 1_000;
    assert!(counts.missed.get() <= bound, "{} missed", counts.missed.get());
}

#[test]
fn crashes_that_overlap_miss_hardly_anything_while_a_majority_lives() {
    let counts = Counts::default();
    for_seeds(2, |world| {
        world.grow(40);
        world.run_for(seconds(60));
        let key = key(world);
        let place = cuerda::chord::ring_id::RingId::of_key(key);
        let mut told = BTreeSet::new();
        for port in 1..=12 {
            // Two of five at once, before the last ones are replaced for long.
            let replicas = world.followers(place, 5);
            let members = world.members();
            for _ in 0..2 {
                let chosen = &replicas[world.draw(5) as usize];
                world.crash(members[&chosen.id]);
            }
            counts.turn(world, key, &mut told, port);
            let wait = 8 + u64::from(world.draw(4));
            world.run_for(seconds(wait));
            counts.turn(world, key, &mut told, 100 + port);
        }
        becomes_agreed(world, seconds(90));
    });
    counts.report("crashes, two replicas at a time");
    assert!(counts.complete.get() >= 20);
    let bound = counts.complete.get() / 1_000;
    assert!(counts.missed.get() <= bound, "{} missed", counts.missed.get());
}
