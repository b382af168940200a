//! How long lookups, reads and announces take in a ring that lives: distances that differ, loss,
//! nodes that remember others.

use super::balance::any_place;
use super::lookups::{begin, end};
use super::summary::Summary;
use crate::chord::input::{Command, Event, Outcome};
use crate::chord::message::Flags;
use crate::chord::settings::Settings;
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::simulator::network::Delay;
use crate::simulator::world::World;
use std::time::Duration;

/// Half the median round trip of 80 ms, and how much pairs differ (sigma of the logarithm).
const DELAY: Delay = Delay::LogNormal(Duration::from_millis(40), 0.6);
/// Of a thousand datagrams, how many are lost.
const LOSS_PERMILLE: u32 = 20;
/// Everything that was begun is over after that.
const OVER: Duration = Duration::from_secs(10);
/// Torrents announced and read.
const TORRENTS: usize = 100;

/// The ring.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Nodes.
    pub nodes: usize,
    /// Contacts that each remembers besides neighbors and fingers.
    pub remembered: usize,
    /// Of a hundred nodes, how many die just before the lookups begin.
    pub dead_percent: usize,
    /// Things begun in a second.
    pub rate: u32,
}

/// How long things took.
#[derive(Debug, Clone, PartialEq)]
pub struct Latency {
    /// Seconds until the nodes at a place were known.
    pub find: Summary,
    /// Requests for that.
    pub requests: Summary,
    /// Lookups that did not find the owner.
    pub failed: usize,
    /// Seconds until the first peer of a torrent was known.
    pub first_peer: Summary,
    /// Seconds until a quorum had answered a read.
    pub read: Summary,
    /// Reads without a quorum.
    pub incomplete: usize,
}

/// Looks so many places up, and reads as many torrents.
pub fn latency(seed: u64, setting: Setting, lookups: usize) -> Latency {
    let mut world = World::new(seed, Settings::default());
    world.watch = false;
    (world.network.delay, world.network.loss_permille) = (DELAY, LOSS_PERMILLE);
    world.place(setting.nodes);
    world.acquaint(setting.remembered);
    world.run_for(Duration::from_secs(20));
    let keys = announced(&mut world, seed);
    world.crash_part(setting.dead_percent);
    let running = world.running_slots();
    let pause = Duration::from_secs(1) / setting.rate.max(1);
    let (mut begun, mut reads) = (Vec::new(), Vec::new());
    for number in 0..lookups {
        let slot = running[world.draw(running.len() as u32) as usize];
        let place = world.random_place();
        begun.push(begin(&mut world, slot, place));
        let slot = running[world.draw(running.len() as u32) as usize];
        let read = world.command(slot, Command::Lookup(keys[number % keys.len()]));
        reads.push((slot, read, world.now));
        world.run_for(pause);
    }
    world.run_for(OVER);
    let living = world.order();
    let mut found = (Vec::new(), Vec::new(), 0);
    for lookup in &begun {
        match end(&world, lookup).filter(|tried| tried.judge(&living, lookup.place).0) {
            Some(tried) => {
                found.0.push(tried.time.as_secs_f64());
                found.1.push(f64::from(tried.requests));
            }
            None => found.2 += 1,
        }
    }
    let (first_peer, read, incomplete) = read_times(&world, &reads);
    Latency {
        find: Summary::of(found.0),
        requests: Summary::of(found.1),
        failed: found.2,
        first_peer,
        read,
        incomplete,
    }
}

/// Announces peers of torrents.
fn announced(world: &mut World, seed: u64) -> Vec<InfoHash> {
    let mut random = Random::new(seed);
    let keys: Vec<InfoHash> = (0..TORRENTS).map(|_| InfoHash(any_place(&mut random).0)).collect();
    for key in &keys {
        announce(world, *key);
    }
    world.run_for(OVER);
    keys
}

/// Announces a peer of a torrent from a node by chance.
pub(super) fn announce(world: &mut World, info_hash: InfoHash) -> (usize, u64) {
    let slot = world.random_slot();
    let flags = Flags { unpingable: true, ..Flags::default() };
    (slot, world.command(slot, Command::Announce { info_hash, port: Some(6_881), flags }))
}

/// Seconds to the first peer and to the quorum of reads, and how many reads had none.
fn read_times(world: &World, reads: &[(usize, u64, Time)]) -> (Summary, Summary, usize) {
    let (mut first, mut complete, mut without) = (Vec::new(), Vec::new(), 0);
    for (slot, number, at) in reads {
        let events = world.slots[*slot].events.iter();
        let mut peers = events.filter(|(_, event)| {
            let of = |peers: &[_], command| command == *number && !peers.is_empty();
            matches!(event, Event::Peers { command, peers } if of(peers, *command))
        });
        first.extend(peers.next().map(|(told, _)| told.since(*at).as_secs_f64()));
        let events = world.slots[*slot].events.iter();
        let done = events.filter_map(|(told, event)| {
            let Event::Done { command, outcome } = event else { return None };
            let counted = matches!(outcome, Outcome::Counted { complete: true, .. });
            (command == number && counted).then(|| told.since(*at).as_secs_f64())
        });
        let before = complete.len();
        complete.extend(done);
        without += usize::from(complete.len() == before);
    }
    (Summary::of(first), Summary::of(complete), without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_and_reads_take_round_trips() {
        let setting = Setting { nodes: 60, remembered: 30, dead_percent: 0, rate: 50 };
        let found = latency(1, setting, 100);
        assert_eq!((found.failed, found.incomplete), (0, 0), "{found:?}");
        assert!(found.find.p50 < found.first_peer.p50, "{found:?}");
        assert!(found.first_peer.p50 <= found.read.p50 && found.read.p95 < 2.0, "{found:?}");
    }
}
