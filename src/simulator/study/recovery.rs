//! How a ring mends itself: after a part of its nodes has died at once, after it was cut in two.

use super::balance::any_place;
use super::latency::announce;
use super::lookups::{begin, end};
use crate::chord::contact::Contact;
use crate::chord::input::{Command, Outcome};
use crate::chord::settings::Settings;
use crate::id::InfoHash;
use crate::kit::random::Random;
use crate::simulator::placed::Order;
use crate::simulator::world::World;
use std::time::Duration;

/// How often a ring is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Announces and reads are over after that.
const OVER: Duration = Duration::from_secs(10);
/// A ring that is not ideal after that will not be counted as mended.
const PATIENCE: Duration = Duration::from_secs(900);
/// After the ring is right, so long until arcs are held anew.
const ARCS: Duration = Duration::from_secs(60);

/// A ring after a part of its nodes has died at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// Lookups begun in the second after it.
    pub lookups: usize,
    /// Those that found the first living node within 5 s.
    pub right: usize,
    /// Survivors all of whose successors died.
    pub isolated: usize,
    /// Seconds until successors up to the n-th and predecessors were right.
    pub right_after: Option<f64>,
    /// Seconds until all lists were.
    pub ideal_after: Option<f64>,
    /// Keys announced before.
    pub keys: usize,
    /// Those of which nothing was found after the ring had mended itself.
    pub lost: usize,
    /// Those of which nothing was found after each was announced once more.
    pub lost_for_good: usize,
    /// At each second: of a hundred survivors, how many had the right first successor.
    pub course: Vec<(f64, f64)>,
}

/// Kills so many of a hundred nodes of a ring that has settled.
pub fn recovery(seed: u64, nodes: usize, percent: usize, lookups: usize, keys: usize) -> Recovered {
    let mut world = World::new(seed, Settings::default());
    world.watch = false;
    world.place(nodes);
    world.acquaint(64);
    world.run_for(Duration::from_secs(30));
    let mut random = Random::new(seed);
    let keys: Vec<InfoHash> = (0..keys).map(|_| InfoHash(any_place(&mut random).0)).collect();
    announce_all(&mut world, &keys);
    world.crash_part(percent);
    let (begin_time, living) = (world.now, world.order());
    let isolated = world.isolated();
    let running = world.running_slots();
    let mut begun = Vec::new();
    for _ in 0..lookups {
        let slot = running[world.draw(running.len() as u32) as usize];
        let place = world.random_place();
        begun.push(begin(&mut world, slot, place));
        world.run_for(EVERY / lookups as u32);
    }
    let (mut course, mut right_after, mut ideal_after) = (Vec::new(), None, None);
    while ideal_after.is_none() && world.now.since(begin_time) < PATIENCE {
        let passed = world.now.since(begin_time).as_secs_f64();
        course.push((passed, agreement(&world, &living)));
        if right_after.is_none() && world.not_right().is_none() {
            right_after = Some(passed);
        }
        if right_after.is_some() && world.not_ideal().is_none() {
            ideal_after = Some(passed);
        }
        world.run_for(EVERY);
    }
    world.run_for(ARCS);
    let right = begun.iter().filter(|lookup| {
        let tried = end(&world, lookup).filter(|tried| tried.time <= Duration::from_secs(5));
        tried.is_some_and(|tried| tried.judge(&living, lookup.place).0)
    });
    let right = right.count();
    let lost = missing(&mut world, &keys);
    announce_all(&mut world, &keys);
    let lost_for_good = missing(&mut world, &keys);
    let (lookups, keys) = (begun.len(), keys.len());
    Recovered {
        lookups,
        right,
        isolated,
        right_after,
        ideal_after,
        keys,
        lost,
        lost_for_good,
        course,
    }
}

/// Announces a peer of each.
fn announce_all(world: &mut World, keys: &[InfoHash]) {
    for key in keys {
        announce(world, *key);
        world.run_for(Duration::from_millis(20));
    }
    world.run_for(OVER);
}

