//! Endgame: when no block is left that nobody holds, a peer with nothing to do is asked for blocks
//! that one other peer holds, so that the slowest peer does not decide when the download ends.
//!
//! A torrent lists its pieces under way, a piece its segments of which some block has no second
//! holder. A few of each are looked at for each question, and go to the end of their list, so that
//! questions reach all of them in turn, however many there are. While there are more than one
//! question reaches, peers that found nothing are told to ask again with each piece that is done.

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
        let under_way = self.torrents.get(torrent)?.active.len();
        for _ in 0..under_way.min(ENDGAME_PROBES_MAX) {
            let list = &mut self.torrents.get_mut(torrent)?.active;
            let active_key = list.first()?;
            list.remove(&mut self.actives, active_key);
            list.push_back(&mut self.actives, active_key);
            self.touched += 1;
            let active = self.actives.get(active_key)?;
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

    /// A piece of a torrent is done. Who asked in vain did not see all that are under way, if they
    /// are many. Cost: O(k).
    pub(super) fn endgame_moves_on(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get(key) else { return };
        if torrent.picker.open_count() == 0 && torrent.active.len() >= ENDGAME_PROBES_MAX {
            self.work_appeared(key);
        }
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
