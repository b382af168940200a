//! That the main thread's work for an event does not grow with the swarm: records touched, among
//! few peers and pieces and among a hundred times as many. `benches/swarm.rs` measures more of it.

use super::scene::{HASH, work};
use crate::bitfield::{Bitfield, SharedBitfield};
use crate::connection::event::{Event as PeerEvent, Joined};
use crate::connection::reason::CloseReason;
use crate::connection::shared::SharedTorrent;
use crate::id::PeerId;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::layout::Layout;
use crate::limits::{BLOCK_LENGTH, PICKER_BATCH};
use crate::swarm::addresses::AddressBook;
use crate::swarm::event::{ArrivalKey, Control, DiskEvent, Event};
use crate::swarm::machine::{Options, Swarm};
use crate::swarm::order::{Notice, Order};
use crate::swarm::picker::Picker;
use crate::swarm::state::{NewTorrent, PeerKey};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Blocks of a piece.
const BLOCKS: u32 = 4;
/// Words of 64 pieces that each peer has half of.
const WORDS: u32 = 8;
/// Peers that are measured.
const SAMPLE: u16 = 8;

/// Records touched by one event of a kind, on the average.
type Touched = (&'static str, f64);

/// A swarm of one torrent, and what is counted in it.
struct Counted {
    swarm: Swarm,
    pieces: u32,
    random: Random,
    touched: Vec<Touched>,
}

impl Counted {
    fn new(peers: u16, pieces: u32) -> Self {
        let peers_max = usize::from(peers) + usize::from(SAMPLE);
        let our_id = PeerId([0; 20]);
        let mut swarm = Swarm::new(Options { our_id, peers_max, upload_slots: 4, seed: 1 });
        let length = u64::from(BLOCKS * BLOCK_LENGTH);
        let layout = Arc::new(Layout::single(length, length * u64::from(pieces)).unwrap());
        let mut random = Random::new(7);
        let new = NewTorrent {
            shared: Arc::new(SharedTorrent::new(HASH, layout, &Bitfield::new(pieces))),
            picker: Picker::new(pieces, peers_max as u32, &mut random),
            addresses: AddressBook::default(),
        };
        swarm.handle(Time::ZERO, Event::Control(Control::Add(Box::new(new))));
        let mut counted = Self { swarm, pieces, random, touched: Vec::new() };
        let torrent = counted.orders().into_iter().find_map(|order| match order {
            Order::Notify(Notice::Added(key)) => Some(key),
            _ => None,
        });
        let prepared = DiskEvent::Prepared { torrent: torrent.unwrap(), check: false };
        counted.say(Event::Disk(prepared));
        for number in 0..peers {
            let peer = counted.greet(number);
            counted.join(peer, number);
            for (index, bits) in counted.words() {
                counted.say(Event::Peer(peer, PeerEvent::Word { index, bits }));
            }
        }
        counted
    }

    fn orders(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.swarm.next_order()).collect()
    }

    fn say(&mut self, event: Event) -> Vec<Order> {
        self.swarm.handle(Time::ZERO, event);
        self.swarm.turn(Time::ZERO);
        self.orders()
    }

    /// Counts what these events touch; gives back what came of each.
    fn count(&mut self, kind: &'static str, events: Vec<(PeerKey, PeerEvent)>) -> Vec<Vec<Order>> {
        let (before, count) = (self.swarm.touched(), events.len() as f64);
        assert!(count > 0.0, "nothing is counted of {kind}");
        let say = |(peer, event)| self.say(Event::Peer(peer, event));
        let orders = events.into_iter().map(say).collect();
        self.touched.push((kind, (self.swarm.touched() - before) as f64 / count));
        orders
    }

    /// Somebody connects and asks for the torrent.
    fn greet(&mut self, number: u16) -> PeerKey {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
        let arrival = ArrivalKey(u64::from(number));
        let orders = self.say(Event::Arrived { arrival, address });
        let [Order::Admit { peer, .. }] = orders[..] else { panic!("not admitted: {orders:?}") };
        self.say(Event::Peer(peer, PeerEvent::Greeted(HASH)));
        peer
    }

    /// A handshake that is done.
    fn joined(&self, number: u16) -> PeerEvent {
        let mut id = [9; 20];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let pieces = Arc::new(SharedBitfield::new(&Bitfield::new(self.pieces)));
        let joined = Joined { peer_id: PeerId(id), pieces, counters: Arc::default() };
        PeerEvent::Joined(Box::new(joined))
    }

    fn join(&mut self, peer: PeerKey, number: u16) {
        let joined = self.joined(number);
        self.say(Event::Peer(peer, joined));
    }

    /// Half of the pieces of some words.
    fn words(&mut self) -> Vec<(u32, u64)> {
        let first = self.random.below(self.pieces / 64 - WORDS);
        (first..first + WORDS).map(|index| (index, self.random.next_u64() | 1)).collect()
    }

    /// The whole life of a few peers, kind by kind.
    fn live(mut self, others: u16) -> Vec<Touched> {
        let numbers: Vec<_> = (others..others + SAMPLE).collect();
        let peers: Vec<_> = numbers.iter().map(|number| self.greet(*number)).collect();
        let joins = peers.iter().zip(&numbers).map(|(peer, number)| (*peer, self.joined(*number)));
        let joins = joins.collect();
        self.count("joined", joins);
        let told: Vec<_> = peers.iter().map(|peer| (*peer, self.words())).collect();
        let each = |event: fn(u32, u64) -> PeerEvent| {
            let words = told.iter().flat_map(|(peer, words)| words.iter().map(|at| (*peer, *at)));
            words.map(|(peer, (index, bits))| (peer, event(index, bits))).collect::<Vec<_>>()
        };
        self.count("word", each(|index, bits| PeerEvent::Word { index, bits }));
        self.count("word-gone", each(|index, bits| PeerEvent::WordGone { index, bits }));
        // Whole batches, so that none is left over for another kind to pay.
        let layout = Layout::single(1, u64::from(self.pieces)).unwrap();
        let pieces = 0..4 * PICKER_BATCH as u32;
        let haves = pieces.map(|piece| (peers[0], PeerEvent::Have(layout.piece(piece).unwrap())));
        let haves = haves.collect();
        self.count("have", haves);
        let all = |event: fn() -> PeerEvent| peers[1..].iter().map(move |peer| (*peer, event()));
        self.count("have-all", all(|| PeerEvent::HaveAll).collect());
        let want = || PeerEvent::Want { blocks: BLOCKS, idle: false };
        let orders = self.count("want", all(want).collect());
        let mut stores = Vec::new();
        for (peer, orders) in peers[1..].iter().zip(&orders) {
            for grant in work(*peer, orders).0 {
                let stored = PeerEvent::Stored { lease: grant.lease, blocks: grant.blocks };
                stores.push((*peer, stored));
            }
        }
        self.count("stored", stores);
        self.count("closed", all(|| PeerEvent::Closed(CloseReason::RemoteClosed)).collect());
        self.touched
    }
}

#[test]
fn the_work_for_an_event_does_not_grow_with_peers_and_pieces() {
    let [small, large] = [(10, 1_024), (1_000, 102_400)]
        .map(|(peers, pieces)| Counted::new(peers, pieces).live(peers));
    for ((kind, few), (_, many)) in small.into_iter().zip(large) {
        assert!(few >= 1.0, "{kind} touches no record?");
        // A tenth: in a large swarm runs of equally rare pieces lie between others more often.
        assert!(many <= few * 1.1 + 1.0, "{kind}: {few} records, and {many} in a large swarm");
    }
}
