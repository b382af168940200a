//! Rings of processes: many join at once, half of them are killed at once, a peer dies.

use crate::scene::{CALL, DEPTH, address, client, finish, hash, look_up, start, stop, walk};
use crate::support::process::Running;
use crate::support::wait;
use cuerda::chord::settings::Settings;
use cuerda::client::ring::{Flags, Outcome, Ring, RingHandle, RingOptions, Role, Walked};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Within this time after the last change neighbors are right.
const RIGHT: Duration = Duration::from_secs(30);
/// Within this time after many were killed also the ends of successor lists are right.
const WHOLE: Duration = Duration::from_secs(90);
/// Replicas of a key.
const REPLICAS: usize = 5;
/// Keys announced.
const KEYS: u32 = 24;
/// Time between two announces of the same key.
const RENEWAL: Duration = Duration::from_secs(5);
/// Within this time a dead address is found in no lookup, with pings every two seconds: the pause
/// before the first ping, three that are repeated for up to eight seconds each, and two pauses.
const DEAD: Duration = Duration::from_secs(2 + 3 * 8 + 2 * 2);

/// A number from the environment, for those who want more than CI.
pub(crate) fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A `cuerda node` of its own process, with short periods.
pub(crate) struct Process {
    /// The process.
    pub(crate) running: Running,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts one that joins through `via`, or begins a ring.
    pub(crate) fn start(name: &str, via: Option<SocketAddr>, folder: &Path) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
        command.args(["node", "--listen", "127.0.0.1:0", "--stabilize-period", "2"]);
        command.args(["--finger-period", "2", "--repair-period", "5", "--merge-period", "3"]);
        command.args(["--ping-period", "2"]).env_remove("RUST_LOG");
        if let Some(via) = via {
            command.args(["--bootstrap", &via.to_string()]);
        }
        let running = Running::start(name, command, folder);
        let what = format!("{name} tells where it listens");
        let address = wait::until(&what, RIGHT, || running.out().trim().parse().ok());
        Process { running, address }
    }
}

/// Starts a ring of so many processes, all through the first.
pub(crate) fn ring(count: u32, folder: &Path) -> Vec<Process> {
    let first = Process::start("node-0", None, folder);
    let via = Some(first.address);
    let others = (1..count).map(|number| Process::start(&format!("node-{number}"), via, folder));
    std::iter::once(first).chain(others).collect()
}

/// Waits until the ring of `via` has so many nodes, each with the right predecessor and the right
/// first `depth` successors.
pub(crate) fn becomes_right(
    handle: &RingHandle,
    via: SocketAddr,
    (nodes, depth): (usize, usize),
    limit: Duration,
) {
    let mut last = Walked::default();
    let right = wait::try_until(limit, || {
        last = walk(handle, via);
        (last.nodes.len() == nodes && last.is_ideal(depth)).then_some(())
    });
    let faults = || (0..last.nodes.len()).map(|index| last.faults(index, depth));
    assert!(
        right.is_some(),
        "no right ring of {nodes} to depth {depth} within {limit:?}: {} nodes, {} silent, {:?}",
        last.nodes.len(),
        last.silent.len(),
        faults().filter(|faults| !faults.is_empty()).take(5).collect::<Vec<_>>()
    );
}

/// Who announces: a client with a port of its own, which answers pings, and short renewals.
fn announcer(via: Vec<SocketAddr>) -> Ring {
    start(RingOptions {
        listen: vec![([127, 0, 0, 1], 0).into()],
        bootstrap: via,
        settings: Settings { client: true, ..Settings::default() },
        renewal_period: RENEWAL,
        ..RingOptions::default()
    })
}

/// Waits until a complete read of each key has, or has not, the peer.
fn all_know(handle: &RingHandle, keys: u32, peer: SocketAddr, there: bool, limit: Duration) {
    let clock = handle.clock();
    let end = clock.now() + limit;
    for key in 0..keys {
        let what = format!("key {key} has the peer {peer}: {there}");
        wait::until(&what, end.since(clock.now()), || {
            let (peers, complete) = look_up(handle, hash(key));
            (complete && peers.contains(&peer) == there).then_some(())
        });
    }
}

