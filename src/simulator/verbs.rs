//! What can be done to simulated nodes: join, crash, come back, pause, leave, be cut off.

use super::world::World;
use crate::chord::input::{Command, Event, Outcome};
use crate::chord::ring_id::RingId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

impl World {
    /// Adds nodes that join through `via`, all at once; the first of a world begins the ring.
    pub fn join(&mut self, count: usize, via: Option<usize>) -> Vec<usize> {
        (0..count).map(|_| self.join_one(via)).collect()
    }

    /// An address for the next node: in a private network, or public and in a subnet of its own.
    pub fn next_address(&self) -> SocketAddr {
        let [_, b, c, d] = (self.slots.len() as u32).to_be_bytes();
        if self.public { ([20, c, d, b + 1], 7_000).into() } else { ([10, b, c, d], 7_000).into() }
    }

    /// Adds a node at an address of its own.
    pub fn join_one(&mut self, via: Option<usize>) -> usize {
        let slot = self.add_slot(self.next_address());
        self.start(slot, Arc::clone(&self.settings));
        let bootstrap: Vec<SocketAddr> =
            via.map(|via| self.slots[via].address).into_iter().collect();
        self.command(slot, Command::Join(bootstrap));
        slot
    }

    /// Builds a ring of so many nodes: they join through random members, a few at a time, and
    /// settle.
    pub fn grow(&mut self, count: usize) {
        let mut joined = 0;
        while joined < count {
            let running = self.running_slots();
            let batch = (1 + running.len() / 4).min(count - joined);
            for _ in 0..batch {
                let via = match running.len() {
                    0 => None,
                    many => Some(running[self.random.below(many as u32) as usize]),
                };
                self.join_one(via);
            }
            joined += batch;
            self.run_for(Duration::from_secs(3));
        }
    }

    /// Stops a node without a word.
    pub fn crash(&mut self, slot: usize) {
        self.stop(slot);
    }

    /// Stops a part of the running nodes without a word, chosen by chance.
    pub fn crash_part(&mut self, percent: usize) -> Vec<usize> {
        let mut running = self.running_slots();
        self.random.shuffle(&mut running);
        running.truncate(running.len() * percent / 100);
        running.iter().for_each(|slot| self.crash(*slot));
        running
    }

    /// Starts a node again where one was, knowing nothing.
    pub fn restart(&mut self, slot: usize, via: Option<usize>) {
        if self.slots[slot].node.is_some() {
            self.stop(slot);
        }
        self.start(slot, Arc::clone(&self.settings));
        let bootstrap = via.map(|via| self.slots[via].address).into_iter().collect();
        self.command(slot, Command::Join(bootstrap));
    }

    /// A node does nothing for a while, then takes in everything that came meanwhile.
    pub fn pause(&mut self, slot: usize, time: Duration) {
        self.slots[slot].paused_until = self.now + time;
    }

    /// A node leaves with a word; it stops when others have taken over what it held.
    pub fn leave(&mut self, slot: usize) {
        self.command(slot, Command::Leave);
    }

    /// Splits the nodes into groups that hear nothing of each other.
    pub fn split(&mut self, groups: &[Vec<usize>]) {
        for (group, members) in groups.iter().enumerate() {
            members.iter().for_each(|slot| self.network.set_group(*slot, group as u32));
            for other in (0..groups.len()).filter(|other| *other != group) {
                self.network.cut(group as u32, other as u32);
            }
        }
    }

    /// Runs until something is true, looking every `every`; false if it is not in time.
    pub fn run_till(
        &mut self,
        every: Duration,
        limit: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> bool {
        let end = self.now + limit;
        while !done(self) {
            if self.now >= end {
                return false;
            }
            self.run_for(every);
        }
        true
    }

    /// What came of a command, if it is done.
    pub fn outcome(&self, slot: usize, command: u64) -> Option<&Outcome> {
        self.slots[slot].events.iter().rev().find_map(|(_, event)| {
            let Event::Done { command: number, outcome } = event else { return None };
            (*number == command).then_some(outcome)
        })
    }

    /// Whether a command has told any peers.
    pub fn has_peers(&self, slot: usize, command: u64) -> bool {
        self.slots[slot].events.iter().any(|(_, event)| {
            matches!(event, Event::Peers { command: number, peers }
                if *number == command && !peers.is_empty())
        })
    }

    /// A random place.
    pub fn random_place(&mut self) -> RingId {
        let mut bytes = [0; 20];
        bytes.iter_mut().for_each(|byte| *byte = self.random.below(256) as u8);
        RingId(bytes)
    }

    /// A random running node.
    pub fn random_slot(&mut self) -> usize {
        let running = self.running_slots();
        running[self.random.below(running.len() as u32) as usize]
    }

    /// A number below `bound`, of the world's own chance.
    pub fn draw(&mut self, bound: u32) -> u32 {
        self.random.below(bound)
    }
}
