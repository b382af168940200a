//! The claim that the main thread does constant work for each event, measured: records touched and
//! time taken for each kind of event, for 10 to 10,000 peers and 1,000 to 1,000,000 pieces.
//!
//! Touched records are counted, not timed, so that column must not grow at all. Nanoseconds grow
//! with cache misses: a million pieces do not fit where a thousand do. The aim is a factor of 4
//! from the smallest to the largest.

#[path = "support/mod.rs"]
mod support;

use cuerda::bitfield::Bitfield;
use cuerda::connection::event::{Command, Event as PeerEvent, Grant, Joined};
use cuerda::connection::shared::SharedTorrent;
use cuerda::id::{InfoHash, PeerId};
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::layout::Layout;
use cuerda::limits::BLOCK_LENGTH;
use cuerda::swarm::addresses::AddressBook;
use cuerda::swarm::event::{ArrivalKey, Control, DiskEvent, Event};
use cuerda::swarm::machine::{Options, Swarm};
use cuerda::swarm::order::{Notice, Order};
use cuerda::swarm::picker::Picker;
use cuerda::swarm::state::{NewTorrent, PeerKey};
use std::net::SocketAddr;
use std::sync::Arc;
use support::{Row, Tell, median, print, tell, time};

/// Blocks of a piece.
const BLOCKS: u32 = 16;
/// Words of 64 pieces that each peer has some of.
const WORDS_PER_PEER: u32 = 8;
/// Batches measured of each kind.
const BATCHES: usize = 9;
/// Events in a batch.
const BATCH: usize = 200;

/// A swarm with one torrent and many peers.
struct Scene {
    /// The core.
    swarm: Swarm,
    /// Its peers.
    peers: Vec<PeerKey>,
    /// Pieces of the torrent.
    pieces: u32,
    /// Words that each peer has some pieces of.
    words: Vec<Vec<u32>>,
    /// All chance.
    random: Random,
}

impl Scene {
    fn new(peer_count: usize, pieces: u32) -> Scene {
        let mut random = Random::new(7);
        let options =
            Options { our_id: PeerId([0; 20]), peers_max: peer_count, upload_slots: 8, seed: 1 };
        let mut swarm = Swarm::new(options);
        let length = u64::from(BLOCKS * BLOCK_LENGTH);
        let layout = Layout::single(length, length * u64::from(pieces)).expect("a torrent");
        let hash = InfoHash([1; 20]);
        let shared = SharedTorrent::new(hash, Arc::new(layout), &Bitfield::new(pieces));
        let new = NewTorrent {
            shared: Arc::new(shared),
            picker: Picker::new(pieces, peer_count as u32, &mut random),
            addresses: AddressBook::default(),
        };
        swarm.handle(Time::ZERO, Event::Control(Control::Add(Box::new(new))));
        let mut scene = Scene { swarm, peers: Vec::new(), pieces, words: Vec::new(), random };
        let torrent =
            scene
                .orders()
                .into_iter()
                .find_map(|order| {
                    if let Order::Notify(Notice::Added(key)) = order { Some(key) } else { None }
                })
                .expect("the torrent is added");
        scene.say(Event::Disk(DiskEvent::Prepared { torrent, check: false }));
        for number in 0..peer_count {
            scene.join(number, hash);
        }
        scene
    }

