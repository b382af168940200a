//! One lease of a connection: blocks of one segment that the main thread granted to this peer.
//!
//! Each block of it is in exactly one place: to be asked for, asked, being written, written and
//! not reported yet, or lost to another peer. When nothing is left to ask, await or write, the
//! lease is done and what became of its blocks is reported.

use crate::connection::event::{Event, Grant, LeaseId};
use crate::connection::outbox::Outbox;
use crate::kit::claim::ClaimWord;
use crate::layout::{Block, Layout, PieceIndex, SEGMENT_BLOCKS};
use crate::wire::message::BlockRequest;
use std::collections::VecDeque;

/// A lease. The sets are disjoint, but for the late ones; one bit is one block of the segment.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Its name for the main thread.
    pub id: LeaseId,
    /// The piece.
    pub piece: PieceIndex,
    /// The segment of the piece.
    pub segment: u32,
    /// Who may write its blocks.
    pub claims: ClaimWord,
    /// Granted, not asked for.
    pub todo: u64,
    /// Asked for, not answered.
    pub asked: u64,
    /// Of those, the ones that are late and not reported so.
    pub late: u64,
    /// Claimed, on the way into the file.
    pub writing: u64,
    /// In the file, not reported.
    pub given: u64,
    /// Not coming from this peer, not reported.
    pub lost: u64,
}

impl Lease {
    /// A new lease with everything to do.
    pub fn new(grant: Grant) -> Self {
        Self {
            id: grant.lease,
            piece: grant.piece,
            segment: grant.segment,
            claims: grant.claims,
            todo: grant.blocks,
            asked: 0,
            late: 0,
            writing: 0,
            given: 0,
            lost: 0,
        }
    }

    /// Whether this block lies in the lease's segment.
    pub fn covers(&self, block: Block) -> bool {
        self.piece == block.piece && self.segment == block.segment()
    }

    /// The lowest block to ask for, moved to the asked ones. Blocks that somebody else has
    /// written meanwhile are lost on the way.
    pub fn ask_next(&mut self) -> Option<Block> {
        let late = self.todo & self.claims.claimed();
        self.todo &= !late;
        self.lost |= late;
        if self.todo == 0 {
            return None;
        }
        let offset = self.todo.trailing_zeros();
        self.todo &= self.todo - 1;
        self.asked |= 1 << offset;
        Some(Block { piece: self.piece, index: self.segment * SEGMENT_BLOCKS + offset })
    }

    /// The blocks of a set, lowest first.
    pub fn blocks_of(&self, mut set: u64) -> impl Iterator<Item = Block> + use<> {
        let (piece, first) = (self.piece, self.segment * SEGMENT_BLOCKS);
        std::iter::from_fn(move || {
            if set == 0 {
                return None;
            }
            let offset = set.trailing_zeros();
            set &= set - 1;
            Some(Block { piece, index: first + offset })
        })
    }

    /// Tells the main thread what became of the blocks since the last report.
    pub fn report(&mut self, out: &mut Outbox) {
        let given = std::mem::take(&mut self.given);
        if given != 0 {
            out.publish(Event::Stored { lease: self.id, blocks: given });
        }
        self.report_lost(out);
    }

    /// Tells the main thread which blocks will not come.
    pub fn report_lost(&mut self, out: &mut Outbox) {
        let lost = std::mem::take(&mut self.lost);
        if lost != 0 {
            out.publish(Event::Returned { lease: self.id, blocks: lost });
        }
    }

    /// Tells the main thread which blocks are late.
    pub fn report_late(&mut self, out: &mut Outbox) {
        let late = std::mem::take(&mut self.late);
        if late != 0 {
            out.publish(Event::Overdue { lease: self.id, blocks: late });
        }
    }

    /// Whether nothing is left to ask, await or write.
    pub fn is_done(&self) -> bool {
        self.todo | self.asked | self.writing == 0
    }
}

/// The request for a block.
pub fn request_of(layout: &Layout, block: Block) -> BlockRequest {
    BlockRequest {
        piece: block.piece.get(),
        begin: block.begin(),
        length: layout.block_size(block),
    }
}

/// The lease with this block in that set of its blocks.
pub fn find(leases: &VecDeque<Lease>, block: Block, set: fn(&Lease) -> u64) -> Option<usize> {
    leases.iter().position(|lease| lease.covers(block) && set(lease) & block.bit() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;

    fn lease(blocks: u64) -> Lease {
        let layout = Layout::single(1 << 20, 1 << 22).unwrap();
        Lease::new(Grant {
            lease: LeaseId(1),
            piece: layout.piece(2).unwrap(),
            segment: 0,
            blocks,
            claims: ClaimWord::new(),
        })
    }

    #[test]
    fn blocks_are_asked_for_in_order() {
        let mut lease = lease(0b1011);
        let asked: Vec<_> = std::iter::from_fn(|| lease.ask_next()).map(|b| b.index).collect();
        assert_eq!(asked, [0, 1, 3]);
        assert_eq!(lease.asked, 0b1011);
        assert!(!lease.is_done());
    }

    #[test]
    fn a_block_that_somebody_else_wrote_is_not_asked_for() {
        let mut lease = lease(0b11);
        assert!(lease.claims.win(1));
        assert_eq!(lease.ask_next().map(|block| block.index), Some(1));
        assert_eq!(lease.lost, 1);
    }
}
