//! Scenarios in which a disk cannot read or write one piece, or is full for a while.
//!
//! What cannot be written, or not be compared with its hash, ends the torrent of that client: it
//! says so once, asks for nothing more, and stops when it is told to. A piece that cannot be read
//! for a peer ends that connection and nothing else. The others go on in either case. A disk that
//! is full pauses the download, and only that: blocks come back, connections stay, and when there
//! is room it goes on to its end.

use crate::plan::{BLOCK, Broken, FullDisk, Plan, Silence, TorrentPlan, millis, seconds};
use crate::run::{for_seeds, run};
use cuerda::kit::random::Random;

const PIECES: u32 = 30;
const SMALL: TorrentPlan =
    TorrentPlan { piece_length: 4 * BLOCK, length: PIECES as u64 * 4 * BLOCK };

#[test]
fn disks_that_cannot_write_a_piece() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 500_000);
        for client in plan.clients[1..].iter_mut().step_by(3) {
            client.broken = Some((Broken::Write, random.below(PIECES)));
            client.writing = millis(0)..millis(u64::from(random.below(2) * 200));
        }
        run(plan);
    });
}

#[test]
fn disks_that_cannot_read_a_piece_to_compare_it() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 500_000);
        for client in plan.clients[1..].iter_mut().step_by(3) {
            client.broken = Some((Broken::Hash, random.below(PIECES)));
            client.hashing = millis(1)..millis(u64::from(2 + random.below(3_000)));
        }
        run(plan);
    });
}

#[test]
fn seeds_that_cannot_read_a_piece_for_their_peers() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 500_000);
        for client in &mut plan.clients[1..4] {
            client.torrents[0].1 = 100;
            client.broken = Some((Broken::Read, random.below(PIECES)));
            client.fast = random.below(2) == 0;
        }
        run(plan);
    });
}

#[test]
fn disks_that_are_full_until_somebody_makes_room() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 500_000);
        let ill: Vec<usize> = (1..plan.clients.len()).step_by(2).collect();
        for &client in &ill {
            let (blocks, probes) = (random.below(PIECES * 4), random.below(4));
            plan.clients[client].full = Some(FullDisk { blocks, probes });
            plan.clients[client].writing = millis(0)..millis(u64::from(random.below(2) * 200));
        }
        let outcome = run(plan);
        assert!(outcome.took >= seconds(10), "nobody waited for room: {:?}", outcome.took);
    });
}

#[test]
fn everybody_s_disk_is_full_at_once_among_peers_that_come_and_go() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 200_000);
        for (number, client) in plan.clients.iter_mut().enumerate().skip(1) {
            client.full = Some(FullDisk { blocks: random.below(40), probes: random.below(3) });
            client.fast = random.below(2) == 0;
            let when = millis(u64::from(random.below(40_000)));
            client.vanishes = (number % 4 == 0).then_some((when, Silence::Closed));
        }
        run(plan);
    });
}
