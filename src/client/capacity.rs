//! How many peers the system has room for: pure arithmetic over its limits.
//!
//! A peer takes a thread, three descriptors and four memory maps. A process that runs out of
//! descriptors or threads gets an error; one that runs out of maps is aborted while a thread
//! starts. So the number of peers is bounded beforehand by the scarcest of them, and who comes
//! after that is refused.

use crate::limits::{
    DESCRIPTORS_PER_PEER, DESCRIPTORS_RESERVED, MAPS_PER_PEER, PEERS_MAX, THREADS_RESERVED,
};
use std::fmt;

/// What the system lets this process have; none where it has no limit or does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Open descriptors (`ulimit -n`).
    pub descriptors: Option<u64>,
    /// Memory maps (`vm.max_map_count`).
    pub maps: Option<u64>,
    /// Threads of the whole system that are not taken (`kernel.threads-max`, `kernel.pid_max`).
    pub threads_system: Option<u64>,
    /// Threads of the control group that are not taken (`pids.max`).
    pub threads_group: Option<u64>,
    /// Threads of the user (`ulimit -u`).
    pub threads_user: Option<u64>,
}

/// What bounds the number of peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The user asked for no more.
    Option,
    /// The program takes no more.
    Program,
    /// Open descriptors.
    Descriptors,
    /// Memory maps.
    Maps,
    /// Threads of the system.
    ThreadsOfSystem,
    /// Threads of the control group.
    ThreadsOfGroup,
    /// Threads of the user.
    ThreadsOfUser,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Option => "as asked for",
            Self::Program => "the most the program takes",
            Self::Descriptors => "bound by open files (ulimit -n)",
            Self::Maps => "bound by memory maps (sysctl vm.max_map_count)",
            Self::ThreadsOfSystem => "bound by the system's threads (sysctl kernel.threads-max)",
            Self::ThreadsOfGroup => "bound by the control group's threads (pids.max)",
            Self::ThreadsOfUser => "bound by the user's threads (ulimit -u)",
        })
    }
}

/// How many peers there may be, and why no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Peers over all torrents, at least 1.
    pub peers: usize,
    /// What bounds them.
    pub bound: Bound,
}

impl Capacity {
    /// The capacity with these resources, at most what is wanted.
    pub fn of(resources: &Resources, wanted: Option<usize>) -> Self {
        let reserved = |has: u64, reserve: u64, each: u64| (has - reserve.min(has / 2)) / each;
        let threads = |has: u64| reserved(share(has), THREADS_RESERVED, 1);
        let bounds = [
            (wanted.map(|wanted| wanted as u64), Bound::Option),
            (Some(PEERS_MAX as u64), Bound::Program),
            (
                resources
                    .descriptors
                    .map(|has| reserved(has, DESCRIPTORS_RESERVED, DESCRIPTORS_PER_PEER)),
                Bound::Descriptors,
            ),
            (resources.maps.map(|has| share(has) / MAPS_PER_PEER), Bound::Maps),
            (resources.threads_system.map(threads), Bound::ThreadsOfSystem),
            (resources.threads_group.map(threads), Bound::ThreadsOfGroup),
            (resources.threads_user.map(threads), Bound::ThreadsOfUser),
        ];
        let tightest = bounds
            .into_iter()
            .filter_map(|(peers, bound)| Some((peers?, bound)))
            .min_by_key(|(peers, _)| *peers);
        let (peers, bound) = tightest.unwrap_or((PEERS_MAX as u64, Bound::Program));
        Self { peers: usize::try_from(peers).unwrap_or(PEERS_MAX).max(1), bound }
    }
}

/// What is counted on: others use some too, and buffers and libraries need maps.
fn share(has: u64) -> u64 {
    has / 5 * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Resources = Resources {
        descriptors: Some(1 << 20),
        maps: Some(1 << 20),
        threads_system: Some(1 << 20),
        threads_group: Some(1 << 20),
        threads_user: Some(1 << 20),
    };

    fn of(resources: Resources) -> (usize, Bound) {
        let capacity = Capacity::of(&resources, None);
        (capacity.peers, capacity.bound)
    }

    #[test]
    fn the_scarcest_resource_bounds_and_is_named() {
        let reserved = DESCRIPTORS_RESERVED as usize;
        assert_eq!(of(PLENTY), (PEERS_MAX, Bound::Program));
        assert_eq!(of(Resources::default()), (PEERS_MAX, Bound::Program));
        let descriptors = Some(20_000);
        let expected = ((20_000 - reserved) / 3, Bound::Descriptors);
        assert_eq!(of(Resources { descriptors, ..PLENTY }), expected);
        assert_eq!(of(Resources { maps: Some(10_000), ..PLENTY }), (2_000, Bound::Maps));
        let threads = Some(1_000 + THREADS_RESERVED);
        let (peers, bound) = of(Resources { threads_group: threads, ..PLENTY });
        assert_eq!(bound, Bound::ThreadsOfGroup);
        assert!((700..1_000).contains(&peers), "{peers}");
        assert_eq!(of(Resources { threads_user: threads, ..PLENTY }).1, Bound::ThreadsOfUser);
        assert_eq!(of(Resources { threads_system: threads, ..PLENTY }).1, Bound::ThreadsOfSystem);
    }

    #[test]
    fn the_limits_of_a_usual_machine_leave_room_for_thousands() {
        let usual = Resources {
            descriptors: Some(20_000),
            maps: Some(65_530),
            threads_system: Some(32_768),
            threads_group: None,
            threads_user: Some(96_000),
        };
        assert!(of(usual).0 >= 6_000, "{:?}", of(usual));
        let more = Resources { descriptors: Some(1 << 20), ..usual };
        assert_eq!(of(more), (PEERS_MAX, Bound::Program));
    }

    #[test]
    fn where_little_is_left_half_is_for_peers() {
        for (descriptors, peers) in [(0, 1), (1, 1), (300, 50)] {
            let few = Resources { descriptors: Some(descriptors), ..PLENTY };
            assert_eq!(of(few), (peers, Bound::Descriptors));
        }
        assert_eq!(of(Resources { maps: Some(0), ..PLENTY }), (1, Bound::Maps));
    }

    #[test]
    fn the_user_bounds_it_too_but_cannot_raise_it() {
        let asked = |wanted| Capacity::of(&PLENTY, Some(wanted));
        assert_eq!(asked(7), Capacity { peers: 7, bound: Bound::Option });
        let few = Resources { maps: Some(1_000), ..PLENTY };
        let capped = Capacity::of(&few, Some(5_000));
        assert_eq!(capped, Capacity { peers: 200, bound: Bound::Maps });
    }
}
