//! A brain with one torrent, and short words for what its threads tell it.

use crate::bitfield::Bitfield;
use crate::connection::event::{Answer, Command, Event as PeerEvent, Grant, Joined, LeaseId};
use crate::connection::reason::CloseReason;
use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::id::{InfoHash, PeerId};
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::layout::Layout;
use crate::limits::BLOCK_LENGTH;
use crate::swarm::addresses::AddressBook;
use crate::swarm::event::{ArrivalKey, Control, DiskEvent, Event, Hashed};
use crate::swarm::evidence::Evidence;
use crate::swarm::machine::{Options, Swarm};
use crate::swarm::order::{Notice, Order};
use crate::swarm::picker::Picker;
use crate::swarm::state::{ActiveKey, NewTorrent, PeerKey, TorrentKey};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What the brain calls itself.
pub(super) const OURS: PeerId = PeerId([100; 20]);
/// The info-hash of the torrent.
pub(super) const HASH: InfoHash = InfoHash([7; 20]);
/// Most peers.
const PEERS: u32 = 64;

/// The brain, and what is known of it outside.
pub(super) struct Scene {
    /// The brain.
    pub(super) swarm: Swarm,
    /// What time it is.
    pub(super) now: Time,
    /// Its torrent.
    pub(super) torrent: TorrentKey,
    /// What the torrent's peers share.
    pub(super) shared: Arc<SharedTorrent>,
    /// Sockets accepted so far.
    arrivals: u64,
}

impl Scene {
    /// A running torrent of so many pieces of so many blocks, nothing of it there.
    pub(super) fn new(pieces: u32, blocks: u32) -> Self {
        let options = Options { our_id: OURS, peers_max: PEERS as usize, upload_slots: 2, seed: 1 };
        let mut swarm = Swarm::new(options);
        let piece_length = u64::from(blocks * BLOCK_LENGTH);
        let layout = Layout::single(piece_length, piece_length * u64::from(pieces)).unwrap();
        let none = Bitfield::new(pieces);
        let shared = Arc::new(SharedTorrent::new(HASH, Arc::new(layout), &none));
        let new = NewTorrent {
            shared: Arc::clone(&shared),
            picker: Picker::new(pieces, PEERS, &mut Random::new(1)),
            addresses: AddressBook::default(),
        };
        swarm.handle(Time::ZERO, Event::Control(Control::Add(Box::new(new))));
        let added = std::iter::from_fn(|| swarm.next_order()).find_map(|order| match order {
            Order::Notify(Notice::Added(key)) => Some(key),
            _ => None,
        });
        let torrent = added.unwrap();
        let mut scene = Self { swarm, now: Time::ZERO, torrent, shared, arrivals: 0 };
        scene.tell(Event::Disk(DiskEvent::Prepared { torrent, check: false }));
        scene
    }

    /// Tells the brain of an event and gives back its orders.
    pub(super) fn tell(&mut self, event: Event) -> Vec<Order> {
        self.swarm.handle(self.now, event);
        self.turn()
    }

    /// A turn without an event.
    pub(super) fn turn(&mut self) -> Vec<Order> {
        self.swarm.turn(self.now);
        self.swarm.audit().unwrap();
        std::iter::from_fn(|| self.swarm.next_order()).collect()
    }

