//! A simulated client: the swarm core with what its threads own. What they do is in `world`.

use crate::content::{Content, Disk};
use crate::plan::{Broken, ClientPlan, FullDisk};
use cuerda::bitfield::Bitfield;
use cuerda::connection::machine::Connection;
use cuerda::connection::reason::CloseReason;
use cuerda::connection::shared::{PeerCounters, SharedTorrent};
use cuerda::id::PeerId;
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::layout::{Block, PieceIndex};
use cuerda::limits::OPTIMISTIC_SLOTS;
use cuerda::swarm::addresses::AddressBook;
use cuerda::swarm::choker::{Change, Choker, Sample, Slots};
use cuerda::swarm::event::{Control, DiskEvent, Event};
use cuerda::swarm::machine::{Options, Swarm};
use cuerda::swarm::order::Notice;
use cuerda::swarm::picker::Picker;
use cuerda::swarm::state::{NewTorrent, PeerKey, TorrentKey};
use cuerda::swarm::told::Told;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Most peers of one simulated client.
const PEERS_MAX: usize = 600;
/// Where every client listens.
const PORT: u16 = 6881;

/// A torrent of a client.
pub(crate) struct LocalTorrent {
    /// Which of the world's.
    pub(crate) content: usize,
    /// What its swarm calls it, once it was added.
    pub(crate) key: Option<TorrentKey>,
    /// What its peers share.
    pub(crate) shared: Arc<SharedTorrent>,
    /// Its blocks.
    pub(crate) disk: Disk,
    /// When it was complete.
    pub(crate) complete_at: Option<Time>,
    /// What the disk could not do.
    pub(crate) failure: Option<String>,
}

/// A peer that the choker watches.
struct Watched {
    torrent: TorrentKey,
    counters: Arc<PeerCounters>,
}

/// A client.
pub(crate) struct Client {
    /// Its number.
    pub(crate) index: usize,
    /// What it is like.
    pub(crate) plan: ClientPlan,
    /// What it calls itself.
    pub(crate) id: PeerId,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether it takes part: it has come and not vanished.
    pub(crate) is_there: bool,
    /// The core.
    pub(crate) swarm: Swarm,
    /// Events that wait for the main loop.
    pub(crate) events: VecDeque<Event>,
    /// When the main loop's next turn is.
    pub(crate) turn_at: Option<Time>,
    /// What it was told of its peers' pieces.
    pub(crate) told: Told,
    /// Events since the last audit.
    pub(crate) unaudited: u32,
    /// Its torrents.
    pub(crate) torrents: Vec<LocalTorrent>,
    /// The ends of its connections.
    pub(crate) ends: BTreeMap<PeerKey, usize>,
    /// Ends that have something to send, in turn.
    pub(crate) line: VecDeque<usize>,
    /// Whether its line is busy.
    pub(crate) line_busy: bool,
    /// Whom to unchoke.
    choker: Choker,
    /// Whom the choker watches.
    watched: BTreeMap<PeerKey, Watched>,
    /// Whether the choker was told of a free slot.
    pub(crate) fill_due: bool,
    /// Whether the herald was told of news.
    pub(crate) news: bool,
    /// Hosts that were sent away for bad data.
    pub(crate) banned: BTreeSet<SocketAddr>,
    /// Connections dialed.
    pub(crate) dials: u32,
    /// What is left of the time with a full disk.
    full: Option<FullDisk>,
    /// Whether it has said that its disk is full, and not yet that there is room again.
    pub(crate) waits_for_room: bool,
    /// Everything was let go of.
    pub(crate) stopped: bool,
}

/// Where client number `index` listens: everybody in a network of their own, because allowed-fast
/// sets are the same for a whole network.
pub(crate) fn address_of(index: usize) -> SocketAddr {
    let ip = Ipv4Addr::from(0x0a00_0001 + 256 * index as u32);
    SocketAddr::from((ip, PORT))
}

/// The client that listens there.
pub(crate) fn client_at(address: SocketAddr) -> Option<usize> {
    let SocketAddr::V4(address) = address else { return None };
    Some((u32::from(*address.ip()) - 0x0a00_0001) as usize / 256)
}

