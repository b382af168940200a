//! Runs scenarios for their seeds, and says which one failed.

use cuerda::chord::settings::Settings;
use cuerda::simulator::world::World;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// Runs a scenario for its seeds: `usual` of them, `SIM_SEEDS` of them, or the one in `SEED`. A
/// seed that fails is run again to tell what happened last.
pub(crate) fn for_seeds(usual: u64, scenario: impl Fn(&mut World)) {
    for_seeds_with(usual, &Settings::default(), scenario);
}

/// The same for a ring of other settings.
pub(crate) fn for_seeds_with(usual: u64, settings: &Settings, scenario: impl Fn(&mut World)) {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..number("SIM_SEEDS").unwrap_or(usual) + 1,
    };
    for seed in seeds {
        let mut world = World::new(seed, settings.clone());
        let result = catch_unwind(AssertUnwindSafe(|| scenario(&mut world)));
        if let Err(panic) = result {
            eprintln!("SEED={seed} fails; set it in the environment to replay this");
            let mut world = World::new(seed, settings.clone());
            world.remember = true;
            let _ = catch_unwind(AssertUnwindSafe(|| scenario(&mut world)));
            let report = world.report();
            let lines: Vec<&str> = report.lines().collect();
            let last = lines.len().saturating_sub(200);
            eprintln!("{}", lines[last..].join("\n"));
            resume_unwind(panic);
        }
    }
}

/// So many virtual seconds.
pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Runs until the ring is ideal; panics with what is wrong if it is not in time.
pub(crate) fn becomes_ideal(world: &mut World, limit: Duration) {
    let ideal = world.run_till(seconds(1), limit, |world| world.not_ideal().is_none());
    let fault = world.not_ideal();
    assert!(
        ideal,
        "not ideal in {limit:?}: {} ({} rings)",
        fault.unwrap_or_default(),
        world.rings()
    );
}

/// Runs until all arcs are held by whom they should be.
pub(crate) fn becomes_agreed(world: &mut World, limit: Duration) {
    let agreed = world.run_till(seconds(1), limit, |world| world.not_agreed().is_none());
    assert!(agreed, "not agreed in {limit:?}: {}", world.not_agreed().unwrap_or_default());
}

/// Runs until predecessors and the first successors are right.
pub(crate) fn becomes_right(world: &mut World, limit: Duration) {
    let right = world.run_till(seconds(1), limit, |world| world.not_right().is_none());
    let fault = world.not_right();
    assert!(
        right,
        "not right in {limit:?}: {} ({} rings)",
        fault.unwrap_or_default(),
        world.rings()
    );
}
