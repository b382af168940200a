//! Pieces that failed their hash and came from several peers: such a piece is fetched once more,
//! all of it from one peer alone, so that whatever comes of it has one source.
//!
//! Such a piece is offered first to peers that have given blocks and are late with none, and a
//! moment later to all. Whoever takes it is asked for it before anything else. If it leaves, brings
//! nothing of it for a while, or takes too long for all of it, the piece starts again with another;
//! before that it must be certain that no write of the first is under way. Who gave way waits while
//! others try, and each turn may last longer than the one before: so a liar does not keep the piece
//! by being quick to ask and slow to give, and a slow peer that is honest brings it in the end.

use crate::kit::clock::Time;
use crate::kit::list::List;
use crate::limits::{
    SOLE_DOUBLINGS_MAX, SOLE_HEAD_START, SOLE_PATIENCE_MAX, SOLE_PATIENCE_MIN, SOLE_PAUSE,
    SOLE_TURN, SUSPECT_PROBES_MAX,
};
use crate::swarm::machine::{Swarm, Timer};
use crate::swarm::state::{Active, ActiveKey, Peer, PeerKey, Segment, Sole, Source};
use std::sync::atomic::Ordering::Relaxed;

impl Swarm {
    /// The piece that this peer fetches alone, if there is one. One that is being hashed is
    /// nobody's any more.
    pub(super) fn sole_of(&self, key: PeerKey) -> Option<ActiveKey> {
        let active = self.peers.get(key)?.sole?;
        let is_its = |at: &Active| at.sole == Sole::By(key) && at.stored < at.blocks;
        self.actives.get(active).is_some_and(is_its).then_some(active)
    }

    /// Whether the peer may be granted blocks of this piece. Nobody fetches two pieces alone, so
    /// that one peer does not hold up all of them.
    pub(super) fn may_fetch(&self, active: &Active, key: PeerKey) -> bool {
        match active.sole {
            Sole::Shared => true,
            Sole::Offered | Sole::Wanted => {
                let anybody = active.sole == Sole::Wanted;
                let is_good = |peer: &Peer| peer.gave && !peer.failed;
                let suits = |peer: &Peer| !peer.sole_paused && (anybody || is_good(peer));
                self.sole_of(key).is_none() && self.peers.get(key).is_some_and(suits)
            }
            Sole::By(peer) => peer == key,
            Sole::Ending => false,
        }
    }

    /// A piece is to be fetched alone: who has shown that it gives blocks comes first.
    /// Cost: O(1).
    pub(super) fn offer_sole(&mut self, now: Time, key: ActiveKey) {
        if let Some(active) = self.actives.get_mut(key) {
            active.sole = Sole::Offered;
            self.timers.set(now + SOLE_HEAD_START, Timer::SoleOffer(key, active.sole_turns));
        }
    }

    /// None of those took it: anybody may. Cost: O(k).
    pub(super) fn widen_sole_offer(&mut self, key: ActiveKey, turn: u32) {
        let offered = |at: &&mut Active| at.sole == Sole::Offered && at.sole_turns == turn;
        if let Some(active) = self.actives.get_mut(key).filter(offered) {
            active.sole = Sole::Wanted;
            self.work_appeared_in(key);
        }
    }