impl Client {
    /// A client of the world with these contents.
    pub(crate) fn new(index: usize, plan: ClientPlan, contents: &[Content], seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut name = [0; 12];
        name.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
        let id = PeerId::ours(name);
        let options = Options {
            our_id: id,
            peers_max: PEERS_MAX,
            upload_slots: plan.slots,
            seed: random.next_u64(),
        };
        let torrents = plan.torrents.iter().map(|&(content, percent)| {
            let model = &contents[content];
            let has: Vec<bool> =
                model.layout.pieces().map(|_| random.below(100) < percent).collect();
            let none = Bitfield::new(model.layout.piece_count());
            let shared = SharedTorrent::new(model.info_hash, Arc::clone(&model.layout), &none);
            LocalTorrent {
                content,
                key: None,
                shared: Arc::new(shared),
                disk: Disk::new(model, |piece| has[piece as usize]),
                complete_at: None,
                failure: None,
            }
        });
        let torrents = torrents.collect();
        let slots = Slots { regular: plan.slots as usize, optimistic: OPTIMISTIC_SLOTS };
        Self {
            index,
            id,
            address: address_of(index),
            is_there: false,
            swarm: Swarm::new(options),
            events: VecDeque::new(),
            turn_at: None,
            told: Told::default(),
            unaudited: 0,
            torrents,
            ends: BTreeMap::new(),
            line: VecDeque::new(),
            line_busy: false,
            choker: Choker::new(slots, random.next_u64()),
            watched: BTreeMap::new(),
            fill_due: false,
            news: false,
            banned: BTreeSet::new(),
            dials: 0,
            full: plan.full,
            waits_for_room: false,
            stopped: false,
            plan,
        }
    }

    /// Takes on its torrents.
    pub(crate) fn begin(&mut self, random: &mut Random) {
        self.is_there = true;
        for torrent in &self.torrents {
            let shared = Arc::clone(&torrent.shared);
            let picker = Picker::new(shared.layout.piece_count(), PEERS_MAX as u32, random);
            let mut addresses = AddressBook::default();
            self.plan.dials.iter().for_each(|&other| addresses.named(address_of(other)));
            let new = NewTorrent { shared, picker, addresses };
            self.events.push_back(Event::Control(Control::Add(Box::new(new))));
        }
    }

    /// The torrent under this key.
    pub(crate) fn torrent(&self, key: TorrentKey) -> &LocalTorrent {
        let torrent = self.torrents.iter().find(|torrent| torrent.key == Some(key));
        torrent.expect("a key names a torrent that was added")
    }

    /// The torrent under this key, to change.
    pub(crate) fn torrent_mut(&mut self, key: TorrentKey) -> &mut LocalTorrent {
        let torrent = self.torrents.iter_mut().find(|torrent| torrent.key == Some(key));
        torrent.expect("a key names a torrent that was added")
    }

    /// Whether it has everything; whether it has said that it cannot, if its disk is broken.
    pub(crate) fn is_at_its_end(&self) -> bool {
        let fails = self.plan.is_to_fail();
        self.torrents.iter().all(|torrent| match fails {
            true => torrent.failure.is_some(),
            false => torrent.complete_at.is_some(),
        })
    }

    /// What comes of an attempt that the client's disk may be unable to make.
    pub(crate) fn try_disk(&self, what: Broken, piece: PieceIndex) -> Result<(), Box<str>> {
        match self.plan.broken {
            Some((broken, number)) if (broken, number) == (what, piece.get()) => {
                Err(format!("client {}: {what:?} of piece {number} fails", self.index).into())
            }
            _ => Ok(()),
        }
    }

    /// Takes the room of a block; tells whether there was some.
    fn takes_room(&mut self) -> bool {
        let Some(full) = &mut self.full else { return true };
        let room = full.blocks > 0;
        full.blocks = full.blocks.saturating_sub(1);
        room
    }

    /// Tells whether there is room, which somebody makes after a while.
    pub(crate) fn probe(&mut self) -> bool {
        assert!(self.waits_for_room, "a disk is probed that is not full");
        if let Some(full) = self.full.as_mut().filter(|full| full.probes > 0) {
            full.probes -= 1;
            return false;
        }
        self.full = None;
        true
    }

