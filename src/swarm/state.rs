//! What the brain remembers: torrents, peers, pieces under way and the segments of those.
//!
//! Records only; what happens to them is in the handlers. A piece is exactly one of: owned (its
//! bit in `owned`), under way (an [`Active`] record), or open (picked from the [`Picker`]). Peers'
//! threads read the first set and `taken`, which has pieces under way with nothing to grant.

use crate::bitfield::SharedBitfield;
use crate::connection::event::LeaseId;
use crate::connection::shared::SharedTorrent;
use crate::id::{InfoHash, PeerId};
use crate::kit::claim::ClaimWord;
use crate::kit::clock::Time;
use crate::kit::list::{Links, List};
use crate::kit::slab::Key;
use crate::layout::PieceIndex;
use crate::limits::{GRANTS_PER_REQUEST_MAX, HOLDERS_PER_SEGMENT_MAX};
use crate::swarm::addresses::AddressBook;
use crate::swarm::evidence::Evidence;
use crate::swarm::picker::Picker;
use crate::swarm::stage::{Phase, Recording, Stage};
use std::net::SocketAddr;
use std::sync::Arc;

/// Names a peer for as long as the process runs.
pub type PeerKey = Key<Peer>;
/// Names a torrent.
pub type TorrentKey = Key<Torrent>;
/// Names a piece while it is under way.
pub type ActiveKey = Key<Active>;
/// Names a segment of a piece under way; peers' threads know it as [`LeaseId`].
pub type SegmentKey = Key<Segment>;

/// A torrent to take on, with everything allocated whose size depends on it.
#[derive(Debug)]
pub struct NewTorrent {
    /// What its peers' threads share.
    pub shared: Arc<SharedTorrent>,
    /// The order of its pieces.
    pub picker: Picker,
    /// Peers to dial at once.
    pub addresses: AddressBook,
}

/// A torrent.
#[derive(Debug)]
pub struct Torrent {
    /// What its peers' threads share.
    pub(super) shared: Arc<SharedTorrent>,
    /// The order of its pieces.
    pub(super) picker: Picker,
    /// Where it stands.
    pub(super) phase: Phase,
    /// Pieces under way that have blocks to grant.
    pub(super) open: List<Active>,
    /// All pieces under way.
    pub(super) active: List<Active>,
    /// Peers that were told to wait for work, those that asked longest ago first.
    pub(super) waiting: List<Peer>,
    /// How often work appeared.
    pub(super) news: u64,
    /// Peers that were told of work and have not answered.
    pub(super) waking: u32,
    /// Peers that may download.
    pub(super) unchoked: u32,
    /// Peers admitted or dialed.
    pub(super) peers: u32,
    /// Whom to dial.
    pub(super) addresses: AddressBook,
    /// Its place in the list of torrents that have somebody to dial.
    pub(super) dialing: Links<Torrent>,
    /// All its peers are being told to leave.
    pub(super) parting: bool,
    /// Its place in the list of torrents for whose pieces there was no room.
    pub(super) crowded: Links<Torrent>,
    /// The disk has no room for it: nothing is granted.
    pub(super) disk_full: bool,
    /// How far its verified pieces are recorded.
    pub(super) record: Recording,
}

/// A peer.
#[derive(Debug)]
pub struct Peer {
    /// Its torrent, once it is known.
    pub(super) torrent: Option<TorrentKey>,
    /// Where it is, as we see it.
    pub(super) address: SocketAddr,
    /// Whether we dialed it.
    pub(super) dialed: bool,
    /// How far it has come.
    pub(super) stage: Stage,
    /// When it connected, if it dialed us.
    pub(super) arrived_at: Option<Time>,
    /// Its place among arrivals whose handshake is not done.
    pub(super) half_open: Links<Peer>,
    /// What it calls itself, after the handshake.
    pub(super) id: Option<PeerId>,
    /// When the handshake was done, if it is.
    pub(super) joined_at: Option<Time>,
    /// What it has, while `all` is not set; known once it has joined. Read only to answer its
    /// questions, since while one is open its thread changes nothing.
    pub(super) pieces: Option<Arc<SharedBitfield>>,
    /// It has everything.
    pub(super) all: bool,
    /// It wants something of ours.
    pub(super) interested: bool,
    /// It may download.
    pub(super) unchoked: bool,
    /// Its place among those that wait for work.
    pub(super) waiting: Links<Peer>,
    /// It let blocks be late, or others bring them, and has brought none since: it is trusted
    /// with one block at a time, and with none that somebody else holds.
    pub(super) failed: bool,
    /// It has given a block.
    pub(super) gave: bool,
    /// What it was granted in answer to its last question. Its next question shows that it took
    /// that; if it leaves before, it may never have seen it.
    pub(super) answered: [Option<SegmentKey>; GRANTS_PER_REQUEST_MAX],
    /// How often work had appeared when it asked last.
    pub(super) asked_at: u64,
    /// It was told of work and has not answered.
    pub(super) woken: bool,
    /// The piece that it fetches all of alone; it may be gone.
    pub(super) sole: Option<ActiveKey>,
    /// It let such a piece down a short while ago: others come before it.
    pub(super) sole_paused: bool,
}

