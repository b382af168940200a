//! Runs plans: until everybody has everything, then until everybody has stopped; and says which
//! seed failed, so that it can be replayed.

use crate::plan::{Plan, seconds};
use crate::world::World;
use cuerda::kit::clock::Time;
use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What came of a plan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// A number that depends on everything that happened.
    pub(crate) trace: u64,
    /// When the last of those that must complete was complete.
    pub(crate) took: Duration,
    /// Of the payload received, the part that was received in vain.
    pub(crate) wasted: f64,
    /// Things that happened.
    pub(crate) steps: u64,
    /// Connections dialed.
    pub(crate) dials: u32,
    /// For each client, those that it banned.
    pub(crate) banned: Vec<Vec<usize>>,
    /// Orders in the fullest mailbox there was.
    pub(crate) fullest_mailbox: usize,
}

thread_local! {
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Makes a panic print the seed before anything else.
fn announce_seed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(seed) = SEED.get() {
                eprintln!("SEED={seed} fails; set it in the environment to replay this");
            }
            before(info);
        }));
    });
}

/// Runs a scenario for its seeds: `usual` of them, `SIM_SEEDS` of them, or the one in `SEED`.
pub(crate) fn for_seeds(usual: u64, scenario: impl Fn(u64)) {
    announce_seed();
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..number("SIM_SEEDS").unwrap_or(usual) + 1,
    };
    for seed in seeds {
        SEED.set(Some(seed));
        scenario(seed);
    }
    SEED.set(None);
}

/// Runs a scenario for the one seed that failed once.
pub(crate) fn only_seed(seed: u64, scenario: impl Fn(u64)) {
    announce_seed();
    SEED.set(Some(seed));
    scenario(seed);
    SEED.set(None);
}

/// Runs a plan to its end.
pub(crate) fn run(plan: Plan) -> Outcome {
    let mut world = World::new(plan);
    let to_end: Vec<usize> =
        (0..world.clients.len()).filter(|&c| world.clients[c].plan.is_to_end()).collect();
    let limit = Time::ZERO + world.plan.limit;
    let mut left = to_end;
    while !left.is_empty() {
        assert!(world.step(), "nothing will ever happen, {left:?} are not complete");
        left.retain(|&client| !world.clients[client].is_at_its_end());
        if world.now > limit {
            panic!("not complete in time:{}", report(&world, &left));
        }
    }
    let took = world.now.since(Time::ZERO);
    let outcome = outcome(&world, took);
    finish(&mut world);
    Outcome { trace: world.trace, ..outcome }
}

/// Everybody stops, and nothing is left over.
fn finish(world: &mut World) {
    world.stop();
    let limit = world.now + seconds(30);
    let running = |world: &World| {
        let clients = world.clients.iter();
        clients.filter(|client| client.is_there && !client.stopped).count()
    };
    while running(world) > 0 {
        assert!(world.step() && world.now <= limit, "{} do not stop", running(world));
    }
    for client in world.clients.iter().filter(|client| client.is_there) {
        world.audit(client.index);
        assert!(client.ends.is_empty(), "ends of client {} are left", client.index);
        assert!(!client.waits_for_room, "client {} waits for room in vain", client.index);
    }
}

fn outcome(world: &World, took: Duration) -> Outcome {
    let stats = || world.clients.iter().flat_map(|c| &c.torrents).map(|t| &t.shared.stats);
    let downloaded: u64 = stats().map(|stats| stats.downloaded.load(Relaxed)).sum();
    let wasted: u64 = stats().map(|stats| stats.wasted.load(Relaxed)).sum();
    let banned = world.clients.iter().map(|client| {
        let addresses = client.banned.iter();
        addresses.filter_map(|address| world.listener(*address)).collect()
    });
    Outcome {
        trace: world.trace,
        took,
        wasted: wasted as f64 / downloaded.max(1) as f64,
        steps: world.steps,
        dials: world.clients.iter().map(|client| client.dials).sum(),
        banned: banned.collect(),
        fullest_mailbox: world.fullest_mailbox,
    }
}

/// Where those stand that are not complete.
fn report(world: &World, left: &[usize]) -> String {
    let mut text = String::new();
    for client in left.iter().take(5).map(|&client| &world.clients[client]) {
        for torrent in &client.torrents {
            let (owned, taken) = (torrent.shared.owned.count(), torrent.shared.taken.snapshot());
            let pieces = torrent.shared.layout.piece_count();
            text += &format!(
                "\nclient {}: {owned} of {pieces} pieces, {} under way, {} ends",
                client.index,
                taken.count(),
                client.ends.len()
            );
        }
        if std::env::var_os("SIM_DUMP").is_some() {
            text += &format!("\n{:#?}", client.swarm);
        }
    }
    text
}