    /// Takes note of what people may want to know.
    pub(crate) fn notice(&mut self, now: Time, notice: &Notice) {
        match notice {
            Notice::Added(key) => {
                let next = self.torrents.iter_mut().find(|torrent| torrent.key.is_none());
                next.expect("torrents are added in order").key = Some(*key);
            }
            Notice::Tracker { .. } => {}
            Notice::Complete(key) => {
                self.torrent_mut(*key).complete_at.get_or_insert(now);
            }
            Notice::Stopped => self.stopped = true,
            Notice::Refused(why) => panic!("a torrent was refused: {why}"),
            Notice::DiskFull { message, .. } => {
                assert!(self.plan.full.is_some(), "a disk is full: {message}");
                assert!(!std::mem::replace(&mut self.waits_for_room, true), "told twice");
            }
            Notice::DiskHasRoom(_) => {
                assert!(std::mem::replace(&mut self.waits_for_room, false), "it was not full");
            }
            Notice::Failed { torrent, message } => {
                assert!(self.plan.is_to_fail(), "a torrent failed: {message}");
                let torrent = self.torrent_mut(*torrent);
                assert_eq!(torrent.failure, None, "it has failed before");
                torrent.failure = Some(message.to_string());
            }
            Notice::Checked { .. }
            | Notice::PeerJoined { .. }
            | Notice::PeerLeft { .. }
            | Notice::BadPiece { .. }
            | Notice::Full { .. } => {}
        }
    }

    /// Writes a block, or fails to and says so, as a peer's thread does.
    pub(crate) fn write(
        &mut self,
        torrent: TorrentKey,
        connection: &mut Connection,
        block: Block,
        value: u64,
    ) -> Result<(), CloseReason> {
        if let Err(message) = self.try_disk(Broken::Write, block.piece) {
            connection.not_stored(block);
            self.events.push_back(Event::Disk(DiskEvent::Failed { torrent, message }));
            return Err(CloseReason::DiskFailed);
        }
        if !self.takes_room() {
            connection.not_stored(block);
            let message = format!("client {}: no space", self.index).into();
            self.events.push_back(Event::Disk(DiskEvent::Full { torrent, message }));
            return Ok(());
        }
        self.torrent_mut(torrent).disk.write(block, value);
        connection.stored(block);
        Ok(())
    }

    /// The choker hears of a peer.
    pub(crate) fn enroll(
        &mut self,
        now: Time,
        peer: PeerKey,
        torrent: TorrentKey,
        counters: Arc<PeerCounters>,
    ) {
        self.choker.joined(now, peer);
        self.watched.insert(peer, Watched { torrent, counters });
    }

    /// The choker forgets a peer.
    pub(crate) fn dismiss(&mut self, peer: PeerKey) {
        self.choker.left(peer);
        self.watched.remove(&peer);
    }

    /// The choker hears that a free slot was given away.
    pub(crate) fn slot_taken(&mut self, now: Time, peer: PeerKey) {
        let watched = self.watched.get(&peer);
        let uploaded = watched.map_or(0, |peer| peer.counters.uploaded.load(Relaxed));
        self.choker.unchoked(now, peer, uploaded);
    }

    /// A round of the choker, or between rounds.
    pub(crate) fn rechoke(&mut self, now: Time, round: bool) {
        let mut samples: Vec<Sample> =
            self.watched.iter().map(|(&peer, watched)| self.sample(peer, watched)).collect();
        let changes = match round {
            true => self.choker.round(now, &mut samples),
            false => self.choker.fill(now, &mut samples),
        };
        for Change { peer, unchoke } in changes {
            self.events.push_back(Event::Choke { peer, unchoke });
        }
    }

    /// The choker names a peer that can be spared.
    pub(crate) fn name_spare(&mut self, now: Time) {
        let samples: Vec<Sample> =
            self.watched.iter().map(|(&peer, watched)| self.sample(peer, watched)).collect();
        self.events.push_back(Event::Spare(self.choker.spare(now, &samples)));
    }

    fn sample(&self, peer: PeerKey, watched: &Watched) -> Sample {
        let shared = &self.torrent(watched.torrent).shared;
        let counters = &watched.counters;
        Sample {
            peer,
            torrent: watched.torrent,
            seeding: shared.is_complete(),
            piece_length: u64::from(shared.layout.piece_length()),
            downloaded: counters.downloaded.load(Relaxed),
            uploaded: counters.uploaded.load(Relaxed),
            interested: counters.interested.load(Relaxed),
            wanted: counters.wanted.load(Relaxed),
            snubbing: counters.snubbing.load(Relaxed),
        }
    }
}