    /// Tells the brain what a peer's thread says.
    pub(super) fn say(&mut self, peer: PeerKey, event: PeerEvent) -> Vec<Order> {
        self.tell(Event::Peer(peer, event))
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// Somebody connects from this host and has done the handshake under this name.
    pub(super) fn arrive(&mut self, host: u8, id: PeerId) -> (PeerKey, Vec<Order>) {
        self.arrivals += 1;
        let arrival = ArrivalKey(self.arrivals);
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, host), 50_000));
        let orders = self.tell(Event::Arrived { arrival, address });
        let [Order::Admit { peer, .. }] = orders[..] else { panic!("not admitted: {orders:?}") };
        self.say(peer, PeerEvent::Greeted(HASH));
        let orders = self.join(peer, id);
        (peer, orders)
    }

    /// Somebody finds this address; the peer that is dialed there, if any.
    pub(super) fn find(&mut self, host: u8) -> Option<PeerKey> {
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, host), 6881));
        let (torrent, addresses) = (self.torrent, Box::new([address]));
        let orders = self.tell(Event::Control(Control::Found { torrent, addresses }));
        dialed(&orders)
    }

    /// The handshake of a peer is done.
    pub(super) fn join(&mut self, peer: PeerKey, id: PeerId) -> Vec<Order> {
        let joined = Joined {
            peer_id: id,
            pieces: Bitfield::new(self.shared.layout.piece_count()),
            counters: Arc::new(PeerCounters::default()),
        };
        self.say(peer, PeerEvent::Joined(Box::new(joined)))
    }

    /// A peer with a name and a host of its own that has nothing.
    pub(super) fn leecher(&mut self, name: u8) -> PeerKey {
        self.arrive(name, PeerId([name; 20])).0
    }

    /// A peer with a name and a host of its own that has everything.
    pub(super) fn seed(&mut self, name: u8) -> PeerKey {
        let peer = self.leecher(name);
        self.say(peer, PeerEvent::HaveAll);
        peer
    }

    /// A peer that has these pieces.
    pub(super) fn peer_with(&mut self, name: u8, pieces: &[u32]) -> PeerKey {
        let peer = self.leecher(name);
        for &piece in pieces {
            let piece = self.shared.layout.piece(piece).unwrap();
            self.say(peer, PeerEvent::Have(piece));
        }
        peer
    }

    /// A peer asks for work while it has some.
    pub(super) fn want(&mut self, peer: PeerKey, blocks: u32) -> (Vec<Grant>, Answer) {
        work(peer, &self.say(peer, PeerEvent::Want { blocks, idle: false }))
    }

    /// A peer asks for work because it has none.
    pub(super) fn want_idle(&mut self, peer: PeerKey, blocks: u32) -> (Vec<Grant>, Answer) {
        work(peer, &self.say(peer, PeerEvent::Want { blocks, idle: true }))
    }

    /// A peer proposes a piece.
    pub(super) fn propose(
        &mut self,
        peer: PeerKey,
        piece: u32,
        blocks: u32,
    ) -> (Vec<Grant>, Answer) {
        let piece = self.shared.layout.piece(piece).unwrap();
        work(peer, &self.say(peer, PeerEvent::Candidate { piece, blocks }))
    }

    /// A peer is granted exactly one lease of that many blocks.
    pub(super) fn grant(&mut self, peer: PeerKey, blocks: u32) -> Grant {
        let (mut grants, answer) = self.want(peer, blocks);
        assert_eq!((grants.len(), answer), (1, Answer::Granted), "{grants:?}");
        assert_eq!(grants[0].blocks.count_ones(), blocks);
        grants.remove(0)
    }

    /// A peer stored these blocks of a lease, having claimed them first.
    pub(super) fn store(&mut self, peer: PeerKey, grant: &Grant, blocks: u64) -> Vec<Order> {
        let claimed = (0..64).filter(|bit| blocks >> bit & 1 == 1);
        claimed.for_each(|bit| assert!(grant.claims.win(1 << bit), "it is claimed already"));
        self.say(peer, PeerEvent::Stored { lease: grant.lease, blocks })
    }

    /// Blocks of a lease will not come.
    pub(super) fn give_back(&mut self, peer: PeerKey, lease: LeaseId, blocks: u64) -> Vec<Order> {
        self.say(peer, PeerEvent::Returned { lease, blocks })
    }

    /// Blocks of a lease are late.
    pub(super) fn late(&mut self, peer: PeerKey, lease: LeaseId, blocks: u64) -> Vec<Order> {
        self.say(peer, PeerEvent::Overdue { lease, blocks })
    }

    /// A peer leaves; its leases and pieces were given back.
    pub(super) fn leave(&mut self, peer: PeerKey) -> Vec<Order> {
        let words = self.shared.layout.piece_count().div_ceil(64);
        for index in 0..words {
            self.say(peer, PeerEvent::WordGone { index });
        }
        self.say(peer, PeerEvent::Closed(CloseReason::RemoteClosed))
    }

    /// A hash thread found the piece good.
    pub(super) fn good(&mut self, active: ActiveKey) -> Vec<Order> {
        self.tell(Event::Hashed(Hashed::Good(active)))
    }

    /// A hash thread found the piece bad.
    pub(super) fn bad(&mut self, active: ActiveKey) -> Vec<Order> {
        let evidence = Arc::new(Evidence(Box::new([[0; 20]])));
        self.tell(Event::Hashed(Hashed::Bad { active, evidence }))
    }

    /// Blocks of a piece differ from what they were.
    pub(super) fn blame(&mut self, active: ActiveKey, segment: u32, blocks: u64) -> Vec<Order> {
        self.tell(Event::Hashed(Hashed::Blamed { active, segment, blocks }))
    }
}

/// The leases and the answer that a peer was given.
pub(super) fn work(peer: PeerKey, orders: &[Order]) -> (Vec<Grant>, Answer) {
    let (mut grants, mut answer) = (Vec::new(), None);
    for command in commands(peer, orders) {
        match command {
            Command::Grant(grant) => grants.push(grant),
            Command::Answer(given) => answer = Some(given),
            _ => {}
        }
    }
    (grants, answer.expect("every request for work is answered"))
}

/// The commands for one peer.
pub(super) fn commands(peer: PeerKey, orders: &[Order]) -> Vec<Command> {
    let posts = orders.iter().filter_map(|order| match order {
        Order::Post(to, command) if *to == peer => Some(command.clone()),
        _ => None,
    });
    posts.collect()
}

/// Blocks that one peer is told to forget, with the lease.
pub(super) fn cancels(peer: PeerKey, orders: &[Order]) -> Vec<(LeaseId, u64)> {
    let cancels = commands(peer, orders).into_iter().filter_map(|command| match command {
        Command::Cancel { lease, blocks } => Some((lease, blocks)),
        _ => None,
    });
    cancels.collect()
}

/// The peer that is dialed, if one is.
pub(super) fn dialed(orders: &[Order]) -> Option<PeerKey> {
    orders.iter().find_map(|order| match order {
        Order::Dial { peer, .. } => Some(*peer),
        _ => None,
    })
}

/// Why one peer is told to leave, if it is.
pub(super) fn stop(peer: PeerKey, orders: &[Order]) -> Option<CloseReason> {
    commands(peer, orders).into_iter().find_map(|command| match command {
        Command::Stop(reason) => Some(reason),
        _ => None,
    })
}

/// The piece that is to be hashed, if one is.
pub(super) fn hash(orders: &[Order]) -> Option<(ActiveKey, bool)> {
    orders.iter().find_map(|order| match order {
        Order::Hash { active, evidence, .. } => Some((*active, evidence.is_some())),
        _ => None,
    })
}

/// The peers that are told that there is work.
pub(super) fn woken(orders: &[Order]) -> Vec<PeerKey> {
    let woken = orders.iter().filter_map(|order| match order {
        Order::Post(peer, Command::Work) => Some(*peer),
        _ => None,
    });
    woken.collect()
}