impl Peer {
    /// Whether it has this piece.
    pub(super) fn has(&self, piece: u32) -> bool {
        self.all || self.pieces.as_ref().is_some_and(|pieces| pieces.has(piece))
    }
}

/// What words about pieces need of a peer that has joined. Kept apart from the rest of it, by
/// slot: a quarter of a megabyte for 10,000 peers, which stays in a cache that their records do
/// not fit into.
#[derive(Debug, Clone, Copy)]
pub struct Teller {
    /// Who.
    pub(super) peer: PeerKey,
    /// Whose pieces it tells of.
    pub(super) torrent: TorrentKey,
    /// Pieces of it that the picker counts.
    pub(super) counted: u32,
}

/// Who gave the blocks of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nobody yet.
    Nobody,
    /// One peer alone.
    One(PeerKey),
    /// More than one.
    Several,
}

/// A piece under way.
#[derive(Debug)]
pub struct Active {
    /// Its torrent.
    pub(super) torrent: TorrentKey,
    /// Which piece.
    pub(super) piece: PieceIndex,
    /// Blocks it has.
    pub(super) blocks: u32,
    /// Blocks that are in the file.
    pub(super) stored: u32,
    /// Blocks granted and not settled, counted once for each peer that holds them.
    pub(super) leased: u32,
    /// Segments it has.
    pub(super) segments: u32,
    /// The first segment that nobody was granted anything of.
    pub(super) next_segment: u32,
    /// Segments begun, the last one first, chained by [`Segment::before`].
    pub(super) last_segment: Option<SegmentKey>,
    /// Segments begun that have blocks to grant.
    pub(super) open_segments: List<Segment>,
    /// Segments begun of which some block is not stored and has no second holder.
    pub(super) lone_segments: List<Segment>,
    /// Who gave the blocks.
    pub(super) source: Source,
    /// After a failed hash: the one peer that it is fetched from again.
    pub(super) sole: Sole,
    /// When that one peer began.
    pub(super) sole_since: Time,
    /// How many peers have begun to fetch it alone.
    pub(super) sole_turns: u32,
    /// When the last block came, or that one peer began.
    pub(super) progress_at: Time,
    /// After a failed hash: what the blocks were.
    pub(super) evidence: Option<Arc<Evidence>>,
    /// After a failed hash: the chain of segments that says who gave what.
    pub(super) suspects: Option<SegmentKey>,
    /// Its place among the torrent's pieces that have blocks to grant.
    pub(super) open: Links<Active>,
    /// Its place among all the torrent's pieces under way.
    pub(super) active: Links<Active>,
}

/// Whether a piece may be shared among peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sole {
    /// Anybody may fetch blocks of it.
    Shared,
    /// It failed its hash a moment ago: the next peer that fetches of it fetches all of it, if it
    /// has given blocks before.
    Offered,
    /// It failed its hash: the next peer that fetches of it fetches all of it.
    Wanted,
    /// It failed its hash: this peer fetches all of it.
    By(PeerKey),
    /// That peer brought nothing for too long; once it holds none any more, the piece starts again.
    Ending,
}

/// A peer's part in a segment.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// Who.
    pub(super) peer: PeerKey,
    /// Blocks granted to it and not settled.
    pub(super) leased: u64,
    /// Of those, the ones that are late.
    pub(super) overdue: u64,
    /// Blocks that came from it.
    pub(super) given: u64,
}

impl Holder {
    /// These blocks came, were given up or were taken away: the peer holds them no longer, and
    /// so they are not late. Returns those that it held.
    pub(super) fn settle(&mut self, blocks: u64) -> u64 {
        let settled = self.leased & blocks;
        self.leased &= !blocks;
        self.overdue &= !blocks;
        settled
    }
}

