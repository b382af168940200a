//! A witness for audits: what the brain was told of its peers' pieces, written down beside it.
//!
//! The brain itself keeps only sums, because a copy of every peer's pieces would be gigabytes that
//! each word touches. Tests and simulations let this listen to every event before the brain gets
//! it, and compare.

use crate::bitfield::{Bitfield, SharedBitfield};
use crate::connection::event::Event as PeerEvent;
use crate::swarm::event::Event;
use crate::swarm::state::PeerKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was told so far.
#[derive(Debug, Default)]
pub struct Told {
    /// By peer.
    peers: BTreeMap<PeerKey, Record>,
}

/// What was told of one peer.
#[derive(Debug)]
struct Record {
    /// The pieces.
    pieces: Bitfield,
    /// The set that the peer's thread keeps of them.
    set: Arc<SharedBitfield>,
}

impl Told {
    /// An event that the brain is about to be told.
    ///
    /// Says what is wrong if a piece is told twice or taken back untold, if a peer leaves and
    /// something of it still counts, or if its thread asks for work while its set is not exactly
    /// what it has told.
    pub fn hear(&mut self, event: &Event) -> Result<(), String> {
        let Event::Peer(key, event) = event else { return Ok(()) };
        if let PeerEvent::Joined(joined) = event {
            let pieces = Bitfield::new(joined.pieces.len());
            self.peers.insert(*key, Record { pieces, set: Arc::clone(&joined.pieces) });
            return Ok(());
        }
        let Some(record) = self.peers.get_mut(key) else { return Ok(()) };
        let fits = record.hear(event);
        if matches!(event, PeerEvent::Closed(_)) {
            self.peers.remove(key);
        }
        if fits { Ok(()) } else { Err(format!("peer {key} says what does not fit: {event:?}")) }
    }

    /// The pieces that this peer was told to have.
    pub(super) fn of(&self, key: PeerKey) -> Option<&Bitfield> {
        self.peers.get(&key).map(|record| &record.pieces)
    }
}

impl Record {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing about pieces")]
    fn hear(&mut self, event: &PeerEvent) -> bool {
        match *event {
            PeerEvent::Have(piece) => self.pieces.insert(piece.get()),
            PeerEvent::Word { index, bits } => self.pieces.merge_word(index as usize, bits) == bits,
            PeerEvent::WordGone { index, bits } => self.pieces.take_word(index as usize) == bits,
            PeerEvent::Want { .. } | PeerEvent::Candidate { .. } => {
                self.set.snapshot() == self.pieces
            }
            PeerEvent::Closed(_) => self.pieces.is_empty(),
            _ => true,
        }
    }
}
