//! Handlers for what the hash threads found: pieces that are good, pieces that are not, and whose
//! fault that is.
//!
//! A bad piece whose blocks came from one peer convicts that peer. Otherwise the piece is fetched
//! again from a single peer; when it is good, its blocks are compared with what they were, and
//! those that differ name who gave them.

use crate::kit::clock::Time;
use crate::limits::SUSPECT_PROBES_MAX;
use crate::swarm::evidence::Evidence;
use crate::swarm::machine::Swarm;
use crate::swarm::order::{Notice, Order};
use crate::swarm::state::{ActiveKey, Sole, Source};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl Swarm {
    /// A piece is verified. Everybody hears of it by one append. Cost: O(k).
    pub(super) fn piece_good(&mut self, now: Time, key: ActiveKey) {
        let Some(active) = self.actives.get(key) else { return };
        let (torrent_key, piece) = (active.torrent, active.piece);
        let Some(torrent) = self.torrents.get_mut(torrent_key) else { return };
        torrent.open.remove(&mut self.actives, key);
        torrent.active.remove(&mut self.actives, key);
        let shared = &torrent.shared;
        shared.own(piece);
        shared.taken.remove(piece.get());
        shared.have_log.append(piece.get());
        let complete = shared.is_complete();
        if let Some(active) = self.actives.remove(key) {
            self.discarded.extend(active.last_segment);
            self.discarded.extend(active.suspects);
        }
        self.by_piece.remove(&(torrent_key, piece));
        self.room_appeared();
        self.endgame_moves_on(torrent_key);
        self.touched += 1;
        self.save_soon(now, torrent_key);
        self.order(Order::Herald(torrent_key));
        if complete {
            self.order(Order::Settle(torrent_key));
        }
    }

    /// A piece failed its hash. Cost: O(k).
    pub(super) fn piece_bad(&mut self, now: Time, key: ActiveKey, evidence: Arc<Evidence>) {
        let Some(active) = self.actives.get(key) else { return };
        let (torrent_key, piece, source) = (active.torrent, active.piece, active.source);
        // Who gave what stays known in segments beside those of the next try. If there is no room
        // for both, the piece comes first.
        let room = self.has_room_for_segments(active.segments);
        let Some(active) = self.actives.get_mut(key) else { return };
        let old_suspects = match source {
            // Whoever gave all of it is the liar: nothing is left to compare.
            Source::One(_) | Source::Nobody => None,
            Source::Several if !room => {
                active.evidence = None;
                active.suspects.take()
            }
            Source::Several => {
                active.evidence = Some(evidence);
                let chain = active.last_segment.take();
                std::mem::replace(&mut active.suspects, chain)
            }
        };
        if source == Source::Several || active.evidence.is_some() {
            active.sole = Sole::Wanted;
        }
        self.discarded.extend(old_suspects);
        self.restart(now, key);
        if let Source::One(liar) = source {
            self.ban(liar);
        }
        self.notify(Notice::BadPiece { torrent: torrent_key, piece: piece.get() });
        if let Some(torrent) = self.torrents.get(torrent_key) {
            let stats = &torrent.shared.stats;
            let size = u64::from(torrent.shared.layout.piece_size(piece));
            stats.bad_pieces.fetch_add(1, Relaxed);
            stats.wasted.fetch_add(size, Relaxed);
        }
        self.work_appeared(torrent_key);
    }

    /// These blocks of a piece that was bad differ from what they should have been: whoever gave
    /// them is banned. Cost: O(k), in the rare case of a bad piece.
    pub(super) fn blamed(&mut self, key: ActiveKey, index: u32, blocks: u64) {
        let mut at = self.actives.get(key).and_then(|active| active.suspects);
        for _ in 0..SUSPECT_PROBES_MAX {
            let Some(segment) = at.and_then(|segment| self.segments.get(segment)) else { return };
            if segment.index != index {
                at = segment.before;
                continue;
            }
            let liars = segment.holders.map(|holder| {
                holder.filter(|holder| holder.given & blocks != 0).map(|holder| holder.peer)
            });
            liars.into_iter().flatten().for_each(|liar| self.ban(liar));
            return;
        }
    }
}
