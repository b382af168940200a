//! How many steps lookups take in a ring that stands still (ToN Fig. 10): lists of one, one request
//! at a time, nothing remembered.

use super::lookups::look_up_afresh;
use super::summary::Summary;
use crate::chord::settings::{Quorum, Settings};
use crate::simulator::network::Delay;
use crate::simulator::world::World;
use std::time::Duration;

/// What paths were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    /// Nodes of the ring.
    pub nodes: usize,
    /// Path lengths.
    pub steps: Summary,
    /// Of all paths, how many have 0, 1, 2, … steps.
    pub shares: Vec<f64>,
    /// Lookups that found another node than the owner, or none.
    pub wrong: usize,
}

/// Settings of the paper: fingers, and as many successors as said.
pub(super) fn of_the_paper(successors: usize, parallel: usize) -> Settings {
    let quorum = Quorum { replicas: 1, write: 1, read: 1 };
    Settings { quorum, successors, parallel, cache: 1, ..Settings::default() }
}

/// Looks up so many places, each from a node by chance.
pub fn paths(seed: u64, nodes: usize, lookups: usize) -> Paths {
    let mut world = World::new(seed, of_the_paper(1, 1));
    (world.still, world.watch) = (true, false);
    // Never late: no request is hedged.
    world.network.delay = Delay::Constant(Duration::from_millis(25));
    world.place(nodes);
    let order = world.order();
    let (mut steps, mut wrong) = (Vec::with_capacity(lookups), 0);
    for _ in 0..lookups {
        let (slot, place) = (world.draw(nodes as u32) as usize, world.random_place());
        let tried = look_up_afresh(&mut world, slot, place);
        wrong += usize::from(!tried.judge(&order, place).0);
        steps.push(tried.hops);
    }
    let longest = steps.iter().max().map_or(0, |steps| *steps as usize);
    let mut shares = vec![0.0; longest + 1];
    steps.iter().for_each(|steps| shares[*steps as usize] += 1.0 / lookups as f64);
    Paths { nodes, steps: Summary::of(steps.into_iter().map(f64::from)), shares, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_long_as_in_the_paper() {
        let found = paths(1, 256, 1_500);
        assert_eq!(found.wrong, 0);
        assert!((found.steps.mean - 3.88).abs() < 0.2, "{found:?}");
        assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(found, paths(1, 256, 1_500), "the same seed gives the same");
    }
}
