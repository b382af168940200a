//! Lookups while nodes come and go (ToN Table III, SIGCOMM Fig. 12).

use super::lookups::{Begun, begin, end};
use super::summary::Summary;
use crate::chord::contact::Contact;
use crate::chord::settings::{Periods, Quorum, Settings};
use crate::kit::clock::Time;
use crate::simulator::network::Delay;
use crate::simulator::world::World;
use std::time::Duration;

/// Lookups end within this time.
const JUDGED_AFTER: Duration = Duration::from_secs(6);
/// How often owners of places are noted.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(250);
/// The papers' packet delay, exponential with this mean.
const MEAN_DELAY: Duration = Duration::from_millis(50);

/// The ring and who comes and goes.
#[derive(Debug, Clone)]
pub struct Churn {
    /// What all nodes are set to.
    pub settings: Settings,
    /// Nodes at the beginning.
    pub nodes: usize,
    /// Joins a second, and as many leave; at times of a Poisson process.
    pub rate: f64,
    /// Whether those who leave do so without a word.
    pub crash: bool,
    /// Lookups a second.
    pub lookups: f64,
    /// For how long.
    pub time: Duration,
}

/// How lookups went.
#[derive(Debug, Clone, PartialEq)]
pub struct Churned {
    /// Lookups.
    pub lookups: usize,
    /// Those whose first living node found did not own the place at any moment since they began,
    /// or that found none.
    pub failed: usize,
    /// Those of them that found nobody.
    pub empty: usize,
    /// Path lengths.
    pub steps: Summary,
    /// Requests beyond those whose answers led nearer.
    pub spare: Summary,
    /// Seconds.
    pub seconds: Summary,
    /// Bytes that a node sent in a second, on average.
    pub bytes: f64,
    /// Datagrams that a node sent in a second, on average.
    pub datagrams: f64,
    /// Nodes in the end.
    pub nodes: usize,
}

/// The settings of ToN's Table III as far as there are such: lists of 20, one request at a time, a
/// look at the successor and at one finger every 30 s, give or take a quarter.
pub fn paper_settings() -> Settings {
    let every = Duration::from_secs(30);
    let periods = Periods {
        stabilize_fast: every,
        stabilize_slow: every,
        stabilize_large: every,
        fix_finger: every,
        ..Periods::DEFAULT
    };
    let quorum = Quorum { replicas: 1, write: 1, read: 1 };
    Settings { quorum, successors: 20, parallel: 1, cache: 1, periods, ..Settings::default() }
}

/// Lets nodes come and go, and looks things up meanwhile.
pub fn churn(seed: u64, how: &Churn) -> Churned {
    let mut world = World::new(seed, how.settings.clone());
    world.watch = false;
    world.network.delay = Delay::Exponential(MEAN_DELAY);
    world.place(how.nodes);
    world.run_for(Duration::from_secs(30));
    let (bytes, datagrams) = (world.bytes, world.datagrams);
    let end_of_time = world.now + how.time;
    let mut next = [how.rate, how.rate, how.lookups].map(|rate| pause(&mut world, rate));
    let mut open: Vec<Open> = Vec::new();
    let mut done = Tally::default();
    while let Some(at) = next.iter().min().copied().filter(|at| *at < end_of_time) {
        while world.now < at {
            world.run_until(at.min(world.now + LOOKED_AT_EVERY));
            done.take(&world, &mut open);
        }
        if next[0] == at {
            let via = world.random_slot();
            world.join_one(Some(via));
            next[0] = pause(&mut world, how.rate);
        } else if next[1] == at {
            let slot = world.random_slot();
            if how.crash {
                world.crash(slot)
            } else {
                world.leave(slot)
            }
            next[1] = pause(&mut world, how.rate);
        } else {
            let members: Vec<usize> = world.members().into_values().collect();
            let slot = members[world.draw(members.len() as u32) as usize];
            let place = world.random_place();
            open.push(Open { begun: begin(&mut world, slot, place), owners: Vec::new() });
            next[2] = pause(&mut world, how.lookups);
        }
    }
    let last = world.now + JUDGED_AFTER;
    while world.now < last {
        world.run_for(LOOKED_AT_EVERY);
        done.take(&world, &mut open);
    }
    let node_seconds = how.nodes as f64 * how.time.as_secs_f64();
    Churned {
        bytes: (world.bytes - bytes) as f64 / node_seconds,
        datagrams: (world.datagrams - datagrams) as f64 / node_seconds,
        nodes: world.members().len(),
        ..done.sum()
    }
}

/// When the next event of a Poisson process comes; never at a rate of zero.
fn pause(world: &mut World, rate: f64) -> Time {
    let chance = f64::from(world.draw(1 << 30) + 1) / f64::from(1 << 30);
    let seconds = if rate > 0.0 { -chance.ln() / rate } else { 1e9 };
    world.now + Duration::from_secs_f64(seconds)
}

/// A lookup under way.
#[derive(Debug)]
struct Open {
    /// It.
    begun: Begun,
    /// Who owned its place since then.
    owners: Vec<Contact>,
}

/// Lookups that are over.
#[derive(Debug, Default)]
struct Tally {
    failed: usize,
    empty: usize,
    steps: Vec<f64>,
    spare: Vec<f64>,
    seconds: Vec<f64>,
}

impl Tally {
    /// Takes lookups that are over out of those under way. One whose node went meanwhile does not
    /// count: nobody waits for it.
    fn take(&mut self, world: &World, open: &mut Vec<Open>) {
        if open.is_empty() {
            return;
        }
        let living = world.order();
        open.retain_mut(|lookup| {
            let owner = living.after(lookup.begun.place);
            lookup.owners.extend(owner.filter(|owner| lookup.owners.last() != Some(owner)));
            let Some(tried) = end(world, &lookup.begun) else {
                return world.slots[lookup.begun.slot].node.is_some();
            };
            let mut found = tried.nodes.iter().copied();
            let first = found.find(|node| living.after(node.id) == Some(*node));
            if first.is_some_and(|first| lookup.owners.contains(&first)) {
                self.steps.push(f64::from(tried.hops));
                self.spare.push(f64::from(tried.requests.saturating_sub(tried.hops)));
                self.seconds.push(tried.time.as_secs_f64());
            } else {
                self.failed += 1;
                self.empty += usize::from(tried.nodes.is_empty());
            }
            false
        });
    }

    fn sum(self) -> Churned {
        Churned {
            lookups: self.failed + self.steps.len(),
            failed: self.failed,
            empty: self.empty,
            steps: Summary::of(self.steps),
            spare: Summary::of(self.spare),
            seconds: Summary::of(self.seconds),
            bytes: 0.0,
            datagrams: 0.0,
            nodes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_are_answered_while_nodes_come_and_go() {
        let how = Churn {
            settings: Settings::default(),
            nodes: 60,
            rate: 0.1,
            crash: true,
            lookups: 2.0,
            time: Duration::from_secs(60),
        };
        let found = churn(1, &how);
        assert!(found.lookups > 80 && found.failed <= 5 && found.empty == 0, "{found:?}");
        assert!(found.nodes > 45 && found.nodes < 75 && found.bytes > 100.0, "{found:?}");
    }
}