/// Reads all: of how many nothing is found, or no quorum answers.
fn missing(world: &mut World, keys: &[InfoHash]) -> usize {
    let mut reads = Vec::new();
    for key in keys {
        let slot = world.random_slot();
        reads.push((slot, world.command(slot, Command::Lookup(*key))));
        world.run_for(Duration::from_millis(20));
    }
    world.run_for(OVER);
    let found = reads.iter().filter(|(slot, number)| {
        let done = world.outcome(*slot, *number);
        matches!(done, Some(Outcome::Counted { complete: true, .. }))
            && world.has_peers(*slot, *number)
    });
    keys.len() - found.count()
}

/// Of a hundred members, how many have the right first successor.
fn agreement(world: &World, living: &Order) -> f64 {
    let members = living.members();
    let right = |index: usize, me: &Contact| {
        let node = world.slot_of(me.address).and_then(|slot| world.slots[slot].node.as_ref());
        let first = node.and_then(|node| node.neighborhood().successors.first());
        first == Some(members[(index + 1) % members.len()])
    };
    let count = members.iter().enumerate().filter(|(index, me)| right(*index, me)).count();
    100.0 * count as f64 / members.len().max(1) as f64
}

/// A ring that was cut in two.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Rings at the end of the cut.
    pub rings: usize,
    /// Seconds after the cut until each half was a right ring of its own.
    pub halves_after: Option<f64>,
    /// Seconds after the heal until there was one ideal ring.
    pub ideal_after: Option<f64>,
    /// At each second after the heal: of a hundred nodes, how many had the right first successor.
    pub course: Vec<(f64, f64)>,
}

/// Cuts a ring in two halves by chance for so long, and heals the network.
pub fn merge(seed: u64, nodes: usize, cut: Duration) -> Merged {
    let mut world = World::new(seed, Settings::default());
    world.watch = false;
    world.place(nodes);
    world.acquaint(64);
    world.run_for(Duration::from_secs(30));
    let all = world.order();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for slot in world.running_slots() {
        if world.draw(2) == 0 { one.push(slot) } else { other.push(slot) }
    }
    let halves = [&one, &other]
        .map(|slots| Order::new(slots.iter().map(|slot| world.contact(*slot)).collect()));
    world.split(&[one, other]);
    let begin_time = world.now;
    let mut halves_after = None;
    while world.now.since(begin_time) < cut {
        world.run_for(EVERY);
        let whole = halves.iter().all(|half| agreement(&world, half) == 100.0);
        if whole && halves_after.is_none() {
            halves_after = Some(world.now.since(begin_time).as_secs_f64());
        }
    }
    let rings = world.rings();
    world.network.heal();
    let begin_time = world.now;
    let (mut course, mut ideal_after) = (Vec::new(), None);
    while ideal_after.is_none() && world.now.since(begin_time) < PATIENCE {
        let passed = world.now.since(begin_time).as_secs_f64();
        let share = agreement(&world, &all);
        course.push((passed, share));
        if share == 100.0 && world.not_ideal().is_none() {
            ideal_after = Some(passed);
        }
        world.run_for(EVERY);
    }
    Merged { rings, halves_after, ideal_after, course }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_mends_itself_and_what_was_announced_is_found() {
        let found = recovery(1, 50, 40, 20, 20);
        assert!(found.right >= 19 && found.isolated == 0, "{found:?}");
        assert!(found.right_after.is_some_and(|seconds| seconds <= 30.0), "{found:?}");
        assert!(found.ideal_after.is_some() && found.lost_for_good == 0, "{found:?}");
    }

    #[test]
    fn halves_become_one() {
        let found = merge(1, 24, Duration::from_secs(90));
        assert_eq!(found.rings, 2);
        assert!(found.halves_after.is_some() && found.ideal_after.is_some(), "{found:?}");
        assert!(found.course[0].1 < 100.0 && found.course.last().unwrap().1 == 100.0);
    }
}
