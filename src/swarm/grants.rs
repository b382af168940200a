//! Handlers that give work out: which blocks a peer is granted.
//!
//! In this order: pieces under way that still have blocks nobody was granted (so that few pieces
//! are under way at once), then the rarest open piece (the first few at random, so that there is
//! something to trade soon), and when no block is left that nobody holds, blocks that one other
//! peer holds (endgame, only for a peer that has nothing else to do). Each step tries a bounded
//! number of places; when none of them fits, the peer's own thread searches on.

use crate::connection::event::{Answer, Command, Grant};
use crate::kit::clock::Time;
use crate::kit::list::{Links, List};
use crate::layout::PieceIndex;
use crate::limits::{
    ENDGAME_BLOCKS_MAX, GRANTS_PER_REQUEST_MAX, OPEN_PROBES_MAX, PICK_PROBES_MAX,
    RANDOM_FIRST_PIECES, SEGMENT_PROBES_MAX,
};
use crate::swarm::machine::Swarm;
use crate::swarm::order::Order;
use crate::swarm::stage::Stage;
use crate::swarm::state::{
    Active, ActiveKey, PeerKey, Segment, SegmentKey, Sole, Source, Torrent, TorrentKey, lease_of,
};
use crate::swarm::torrents::is_running;

impl Swarm {
    /// A peer's thread can use more blocks. Cost: O(k) probes, O(k) grants.
    pub(super) fn wanted(&mut self, now: Time, key: PeerKey, blocks: u32, idle: bool) {
        self.woken_answers(key);
        self.grant_wanted(now, key, blocks, idle);
        self.wake_waiting_with(key);
    }

    fn grant_wanted(&mut self, now: Time, key: PeerKey, blocks: u32, idle: bool) {
        self.took_answer(key);
        let Some(torrent) = self.workable(key) else {
            self.answer(key, Answer::Wait);
            return;
        };
        let failed = self.has_failed(key);
        if self.has_no_room(torrent) || failed && !idle {
            self.wait_for_work(torrent, key);
            self.answer(key, Answer::Wait);
            return;
        }
        let blocks = self.trusted_with(key, blocks);
        let idle = idle && !failed;
        let mut left = blocks;
        for _ in 0..GRANTS_PER_REQUEST_MAX {
            if left == 0 {
                break;
            }
            let Some((segment, grantable)) = self.find_segment(torrent, key) else { break };
            left -= self.grant(now, key, segment, lowest_bits(grantable, left)).min(left);
        }
        if left < blocks {
            self.answer(key, Answer::Granted);
            return;
        }
        if self.is_full(torrent) {
            self.no_room(now, torrent);
        }
        if self.is_anything_open(torrent) {
            self.wait_for_work(torrent, key);
            self.answer(key, Answer::NothingNear);
        } else if idle && let Some((segment, grantable)) = self.find_endgame(torrent, key) {
            let few = blocks.min(ENDGAME_BLOCKS_MAX);
            self.grant(now, key, segment, lowest_bits(grantable, few));
            self.answer(key, Answer::Granted);
        } else {
            self.wait_for_work(torrent, key);
            self.answer(key, Answer::Wait);
        }
    }

    /// A peer's thread searched and proposes a piece. Cost: O(1).
    pub(super) fn candidate(&mut self, now: Time, key: PeerKey, piece: PieceIndex, blocks: u32) {
        self.woken_answers(key);
        self.grant_candidate(now, key, piece, blocks);
        self.wake_waiting_with(key);
    }

    fn grant_candidate(&mut self, now: Time, key: PeerKey, piece: PieceIndex, blocks: u32) {
        self.took_answer(key);
        let Some(torrent) = self.workable(key) else {
            self.answer(key, Answer::Wait);
            return;
        };
        if self.has_no_room(torrent) {
            self.wait_for_work(torrent, key);
            self.answer(key, Answer::Wait);
            return;
        }
        let blocks = self.trusted_with(key, blocks);
        let granted = self
            .fitting(torrent, piece, key)
            .and_then(|active| self.segment_of_piece(active, key))
            .map(|(segment, grantable)| {
                self.grant(now, key, segment, lowest_bits(grantable, blocks))
            });
        if granted.is_some() {
            self.answer(key, Answer::Granted);
        } else if self.is_full(torrent) {
            // Proposing one piece after the other would not make room.
            self.no_room(now, torrent);
            self.wait_for_work(torrent, key);
            self.answer(key, Answer::Wait);
        } else {
            self.answer(key, Answer::Denied);
            self.wait_on(torrent, key);
        }
    }

