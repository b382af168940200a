//! Scenarios in which somebody does not do what they should.

use crate::plan::{BLOCK, Plan, Serving, Silence, TorrentPlan, millis, seconds};
use crate::run::{for_seeds, run};
use cuerda::kit::random::Random;

const SMALL: TorrentPlan = TorrentPlan { piece_length: 4 * BLOCK, length: 30 * 4 * BLOCK };

#[test]
fn peers_that_vanish_with_leases_out() {
    for_seeds(20, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 16, 100_000);
        for client in plan.clients[2..].iter_mut().step_by(2) {
            let when = millis(u64::from(random.below(30_000)));
            let silence = if random.below(2) == 0 { Silence::Closed } else { Silence::Total };
            client.torrents[0].1 = random.below(101);
            client.vanishes = Some((when, silence));
        }
        run(plan);
    });
}

#[test]
fn peers_that_never_answer() {
    for_seeds(10, |seed| {
        let mut plan = Plan::swarm(seed, SMALL, 9, 500_000);
        for client in &mut plan.clients[1..5] {
            client.serving = Serving::Never;
            client.torrents[0].1 = 100;
        }
        run(plan);
    });
}

#[test]
fn peers_that_forget_requests() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 4, 500_000);
        for client in &mut plan.clients {
            client.serving = Serving::Forgets(random.below(20));
            client.fast = random.below(2) == 0;
        }
        run(plan);
    });
}

#[test]
fn slow_peers_among_fast_ones() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 10, 500_000);
        for client in plan.clients[1..].iter_mut().step_by(2) {
            client.uplink = 1_000 + u64::from(random.below(4_000));
            client.torrents[0].1 = 100;
        }
        run(plan);
    });
}

#[test]
fn leechers_of_one_seed_that_is_slower_than_any_timeout() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let torrent = TorrentPlan { piece_length: 4 * BLOCK, length: 8 * 4 * BLOCK };
        let mut plan = Plan::swarm(seed, torrent, 1 + random.below(6) as usize, 1_000_000);
        // Down to 150 bytes a second for each of six: a block in 109 s.
        plan.clients[0].uplink = 900 + u64::from(random.below(2_000));
        plan.clients[0].fast = random.below(2) == 0;
        let ideal = torrent.length / plan.clients[0].uplink;
        plan.limit = seconds(12 * ideal);
        let outcome = run(plan);
        let factor = outcome.took.as_secs_f64() / ideal as f64;
        println!("{factor:.2} times the ideal, {:.1} % wasted", 100.0 * outcome.wasted);
    });
}

#[test]
fn disks_that_are_slow_now_and_then() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 1_000_000);
        plan.limit = seconds(2_000);
        for client in plan.clients[1..].iter_mut().step_by(2) {
            client.writing = millis(0)..millis(u64::from(100 + random.below(8_000)));
        }
        run(plan);
    });
}

#[test]
fn liars_are_found_and_nobody_else() {
    for_seeds(20, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 12, 500_000);
        for client in &mut plan.clients[1..4] {
            client.serving = Serving::Lies(5 + random.below(95));
            client.torrents[0].1 = 100;
        }
        run(plan);
    });
}

#[test]
fn choking_that_flaps() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = Plan::swarm(seed, SMALL, 8, 300_000);
        for client in &mut plan.clients {
            client.flaps = Some(millis(u64::from(200 + random.below(2_000))));
            client.fast = random.below(2) == 0;
        }
        run(plan);
    });
}

#[test]
fn everything_at_once() {
    for_seeds(30, |seed| {
        let mut random = Random::new(seed);
        let leechers = 4 + random.below(20) as usize;
        let mut plan = Plan::swarm(seed, SMALL, leechers, 200_000);
        plan.audit_every = 5;
        plan.limit = seconds(1_200);
        for client in &mut plan.clients[1..] {
            client.torrents[0].1 = [0, 0, 30, 100][random.below(4) as usize];
            client.serving = match random.below(8) {
                0 => Serving::Never,
                1 => Serving::Lies(50),
                2 => Serving::Forgets(10),
                _ => Serving::Honest,
            };
            client.fast = random.below(2) == 0;
            client.flaps = (random.below(5) == 0).then_some(millis(900));
            client.uplink = [5_000, 100_000, 1_000_000][random.below(3) as usize];
            client.comes = millis(u64::from(random.below(20_000)));
            let when = client.comes + millis(u64::from(random.below(60_000)));
            client.vanishes = (random.below(4) == 0).then_some((when, Silence::Closed));
            client.hashing = millis(1)..millis([5, 3_000][random.below(2) as usize]);
            client.writing = millis(0)..millis([0, 0, 0, 500][random.below(4) as usize]);
        }
        run(plan);
    });
}
