//! Handlers for peers that come and go, and for what they say of themselves.

use crate::connection::event::{Command, Joined};
use crate::connection::reason::{CloseReason, Violation};
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::layout::PieceIndex;
use crate::limits::{PEERS_PER_TORRENT_MAX, REDIAL_PAUSE_MAX};
use crate::swarm::bans::Suspect;
use crate::swarm::machine::{Swarm, Timer};
use crate::swarm::order::{Notice, Order};
use crate::swarm::stage::Stage;
use crate::swarm::state::{PeerKey, Teller, Torrent};
use crate::swarm::torrents::is_running;
use std::sync::atomic::Ordering::Relaxed;

impl Swarm {
    /// No thread could be started for a peer. Cost: O(1).
    pub(super) fn not_started(&mut self, now: Time, key: PeerKey) {
        if self.peers.get(key).is_some() {
            // There is no thread to join, but a mailbox to drop.
            self.order(Order::Join(key));
            self.forget(now, key, CloseReason::NoThread);
        }
    }

    /// A peer that connected asks for a torrent. Cost: O(1).
    pub(super) fn greeted(&mut self, key: PeerKey, info_hash: InfoHash) {
        let torrent = self.by_hash.get(&info_hash).copied();
        let served = torrent
            .and_then(|torrent| self.torrents.get_mut(torrent))
            .filter(|torrent| is_running(torrent));
        let (Some(torrent_key), Some(torrent)) = (torrent, served) else {
            self.send_away(key, CloseReason::UnknownTorrent);
            return;
        };
        if torrent.peers as usize >= PEERS_PER_TORRENT_MAX {
            self.send_away(key, CloseReason::TooManyPeers);
            return;
        }
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.torrent.is_none()) else {
            return;
        };
        peer.torrent = Some(torrent_key);
        torrent.peers += 1;
        self.order(Order::Welcome { peer: key, torrent: torrent_key });
    }

    /// A peer's handshake is done. Cost: O(1).
    pub(super) fn joined(&mut self, now: Time, key: PeerKey, joined: Joined) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(torrent_key) = peer.torrent else { return };
        peer.pieces = Some(joined.pieces);
        peer.id = Some(joined.peer_id);
        peer.joined_at = Some(now);
        let (address, dialed) = (peer.address, peer.dialed);
        if dialed {
            self.dials -= 1;
        }
        if peer.stage == Stage::Starting {
            peer.stage = Stage::Joined;
        }
        self.half_open.remove(&mut self.peers, key);
        if let Some(teller) = self.tellers.get_mut(key.slot()) {
            *teller = Some(Teller { peer: key, torrent: torrent_key, counted: 0 });
        }
        let Some(torrent) = self.torrents.get_mut(torrent_key) else { return };
        torrent.shared.stats.peers.fetch_add(1, Relaxed);
        // The peer, its line among the tellers, its torrent.
        self.touched += 3;
        let info_hash = torrent.shared.info_hash;
        let counters = joined.counters;
        self.order(Order::Enroll { peer: key, torrent: torrent_key, counters });
        self.notify(Notice::PeerJoined { peer: key, address });
        if self.bans.has(address.ip(), joined.peer_id) {
            self.send_away(key, CloseReason::Banned);
            return;
        }
        let identity = (info_hash, joined.peer_id);
        match self.by_identity.get(&identity).copied() {
            None => {
                self.by_identity.insert(identity, key);
            }
            Some(other) if self.is_better(key, other) => {
                self.by_identity.insert(identity, key);
                self.send_away(other, CloseReason::Duplicate);
            }
            Some(_) => self.send_away(key, CloseReason::Duplicate),
        }
    }

    /// Of two connections to the same peer both sides must keep the same one: the one that was
    /// dialed by the side with the greater id; of two of the same direction, the older.
    fn is_better(&self, new: PeerKey, old: PeerKey) -> bool {
        let (Some(new), Some(old)) = (self.peers.get(new), self.peers.get(old)) else {
            return true;
        };
        if old.stage == Stage::Leaving {
            return true;
        }
        let ours_is_greater = new.id.is_some_and(|theirs| self.options.our_id > theirs);
        new.dialed != old.dialed && new.dialed == ours_is_greater
    }

    /// A peer has these pieces of one word, all of them news: what is not dies in its thread. Its
    /// set is not looked at, which would be a cache miss among gigabytes. Cost: O(64) moves in the
    /// picker.
    pub(super) fn peer_word(&mut self, key: PeerKey, index: u32, bits: u64) {
        let Some((teller, torrent)) = self.teller(key) else { return };
        teller.counted += bits.count_ones();
        torrent.picker.increase_word(index, bits);
        self.touched += 1;
    }

    /// What words about a peer's pieces change. Cost: O(1).
    fn teller(&mut self, key: PeerKey) -> Option<(&mut Teller, &mut Torrent)> {
        let teller = self.tellers.get_mut(key.slot())?.as_mut().filter(|at| at.peer == key)?;
        let torrent = self.torrents.get_mut(teller.torrent)?;
        Some((teller, torrent))
    }

    /// A peer has everything. Cost: O(1).
    pub(super) fn peer_has_all(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key).filter(|peer| !peer.all) else { return };
        peer.all = true;
        if let Some(torrent) = peer.torrent.and_then(|torrent| self.torrents.get(torrent)) {
            torrent.shared.stats.seeds.fetch_add(1, Relaxed);
        }
        self.touched += 1;
    }

    /// A peer has one more piece, which is news. Cost: O(1).
    pub(super) fn peer_has(&mut self, key: PeerKey, piece: PieceIndex) {
        let Some((teller, torrent)) = self.teller(key) else { return };
        teller.counted += 1;
        torrent.picker.increase(piece.get());
        self.touched += 1;
    }

    /// A leaving peer's pieces of one word no longer count. Cost: O(64) moves in the picker.
    pub(super) fn peer_word_gone(&mut self, key: PeerKey, index: u32, bits: u64) {
        let Some((teller, torrent)) = self.teller(key) else { return };
        debug_assert!(teller.counted >= bits.count_ones(), "no more goes than came");
        teller.counted = teller.counted.saturating_sub(bits.count_ones());
        torrent.picker.decrease_word(index, bits);
        self.touched += 1;
    }

    /// A peer wants something of ours, or no longer. It need not wait for the choker's round if
    /// a slot is free. Cost: O(1).
    pub(super) fn peer_interest(&mut self, key: PeerKey, interested: bool) {
        let slots = self.options.upload_slots;
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.interested = interested;
        let unchoked = peer.unchoked;
        let torrent = peer.torrent.and_then(|torrent| self.torrents.get(torrent));
        if interested && !unchoked && torrent.is_some_and(|torrent| torrent.unchoked < slots) {
            self.choke(key, true);
            self.order(Order::SlotTaken(key));
        } else if !interested && unchoked {
            self.order(Order::Rechoke);
        }
    }

    /// Lets a peer download, or no longer. Cost: O(1).
    pub(super) fn choke(&mut self, key: PeerKey, unchoke: bool) {
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.unchoked != unchoke) else {
            return;
        };
        let Some(torrent) = peer.torrent.and_then(|torrent| self.torrents.get_mut(torrent)) else {
            return;
        };
        peer.unchoked = unchoke;
        torrent.unchoked = if unchoke { torrent.unchoked + 1 } else { torrent.unchoked - 1 };
        self.order(Order::Post(key, Command::Unchoke(unchoke)));
    }

    /// A peer's thread said its last word. Cost: O(1).
    pub(super) fn closed(&mut self, now: Time, key: PeerKey, reason: CloseReason) {
        if self.peers.get(key).is_some() {
            self.order(Order::Join(key));
            self.forget(now, key, reason);
        }
    }

    /// Frees everything that is kept of a peer. Its leases and words came back before.
    fn forget(&mut self, now: Time, key: PeerKey, reason: CloseReason) {
        self.woken_answers(key);
        self.stop_waiting(key);
        self.give_back_unseen(now, key);
        if let Some(active) = self.sole_of(key) {
            self.end_sole(now, active, key);
        }
        self.wake_waiting_with(key);
        self.half_open.remove(&mut self.peers, key);
        let Some(peer) = self.peers.remove(key) else { return };
        // The peer, its line among the tellers, its torrent.
        self.touched += 3;
        let teller = self.tellers.get_mut(key.slot()).and_then(Option::take);
        // Only a panic while it took leave keeps a peer's thread from giving them back.
        let gave_back = teller.is_none_or(|at| at.counted == 0);
        debug_assert!(gave_back || reason == CloseReason::Panicked, "its words were given back");
        self.place_freed(now, peer.address);
        self.notify(Notice::PeerLeft { peer: key, address: peer.address, reason });
        if peer.id.is_some() {
            self.order(Order::Dismiss(key));
        } else if peer.dialed {
            self.dials -= 1;
        }
        let Some(torrent_key) = peer.torrent else { return };
        let Some(torrent) = self.torrents.get_mut(torrent_key) else { return };
        torrent.peers -= 1;
        if peer.id.is_some() {
            torrent.shared.stats.peers.fetch_sub(1, Relaxed);
        }
        if peer.all {
            torrent.shared.stats.seeds.fetch_sub(1, Relaxed);
        }
        // Only a connection that lasted shows that the address is a good one: a peer that does not
        // want us, or has us already, closes every time right after the handshake.
        if peer.joined_at.is_some_and(|joined_at| now.since(joined_at) >= REDIAL_PAUSE_MAX) {
            torrent.addresses.lasted(peer.address);
        }
        if peer.dialed
            && let Some(pause) = torrent.addresses.ended(peer.address, reason.is_transient())
        {
            self.timers.set(now + pause, Timer::Redial(torrent_key, peer.address));
        }
        let identity = peer.id.map(|id| (torrent.shared.info_hash, id));
        if let Some(identity) = identity {
            self.bans.left(key, Suspect { host: peer.address.ip(), identity });
        }
        if peer.unchoked {
            torrent.unchoked -= 1;
            self.order(Order::Rechoke);
        }
        if let Some(identity) = identity
            && self.by_identity.get(&identity) == Some(&key)
        {
            self.by_identity.remove(&identity);
        }
    }

    /// A peer gave bad data: it leaves, and does not come back; nor does one that left before,
    /// under
    /// whatever key it is here again. Cost: O(1).
    pub(super) fn ban(&mut self, key: PeerKey) {
        let Some(suspect) = self.suspect(key).or_else(|| self.bans.departed(key)) else { return };
        self.bans.add(suspect);
        self.send_away(key, CloseReason::Violation(Violation::BadData));
        if let Some(&again) = self.by_identity.get(&suspect.identity)
            && self.suspect(again) == Some(suspect)
        {
            self.send_away(again, CloseReason::Banned);
        }
    }

    /// A peer that is here and has joined, as it would be banned.
    fn suspect(&self, key: PeerKey) -> Option<Suspect> {
        let peer = self.peers.get(key)?;
        let torrent = self.torrents.get(peer.torrent?)?;
        Some(Suspect { host: peer.address.ip(), identity: (torrent.shared.info_hash, peer.id?) })
    }
}