    /// The piece, under way, if this peer may fetch blocks of it. Cost: O(1).
    fn fitting(
        &mut self,
        torrent: TorrentKey,
        piece: PieceIndex,
        key: PeerKey,
    ) -> Option<ActiveKey> {
        self.peers.get(key).filter(|peer| peer.has(piece.get()))?;
        if self.torrents.get(torrent)?.picker.is_open(piece.get()) {
            return self.open_piece(torrent, piece);
        }
        let active = *self.by_piece.get(&(torrent, piece))?;
        self.may_fetch(self.actives.get(active)?, key).then_some(active)
    }

    fn has_failed(&self, key: PeerKey) -> bool {
        self.peers.get(key).is_some_and(|peer| peer.failed)
    }

    /// How many of these blocks the peer may have at a time.
    fn trusted_with(&self, key: PeerKey, blocks: u32) -> u32 {
        if self.has_failed(key) { blocks.min(1) } else { blocks }
    }

    /// The peer's torrent, if there is any work in it for the peer at all.
    fn workable(&mut self, key: PeerKey) -> Option<TorrentKey> {
        let peer = self.peers.get(key).filter(|peer| peer.stage == Stage::Joined)?;
        let torrent_key = peer.torrent?;
        let fetches = |torrent: &&mut Torrent| is_running(torrent) && torrent.shared.fetch;
        let torrent = self.torrents.get_mut(torrent_key).filter(fetches)?;
        torrent.waiting.remove(&mut self.peers, key);
        Some(torrent_key)
    }

    /// Whether there are blocks to grant where [`Self::find_segment`] did not look.
    fn is_anything_open(&self, torrent: TorrentKey) -> bool {
        let torrent = self.torrents.get(torrent);
        torrent.is_some_and(|torrent| {
            torrent.picker.open_count() > 0 || torrent.open.len() > OPEN_PROBES_MAX as usize
        })
    }

    fn answer(&mut self, key: PeerKey, answer: Answer) {
        self.order(Order::Post(key, Command::Answer(answer)));
    }

    /// A segment with blocks that may be granted to the peer outside endgame.
    fn find_segment(&mut self, torrent: TorrentKey, key: PeerKey) -> Option<(SegmentKey, u64)> {
        // A piece that is fetched alone comes first: nobody else can help with it.
        let sole = self.sole_of(key).and_then(|active| self.segment_of_piece(active, key));
        if let Some(found) = sole.or_else(|| self.find_under_way(torrent, key)) {
            return Some(found);
        }
        let piece = self.pick(torrent, key)?;
        let active = self.open_piece(torrent, piece)?;
        self.segment_of_piece(active, key)
    }

    /// Among the pieces under way that have blocks to grant. Cost: O(k).
    fn find_under_way(&mut self, torrent: TorrentKey, key: PeerKey) -> Option<(SegmentKey, u64)> {
        let mut at = self.torrents.get(torrent)?.open.first();
        for _ in 0..OPEN_PROBES_MAX {
            let active_key = at?;
            self.touched += 1;
            let active = self.actives.get(active_key)?;
            at = active.open.next();
            let fits = self.may_fetch(active, key)
                && self.peers.get(key).is_some_and(|peer| peer.has(active.piece.get()));
            if fits && let Some(found) = self.segment_of_piece(active_key, key) {
                return Some(found);
            }
        }
        None
    }

