//! How large rings can be simulated, and what a node costs.

use crate::Set;
use crate::page::Page;
use crate::workloads::{Ended, verdict};
use cuerda::chord::settings::Settings;
use cuerda::kit::clock::Clock;
use cuerda::simulator::world::World;
use std::time::Duration;

/// Memory, time and traffic of a node as rings grow.
pub(crate) fn scale(set: Set, page: &mut Page) -> Ended {
    page.say("## Scale\n");
    page.say(
        "One process, our defaults, no contacts remembered at first. Memory is what the process \
         grew by over the nodes; demand: at most 60 kB a node. Bytes and datagrams are what a \
         node sends while turns still come fast after the start.\n",
    );
    let (clock, mut rows) = (Clock::start(), Vec::new());
    for (nodes, seconds) in
        set.choose(vec![(1_000, 60), (10_000, 20)], vec![(1_000, 60), (10_000, 60), (100_000, 20)])
    {
        let (before, begun) = (resident(), clock.now());
        let mut world = World::new(1, Settings::default());
        world.watch = false;
        world.place(nodes);
        let (placed, placing) = (resident().saturating_sub(before), clock.now().since(begun));
        let begun = clock.now();
        world.run_for(Duration::from_secs(seconds));
        let (ran, running) = (resident().saturating_sub(before), clock.now().since(begun));
        let each = (nodes as u64 * seconds) as f64;
        rows.push(vec![
            nodes.to_string(),
            format!("{:.1} s", placing.as_secs_f64()),
            format!("{:.1} kB", placed as f64 / nodes as f64),
            format!("{:.1} kB", ran as f64 / nodes as f64),
            format!("{:.2} s", running.as_secs_f64() / seconds as f64),
            format!("{:.0} B/s, {:.2}/s", world.bytes as f64 / each, world.datagrams as f64 / each),
            verdict(ran as f64 / nodes as f64 <= 60.0).to_owned(),
        ]);
    }
    let names = [
        "nodes",
        "placing",
        "memory of a node",
        "after the run",
        "a virtual second takes",
        "a node sends",
        "demand",
    ];
    page.table(&names, &rows);
    page.say(
        "Not run: W7 (sessions), W10 to W15 (flash crowds, join storms, leaves of half, loss of a \
         fifth, hostile datagrams, rings of one to r + 2); `tests/ring`, `tests/node` and \
         `tests/hostile` hold parts of these, and W16 is `tests/ring/small.rs`.\n",
    );
    Ok(())
}

/// Memory of this process in kilobytes; nothing where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
