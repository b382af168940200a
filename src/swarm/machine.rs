//! The brain's state and its dispatch: one event in, orders out.
//!
//! Calls: [`Swarm::handle`] for each event, [`Swarm::turn`] once after it (timers and
//! continuations, each bounded), then [`Swarm::next_order`] until it is empty;
//! [`Swarm::deadline`] says when to call `turn` though nothing happened, and
//! [`Swarm::has_more`] that there is more to do at once.
//!
//! No handler loops over peers, pieces, files or torrents. Each says its cost, where k stands for
//! a constant of `limits`.

use crate::connection::event::{Command, Event as PeerEvent};
use crate::connection::reason::CloseReason;
use crate::id::{InfoHash, PeerId};
use crate::kit::clock::Time;
use crate::kit::list::List;
use crate::kit::random::Random;
use crate::kit::slab::Slab;
use crate::kit::wheel::Wheel;
use crate::layout::PieceIndex;
use crate::limits::{
    ACTIVE_PIECES_MAX, PEERS_MAX, SEGMENTS_FREED_PER_TURN, SEGMENTS_MAX, STOPS_PER_TURN,
    TIMER_SLOTS, TIMER_TICK, TIMERS_PER_TURN_MAX, TORRENTS_MAX,
};
use crate::swarm::bans::Bans;
use crate::swarm::event::{Control, DiskEvent, Event, Found, Hashed};
use crate::swarm::hosts::Hosts;
use crate::swarm::order::{Notice, Order};
use crate::swarm::stage::{Breakdown, Stage};
use crate::swarm::state::{
    Active, ActiveKey, Identity, Peer, PeerKey, Segment, SegmentKey, Teller, Torrent, TorrentKey,
};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

/// What the brain may be told by whoever runs it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What we call ourselves.
    pub our_id: PeerId,
    /// Peers at most, over all torrents.
    pub peers_max: usize,
    /// Peers of a torrent that may download by merit.
    pub upload_slots: u32,
    /// All chance comes from this.
    pub seed: u64,
}

/// Something that becomes due.
#[derive(Debug, Clone, Copy)]
pub(super) enum Timer {
    /// An address is worth another try.
    Redial(TorrentKey, SocketAddr),
    /// A torrent for whose pieces there was no room may ask again.
    Room(TorrentKey),
    /// A torrent's verified pieces are to be recorded.
    Save(TorrentKey),
    /// A full disk may have room again.
    Probe(TorrentKey),
    /// A peer that fetches a piece alone should have brought something of it; which of those that
    /// did so in turn.
    Sole(ActiveKey, u32),
    /// A piece that is to be fetched so may be offered to everybody, if nobody took it since.
    SoleOffer(ActiveKey, u32),
    /// A peer that let such a piece down may fetch one again.
    SolePause(PeerKey),
}

/// All state of the client. Owned by the main thread.
#[derive(Debug)]
pub struct Swarm {
    /// What it was told at the start.
    pub(super) options: Options,
    /// Torrents.
    pub(super) torrents: Slab<Torrent>,
    /// Torrents by what peers call them. Never iterated.
    pub(super) by_hash: HashMap<InfoHash, TorrentKey>,
    /// Peers.
    pub(super) peers: Slab<Peer>,
    /// Who tells of pieces, by the peer's slot.
    pub(super) tellers: Box<[Option<Teller>]>,
    /// Peers after their handshake, by what they call themselves. Never iterated.
    pub(super) by_identity: HashMap<Identity, PeerKey>,
    /// Pieces under way.
    pub(super) actives: Slab<Active>,
    /// Pieces under way by their number. Never iterated, and as large from the start as it will
    /// ever be.
    pub(super) by_piece: HashMap<(TorrentKey, PieceIndex), ActiveKey>,
    /// Segments of pieces under way.
    pub(super) segments: Slab<Segment>,
    /// Segments that pieces under way have yet to begin: places for them are kept free.
    pub(super) unbegun: usize,
    /// Chains of segments that are not needed any more; freed a few a turn.
    pub(super) discarded: VecDeque<SegmentKey>,
    /// Torrents that have somebody to dial.
    pub(super) dialing: List<Torrent>,
    /// Torrents whose peers are being told to leave, each with the slot of the next peer.
    pub(super) partings: VecDeque<(TorrentKey, usize)>,
    /// Torrents for whose pieces there was no room among those under way.
    pub(super) crowded: List<Torrent>,
    /// Connections being dialed.
    pub(super) dials: usize,
    /// Who gave bad data.
    pub(super) bans: Bans,
    /// Arrivals whose handshake is not done, those that came first in front.
    pub(super) half_open: List<Peer>,
    /// Connections of each host.
    pub(super) hosts: Hosts,
    /// The choker was asked for a peer that can be spared, and has not answered.
    pub(super) room_asked: bool,
    /// It was told that all places are taken.
    pub(super) told_full: bool,
    /// What becomes due.
    pub(super) timers: Wheel<Timer>,
    /// All chance.
    pub(super) random: Random,
    /// While stopping: the slot of the next peer to be told.
    pub(super) stopping: Option<usize>,
    /// While stopping, after the last peer: the slot of the next torrent to be recorded.
    pub(super) recording: usize,
    /// A thread of ours has failed: torrents fail, those that come later too.
    pub(super) breakdown: Option<Breakdown>,
    /// What is to be done.
    pub(super) orders: VecDeque<Order>,
    /// Whether `Stopped` was told.
    stopped: bool,
    /// Records touched by handlers, for the benchmark that shows that work is constant.
    pub(super) touched: u64,
}

