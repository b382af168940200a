//! The claim that the main thread does constant work for each event, measured: records touched and
//! time taken for each kind of event, for 10 to 10,000 peers and 1,000 to 1,000,000 pieces.
//!
//! Touched records are counted, not timed, so that column must not grow at all. Nanoseconds grow
//! with cache misses: a million pieces do not fit where a thousand do. The aim is a factor of 4
//! from the smallest to the largest.

#[path = "support/mod.rs"]
mod support;

use cuerda::bitfield::{Bitfield, SharedBitfield};
use cuerda::connection::event::{Command, Event as PeerEvent, Grant, Joined};
use cuerda::connection::shared::SharedTorrent;
use cuerda::id::{InfoHash, PeerId};
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::layout::Layout;
use cuerda::limits::{BLOCK_LENGTH, PICKER_BATCH};
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
/// Pieces that news of a word may have in common with what was told of it before.
const WORD_OVERLAP_MAX: u32 = 8;
/// Batches measured of each kind.
const BATCHES: usize = 9;
/// Batches of news measured: so many that in most of them a peer has spoken before, as in a swarm
/// that has run for a while. In the first ones each peer's first word is a cache miss of its own.
const NEWS_BATCHES: usize = 99;
/// Haves in a batch: so many of the picker's own batches that none is left over unpaid.
const HAVES: usize = 4 * PICKER_BATCH;
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
    /// What the thread of each peer has told of its pieces.
    sets: Vec<Arc<SharedBitfield>>,
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
        let mut scene = Scene { swarm, peers: Vec::new(), pieces, sets: Vec::new(), random };
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
        let pieces = Arc::new(SharedBitfield::new(&Bitfield::new(self.pieces)));
        self.sets.push(Arc::clone(&pieces));
        let joined = Joined { peer_id: PeerId(id), pieces, counters: Arc::default() };
        self.say(Event::Peer(key, PeerEvent::Joined(Box::new(joined))));
        self.peers.push(key);
        for _ in 0..WORDS_PER_PEER {
            let event = std::iter::repeat_with(|| self.word(number)).flatten().next();
            event.map(|event| self.say(event));
        }
    }

    /// News of a random word of a peer: half of its pieces, as the peer's thread would tell them.
    fn word(&mut self, peer: usize) -> Option<Event> {
        let (index, bits) = (self.random.below(self.pieces / 64), self.random.next_u64());
        if (self.sets[peer].word(index as usize) & bits).count_ones() > WORD_OVERLAP_MAX {
            return None;
        }
        let bits = self.sets[peer].merge_word(index as usize, bits);
        Some(Event::Peer(self.peers[peer], PeerEvent::Word { index, bits }))
    }

    /// News of a random piece of a peer. What is no news dies in the peer's thread.
    fn have(&mut self, peer: usize) -> Option<Event> {
        let layout = Layout::single(1, u64::from(self.pieces)).expect("a torrent");
        let piece = layout.piece(self.random.below(self.pieces)).expect("a piece");
        let news = self.sets[peer].insert(piece.get());
        news.then_some(Event::Peer(self.peers[peer], PeerEvent::Have(piece)))
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

    /// Measures batches of news of random peers. After each batch what it told is taken back, so
    /// that there is always more to tell, also of few pieces.
    fn news(&mut self, batch: usize, make: impl Fn(&mut Scene, usize) -> Option<Event>) -> Figures {
        let mut figures = Figures::default();
        for _ in 0..NEWS_BATCHES {
            let mut events = Vec::new();
            while events.len() < batch {
                let peer = self.random.below(self.peers.len() as u32) as usize;
                events.extend(make(self, peer).map(|event| (peer, event)));
            }
            let undo: Vec<_> = events.iter().filter_map(|(at, event)| undo(*at, event)).collect();
            let events = events.into_iter().map(|(_, event)| event).collect();
            let (nanos, touched, _) = self.measure(events);
            figures.add(nanos, touched);
            for (peer, index, bits) in undo {
                (0..64).filter(|bit| bits >> bit & 1 == 1).for_each(|bit| {
                    self.sets[peer].remove(index * 64 + bit);
                });
                self.say(Event::Peer(self.peers[peer], PeerEvent::WordGone { index, bits }));
            }
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
            let (Some(peer), Some(set)) = (self.peers.pop(), self.sets.pop()) else { break };
            let set = set.snapshot();
            let words = set.words().iter().enumerate().filter(|(_, bits)| **bits != 0);
            let gone = |(index, &bits): (usize, &u64)| {
                Event::Peer(peer, PeerEvent::WordGone { index: index as u32, bits })
            };
            let (nanos, touched, _) = self.measure(words.map(gone).collect());
            figures.add(nanos, touched);
        }
        figures
    }

    /// Touches every array: first touches are the system's work, not ours.
    fn warm_up(&mut self) {
        let peer = self.peers[0];
        for index in 0..self.pieces / 64 {
            let bits = !self.sets[0].word(index as usize);
            self.say(Event::Peer(peer, PeerEvent::Word { index, bits }));
            self.say(Event::Peer(peer, PeerEvent::WordGone { index, bits }));
        }
    }
}

/// What takes back what an event told.
fn undo(peer: usize, event: &Event) -> Option<(usize, u32, u64)> {
    if let Event::Peer(_, PeerEvent::Have(piece)) = *event {
        return Some((peer, piece.get() / 64, 1 << (piece.get() % 64)));
    }
    let Event::Peer(_, PeerEvent::Word { index, bits }) = *event else { return None };
    Some((peer, index, bits))
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
            rows.push(scene.news(HAVES, Scene::have).row("have", peers, pieces));
            // In the smallest scene a quarter of all words; half of them are told from the start.
            let batch = BATCH.min(peers * pieces as usize / 64 / 4);
            rows.push(scene.news(batch, Scene::word).row("word", peers, pieces));
            let (wants, stores) = scene.work();
            rows.push(wants.row("want", peers, pieces));
            rows.push(stores.row("stored", peers, pieces));
            rows.push(scene.leaving().row("word-gone", peers, pieces));
        }
    }
    rows.sort_by(|a, b| a.what[..12].cmp(&b.what[..12]));
    print(tell, &rows);
}
