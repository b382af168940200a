//! Handlers for work that comes back: blocks stored, given up, or late.

use crate::connection::event::{Command, LeaseId};
use crate::limits::WAKES_PER_RETURN;
use crate::swarm::machine::Swarm;
use crate::swarm::order::Order;
use crate::swarm::state::{
    ActiveKey, PeerKey, Segment, SegmentKey, Sole, Source, TorrentKey, lease_of, segment_of,
};

impl Swarm {
    /// Blocks are in the file. Whoever else was asked for them is told to forget them; when the
    /// piece has all its blocks, it is hashed. Cost: O(k).
    pub(super) fn stored(&mut self, key: PeerKey, lease: LeaseId, blocks: u64) {
        self.touched += 1;
        let segment_key = segment_of(lease);
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let new = blocks & segment.full & !segment.stored;
        segment.stored |= new;
        if let Some(holder) = segment.holder_mut(key) {
            holder.leased &= !blocks;
            holder.given |= new;
        }
        let active_key = segment.active;
        self.cancel_others(key, segment_key, new);
        self.relist(segment_key);
        let Some(active) = self.actives.get_mut(active_key) else { return };
        active.stored += new.count_ones();
        active.source = match active.source {
            Source::Nobody => Source::One(key),
            Source::One(peer) if peer == key => Source::One(key),
            Source::One(_) | Source::Several => Source::Several,
        };
        if active.stored == active.blocks && new != 0 {
            let (torrent, piece) = (active.torrent, active.piece);
            let evidence = active.evidence.clone();
            self.order(Order::Hash { torrent, active: active_key, piece, evidence });
        }
    }

    /// Takes blocks that have come from everybody else that holds them. Cost: O(k).
    fn cancel_others(&mut self, key: PeerKey, segment_key: SegmentKey, blocks: u64) {
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        let mut cancels = [None; crate::limits::HOLDERS_PER_SEGMENT_MAX];
        for (cancel, holder) in cancels.iter_mut().zip(segment.holders.iter_mut().flatten()) {
            let both = holder.leased & blocks;
            if holder.peer != key && both != 0 {
                holder.leased &= !both;
                *cancel = Some((holder.peer, both));
            }
        }
        for (peer, blocks) in cancels.into_iter().flatten() {
            let cancel = Command::Cancel { lease: lease_of(segment_key), blocks };
            self.order(Order::Post(peer, cancel));
        }
    }

    /// Blocks will not come from this peer. Cost: O(k).
    pub(super) fn returned(&mut self, key: PeerKey, lease: LeaseId, blocks: u64) {
        self.touched += 1;
        let segment_key = segment_of(lease);
        let Some(segment) = self.segments.get_mut(segment_key) else { return };
        if segment.leased_to(key) & blocks == 0 {
            return;
        }
        if let Some(holder) = segment.holder_mut(key) {
            holder.leased &= !blocks;
            holder.overdue &= !blocks;
        }
        let active_key = segment.active;
        if !self.restart_if_sole_left(active_key, key) {
            self.relist(segment_key);
        }
        self.wake_waiting(active_key);
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
        if let Some((other, both)) = late_before(segment, key, late) {
            let cancel = Command::Cancel { lease, blocks: both };
            self.order(Order::Post(other, cancel));
        }
        self.relist(segment_key);
        self.wake_waiting(active_key);
    }

    /// A piece that is fetched from one peer alone, and that peer gave blocks of it up: it starts
    /// again with another one, so that whatever comes of it has one source. Cost: O(1).
    fn restart_if_sole_left(&mut self, key: ActiveKey, peer: PeerKey) -> bool {
        let sole = |active: &crate::swarm::state::Active| active.sole == Sole::By(peer);
        if !self.actives.get(key).is_some_and(sole) {
            return false;
        }
        self.restart(key);
        true
    }

    /// Forgets all blocks of a piece under way. What its old leases still deliver is discarded,
    /// since their claims are closed with them. Cost: O(k).
    pub(super) fn restart(&mut self, key: ActiveKey) {
        let Some(active) = self.actives.get_mut(key) else { return };
        while let Some(segment) = active.open_segments.pop_front(&mut self.segments) {
            // At most the segments of one piece, a constant of `limits`; after a bad piece only.
            if let Some(segment) = self.segments.get(segment) {
                segment.claims.close();
            }
        }
        self.discarded.extend(active.last_segment.take());
        active.first_segment = None;
        active.next_segment = 0;
        active.stored = 0;
        active.source = Source::Nobody;
        if active.sole != Sole::Shared {
            active.sole = Sole::Wanted;
        }
        let torrent = active.torrent;
        if let Some(torrent) = self.torrents.get_mut(torrent) {
            torrent.open.push_back(&mut self.actives, key);
        }
    }

    /// There is work again: tells some of those that wait. Cost: O(k).
    pub(super) fn wake_waiting(&mut self, active: ActiveKey) {
        if let Some(torrent) = self.actives.get(active).map(|active| active.torrent) {
            self.wake_waiting_of(torrent);
        }
    }

    /// There is work again in this torrent: tells some of those that wait. Cost: O(k).
    pub(super) fn wake_waiting_of(&mut self, key: TorrentKey) {
        for _ in 0..WAKES_PER_RETURN {
            let Some(torrent) = self.torrents.get_mut(key) else { return };
            let Some(peer) = torrent.waiting.pop_front(&mut self.peers) else { return };
            self.order(Order::Post(peer, Command::Work));
        }
    }
}

/// Of blocks that are late at this peer: another peer at which some of them are late too, and
/// which of them, taken from it.
fn late_before(segment: &mut Segment, key: PeerKey, late: u64) -> Option<(PeerKey, u64)> {
    let other = segment
        .holders
        .iter_mut()
        .flatten()
        .find(|holder| holder.peer != key && holder.leased & holder.overdue & late != 0)?;
    let both = other.leased & other.overdue & late;
    other.leased &= !both;
    other.overdue &= !both;
    Some((other.peer, both))
}
