//! Nodes in this process, and what every test asks of them.

use crate::support::wait;
use cuerda::chord::settings::{Periods, Settings};
use cuerda::client::ring::{Outcome, Ring, RingCall, RingHandle, RingOptions, Walk, Walked};
use cuerda::id::InfoHash;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// The successors that every node should know.
pub(crate) const DEPTH: usize = 24;
/// The longest that a lookup or announce takes, and to spare.
pub(crate) const CALL: Duration = Duration::from_secs(20);

/// Periods that make a ring do in seconds what it does in minutes.
pub(crate) fn short() -> Periods {
    Periods {
        stabilize_fast: Duration::from_millis(500),
        stabilize_slow: Duration::from_secs(2),
        stabilize_large: Duration::from_secs(5),
        fix_finger: Duration::from_secs(2),
        repair: Duration::from_secs(5),
        merge: Duration::from_secs(3),
        liveness: Duration::from_secs(2),
    }
}

/// Starts a node at an address (port 0 for any).
pub(crate) fn node(at: &str, bootstrap: &[SocketAddr]) -> Ring {
    start(RingOptions {
        listen: vec![at.parse().expect("an address")],
        bootstrap: bootstrap.to_vec(),
        settings: Settings { periods: short(), ..Settings::default() },
        ..RingOptions::default()
    })
}

/// Starts a client, which is no part of the ring of `via`.
pub(crate) fn client(via: SocketAddr) -> Ring {
    start(RingOptions {
        listen: vec![([127, 0, 0, 1], 0).into()],
        bootstrap: vec![via],
        settings: Settings { client: true, ..Settings::default() },
        ..RingOptions::default()
    })
}

/// Starts whatever is asked for.
pub(crate) fn start(options: RingOptions) -> Ring {
    Ring::start(options).unwrap_or_else(|error| panic!("{error}"))
}

/// Where a node listens.
pub(crate) fn address(ring: &Ring) -> SocketAddr {
    ring.listening()[0]
}

/// Stops a node; all its threads end.
pub(crate) fn stop(ring: Ring) {
    let stopped = ring.stop();
    assert_eq!(stopped.threads_left, 0, "threads that did not end: {:?}", stopped.names);
}

/// Stops nodes, all at once.
pub(crate) fn stop_all(rings: impl IntoIterator<Item = Ring>) {
    let rings: Vec<Ring> = rings.into_iter().collect();
    rings.iter().for_each(Ring::leave);
    rings.into_iter().for_each(stop);
}

/// Goes round the ring of a node.
pub(crate) fn walk(handle: &RingHandle, via: SocketAddr) -> Walked {
    let mut walk = Walk::new(handle.clone(), via);
    walk.run(handle.clock().now() + Duration::from_secs(60), |_, _| ()).expect("a running node");
    walk.found()
}

/// Waits until the ring of `via` has so many nodes and all agree, and returns it.
pub(crate) fn becomes_ideal(
    handle: &RingHandle,
    via: SocketAddr,
    nodes: usize,
    limit: Duration,
) -> Walked {
    let mut last = String::new();
    let found = wait::try_until(limit, || {
        let walked = walk(handle, via);
        last = describe(&walked);
        (walked.nodes.len() == nodes && walked.is_ideal(DEPTH)).then_some(walked)
    });
    found.unwrap_or_else(|| panic!("no right ring of {nodes} within {limit:?}: {last}"))
}

/// What is wrong with a ring, in words.
fn describe(walked: &Walked) -> String {
    let (count, silent) = (walked.nodes.len(), walked.silent.len());
    let faults = (0..count).flat_map(|index| {
        let faults = walked.faults(index, DEPTH);
        faults.into_iter().map(move |fault| (index, fault))
    });
    let faults: Vec<String> = faults
        .take(5)
        .map(|(index, fault)| format!("{} {fault}", walked.nodes[index].0.address))
        .collect();
    format!("{count} nodes, {silent} silent, {}", faults.join("; "))
}

/// The peers that a lookup finds, and whether enough replicas answered.
pub(crate) fn look_up(handle: &RingHandle, hash: InfoHash) -> (BTreeSet<SocketAddr>, bool) {
    let call = handle.lookup(hash).expect("a running node");
    let (peers, outcomes) = finish(call);
    let complete = matches!(outcomes[..], [Outcome::Counted { complete: true, .. }]);
    (peers, complete)
}

/// Waits for what came of a call.
pub(crate) fn finish(call: RingCall) -> (BTreeSet<SocketAddr>, Vec<Outcome>) {
    let clock = call.clock();
    let (peers, outcomes) = call.wait(clock.now() + CALL);
    let peers = peers.into_iter().map(|(address, _)| address).collect();
    (peers, outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// An info-hash of its own for each number.
pub(crate) fn hash(number: u32) -> InfoHash {
    use sha1::{Digest, Sha1};
    InfoHash(Sha1::digest(number.to_be_bytes()).into())
}