    /// The piece to open next. Cost: O(k) probes.
    fn pick(&mut self, torrent: TorrentKey, key: PeerKey) -> Option<PieceIndex> {
        if self.is_full(torrent) {
            return None;
        }
        let torrent = self.torrents.get_mut(torrent)?;
        let peer = self.peers.get(key)?;
        let (picker, random) = (&mut torrent.picker, &mut self.random);
        if picker.is_in_order() {
            let piece = picker.first(PICK_PROBES_MAX, |piece| peer.has(piece))?;
            return torrent.shared.layout.piece(piece);
        }
        let first = torrent.shared.owned.count() < RANDOM_FIRST_PIECES;
        let at_random = match first {
            true => picker.any(PICK_PROBES_MAX, random, |piece| peer.has(piece)),
            false => None,
        };
        let piece = at_random
            .or_else(|| picker.rarest(PICK_PROBES_MAX, random, |piece| peer.has(piece)))?;
        torrent.shared.layout.piece(piece)
    }

    /// Takes an open piece under way. Cost: O(1).
    fn open_piece(&mut self, key: TorrentKey, piece: PieceIndex) -> Option<ActiveKey> {
        if self.is_full(key) {
            return None;
        }
        let torrent = self.torrents.get_mut(key)?;
        let layout = &torrent.shared.layout;
        let active = Active {
            torrent: key,
            piece,
            blocks: layout.block_count(piece),
            stored: 0,
            leased: 0,
            segments: layout.segment_count(piece),
            next_segment: 0,
            last_segment: None,
            open_segments: List::new(|segment: &mut Segment| &mut segment.open),
            lone_segments: List::new(|segment: &mut Segment| &mut segment.lone),
            source: Source::Nobody,
            sole: Sole::Shared,
            sole_since: Time::ZERO,
            sole_turns: 0,
            progress_at: Time::ZERO,
            evidence: None,
            suspects: None,
            open: Links::default(),
            active: Links::default(),
        };
        self.unbegun += active.segments as usize;
        let active = self.actives.insert(active).ok()?;
        torrent.picker.park(piece.get());
        if torrent.picker.open_count() == 0 {
            // The endgame begins: those that have nothing to do may share in it.
            torrent.news += 1;
        }
        torrent.active.push_back(&mut self.actives, active);
        torrent.open.push_back(&mut self.actives, active);
        self.by_piece.insert((key, piece), active);
        Some(active)
    }

    /// A segment of this piece with blocks for this peer: one begun, or the next. A peer that
    /// failed gets none that somebody else holds. Cost: O(k).
    fn segment_of_piece(&mut self, key: ActiveKey, peer: PeerKey) -> Option<(SegmentKey, u64)> {
        let failed = self.has_failed(peer);
        let active = self.actives.get(key)?;
        let mut at = active.open_segments.first();
        for _ in 0..SEGMENT_PROBES_MAX {
            let Some(segment_key) = at else { break };
            self.touched += 1;
            let segment = self.segments.get(segment_key)?;
            at = segment.open.next();
            // Blocks that somebody has claimed are on their way into the file.
            let unclaimed = segment.grantable() & !segment.claims.claimed();
            let others = if failed { segment.held().once } else { segment.leased_to(peer) };
            let grantable = unclaimed & !others;
            if grantable != 0 && segment.has_room_for(peer) {
                return Some((segment_key, grantable));
            }
        }
        self.begin_segment(key)
    }

    /// Begins the next segment of a piece, if there is one. Cost: O(1).
    fn begin_segment(&mut self, key: ActiveKey) -> Option<(SegmentKey, u64)> {
        let active = self.actives.get_mut(key).filter(|a| a.next_segment < a.segments)?;
        let torrent = self.torrents.get(active.torrent)?;
        let full = torrent.shared.layout.segment_mask(active.piece, active.next_segment);
        let mut segment = Segment::new(key, active.next_segment, full);
        segment.before = active.last_segment;
        let segment = self.segments.insert(segment).ok()?;
        active.next_segment += 1;
        self.unbegun -= 1;
        active.last_segment = Some(segment);
        active.open_segments.push_back(&mut self.segments, segment);
        active.lone_segments.push_back(&mut self.segments, segment);
        Some((segment, full))
    }

