//! The `spawn` thread: starts peers' threads and joins those that ended, because both take longer
//! than the main thread has.

use crate::kit::clock::Clock;
use crate::kit::mailbox::{Letters, Waited};
use crate::kit::thread::{Census, Joined, Thread, spawn};
use crate::limits::PEER_STACK;
use crate::swarm::event::{ArrivalKey, Event};
use crate::swarm::state::PeerKey;
use crate::threads::arrivals::Arrivals;
use crate::threads::assets::Assets;
use crate::threads::peer::{Origin, PeerContext, PeerOrder, PeerThread};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the spawn thread is told.
#[derive(Debug)]
pub enum SpawnOrder {
    /// Start a thread that dials.
    Dial {
        /// The peer's key.
        peer: PeerKey,
        /// Whom.
        address: SocketAddr,
        /// For which torrent.
        assets: Arc<Assets>,
        /// The thread's mailbox.
        letters: Letters<PeerOrder>,
    },
    /// Start a thread for a socket that was accepted.
    Admit {
        /// The peer's key.
        peer: PeerKey,
        /// Where the socket waits.
        arrival: ArrivalKey,
        /// Where it comes from.
        address: SocketAddr,
        /// The thread's mailbox.
        letters: Letters<PeerOrder>,
    },
    /// Close a socket that was accepted.
    Refuse(ArrivalKey),
    /// The thread has said its last word.
    Join(PeerKey),
}

/// What the thread owns.
#[derive(Debug)]
pub struct Spawner {
    /// What it is told.
    pub letters: Letters<SpawnOrder>,
    /// Where accepted sockets wait.
    pub arrivals: Arrivals,
    /// What every peer's thread is given.
    pub context: PeerContext,
    /// Counts the threads.
    pub census: Census,
}

impl Spawner {
    /// The thread's body. Ends when nobody can give orders any more and every peer's thread that
    /// will end has ended.
    pub fn run(self) {
        let mut threads: HashMap<PeerKey, Thread> = HashMap::new();
        while let Waited::Word(order) = self.letters.wait(None) {
            match order {
                SpawnOrder::Dial { peer, address, assets, letters } => {
                    self.start(&mut threads, peer, letters, Origin::Dial { address, assets });
                }
                SpawnOrder::Admit { peer, arrival, address, letters } => {
                    match self.arrivals.leave(arrival) {
                        Some(socket) => {
                            let origin = Origin::Accepted { address, socket };
                            self.start(&mut threads, peer, letters, origin);
                        }
                        None => self.not_started(peer),
                    }
                }
                SpawnOrder::Refuse(arrival) => drop(self.arrivals.leave(arrival)),
                SpawnOrder::Join(peer) => {
                    if let Some(thread) = threads.remove(&peer) {
                        thread.join();
                    }
                }
            }
        }
        self.join_rest(threads);
    }

    fn start(
        &self,
        threads: &mut HashMap<PeerKey, Thread>,
        peer: PeerKey,
        letters: Letters<PeerOrder>,
        origin: Origin,
    ) {
        let body = PeerThread::new(self.context.clone(), peer, letters, origin);
        let name = format!("peer-{}", peer.slot());
        match spawn(&self.census, name, PEER_STACK, move || body.run()) {
            Ok(thread) => {
                threads.insert(peer, thread);
            }
            Err(error) => {
                log::warn!("no thread for another peer: {error}");
                self.not_started(peer);
            }
        }
    }

    fn not_started(&self, peer: PeerKey) {
        // Nobody to tell any more is no error while stopping.
        let _ = self.context.bus.publish(Event::NotStarted(peer));
    }

    /// After the last order: the main thread has gone, so every thread that is not stuck ends by
    /// itself. One that is stuck in the disk or the kernel is left to the end of the process.
    fn join_rest(&self, threads: HashMap<PeerKey, Thread>) {
        let clock: Clock = self.context.clock;
        let deadline = clock.now() + crate::limits::JOIN_DEADLINE;
        for thread in threads.into_values() {
            let name = thread.name().to_owned();
            if thread.join_by(clock, deadline) == Joined::Late {
                log::warn!("thread {name} did not end in time");
            }
        }
    }
}
