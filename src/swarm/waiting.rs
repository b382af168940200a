//! Handlers for peers that wait for work.
//!
//! A peer for which there is no work waits in its torrent's list. When work appears, a few of
//! those that asked longest ago are told; each of them asks, or passes, and its answer tells the
//! next one, until everybody in the list has asked since the work appeared. So nobody sleeps
//! through work that only it can do, and no event costs more than a constant.

use crate::connection::event::Command;
use crate::limits::WAKES_UNDER_WAY_MAX;
use crate::swarm::machine::Swarm;
use crate::swarm::order::Order;
use crate::swarm::stage::Stage;
use crate::swarm::state::{ActiveKey, PeerKey, TorrentKey};

impl Swarm {
    /// A peer was told of work and has no use for it now. Cost: O(k).
    pub(super) fn passed(&mut self, key: PeerKey) {
        self.woken_answers(key);
        self.wake_waiting_with(key);
    }

    /// There is work for which this peer is to wait, from its question on. Cost: O(1).
    pub(super) fn wait_for_work(&mut self, torrent: TorrentKey, key: PeerKey) {
        let Some(torrent) = self.torrents.get_mut(torrent) else { return };
        if let Some(peer) = self.peers.get_mut(key) {
            peer.asked_at = torrent.news;
            torrent.waiting.push_back(&mut self.peers, key);
        }
    }

    /// A peer whose thread is still searching waits on. If work has appeared since it asked, its
    /// search may have passed it by: then it is told to ask again, once. Cost: O(1).
    pub(super) fn wait_on(&mut self, key: TorrentKey, peer_key: PeerKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        let Some(peer) = self.peers.get_mut(peer_key) else { return };
        if peer.asked_at != torrent.news {
            peer.asked_at = torrent.news;
            self.orders.push_back(Order::Post(peer_key, Command::Work));
        }
        torrent.waiting.push_back(&mut self.peers, peer_key);
    }

    /// A peer waits no longer. Cost: O(1).
    pub(super) fn stop_waiting(&mut self, key: PeerKey) {
        let torrent = self.peers.get(key).and_then(|peer| peer.torrent);
        if let Some(torrent) = torrent.and_then(|torrent| self.torrents.get_mut(torrent)) {
            torrent.waiting.remove(&mut self.peers, key);
        }
    }

    /// There is work again in the torrent of this piece. Cost: O(k).
    pub(super) fn work_appeared_in(&mut self, active: ActiveKey) {
        if let Some(torrent) = self.actives.get(active).map(|active| active.torrent) {
            self.work_appeared(torrent);
        }
    }

    /// There is work again in this torrent. Cost: O(k).
    pub(super) fn work_appeared(&mut self, key: TorrentKey) {
        if let Some(torrent) = self.torrents.get_mut(key) {
            torrent.news += 1;
        }
        self.wake_waiting(key);
    }

    /// A peer that was told of work has answered, if it was told. Cost: O(1).
    pub(super) fn woken_answers(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.woken) else { return };
        peer.woken = false;
        if let Some(torrent) = peer.torrent.and_then(|torrent| self.torrents.get_mut(torrent)) {
            torrent.waking -= 1;
        }
    }

    /// Tells the next of those that wait together with this peer. Cost: O(k).
    pub(super) fn wake_waiting_with(&mut self, key: PeerKey) {
        if let Some(torrent) = self.peers.get(key).and_then(|peer| peer.torrent) {
            self.wake_waiting(torrent);
        }
    }

    /// Tells the next of those that have not asked since work appeared. Cost: O(k).
    fn wake_waiting(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        while torrent.waking < WAKES_UNDER_WAY_MAX {
            let Some(first) = torrent.waiting.first() else { return };
            let Some(peer) = self.peers.get_mut(first) else { return };
            if peer.asked_at == torrent.news {
                return;
            }
            debug_assert_eq!(peer.stage, Stage::Joined, "who leaves does not wait");
            peer.woken = true;
            torrent.waking += 1;
            torrent.waiting.remove(&mut self.peers, first);
            self.orders.push_back(Order::Post(first, Command::Work));
            self.touched += 1;
        }
    }
}