    /// Grants blocks of a segment; returns how many. Cost: O(k).
    fn grant(&mut self, now: Time, key: PeerKey, segment_key: SegmentKey, blocks: u64) -> u32 {
        let Some(segment) = self.segments.get_mut(segment_key) else { return 0 };
        let Some((holder, before)) = segment.seat(key) else { return 0 };
        holder.leased |= blocks;
        holder.overdue &= !blocks;
        let (active_key, index, claims) = (segment.active, segment.index, segment.claims.clone());
        if let Some(before) = before.filter(|before| before.leased != 0) {
            self.dispossess(before.peer, active_key, segment_key, before.leased);
        }
        self.relist(segment_key);
        let Some(active) = self.actives.get_mut(active_key) else { return 0 };
        active.leased += blocks.count_ones();
        if matches!(active.sole, Sole::Offered | Sole::Wanted) {
            self.begin_sole(now, active_key, key);
        }
        let Some(active) = self.actives.get(active_key) else { return 0 };
        let grant = Grant {
            lease: lease_of(segment_key),
            piece: active.piece,
            segment: index,
            blocks,
            claims,
        };
        self.order(Order::Post(key, Command::Grant(grant)));
        self.note_answer(key, segment_key);
        blocks.count_ones()
    }

    /// Tells a peer to forget blocks of a segment; they were taken from it. Cost: O(1).
    pub(super) fn dispossess(
        &mut self,
        peer: PeerKey,
        active: ActiveKey,
        segment: SegmentKey,
        blocks: u64,
    ) {
        let cancel = Command::Cancel { lease: lease_of(segment), blocks };
        self.order(Order::Post(peer, cancel));
        if let Some(active) = self.actives.get_mut(active) {
            active.leased -= blocks.count_ones();
        }
    }

    /// Keeps a segment, and its piece, in the lists of those that have blocks to grant, once or
    /// twice, as long as that is so. Cost: O(k).
    pub(super) fn relist(&mut self, segment_key: SegmentKey) {
        self.touched += 1;
        let Some(segment) = self.segments.get(segment_key) else { return };
        let (grantable, active_key) = (segment.grantable() != 0, segment.active);
        let lone = segment.grantable_twice() != 0;
        let Some(active) = self.actives.get_mut(active_key) else { return };
        if grantable {
            active.open_segments.push_back(&mut self.segments, segment_key);
        } else {
            active.open_segments.remove(&mut self.segments, segment_key);
        }
        if lone {
            active.lone_segments.push_back(&mut self.segments, segment_key);
        } else {
            active.lone_segments.remove(&mut self.segments, segment_key);
        }
        let open = active.next_segment < active.segments || !active.open_segments.is_empty();
        self.list_piece(active_key, open);
    }

    /// Keeps a piece under way in the list of those that have blocks to grant, and marks it for
    /// its peers' threads if it has none. Cost: O(1).
    pub(super) fn list_piece(&mut self, key: ActiveKey, open: bool) {
        let Some(active) = self.actives.get(key) else { return };
        let piece = active.piece.get();
        let Some(torrent) = self.torrents.get_mut(active.torrent) else { return };
        if open {
            torrent.open.push_back(&mut self.actives, key);
            torrent.shared.taken.remove(piece);
        } else {
            torrent.open.remove(&mut self.actives, key);
            torrent.shared.taken.insert(piece);
        }
    }
}

/// The lowest `count` bits that are set.
fn lowest_bits(set: u64, count: u32) -> u64 {
    if set.count_ones() <= count {
        return set;
    }
    let mut rest = set;
    for _ in 0..count {
        rest &= rest - 1;
    }
    set & !rest
}

#[cfg(test)]
mod tests {
    use super::lowest_bits;

    #[test]
    fn the_lowest_bits_of_a_set() {
        assert_eq!(lowest_bits(0b1011_0100, 2), 0b0001_0100);
        assert_eq!(lowest_bits(0b1011_0100, 0), 0);
        assert_eq!(lowest_bits(0b1011_0100, 9), 0b1011_0100);
        assert_eq!(lowest_bits(u64::MAX, 64), u64::MAX);
    }
}
