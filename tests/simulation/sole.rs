//! Scenarios around pieces that failed their hash and are fetched again from one peer alone: that
//! peer may be slow, silent, choking, a liar itself, or leave.

use crate::plan::{BLOCK, ClientPlan, Plan, Serving, Silence, TorrentPlan, millis, seconds};
use crate::run::{for_seeds, only_seed, run};
use cuerda::kit::random::Random;

const SMALL: TorrentPlan = TorrentPlan { piece_length: 8 * BLOCK, length: 16 * 8 * BLOCK };

/// A seed, so many liars that have everything, and leechers.
fn world(seed: u64, liars: usize, leechers: usize, uplink: u64) -> Plan {
    let mut plan = Plan::swarm(seed, SMALL, liars + leechers, uplink);
    for client in &mut plan.clients[1..=liars] {
        client.serving = Serving::Lies(50);
        client.torrents[0].1 = 100;
    }
    plan.limit = seconds(3_600);
    plan
}

#[test]
fn liars_that_hardly_give_a_block_a_minute() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = world(seed, 3, 4, 300_000);
        for client in &mut plan.clients[1..4] {
            client.uplink = 300 + u64::from(random.below(2_000));
            client.serving = Serving::Lies(20 + random.below(81));
        }
        run(plan);
    });
}

/// Every second block or so has to come from one honest peer that is slower than our patience.
fn slow_and_honest(seed: u64) {
    let mut random = Random::new(seed);
    let mut plan = world(seed, 3, 3, 1_000_000);
    plan.clients[0].uplink = 3_000 + u64::from(random.below(20_000));
    plan.clients[0].fast = random.below(2) == 0;
    run(plan);
}

#[test]
fn one_honest_peer_that_is_slow_and_liars_that_are_fast() {
    for_seeds(10, slow_and_honest);
}

/// What waited in the send buffers took longer than requests were waited for: blocks were given up,
/// came, were discarded, and asked for again, for ever.
#[test]
fn blocks_that_wait_longer_at_a_slow_peer_than_we_do_are_of_use() {
    only_seed(103, slow_and_honest);
}

#[test]
fn hashes_that_are_slow_while_many_pieces_are_bad() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = world(seed, 2 + random.below(3) as usize, 1, 500_000);
        for client in &mut plan.clients {
            client.hashing = millis(1)..millis(u64::from(10 + random.below(8_000)));
        }
        run(plan);
    });
}

#[test]
fn those_that_fetch_alone_choke_forget_and_vanish() {
    for_seeds(10, |seed| {
        let mut random = Random::new(seed);
        let mut plan = world(seed, 2, 6, 300_000);
        plan.clients[0].flaps = (random.below(2) == 0).then_some(millis(3_000));
        for (index, client) in plan.clients[3..].iter_mut().enumerate() {
            client.torrents[0].1 = 100 * random.below(2);
            client.fast = random.below(2) == 0;
            client.writing = millis(0)..millis([0, 2_000][random.below(2) as usize]);
            match index % 3 {
                0 => client.serving = Serving::Never,
                1 => client.flaps = Some(millis(u64::from(100 + random.below(4_000)))),
                _ => {
                    let when = millis(u64::from(random.below(40_000)));
                    client.vanishes = Some((when, Silence::Total));
                }
            }
        }
        run(plan);
    });
}

#[test]
fn long_pieces_that_are_bad() {
    for_seeds(2, |seed| {
        let torrent = TorrentPlan { piece_length: 150 * BLOCK, length: 300 * BLOCK + 1 };
        let mut plan = Plan::swarm(seed, torrent, 5, 200_000);
        plan.limit = seconds(7_200);
        for client in &mut plan.clients[1..3] {
            client.serving = Serving::Lies(10);
            client.torrents[0].1 = 100;
            client.uplink = 20_000;
        }
        plan.clients[0].uplink = 20_000;
        plan.clients.push(ClientPlan { dials: vec![0, 1, 2], ..ClientPlan::new(0, 200_000) });
        run(plan);
    });
}
