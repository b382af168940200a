//! What the main thread knows of one peer by what it was told, and whether that can be true: each
//! block that was granted comes back once, each piece is told once, nothing follows `Closed`.

use cuerda::bitfield::SharedBitfield;
use cuerda::connection::event::{Event, Grant, LeaseId};
use cuerda::kit::claim::ClaimWord;
use cuerda::layout::{Layout, PieceIndex};
use std::collections::HashMap;
use std::sync::Arc;

/// A lease that the peer's thread was given.
struct Held {
    /// Its piece.
    piece: u32,
    /// Blocks not accounted for.
    open: u64,
    /// Blocks that may be forgotten, since they were cancelled.
    excused: u64,
    /// Blocks that were given back. One that comes all the same may still be stored.
    returned: u64,
}

/// A piece.
#[derive(Clone, Default)]
pub(crate) struct Piece {
    /// Who may write its blocks.
    pub(crate) claims: ClaimWord,
    /// Blocks that this peer holds.
    pub(crate) held: u64,
    /// Blocks that this peer stored.
    stored: u64,
    /// Blocks that somebody else claimed.
    pub(crate) others: u64,
}

/// The main thread's knowledge.
pub(crate) struct Ledger {
    /// Leases by name.
    leases: HashMap<u64, Held>,
    /// Pieces by number.
    pub(crate) pieces: Vec<Piece>,
    /// Blocks wanted by a question that was not answered.
    pub(crate) question: Option<u32>,
    /// The set of the peer's pieces that its thread lends with each question.
    set: Option<Arc<SharedBitfield>>,
    /// The peer's pieces as they were told, a word for 64.
    told: Vec<u64>,
    /// Whether it has everything, told at once.
    told_all: bool,
    /// Whether it wants something, as it was told.
    interested: bool,
    /// Whether the last word was said.
    closed: bool,
    /// Name of the next lease.
    next: u64,
}

impl Ledger {
    /// Nothing was granted or told.
    pub(crate) fn new(layout: &Layout) -> Self {
        let pieces = layout.piece_count() as usize;
        Self {
            leases: HashMap::new(),
            // A default claim word is one of its own, a clone is not.
            pieces: (0..pieces).map(|_| Piece::default()).collect(),
            question: None,
            set: None,
            told: vec![0; pieces.div_ceil(64)],
            told_all: false,
            interested: false,
            closed: false,
            next: 0,
        }
    }

    /// A grant of those of the blocks that are free, if any is.
    pub(crate) fn grant(&mut self, piece: PieceIndex, blocks: u64) -> Option<Grant> {
        let entry = &mut self.pieces[piece.index()];
        let blocks = blocks & !entry.held & !entry.claims.claimed();
        if blocks == 0 {
            return None;
        }
        entry.held |= blocks;
        self.next += 1;
        let lease = LeaseId(self.next);
        let claims = entry.claims.clone();
        Some(Grant { lease, piece, segment: 0, blocks, claims })
    }

    /// The grant was delivered.
    pub(crate) fn granted(&mut self, grant: &Grant) {
        let held = Held { piece: grant.piece.get(), open: grant.blocks, excused: 0, returned: 0 };
        self.leases.insert(grant.lease.0, held);
    }

    /// A lease that is open, by chance, and its blocks.
    pub(crate) fn pick(&self, chance: u32) -> Option<(LeaseId, u64)> {
        let open = self.leases.iter().filter(|(_, held)| held.open != 0);
        let mut open: Vec<_> = open.map(|(name, held)| (*name, held.open)).collect();
        open.sort_unstable();
        let at = chance as usize % open.len().max(1);
        open.get(at).map(|(name, blocks)| (LeaseId(*name), *blocks))
    }

    /// A cancel was delivered.
    pub(crate) fn cancelled(&mut self, lease: LeaseId, blocks: u64) {
        if let Some(held) = self.leases.get_mut(&lease.0) {
            held.excused |= blocks;
        }
    }

