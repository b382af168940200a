//! Lookups after many nodes have failed at once, while nothing is mended (ToN Table II): dead
//! entries stay in all lists, and who looks up does not know of them.

use super::lookups::look_up_afresh;
use super::paths::of_the_paper;
use super::summary::Summary;
use crate::limits::HEDGE_UNKNOWN;
use crate::simulator::network::Delay;
use crate::simulator::world::World;
use std::time::Duration;

/// One way of a datagram.
const DELAY: Duration = Duration::from_millis(25);

/// How lookups went.
#[derive(Debug, Clone, PartialEq)]
pub struct Failures {
    /// Of a hundred nodes, how many failed.
    pub percent: u32,
    /// Path lengths.
    pub steps: Summary,
    /// Requests that nobody answered, with those to the dead before the first living successor.
    pub timeouts: Summary,
    /// How often, one after another, a lookup had to wait for somebody who is dead; the search
    /// among the successors left out.
    pub waits: Summary,
    /// Lookups that did not find the first living node.
    pub failed: usize,
    /// Those of them that found nobody within 5 s.
    pub empty: usize,
}

/// The ring and what happens to it.
#[derive(Debug, Clone, Copy)]
pub struct Blow {
    /// Nodes before it.
    pub nodes: usize,
    /// Length of successor lists.
    pub successors: usize,
    /// Requests of a lookup in flight at once.
    pub parallel: usize,
    /// Of a hundred nodes, how many fail.
    pub percent: u32,
}

/// Looks up so many places from survivors.
pub fn failures(seed: u64, blow: Blow, lookups: usize) -> Failures {
    let mut world = World::new(seed, of_the_paper(blow.successors, blow.parallel));
    (world.still, world.watch) = (true, false);
    world.network.delay = Delay::Constant(DELAY);
    world.place(blow.nodes);
    world.crash_part(blow.percent as usize);
    let (order, running) = (world.order(), world.running_slots());
    let (mut steps, mut timeouts, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let (mut failed, mut empty) = (0, 0);
    for _ in 0..lookups {
        let place = world.random_place();
        let slot = running[world.draw(running.len() as u32) as usize];
        let tried = look_up_afresh(&mut world, slot, place);
        let (right, dead) = tried.judge(&order, place);
        if !right {
            failed += 1;
            empty += usize::from(tried.nodes.is_empty());
            continue;
        }
        steps.push(f64::from(tried.hops));
        timeouts.push(f64::from(tried.requests.saturating_sub(tried.hops) + dead));
        let waited = tried.time.saturating_sub(DELAY * 2 * tried.hops);
        waits.push(waited.as_secs_f64() / HEDGE_UNKNOWN.as_secs_f64());
    }
    let [steps, timeouts, waits] = [steps, timeouts, waits].map(Summary::of);
    Failures { percent: blow.percent, steps, timeouts, waits, failed, empty }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_find_the_living_among_the_dead() {
        let blow = Blow { nodes: 200, successors: 16, parallel: 1, percent: 40 };
        let found = failures(2, blow, 300);
        // A list may cover the place with its last entries only, and those be dead.
        assert!(found.failed <= 9 && found.empty <= 3, "{found:?}");
        assert!(found.timeouts.mean > 0.5 && found.waits.mean > 0.3, "{found:?}");
        let whole = failures(2, Blow { percent: 0, ..blow }, 300);
        assert_eq!((whole.failed, whole.timeouts.max, whole.waits.max), (0, 0.0, 0.0));
        assert!(whole.steps.mean < found.steps.mean, "{whole:?} {found:?}");
    }
}
