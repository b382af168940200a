//! Arcs that change hands while datagrams overtake each other at will: of those on their way any
//! may arrive next, drawn by chance, and little time passes meanwhile. The real code, three
//! replicas, majorities of two; one node joins, crashes or leaves while peers are announced and
//! looked up. What was acknowledged is in every complete read that begins afterwards.
//!
//! `SIM_SEEDS=n` runs so many histories of each kind.

use crate::tiny::{Ring, address};
use cuerda::chord::input::{Command, Event, Input, Outcome, Turn};
use cuerda::chord::message::Flags;
use cuerda::chord::ring_id::RingId;
use cuerda::chord::settings::{Quorum, Settings};
use cuerda::id::InfoHash;
use cuerda::kit::random::Random;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// Announces and reads in one history.
const OPERATIONS: u64 = 60;
/// How many of them are under way at once.
const TOGETHER: usize = 4;
/// How often something else is drawn before a datagram on a slow way arrives.
const SLOWNESS: u32 = 6;
/// Steps after which a history has taken too long.
const STEPS_MAX: u32 = 40_000;

/// What happens to the ring meanwhile.
#[derive(Debug, Clone, Copy)]
enum Change {
    Join,
    Crash,
    Leave,
    TwoJoins,
}

/// What was counted.
#[derive(Debug, Default)]
struct Counts {
    complete: u64,
    incomplete: u64,
    missed: u64,
    /// Histories at the end of which other nodes hold the key than at the beginning.
    changed: u64,
}

/// A settled ring of so many nodes, and places for two more.
fn settled(nodes: usize) -> Ring {
    let quorum = Quorum { replicas: 3, write: 2, read: 2 };
    let settings = Settings { quorum, successors: 6, ..Settings::default() };
    let mut ring = Ring::new(nodes + 2, settings);
    ring.begin(0, &[]);
    for node in 1..nodes {
        ring.settle();
        ring.begin(node, &[0]);
        rounds(&mut ring, 3);
    }
    rounds(&mut ring, 10);
    ring
}

/// Fair rounds in which nothing overtakes anything.
fn rounds(ring: &mut Ring, count: u32) {
    for _ in 0..count {
        for index in 0..ring.nodes.len() {
            for turn in [Turn::Stabilize, Turn::CheckPredecessor] {
                ring.give(index, Input::Turn(turn));
                ring.settle();
            }
        }
        let later = ring.now + Duration::from_secs(1);
        ring.pass_to(later);
        ring.settle();
    }
}

/// One history; adds to what was counted.
fn history(base: &Ring, nodes: usize, change: Change, seed: u64, counts: &mut Counts) {
    let mut ring = base.clone();
    let mut random = Random::new(seed);
    let key = InfoHash([random.below(256) as u8; 20]);
    // Who announces and reads stays.
    let users = nodes - 1;
    let mut acknowledged = BTreeSet::new();
    // Those under way, with what was acknowledged when they began.
    let mut running: Vec<(u64, BTreeSet<SocketAddr>)> = Vec::new();
    let mut started = 0;
    let changes_at = random.below(200);
    // Some ways are much slower than others, so that what goes there is overtaken by whole
    // operations.
    let slow = random.next_u64() & random.next_u64();
    let before = holders(&ring, key);
    for step in 0..STEPS_MAX {
        if step == changes_at {
            make(&mut ring, nodes, change);
        }
        running.retain(|(number, wanted)| {
            let Some(outcome) = outcome(&ring.events, *number) else { return true };
            let complete = matches!(outcome, Outcome::Counted { complete: true, .. });
            if number % 2 == 1 {
                acknowledged.extend(complete.then_some(announced(*number, users)));
            } else if complete {
                counts.complete += 1;
                counts.missed += wanted.difference(&found(&ring.events, *number)).count() as u64;
            } else {
                counts.incomplete += 1;
            }
            false
        });
        if started == OPERATIONS && running.is_empty() {
            counts.changed += u64::from(holders(&ring, key) != before);
            return;
        }
        if started < OPERATIONS && running.len() < TOGETHER && random.below(10) == 0 {
            started += 1;
            running.push((started, acknowledged.clone()));
            let command = if started % 2 == 1 {
                let flags = Flags { unpingable: true, ..Flags::default() };
                Command::Announce { info_hash: key, port: Some(started as u16), flags }
            } else {
                Command::Lookup(key)
            };
            ring.give(started as usize % users, Input::Command(started, command));
        }
        advance(&mut ring, &mut random, slow);
    }
    panic!("{change:?} {seed}: no end in {STEPS_MAX} steps");
}