/// Up to 64 neighboring blocks of a piece under way.
#[derive(Debug)]
pub struct Segment {
    /// The piece.
    pub(super) active: ActiveKey,
    /// Which segment of it.
    pub(super) index: u32,
    /// The blocks it has.
    pub(super) full: u64,
    /// Blocks that are in the file.
    pub(super) stored: u64,
    /// Who may write them.
    pub(super) claims: ClaimWord,
    /// Everybody who was granted something of it.
    pub(super) holders: [Option<Holder>; HOLDERS_PER_SEGMENT_MAX],
    /// The segment of the piece that was begun before this one.
    pub(super) before: Option<SegmentKey>,
    /// Its place among the piece's segments that have blocks to grant.
    pub(super) open: Links<Segment>,
    /// Its place among the piece's segments that have blocks to grant in endgame.
    pub(super) lone: Links<Segment>,
}

impl Segment {
    /// A segment that nobody has anything of.
    pub(super) fn new(active: ActiveKey, index: u32, full: u64) -> Self {
        Self {
            active,
            index,
            full,
            stored: 0,
            claims: ClaimWord::new(),
            holders: [None; HOLDERS_PER_SEGMENT_MAX],
            before: None,
            open: Links::default(),
            lone: Links::default(),
        }
    }

    /// Blocks that one or more peers hold, blocks that two hold, and the late ones among those.
    pub(super) fn held(&self) -> Held {
        let mut held = Held { once: 0, twice: 0, overdue: 0 };
        for holder in self.holders.iter().flatten() {
            held.twice |= held.once & holder.leased;
            held.once |= holder.leased;
            held.overdue |= holder.overdue & holder.leased;
        }
        held
    }

    /// Blocks that may be granted outside endgame: nobody holds them, or one peer that is late.
    pub(super) fn grantable(&self) -> u64 {
        let held = self.held();
        self.full & !self.stored & !held.twice & (!held.once | held.overdue)
    }

    /// Blocks that may be granted in endgame: no two peers hold them.
    pub(super) fn grantable_twice(&self) -> u64 {
        self.full & !self.stored & !self.held().twice
    }

    /// The peer's part in it, if it has one.
    pub(super) fn holder_mut(&mut self, peer: PeerKey) -> Option<&mut Holder> {
        self.holders.iter_mut().flatten().find(|holder| holder.peer == peer)
    }

    /// The peer's part in it, made if there is room, and whoever had that place before.
    pub(super) fn seat(&mut self, peer: PeerKey) -> Option<(&mut Holder, Option<Holder>)> {
        let place = &mut self.holders[self.place_for(peer)?];
        let before = place.take_if(|holder| holder.peer != peer);
        let empty = Holder { peer, leased: 0, overdue: 0, given: 0 };
        Some((place.get_or_insert(empty), before))
    }

    /// The place of a peer: its own, an empty one, or that of a peer that will be missed least.
    /// Holders leave and new ones come for as long as the piece is under way, so a place whose
    /// holder brings nothing any more has to be free for somebody who may.
    fn place_for(&self, peer: PeerKey) -> Option<usize> {
        let worth = |holder: &Option<Holder>| match holder {
            Some(holder) if holder.peer == peer => Some(0),
            None => Some(1),
            Some(Holder { leased: 0, given: 0, .. }) => Some(2),
            // Who gave its blocks is forgotten then: should the piece be bad, it goes unpunished.
            Some(Holder { leased: 0, .. }) => Some(3),
            Some(holder) if holder.leased == holder.overdue => Some(4),
            Some(_) => None,
        };
        let places = self.holders.iter().map(worth).enumerate();
        places.filter_map(|(place, worth)| Some((worth?, place))).min().map(|(_, place)| place)
    }

    /// Blocks that this peer holds.
    pub(super) fn leased_to(&self, peer: PeerKey) -> u64 {
        let part = self.holders.iter().flatten().find(|holder| holder.peer == peer);
        part.map_or(0, |holder| holder.leased)
    }

    /// Whether the peer has a part in it or could have.
    pub(super) fn has_room_for(&self, peer: PeerKey) -> bool {
        self.place_for(peer).is_some()
    }
}

/// How the blocks of a segment are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// By at least one peer.
    pub(super) once: u64,
    /// By two.
    pub(super) twice: u64,
    /// By a peer that is late.
    pub(super) overdue: u64,
}

/// The name under which peers' threads know a segment.
pub(super) fn lease_of(segment: SegmentKey) -> LeaseId {
    LeaseId(segment.to_bits())
}

/// The segment behind a lease's name.
pub(super) fn segment_of(lease: LeaseId) -> SegmentKey {
    SegmentKey::from_bits(lease.0)
}

/// A peer as it is told apart from others of its torrent.
pub type Identity = (InfoHash, PeerId);
