//! Leaving all peers of a torrent whose tracker changed: those of a private torrent may come from
//! the tracker in use alone (BEP 27).
//!
//! It takes a few turns, a few peers each. Meanwhile nobody of the torrent is dialed, so whoever is
//! found at the new tracker comes after all others were told to leave.

use crate::connection::reason::CloseReason;
use crate::limits::STOPS_PER_TURN;
use crate::swarm::machine::Swarm;
use crate::swarm::state::TorrentKey;
use crate::swarm::torrents::may_dial;

impl Swarm {
    /// The torrent has another tracker. Cost: a step for each address that a person named.
    pub(super) fn part(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        torrent.addresses.forget_found();
        if !std::mem::replace(&mut torrent.parting, true) {
            self.dialing.remove(&mut self.torrents, key);
            self.partings.push_back((key, 0));
        }
    }

    /// Tells the next peers of such a torrent to leave. Cost: O(k).
    pub(super) fn part_some(&mut self) {
        let Some((key, first)) = self.partings.pop_front() else { return };
        let end = (first + STOPS_PER_TURN).min(self.peers.slots());
        for slot in first..end {
            let peer = self.peers.key_at(slot);
            let ours = |peer| self.peers.get(peer).is_some_and(|peer| peer.torrent == Some(key));
            if let Some(peer) = peer.filter(|&peer| ours(peer)) {
                self.send_away(peer, CloseReason::OtherTracker);
            }
        }
        if end < self.peers.slots() {
            self.partings.push_front((key, end));
            return;
        }
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        torrent.parting = false;
        if may_dial(torrent) {
            self.dialing.push_back(&mut self.torrents, key);
        }
    }
}