    /// From now on this peer fetches all of the piece. Cost: O(1).
    pub(super) fn begin_sole(&mut self, now: Time, key: ActiveKey, peer: PeerKey) {
        if let Some(active) = self.actives.get_mut(key) {
            active.sole = Sole::By(peer);
            active.sole_since = now;
            active.sole_turns += 1;
            active.progress_at = now;
            self.timers.set(now + SOLE_PATIENCE_MIN, Timer::Sole(key, active.sole_turns));
        }
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.sole = Some(key);
        }
    }

    /// The peer that fetches a piece alone should have brought something of it, and all of it in a
    /// while if others could do so too. Cost: O(1), or O(k) if it has not.
    pub(super) fn look_after_sole(&mut self, now: Time, key: ActiveKey, turn: u32) {
        let Some(active) = self.actives.get(key).filter(|at| at.sole_turns == turn) else { return };
        let Sole::By(peer_key) = active.sole else { return };
        let others = self.others_have(active);
        let doublings = (turn - 1).min(SOLE_DOUBLINGS_MAX);
        let due = if others {
            let patience = SOLE_PATIENCE_MAX.min(SOLE_PATIENCE_MIN * (1 << doublings));
            let turn = SOLE_TURN * (1 << doublings);
            (active.progress_at + patience).min(active.sole_since + turn)
        } else {
            active.progress_at + SOLE_PATIENCE_MAX
        };
        // A piece that is being hashed is nobody's any more; should it be bad, another begins.
        let hashing = active.stored == active.blocks;
        if hashing || now < due {
            let next = if hashing { now + SOLE_PATIENCE_MAX } else { due };
            self.timers.set(next, Timer::Sole(key, turn));
            return;
        }
        if others && let Some(peer) = self.peers.get_mut(peer_key) {
            peer.sole_paused = true;
            self.timers.set(now + SOLE_PAUSE, Timer::SolePause(peer_key));
        }
        self.end_sole(now, key, peer_key);
    }

    /// Whether more than one peer has this piece. Cost: O(1).
    fn others_have(&self, active: &Active) -> bool {
        let Some(torrent) = self.torrents.get(active.torrent) else { return false };
        let seeds = torrent.shared.stats.seeds.load(Relaxed);
        seeds + torrent.picker.availability(active.piece.get()) > 1
    }

    /// A peer may fetch a piece alone again. Cost: O(k).
    pub(super) fn end_sole_pause(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.sole_paused = false;
        if let Some(torrent) = peer.torrent {
            self.work_appeared(torrent);
        }
    }

    /// A peer does not fetch this piece alone any more. What it has not begun to write is taken
    /// from it; what it has, it will tell of. Cost: O(k), k being the segments of a piece, in the
    /// rare case of a bad one.
    pub(super) fn end_sole(&mut self, now: Time, key: ActiveKey, peer: PeerKey) {
        let Some(active) = self.actives.get_mut(key).filter(|at| at.stored < at.blocks) else {
            return;
        };
        active.sole = Sole::Ending;
        let (mut at, mut awaited) = (active.last_segment, 0);
        for _ in 0..SUSPECT_PROBES_MAX {
            let Some(segment_key) = at else { break };
            let Some(segment) = self.segments.get_mut(segment_key) else { break };
            at = segment.before;
            // All of them: a block that was given up may still come.
            let unclaimed = segment.claims.take(segment.full);
            let held = segment.leased_to(peer);
            let writing = segment.full & !unclaimed & !segment.stored & !held;
            let Some((holder, _)) = segment.seat(peer) else { continue };
            let taken = holder.settle(unclaimed);
            // One that came so is being written though nobody holds it: its end is awaited.
            holder.leased |= writing;
            awaited += writing.count_ones();
            if taken != 0 {
                self.dispossess(peer, key, segment_key, taken);
            }
            self.relist(segment_key);
        }
        if let Some(active) = self.actives.get_mut(key) {
            active.leased += awaited;
        }
        self.restart_if_ended(now, key);
    }

    /// A piece that was taken from the peer that fetched it alone starts again once that peer
    /// holds no block of it any more. Cost: O(1).
    pub(super) fn restart_if_ended(&mut self, now: Time, key: ActiveKey) {
        let lacks = |active: &Active| active.stored < active.blocks;
        let ended =
            |active: &Active| active.sole == Sole::Ending && active.leased == 0 && lacks(active);
        if self.actives.get(key).is_some_and(ended) {
            self.restart(now, key);
            self.work_appeared_in(key);
        }
    }

    /// Forgets all blocks of a piece of which nobody holds any. Cost: O(1).
    pub(super) fn restart(&mut self, now: Time, key: ActiveKey) {
        let Some(active) = self.actives.get_mut(key) else { return };
        debug_assert_eq!(active.leased, 0, "a write may be under way");
        active.open_segments = List::new(|segment: &mut Segment| &mut segment.open);
        active.lone_segments = List::new(|segment: &mut Segment| &mut segment.lone);
        self.discarded.extend(active.last_segment.take());
        self.unbegun += active.next_segment as usize;
        active.next_segment = 0;
        active.stored = 0;
        active.source = Source::Nobody;
        if active.sole != Sole::Shared {
            self.offer_sole(now, key);
        }
        self.list_piece(key, true);
    }
}