    /// Whether a request for this block may be on its way: its lease is open.
    pub(crate) fn holds(&self, piece: u32, bit: u64) -> bool {
        self.leases.values().any(|held| held.piece == piece && held.open & bit != 0)
    }

    /// The peer's thread says something.
    pub(crate) fn told(&mut self, event: Event) {
        assert!(!self.closed, "{event:?} after the last word");
        match event {
            Event::Greeted(_) => panic!("greeting is over"),
            Event::Joined(joined) => self.set = Some(joined.pieces),
            Event::Pass => {}
            Event::Word { index, bits } => self.told_pieces(index, bits),
            Event::Have(piece) => self.told_pieces(piece.get() / 64, 1 << (piece.get() % 64)),
            Event::HaveAll => {
                assert!(!self.told_all && self.told.iter().all(|word| *word == 0));
                self.told_all = true;
            }
            Event::Interest(interested) => {
                assert_ne!(self.interested, interested, "no news");
                self.interested = interested;
            }
            Event::Want { blocks, .. } | Event::Candidate { blocks, .. } => {
                assert!(blocks > 0);
                self.audit_set();
                assert_eq!(self.question.replace(blocks), None, "two questions at once");
            }
            Event::Stored { lease, blocks } => {
                let piece = self.stored(lease, blocks);
                assert_eq!(piece.stored & blocks, 0, "stored twice");
                piece.stored |= blocks;
            }
            Event::Returned { lease, blocks } => self.returned(lease, blocks),
            Event::Overdue { lease, blocks } => {
                let held = &self.leases[&lease.0];
                assert_eq!(blocks & !held.open, 0, "late, but not under way");
            }
            Event::WordGone { index, bits } => {
                let told = std::mem::take(&mut self.told[index as usize]);
                assert!(bits != 0 && bits == told, "word {index}: {told:x} told, {bits:x} gone");
            }
            Event::Closed(_) => self.closed = true,
        }
    }

    fn told_pieces(&mut self, index: u32, bits: u64) {
        assert!(!self.told_all, "everything was told");
        assert_eq!(self.question, None, "told while the set is lent");
        let word = &mut self.told[index as usize];
        assert!(bits != 0 && *word & bits == 0, "word {index}: {bits:x} is no news");
        *word |= bits;
    }

    /// The set that the main thread reads to answer a question is what it was told.
    pub(crate) fn audit_set(&self) {
        let set = self.set.as_ref().expect("a peer that has joined");
        for (index, &told) in self.told.iter().enumerate() {
            assert_eq!(set.word(index), told, "word {index} of the set");
        }
    }

    /// Blocks of a lease come back empty.
    fn returned(&mut self, lease: LeaseId, blocks: u64) {
        let held = self.leases.get_mut(&lease.0).expect("a lease that was delivered");
        assert!(blocks != 0 && blocks & !held.open == 0, "{blocks:x} of {lease:?} twice");
        held.open &= !blocks;
        held.returned |= blocks;
        self.pieces[held.piece as usize].held &= !blocks;
    }

    /// Blocks of a lease are in the file, once: those under way, or late ones given back before.
    fn stored(&mut self, lease: LeaseId, blocks: u64) -> &mut Piece {
        let held = self.leases.get_mut(&lease.0).expect("a lease that was delivered");
        let possible = held.open | held.returned;
        assert!(blocks != 0 && blocks & !possible == 0, "{blocks:x} of {lease:?} from nowhere");
        let piece = &mut self.pieces[held.piece as usize];
        piece.held &= !(blocks & held.open);
        held.open &= !blocks;
        held.returned &= !blocks;
        piece
    }

    /// After the last word: everything is accounted for.
    pub(crate) fn audit(&self) {
        assert!(self.closed, "no last word");
        for (name, held) in &self.leases {
            assert_eq!(held.open & !held.excused, 0, "lease {name} did not come back");
        }
        assert!(self.told.iter().all(|word| *word == 0), "pieces did not come back");
        for (number, piece) in self.pieces.iter().enumerate() {
            let claimed = piece.claims.claimed();
            assert_eq!(claimed, piece.stored | piece.others, "claims of piece {number}");
        }
    }
}