impl Swarm {
    /// A client without torrents and peers.
    pub fn new(options: Options) -> Self {
        Self {
            torrents: Slab::new(TORRENTS_MAX),
            by_hash: HashMap::new(),
            peers: Slab::new(options.peers_max.min(PEERS_MAX)),
            tellers: vec![None; options.peers_max.min(PEERS_MAX)].into_boxed_slice(),
            by_identity: HashMap::new(),
            actives: Slab::new(ACTIVE_PIECES_MAX),
            by_piece: HashMap::with_capacity(ACTIVE_PIECES_MAX),
            segments: Slab::new(SEGMENTS_MAX),
            unbegun: 0,
            discarded: VecDeque::new(),
            dialing: List::new(|torrent| &mut torrent.dialing),
            crowded: List::new(|torrent| &mut torrent.crowded),
            partings: VecDeque::new(),
            dials: 0,
            bans: Bans::default(),
            half_open: List::new(|peer| &mut peer.half_open),
            hosts: Hosts::default(),
            room_asked: false,
            told_full: false,
            timers: Wheel::new(TIMER_TICK, TIMER_SLOTS),
            random: Random::new(options.seed),
            stopping: None,
            recording: 0,
            breakdown: None,
            orders: VecDeque::new(),
            stopped: false,
            touched: 0,
            options,
        }
    }

    /// Something happened. Cost: that of its one handler.
    pub fn handle(&mut self, now: Time, event: Event) {
        match event {
            Event::Peer(peer, event) => self.handle_peer(now, peer, event),
            Event::Arrived { arrival, address } => self.arrived(now, arrival, address),
            Event::NotStarted(peer) => self.not_started(now, peer),
            Event::Hashed(Hashed::Good(active)) => self.piece_good(now, active),
            Event::Hashed(Hashed::Bad { active, evidence }) => {
                self.piece_bad(now, active, evidence)
            }
            Event::Hashed(Hashed::Blamed { active, segment, blocks }) => {
                self.blamed(active, segment, blocks);
            }
            Event::Hashed(Hashed::Checked { torrent, first, count, good, trusted }) => {
                self.checked(torrent, first, count, Found { good, trusted });
            }
            Event::Disk(DiskEvent::Prepared { torrent, check }) => self.prepared(torrent, check),
            Event::Disk(DiskEvent::Settled { torrent }) => self.settled(torrent),
            Event::Disk(DiskEvent::Failed { torrent, message }) => {
                self.fail(torrent, message);
            }
            Event::Disk(DiskEvent::Full { torrent, message }) => {
                self.disk_full(now, torrent, message);
            }
            Event::Disk(DiskEvent::Probed { torrent, room }) => self.probed(now, torrent, room),
            Event::Disk(DiskEvent::Saved(torrent)) => self.saved(torrent),
            Event::Choke { peer, unchoke } => self.choke(peer, unchoke),
            Event::Tracker { torrent, report } => {
                self.notify(Notice::Tracker { torrent, report });
            }
            Event::Spare(peer) => self.spare(peer),
            Event::Broken { thread } => self.broken(&thread),
            Event::Control(Control::Add(new)) => self.add(*new),
            Event::Control(Control::Found { torrent, addresses }) => {
                self.found(torrent, &addresses);
            }
            Event::Control(Control::Part(torrent)) => self.part(torrent),
            Event::Control(Control::Stop) => self.stopping = self.stopping.or(Some(0)),
        }
    }

