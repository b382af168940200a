//! Grants that nobody saw, and pieces for which there was no room: two ways in which work could be
//! forgotten, and how it is not.
//!
//! A grant is posted in answer to a question. The next question of the same peer shows that it was
//! taken; a peer that leaves before may have left between question and answer. What it was granted
//! last is therefore kept, and comes back when it has gone.

use crate::kit::clock::Time;
use crate::limits::{ROOM_PAUSE, SEGMENTS_MAX};
use crate::swarm::machine::{Swarm, Timer};
use crate::swarm::state::{PeerKey, SegmentKey, TorrentKey, lease_of};

impl Swarm {
    /// A peer asks: it has taken what it was granted before. Cost: O(k).
    pub(super) fn took_answer(&mut self, key: PeerKey) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.answered.fill(None);
        }
    }

    /// A peer was granted blocks of a segment. Cost: O(k).
    pub(super) fn note_answer(&mut self, key: PeerKey, segment: SegmentKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let place = peer.answered.iter_mut().find(|place| place.is_none());
        debug_assert!(place.is_some(), "a question has no more grants than that");
        if let Some(place) = place {
            *place = Some(segment);
        }
    }

    /// A peer has gone and may not have seen its last grants: what it still holds of them comes
    /// back. Everything else it gave back itself. Cost: O(k).
    pub(super) fn give_back_unseen(&mut self, now: Time, key: PeerKey) {
        let Some(peer) = self.peers.get(key) else { return };
        for segment_key in peer.answered.into_iter().flatten() {
            let Some(segment) = self.segments.get(segment_key) else { continue };
            let blocks = segment.leased_to(key);
            self.returned(now, key, lease_of(segment_key), blocks);
        }
    }

    /// Whether no more pieces of this torrent can be taken under way. Cost: O(1).
    pub(super) fn is_full(&self, key: TorrentKey) -> bool {
        let layout = self.torrents.get(key).map(|torrent| &torrent.shared.layout);
        let largest = layout.and_then(|layout| Some(layout.segment_count(layout.piece(0)?)));
        self.actives.is_full() || !self.has_room_for_segments(largest.unwrap_or(0))
    }

    /// Whether so many more segments can be promised a place. Every piece under way can begin all
    /// of its own: were they given to whoever comes first, there could be many pieces of which
    /// none gets to its end. Cost: O(1).
    pub(super) fn has_room_for_segments(&self, segments: u32) -> bool {
        self.segments.len() + self.unbegun + segments as usize <= SEGMENTS_MAX
    }

    /// There was no room for a piece of this torrent. Its peers are told when there is, and after
    /// a while in any case, because room may be made for another torrent. Cost: O(1).
    pub(super) fn no_room(&mut self, now: Time, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        if !torrent.crowded.is_listed() {
            self.crowded.push_back(&mut self.torrents, key);
            self.timers.set(now + ROOM_PAUSE, Timer::Room(key));
        }
    }

    /// A piece is done with: there is room for another. Cost: O(k).
    pub(super) fn room_appeared(&mut self) {
        if let Some(key) = self.crowded.first() {
            self.room_for(key);
        }
    }

    /// There may be room for pieces of this torrent. Cost: O(k).
    pub(super) fn room_for(&mut self, key: TorrentKey) {
        self.crowded.remove(&mut self.torrents, key);
        self.work_appeared(key);
    }
}
