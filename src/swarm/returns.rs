//! Handlers for work that comes back: blocks stored, given up, or late.

use crate::connection::event::{Command, LeaseId};
use crate::kit::clock::Time;
use crate::limits::HOLDERS_PER_SEGMENT_MAX;
use crate::swarm::machine::Swarm;
use crate::swarm::order::Order;
use crate::swarm::state::{PeerKey, Segment, SegmentKey, Sole, Source, lease_of, segment_of};

impl Swarm {
    /// Blocks are in the file. Whoever else was asked for them is told to forget them; when the
    /// piece has all its blocks, it is hashed. Cost: O(k).
    pub(super) fn stored(&mut self, now: Time, key: PeerKey, lease: LeaseId, blocks: u64) {
        self.touched += 1;
        let segment_key = segment_of(lease);
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let new = blocks & segment.full & !segment.stored;
        if new == 0 {
            return;
        }
        segment.stored |= new;
        if let Some(peer) = self.peers.get_mut(key) {
            (peer.failed, peer.gave) = (false, true);
        }
        let active_key = segment.active;
        let held = segment.holder_mut(key).map_or(0, |holder| holder.settle(new));
        let settled = held.count_ones() + self.cancel_others(key, segment_key, new, held);
        self.note_giver(key, segment_key, new);
        self.relist(segment_key);
        let Some(active) = self.actives.get_mut(active_key) else { return };
        active.stored += new.count_ones();
        active.progress_at = now;
        active.leased -= settled;
        active.source = match active.source {
            Source::Nobody => Source::One(key),
            Source::One(peer) if peer == key => Source::One(key),
            Source::One(_) | Source::Several => Source::Several,
        };
        self.restart_if_ended(now, active_key);
        let Some(active) = self.actives.get(active_key) else { return };
        if active.stored == active.blocks {
            let (torrent, piece) = (active.torrent, active.piece);
            let (evidence, alone) = (active.evidence.clone(), active.sole != Sole::Shared);
            self.order(Order::Hash { torrent, active: active_key, piece, evidence });
            if alone {
                // Whoever fetched it alone may fetch another one now, and may have been told to
                // wait because it could not.
                self.work_appeared(torrent);
            }
        }
    }

    /// Should the piece be bad it has to be known who gave what. Who brings a block after it was
    /// given up may have lost its place meanwhile. Cost: O(k).
    fn note_giver(&mut self, key: PeerKey, segment_key: SegmentKey, blocks: u64) {
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let active_key = segment.active;
        let Some((holder, before)) = segment.seat(key) else { return };
        holder.given |= blocks;
        if let Some(before) = before.filter(|before| before.leased != 0) {
            self.dispossess(before.peer, active_key, segment_key, before.leased);
        }
    }

    /// Takes blocks that have come from everybody else that holds them; returns how many leases
    /// of a block that ended. Of the blocks `held` were still expected of the peer that gave them:
    /// whoever else holds those was slower. Cost: O(k).
    fn cancel_others(
        &mut self,
        key: PeerKey,
        segment_key: SegmentKey,
        blocks: u64,
        held: u64,
    ) -> u32 {
        let Some(segment) = self.segments.get_mut(segment_key) else { return 0 };
        let mut cancels = [None; HOLDERS_PER_SEGMENT_MAX];
        for (cancel, holder) in cancels.iter_mut().zip(segment.holders.iter_mut().flatten()) {
            if holder.peer != key {
                let both = holder.settle(blocks);
                *cancel = (both != 0).then_some((holder.peer, both));
            }
        }
        let mut ended = 0;
        for (peer, blocks) in cancels.into_iter().flatten() {
            ended += blocks.count_ones();
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.failed |= blocks & held != 0;
            }
            let cancel = Command::Cancel { lease: lease_of(segment_key), blocks };
            self.order(Order::Post(peer, cancel));
        }
        ended
    }

    /// Blocks are not awaited from this peer any more. Cost: O(k).
    pub(super) fn returned(&mut self, now: Time, key: PeerKey, lease: LeaseId, blocks: u64) {
        self.touched += 1;
        let segment_key = segment_of(lease);
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let active_key = segment.active;
        let back = segment.holder_mut(key).map_or(0, |holder| holder.settle(blocks));
        if back == 0 {
            // It was taken from the peer before, but only now is it certain that nothing of it is
            // on the way into the file.
            self.work_appeared_in(active_key);
            return;
        }
        self.relist(segment_key);
        if let Some(active) = self.actives.get_mut(active_key) {
            active.leased -= back.count_ones();
        }
        self.restart_if_ended(now, active_key);
        self.work_appeared_in(active_key);
    }

    /// Blocks are late: a second peer may be asked, and a first that is late too is given up.
    /// Cost: O(k).
    pub(super) fn overdue(&mut self, key: PeerKey, lease: LeaseId, blocks: u64) {
        self.touched += 1;
        let segment_key = segment_of(lease);
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let Some(holder) = segment.holder_mut(key) else { return };
        let late = blocks & holder.leased;
        holder.overdue |= late;
        let active_key = segment.active;
        if let Some(peer) = self.peers.get_mut(key) {
            peer.failed |= late != 0;
        }
        if let Some((other, both)) = late_before(segment, key, late) {
            self.dispossess(other, active_key, segment_key, both);
        }
        self.relist(segment_key);
        self.work_appeared_in(active_key);
    }
}

/// Of blocks that are late at this peer: another peer at which some of them are late too, and
/// which of them, taken from it.
fn late_before(segment: &mut Segment, key: PeerKey, late: u64) -> Option<(PeerKey, u64)> {
    // A block that is claimed has come and is on its way into the file.
    let late = late & !segment.claims.claimed();
    let mut others = segment.holders.iter_mut().flatten();
    let other = others.find(|holder| holder.peer != key && holder.overdue & late != 0)?;
    let both = other.settle(other.overdue & late);
    Some((other.peer, both))
}
