//! Endgame: when no block is left that nobody holds, a peer with nothing to do is asked for blocks
//! that one other peer holds, so that the slowest peer does not decide when the download ends.
//!
//! A piece lists its segments of which some block has no second holder. A few are looked at for
//! each question; those that did not fit go to the end of the list, so that questions reach all of
//! them in turn, however long the piece.

use crate::limits::{ENDGAME_PROBES_MAX, SEGMENT_PROBES_MAX};
use crate::swarm::machine::Swarm;
use crate::swarm::state::{ActiveKey, PeerKey, SegmentKey, Sole, TorrentKey};

impl Swarm {
    /// Blocks that one other peer holds. Cost: O(k) probes.
    pub(super) fn find_endgame(
        &mut self,
        torrent: TorrentKey,
        key: PeerKey,
    ) -> Option<(SegmentKey, u64)> {
        let mut at = self.torrents.get(torrent)?.active.first();
        for _ in 0..ENDGAME_PROBES_MAX {
            let active_key = at?;
            self.touched += 1;
            let active = self.actives.get(active_key)?;
            at = active.active.next();
            let has = self.peers.get(key).is_some_and(|peer| peer.has(active.piece.get()));
            if has
                && active.sole == Sole::Shared
                && let Some(found) = self.lone_segment(active_key, key)
            {
                return Some(found);
            }
        }
        None
    }

    /// A segment of this piece with blocks that the peer may hold as the second. Cost: O(k).
    fn lone_segment(&mut self, active: ActiveKey, key: PeerKey) -> Option<(SegmentKey, u64)> {
        let list = &mut self.actives.get_mut(active)?.lone_segments;
        for _ in 0..list.len().min(SEGMENT_PROBES_MAX as usize) {
            let segment_key = list.first()?;
            self.touched += 1;
            let segment = self.segments.get(segment_key)?;
            // Blocks that somebody has claimed are on their way into the file.
            let unclaimed = segment.grantable_twice() & !segment.claims.claimed();
            let grantable = unclaimed & !segment.leased_to(key);
            if grantable != 0 && segment.has_room_for(key) {
                return Some((segment_key, grantable));
            }
            list.remove(&mut self.segments, segment_key);
            list.push_back(&mut self.segments, segment_key);
        }
        None
    }
}