    fn handle_peer(&mut self, now: Time, peer: PeerKey, event: PeerEvent) {
        // Words about pieces are many, and find out themselves whether the peer is here.
        let pieces = matches!(
            event,
            PeerEvent::Word { .. } | PeerEvent::Have(_) | PeerEvent::WordGone { .. }
        );
        if !pieces && self.peers.get(peer).is_none() {
            // It has said its last word already.
            return;
        }
        match event {
            PeerEvent::Word { index, bits } => self.peer_word(peer, index, bits),
            PeerEvent::Have(piece) => self.peer_has(peer, piece),
            PeerEvent::WordGone { index, bits } => self.peer_word_gone(peer, index, bits),
            PeerEvent::Greeted(info_hash) => self.greeted(peer, info_hash),
            PeerEvent::Joined(joined) => self.joined(now, peer, *joined),
            PeerEvent::HaveAll => self.peer_has_all(peer),
            PeerEvent::Interest(interested) => self.peer_interest(peer, interested),
            PeerEvent::Want { blocks, idle } => self.wanted(now, peer, blocks, idle),
            PeerEvent::Candidate { piece, blocks } => self.candidate(now, peer, piece, blocks),
            PeerEvent::Pass => self.passed(peer),
            PeerEvent::Stored { lease, blocks } => self.stored(now, peer, lease, blocks),
            PeerEvent::Returned { lease, blocks } => self.returned(now, peer, lease, blocks),
            PeerEvent::Overdue { lease, blocks } => self.overdue(peer, lease, blocks),
            PeerEvent::Closed(reason) => self.closed(now, peer, reason),
        }
    }

    /// What became due, and one step of what goes on by itself. Cost: O(k).
    pub fn turn(&mut self, now: Time) {
        let mut steps = TIMERS_PER_TURN_MAX;
        while let Some(timer) = self.timers.expire(now, &mut steps) {
            match timer {
                Timer::Redial(torrent, address) => self.redial(torrent, address),
                Timer::Sole(active, turn) => self.look_after_sole(now, active, turn),
                Timer::SoleOffer(active, turn) => self.widen_sole_offer(active, turn),
                Timer::SolePause(peer) => self.end_sole_pause(peer),
                Timer::Room(torrent) => self.room_for(torrent),
                Timer::Save(torrent) => self.save(torrent),
                Timer::Probe(torrent) => self.probe(torrent),
            }
        }
        self.part_some();
        self.dial_some(now);
        self.make_room_for_dials();
        self.free_some_segments();
        self.fail_some();
        self.stop_some();
    }

    /// The next thing to be done.
    pub fn next_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Whether [`Self::turn`] has more to do at once.
    pub fn has_more(&self) -> bool {
        !self.discarded.is_empty()
            || self.stopping.is_some_and(|slot| slot < self.peers.slots() || self.may_end())
            || !self.partings.is_empty()
            || self.can_dial()
            || self.has_to_fail()
    }

    /// When to call [`Self::turn`] though nothing happened.
    pub fn deadline(&self, now: Time) -> Option<Time> {
        self.timers.deadline(now)
    }

    /// Whether everything was let go of.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Records touched by handlers so far, the pickers' among them. For the benchmark: costs a
    /// step per torrent.
    pub fn touched(&self) -> u64 {
        self.touched
            + self.torrents.iter().map(|(_, torrent)| torrent.picker.touched()).sum::<u64>()
    }

    pub(super) fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.orders.push_back(Order::Notify(notice));
    }

    /// Tells a peer to leave, once. Its `Closed` frees what is kept of it. Cost: O(1).
    pub(super) fn send_away(&mut self, key: PeerKey, reason: CloseReason) {
        if let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.stage != Stage::Leaving) {
            peer.stage = Stage::Leaving;
            self.half_open.remove(&mut self.peers, key);
            self.stop_waiting(key);
            self.order(Order::Post(key, Command::Stop(reason)));
        }
    }

    /// Frees segments of finished pieces. Cost: O(k).
    fn free_some_segments(&mut self) {
        for _ in 0..SEGMENTS_FREED_PER_TURN {
            let Some(key) = self.discarded.pop_front() else { return };
            if let Some(segment) = self.segments.remove(key) {
                self.discarded.extend(segment.before);
            }
        }
    }

    /// Whether nobody is left to wait for while stopping.
    fn may_end(&self) -> bool {
        self.peers.is_empty() && !self.stopped
    }

    /// While stopping, tells the next peers to leave. Cost: O(k).
    fn stop_some(&mut self) {
        let Some(slot) = self.stopping else { return };
        let end = (slot + STOPS_PER_TURN).min(self.peers.slots());
        for slot in slot..end {
            if let Some(key) = self.peers.key_at(slot) {
                self.send_away(key, CloseReason::Stopped);
            }
        }
        self.stopping = Some(end);
        if self.may_end() && self.save_last() {
            self.stopped = true;
            self.notify(Notice::Stopped);
        }
    }
}
