//! Requests that were given up and may be answered all the same.
//!
//! A slow peer sends a block when its turn has come, however long ago we stopped waiting for it. If
//! nobody has written it meanwhile it is as good as any: discarding it would mean that of a peer
//! slower than our patience nothing ever comes. Whether somebody has is decided by the claims.

use crate::connection::event::Grant;
use crate::connection::lease::Lease;
use crate::layout::Block;
use crate::limits::GIVEN_UP_MAX;
use std::collections::VecDeque;

/// What was asked for and given up, by segment, the oldest first.
#[derive(Debug, Default)]
pub struct GivenUp {
    segments: VecDeque<Grant>,
}

impl GivenUp {
    /// Blocks of a lease were asked for and are given up. Those that somebody wrote are forgotten,
    /// and the oldest if there are too many.
    pub fn remember(&mut self, lease: &Lease, blocks: u64) {
        for segment in &mut self.segments {
            segment.blocks &= !segment.claims.claimed();
        }
        self.segments.retain(|segment| segment.blocks != 0);
        let blocks = blocks & !lease.claims.claimed();
        if blocks == 0 {
            return;
        }
        if let Some(same) = self.segments.iter_mut().find(|segment| segment.lease == lease.id) {
            same.blocks |= blocks;
            return;
        }
        if self.segments.len() == GIVEN_UP_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(Grant {
            lease: lease.id,
            piece: lease.piece,
            segment: lease.segment,
            blocks,
            claims: lease.claims.clone(),
        });
    }

    /// A block came that is not awaited: if it was given up and nobody has claimed it since, it is
    /// claimed, and the lease returned has it to write and nothing else.
    pub fn win(&mut self, block: Block) -> Option<Lease> {
        let is_it = |segment: &&mut Grant| {
            (segment.piece, segment.segment) == (block.piece, block.segment())
                && segment.blocks & block.bit() != 0
        };
        // A piece that was bad has other claims when it is fetched again: more than one may fit.
        for segment in self.segments.iter_mut().filter(|segment| is_it(segment)) {
            segment.blocks &= !block.bit();
            if segment.claims.win(block.bit()) {
                let mut lease = Lease::new(Grant { blocks: 0, ..segment.clone() });
                lease.writing = block.bit();
                return Some(lease);
            }
        }
        None
    }

    /// Nothing is of use any more.
    pub fn clear(&mut self) {
        self.segments.clear();
    }
}