    fn orders(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.swarm.next_order()).collect()
    }

    fn say(&mut self, event: Event) -> Vec<Order> {
        self.swarm.handle(Time::ZERO, event);
        self.swarm.turn(Time::ZERO);
        self.orders()
    }

    fn join(&mut self, number: usize, hash: InfoHash) {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let arrival = ArrivalKey(number as u64);
        let orders = self.say(Event::Arrived { arrival, address });
        let key = orders
            .into_iter()
            .find_map(|order| if let Order::Admit { peer, .. } = order { Some(peer) } else { None })
            .expect("the peer is admitted");
        self.say(Event::Peer(key, PeerEvent::Greeted(hash)));
        let mut id = [9; 20];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        // Written once, so that the system has given its pages before anything is timed.
        let mut pieces = Bitfield::full(self.pieces);
        (0..pieces.words().len()).for_each(|index| {
            pieces.take_word(index);
        });
        let joined = Joined { peer_id: PeerId(id), pieces, counters: Arc::default() };
        self.say(Event::Peer(key, PeerEvent::Joined(Box::new(joined))));
        let mut words = Vec::new();
        for _ in 0..WORDS_PER_PEER {
            let (index, bits) = self.word();
            self.say(Event::Peer(key, PeerEvent::Word { index, bits }));
            words.push(index);
        }
        self.peers.push(key);
        self.words.push(words);
    }

    /// A random whole word with half of its pieces.
    fn word(&mut self) -> (u32, u64) {
        (self.random.below(self.pieces / 64), self.random.next_u64())
    }

    fn any_peer(&mut self) -> PeerKey {
        self.peers[self.random.below(self.peers.len() as u32) as usize]
    }

    /// Handles the events; nanoseconds and records touched for each, and what they led to.
    fn measure(&mut self, events: Vec<Event>) -> (f64, f64, Vec<Order>) {
        let count = events.len().max(1) as f64;
        let before = self.swarm.touched();
        let (took, orders) = time(|| {
            let mut orders = Vec::new();
            for event in events {
                self.swarm.handle(Time::ZERO, event);
                self.swarm.turn(Time::ZERO);
                orders.extend(std::iter::from_fn(|| self.swarm.next_order()));
            }
            orders
        });
        let touched = (self.swarm.touched() - before) as f64;
        (took.as_nanos() as f64 / count, touched / count, orders)
    }

    /// Measures batches of events that `make` makes.
    fn batches(&mut self, make: impl Fn(&mut Scene) -> Event) -> Figures {
        let mut figures = Figures::default();
        for _ in 0..BATCHES {
            let events = (0..BATCH).map(|_| make(self)).collect();
            let (nanos, touched, _) = self.measure(events);
            figures.add(nanos, touched);
        }
        figures
    }

    /// Requests for work, and the work done: two kinds of event that follow each other.
    fn work(&mut self) -> (Figures, Figures) {
        let (mut wants, mut stores) = (Figures::default(), Figures::default());
        for _ in 0..BATCHES {
            // Peers that have everything, so that each request is granted something.
            let peers: Vec<PeerKey> = (0..BATCH / 20).map(|_| self.any_peer()).collect();
            for &peer in &peers {
                self.say(Event::Peer(peer, PeerEvent::HaveAll));
            }
            let want = |peer: &PeerKey| {
                Event::Peer(*peer, PeerEvent::Want { blocks: BLOCKS, idle: false })
            };
            let events = peers.iter().map(want).collect();
            let (nanos, touched, orders) = self.measure(events);
            wants.add(nanos, touched);
            let grants = grants_in(orders);
            let stored = |(peer, grant): &(PeerKey, Grant)| {
                let event = PeerEvent::Stored { lease: grant.lease, blocks: grant.blocks };
                Event::Peer(*peer, event)
            };
            let (nanos, touched, _) = self.measure(grants.iter().map(stored).collect());
            stores.add(nanos, touched);
        }
        (wants, stores)
    }

    /// Peers that leave, as their threads tell it: a word at a time.
    fn leaving(&mut self) -> Figures {
        let mut figures = Figures::default();
        for _ in 0..BATCHES.min(self.peers.len()) {
            let (Some(peer), Some(words)) = (self.peers.pop(), self.words.pop()) else { break };
            let gone = |index| Event::Peer(peer, PeerEvent::WordGone { index });
            let (nanos, touched, _) = self.measure(words.into_iter().map(gone).collect());
            figures.add(nanos, touched);
        }
        figures
    }

    /// Touches every array once: first touches are the system's work, not ours.
    fn warm_up(&mut self) {
        for piece in 0..self.pieces.div_ceil(64) {
            let peer = self.peers[0];
            self.say(Event::Peer(peer, PeerEvent::Word { index: piece, bits: u64::MAX }));
        }
    }
}

/// The grants among orders.
fn grants_in(orders: Vec<Order>) -> Vec<(PeerKey, Grant)> {
    orders
        .into_iter()
        .filter_map(|order| {
            if let Order::Post(peer, Command::Grant(grant)) = order {
                Some((peer, grant))
            } else {
                None
            }
        })
        .collect()
}

/// What was measured of one kind of event.
#[derive(Default)]
struct Figures {
    /// Nanoseconds an event, by batch.
    nanos: Vec<f64>,
    /// Records touched by an event, by batch.
    touched: Vec<f64>,
}

impl Figures {
    fn add(&mut self, nanos: f64, touched: f64) {
        self.nanos.push(nanos);
        self.touched.push(touched);
    }

    fn row(self, what: &str, peers: usize, pieces: u32) -> Row {
        let what = format!("{what:<12}{peers:>7} peers {pieces:>9} pieces");
        let figures = vec![("ns/event", median(self.nanos)), ("touched", median(self.touched))];
        Row { what, figures }
    }
}

fn main() {
    let tell = tell();
    let (peers, pieces): (&[usize], &[u32]) = match tell {
        Tell::Nothing => (&[10], &[1_024]),
        Tell::Table | Tell::Json => (&[10, 100, 1_000, 10_000], &[1_024, 32_768, 1_048_576]),
    };
    let mut rows = Vec::new();
    for &peers in peers {
        for &pieces in pieces {
            let mut scene = Scene::new(peers, pieces);
            scene.warm_up();
            let have = scene.batches(|scene| {
                let number = scene.random.below(scene.pieces);
                let layout = Layout::single(1, u64::from(scene.pieces)).expect("a torrent");
                let piece = layout.piece(number).expect("a piece");
                Event::Peer(scene.any_peer(), PeerEvent::Have(piece))
            });
            rows.push(have.row("have", peers, pieces));
            let word = scene.batches(|scene| {
                let (index, bits) = scene.word();
                Event::Peer(scene.any_peer(), PeerEvent::Word { index, bits })
            });
            rows.push(word.row("word", peers, pieces));
            let (wants, stores) = scene.work();
            rows.push(wants.row("want", peers, pieces));
            rows.push(stores.row("stored", peers, pieces));
            rows.push(scene.leaving().row("word-gone", peers, pieces));
        }
    }
    rows.sort_by(|a, b| a.what[..12].cmp(&b.what[..12]));
    print(tell, &rows);
}
