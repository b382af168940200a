//! Scenarios in which everybody does what they should.

use crate::plan::{BLOCK, ClientPlan, Plan, TorrentPlan, millis, seconds};
use crate::run::{for_seeds, run};
use cuerda::kit::random::Random;

const SMALL: TorrentPlan = TorrentPlan { piece_length: 4 * BLOCK, length: 40 * 4 * BLOCK };

#[test]
fn one_seed_and_one_leecher() {
    for_seeds(20, |seed| {
        let outcome = run(Plan::swarm(seed, SMALL, 1, 1_000_000));
        assert_eq!(outcome.wasted, 0.0, "nobody else could have sent it");
    });
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for_seeds(3, |seed| {
        let plan = Plan::swarm(seed, SMALL, 8, 1_000_000);
        let first = run(plan.clone());
        assert_eq!(run(plan.clone()), first);
        assert_ne!(run(Plan { seed: seed + 1_000, ..plan }).trace, first.trace);
    });
}

#[test]
fn pieces_and_ends_of_odd_sizes() {
    for_seeds(30, |seed| {
        let mut random = Random::new(seed);
        let piece_length = u64::from(1 + random.below(200_000));
        let length = 1
            + u64::from(random.below(60)) * piece_length
            + u64::from(random.below(piece_length as u32));
        let torrent = TorrentPlan { piece_length, length };
        run(Plan::swarm(seed, torrent, 3, 2_000_000));
    });
}

#[test]
fn some_leechers_and_partial_seeds() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 12, 500_000);
        for client in &mut plan.clients[1..] {
            client.torrents[0].1 = random.below(100);
            client.comes = millis(u64::from(random.below(5_000)));
            client.fast = random.below(3) > 0;
        }
        run(plan);
    });
}

#[test]
fn many_torrents_in_each_client() {
    for_seeds(4, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 5, 2_000_000);
        plan.torrents = (0..12)
            .map(|_| {
                let piece_length = BLOCK * u64::from(1 + random.below(8));
                let length = 1
                    + piece_length * u64::from(random.below(12))
                    + u64::from(random.below(16_000));
                TorrentPlan { piece_length, length }
            })
            .collect();
        for (index, client) in plan.clients.iter_mut().enumerate() {
            let has = |torrent| if torrent % 6 == index { 100 } else { 0 };
            client.torrents = (0..12).map(|torrent| (torrent, has(torrent))).collect();
        }
        run(plan);
    });
}

#[test]
fn both_sides_dial_each_other() {
    for_seeds(20, |seed| {
        let mut plan = Plan::swarm(seed, SMALL, 4, 1_000_000);
        for (index, client) in plan.clients.iter_mut().enumerate() {
            client.dials = (0..5).filter(|other| *other != index).collect();
        }
        let outcome = run(plan);
        assert!(outcome.dials < 60, "{} dials", outcome.dials);
    });
}

#[test]
fn hashes_that_are_slow_and_come_out_of_order() {
    for_seeds(10, |seed| {
        let mut plan = Plan::swarm(seed, SMALL, 6, 1_000_000);
        for client in &mut plan.clients {
            client.hashing = millis(1)..seconds(8);
        }
        run(plan);
    });
}

#[test]
fn large_pieces_of_many_segments() {
    for_seeds(2, |seed| {
        let piece_length = 150 * BLOCK;
        let torrent = TorrentPlan { piece_length, length: 3 * piece_length + 70 * BLOCK + 1 };
        run(Plan::swarm(seed, torrent, 5, 4_000_000));
    });
}

#[test]
fn one_slow_seed_is_asked_for_every_piece_about_once() {
    for_seeds(1, |seed| {
        let torrent = TorrentPlan { piece_length: 4 * BLOCK, length: 128 * 4 * BLOCK };
        let mut plan = Plan::swarm(seed, torrent, 40, 1_000_000);
        plan.clients[0].uplink = 200_000;
        plan.audit_every = 50;
        let outcome = run(plan);
        let ideal = torrent.length as f64 / 200_000.0;
        let factor = outcome.took.as_secs_f64() / ideal;
        println!("{factor:.2} times the ideal, {:.1} % wasted", 100.0 * outcome.wasted);
        assert!(factor < 2.0, "{factor:.2} times the ideal time");
        assert!(outcome.wasted < 0.03, "{:.1} % wasted", 100.0 * outcome.wasted);
    });
}

#[test]
fn hundreds_of_leechers() {
    for_seeds(1, |seed| {
        let torrent = TorrentPlan { piece_length: 2 * BLOCK, length: 40 * 2 * BLOCK };
        let mut plan = Plan::swarm(seed, torrent, 200, 1_000_000);
        plan.audit_every = 500;
        let outcome = run(plan);
        println!("{:?} {:.3} {} steps", outcome.took, outcome.wasted, outcome.steps);
    });
}

#[test]
fn a_complete_client_has_nothing_to_do() {
    for_seeds(1, |seed| {
        let mut plan = Plan::swarm(seed, SMALL, 0, 1_000_000);
        plan.clients.push(ClientPlan { dials: vec![0], ..ClientPlan::new(100, 1_000_000) });
        let outcome = run(plan);
        assert!(outcome.dials <= 2);
    });
}