#[test]
fn half_of_a_ring_is_killed_and_the_rest_is_one_right_ring_that_knows_all_peers() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = number("RING_NODES", 25);
    let mut nodes = ring(count, folder.path());
    let via = nodes[0].address;
    let outside = client(via);
    let clock = outside.handle().clock();
    let began = clock.now();
    becomes_right(&outside.handle(), via, (nodes.len(), DEPTH), RIGHT);
    tell(&format!(
        "{count} nodes: an ideal ring {:?} after the last join",
        clock.now().since(began)
    ));

    let survivors: Vec<SocketAddr> = nodes.iter().take(3).map(|node| node.address).collect();
    let announcing = announcer(survivors);
    for key in 0..KEYS {
        let call = announcing.handle().announce(hash(key), None, Role::Leecher).expect("a node");
        let (_, outcomes) = finish(call);
        assert!(matches!(outcomes[..], [Outcome::Counted { complete: true, .. }]), "{outcomes:?}");
    }
    let peer = address(&announcing);
    all_know(&outside.handle(), KEYS, peer, true, CALL);

    let killed = count as usize * 24 / 50;
    let doomed: Vec<Process> = nodes.split_off(nodes.len() - killed);
    doomed.iter().for_each(|node| node.running.signal(Signal::KILL));
    let began = clock.now();
    every_lookup_is_answered(&outside.handle(), RIGHT);
    tell(&format!("every lookup was answered {:?} after the kill", clock.now().since(began)));
    let left = RIGHT.saturating_sub(clock.now().since(began));
    becomes_right(&outside.handle(), via, (nodes.len(), REPLICAS), left);
    tell(&format!(
        "{} nodes: a right ring {:?} after the kill",
        nodes.len(),
        clock.now().since(began)
    ));
    all_know(&outside.handle(), KEYS, peer, true, RENEWAL * 6 / 5 + CALL);
    tell(&format!("all {KEYS} keys are back {:?} after the kill", clock.now().since(began)));
    let left = WHOLE.saturating_sub(clock.now().since(began));
    becomes_right(&outside.handle(), via, (nodes.len(), DEPTH), left);
    tell(&format!("an ideal ring {:?} after the kill", clock.now().since(began)));
    stop(announcing);
    stop(outside);
}

#[test]
fn a_peer_that_dies_without_a_word_is_told_to_nobody_soon() {
    let folder = tempfile::tempdir().expect("a folder");
    let nodes = ring(6, folder.path());
    let via = nodes[0].address;
    let outside = client(via);
    becomes_right(&outside.handle(), via, (nodes.len(), DEPTH), RIGHT);
    let (doomed, living) = (announcer(vec![via]), announcer(vec![via]));
    let (dead, alive) = (address(&doomed), address(&living));
    for key in 0..2 {
        for ring in [&doomed, &living] {
            let flags = Flags::default();
            let call = ring.handle().announce_with(hash(key), None, flags, false).expect("a node");
            assert!(matches!(finish(call).1[..], [Outcome::Counted { complete: true, .. }]));
        }
    }
    all_know(&outside.handle(), 2, dead, true, CALL);
    // What was announced only once is not withdrawn by who stops: the same as a crash.
    stop(doomed);
    let clock = outside.handle().clock();
    let began = clock.now();
    all_know(&outside.handle(), 2, dead, false, DEAD);
    tell(&format!("a dead address was gone after {:?}", clock.now().since(began)));
    all_know(&outside.handle(), 2, alive, true, CALL);
    stop(living);
    stop(outside);
}

/// Looks all keys up at once, again and again: each gets a complete read within the time in which
/// the ring has to be right again, also those whose replicas were all killed.
fn every_lookup_is_answered(handle: &RingHandle, limit: Duration) {
    let clock = handle.clock();
    let end = clock.now() + limit;
    let mut open: Vec<u32> = (0..KEYS).collect();
    while !open.is_empty() {
        assert!(clock.now() < end, "keys without a complete read after {limit:?}: {open:?}");
        let calls: Vec<_> =
            open.iter().map(|key| handle.lookup(hash(*key)).expect("a running node")).collect();
        // Who asks replicas that are dead waits for long; who asks a moment later does not.
        let patience = clock.now() + Duration::from_secs(3);
        let complete: Vec<bool> = calls
            .into_iter()
            .map(|call| {
                let (_, outcomes) = call.wait(patience);
                matches!(outcomes[..], [(_, Outcome::Counted { complete: true, .. })])
            })
            .collect();
        let mut complete = complete.into_iter();
        open.retain(|_| !complete.next().unwrap_or_default());
    }
}

/// A figure, for people.
#[expect(clippy::print_stdout, reason = "figures, for people")]
pub(crate) fn tell(words: &str) {
    println!("{words}");
}