/// Something arrives, or if nothing is on its way time passes and somebody takes turns.
fn advance(ring: &mut Ring, random: &mut Random, slow: u64) {
    if !ring.flying.is_empty() {
        let mut chosen = 0;
        for _ in 0..SLOWNESS {
            chosen = random.below(ring.flying.len() as u32) as usize;
            let (from, to, _) = &ring.flying[chosen];
            let way = end(*from) * 8 + end(*to);
            if slow & 1 << (way % 64) == 0 {
                break;
            }
        }
        ring.arrive(chosen);
    }
    let calm = ring.flying.is_empty();
    if calm || random.below(40) == 0 {
        let index = random.below(ring.nodes.len() as u32) as usize;
        let turns = [Turn::Stabilize, Turn::CheckPredecessor, Turn::Repair];
        ring.give(index, Input::Turn(turns[random.below(3) as usize]));
    }
    if calm && ring.flying.is_empty() {
        let due = ring.nodes.iter().flatten().filter_map(|node| node.deadline()).min();
        let later = ring.now + Duration::from_millis(250);
        ring.pass_to(due.map_or(later, |due| due.min(later)));
    } else if random.below(8) == 0 {
        // Less than it takes to think anybody dead, whatever is drawn.
        let later = ring.now + Duration::from_millis(20);
        ring.pass_to(later);
    }
}

fn make(ring: &mut Ring, nodes: usize, change: Change) {
    match change {
        Change::Join => ring.begin(nodes, &[0]),
        Change::Crash => ring.nodes[nodes - 1] = None,
        Change::Leave => ring.give(nodes - 1, Input::Command(0, Command::Leave)),
        Change::TwoJoins => {
            ring.begin(nodes, &[0]);
            ring.begin(nodes + 1, &[1]);
        }
    }
}

/// The number of the place that an address belongs to.
fn end(address: SocketAddr) -> u32 {
    (0..8).find(|index| self::address(*index as usize) == address).unwrap_or(0)
}

/// Who answers for a key.
fn holders(ring: &Ring, key: InfoHash) -> Vec<usize> {
    let place = RingId::of_key(key);
    let members = ring.members().into_iter();
    let warm = members.filter(|(_, node)| node.holdings().of(place).is_some_and(|p| p.warm));
    warm.map(|(index, _)| index).collect()
}

/// The peer that an announce of this number tells.
fn announced(number: u64, users: usize) -> SocketAddr {
    SocketAddr::new(address(number as usize % users).ip(), number as u16)
}

fn outcome(events: &[Event], number: u64) -> Option<&Outcome> {
    events.iter().find_map(|event| {
        let Event::Done { command, outcome } = event else { return None };
        (*command == number).then_some(outcome)
    })
}

fn found(events: &[Event], number: u64) -> BTreeSet<SocketAddr> {
    let mut found = BTreeSet::new();
    for event in events {
        if let Event::Peers { command, peers } = event
            && *command == number
        {
            found.extend(peers.iter().map(|(address, _)| *address));
        }
    }
    found
}

fn histories(change: Change, usual: u64) -> Counts {
    let seeds = std::env::var("SIM_SEEDS").ok().and_then(|text| text.parse().ok());
    let nodes = 4;
    let base = settled(nodes);
    let mut counts = Counts::default();
    for seed in 1..=seeds.unwrap_or(usual) {
        let before = counts.missed;
        history(&base, nodes, change, seed, &mut counts);
        if counts.missed > before {
            println!("{change:?}: history {seed} misses {}", counts.missed - before);
        }
    }
    println!("{change:?}: {counts:?}");
    assert!(counts.changed > seeds.unwrap_or(usual) / 5, "arcs change hands: {counts:?}");
    assert!(counts.complete > seeds.unwrap_or(usual), "most reads are complete: {counts:?}");
    counts
}

#[test]
fn one_join_loses_nothing_however_datagrams_overtake_each_other() {
    assert_eq!(histories(Change::Join, 40).missed, 0);
}

#[test]
fn one_crash_loses_nothing_however_datagrams_overtake_each_other() {
    assert_eq!(histories(Change::Crash, 40).missed, 0);
}

#[test]
fn one_leave_loses_nothing_however_datagrams_overtake_each_other() {
    assert_eq!(histories(Change::Leave, 40).missed, 0);
}

#[test]
fn two_joins_at_once_lose_hardly_anything() {
    let counts = histories(Change::TwoJoins, 40);
    assert!(counts.missed <= counts.complete / 100, "{counts:?}");
}
