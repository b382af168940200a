//! Handlers for places: who gets one, and who gives one up when all are taken.
//!
//! Arrivals get all places but a few while we have somebody to dial ourselves. When all are taken,
//! the choker's thread, which sorts peers anyway, names one that has been of no use to either side
//! for a while; it leaves, and its place is for whoever comes next. One at a time and a few a
//! second, so that a flood of arrivals cannot wash out the peers that are here.
//!
//! Who has arrived and not finished the handshake has shown nothing yet. All of these together have
//! a share of the places, and of them the oldest goes for a newcomer: who connects and says nothing
//! keeps nobody out.

use crate::connection::reason::CloseReason;
use crate::kit::clock::Time;
use crate::limits::{
    DIALS_MAX, DIALS_RESERVED_SHARE, HALF_OPEN_GRACE, HALF_OPEN_MIN, HALF_OPEN_SHARE,
};
use crate::swarm::event::ArrivalKey;
use crate::swarm::machine::Swarm;
use crate::swarm::order::{Notice, Order};
use crate::swarm::stage::Stage;
use crate::swarm::state::{Peer, PeerKey};
use crate::swarm::torrents::new_peer;
use std::net::SocketAddr;

impl Swarm {
    /// Somebody connected. Cost: O(1).
    pub(super) fn arrived(&mut self, now: Time, arrival: ArrivalKey, address: SocketAddr) {
        let unwanted = self.stopping.is_some()
            || self.bans.has_host(address.ip())
            || !self.hosts.has_room(address.ip())
            || !self.hosts.may_arrive(now, address.ip());
        if unwanted {
            self.order(Order::Refuse(arrival));
            return;
        }
        if self.has_room_for_arrival()
            && let Ok(peer) = self.peers.insert(new_arrival(now, address))
        {
            self.half_open.push_back(&mut self.peers, peer);
            if self.has_too_many_half_open() {
                self.give_up_half_open();
            }
            self.hosts.arrive(now, address.ip());
            self.order(Order::Admit { peer, arrival, address });
            return;
        }
        self.order(Order::Refuse(arrival));
        if self.is_half_open_overdue(now) {
            self.give_up_half_open();
        } else {
            self.ask_for_room();
        }
        if !std::mem::replace(&mut self.told_full, true) {
            self.notify(Notice::Full { peers: self.peers.len() });
        }
    }

    /// Whether arrivals without a handshake have more than their share of places that are needed.
    fn has_too_many_half_open(&self) -> bool {
        let places = self.peers.capacity();
        let share = (places / HALF_OPEN_SHARE).max(HALF_OPEN_MIN);
        self.half_open.len() > share && self.peers.len() > places / 2
    }

    /// Whether the oldest arrival without a handshake has had its time.
    fn is_half_open_overdue(&self, now: Time) -> bool {
        let oldest = self.half_open.first().and_then(|key| self.peers.get(key));
        oldest
            .and_then(|peer| peer.arrived_at)
            .is_some_and(|arrived_at| now.since(arrived_at) >= HALF_OPEN_GRACE)
    }

    /// Sends the oldest arrival without a handshake away. Cost: O(1).
    fn give_up_half_open(&mut self) {
        if let Some(key) = self.half_open.first() {
            self.send_away(key, CloseReason::Displaced);
        }
    }

    /// Whether there is a place for somebody who connects to us.
    fn has_room_for_arrival(&self) -> bool {
        let places = self.peers.capacity();
        let reserved = if self.dialing.is_empty() { 0 } else { reserved_of(places) };
        self.peers.len() + reserved < places
    }

    /// All places are taken and somebody needs one. Cost: O(1).
    pub(super) fn ask_for_room(&mut self) {
        if !std::mem::replace(&mut self.room_asked, true) {
            self.order(Order::NameSpare);
        }
    }

    /// While somebody is to be dialed and no place is free, asks for one. Cost: O(1).
    pub(super) fn make_room_for_dials(&mut self) {
        let waits = !self.dialing.is_empty() && self.dials < DIALS_MAX;
        if waits && self.peers.is_full() && self.stopping.is_none() {
            self.ask_for_room();
        }
    }

    /// The choker names a peer that could be spared, or that there is none. Cost: O(1).
    pub(super) fn spare(&mut self, spare: Option<PeerKey>) {
        self.room_asked = false;
        if self.has_room_for_arrival() {
            return;
        }
        // Since it was named it may have found something to do.
        let idle = |key: &PeerKey| {
            self.peers.get(*key).is_some_and(|peer| {
                peer.stage == Stage::Joined && !peer.interested && !peer.unchoked
            })
        };
        if let Some(key) = spare.filter(idle) {
            self.send_away(key, CloseReason::Displaced);
        }
    }

    /// A place is free again. Cost: O(1).
    pub(super) fn place_freed(&mut self, now: Time, address: SocketAddr) {
        self.hosts.leave(now, address.ip());
        // A tenth below the bound, or one peer that comes and goes would be told of for ever.
        if self.peers.len() < self.peers.capacity() / 10 * 9 {
            self.told_full = false;
        }
    }
}

/// Somebody who connected a moment ago.
fn new_arrival(now: Time, address: SocketAddr) -> Peer {
    Peer { arrived_at: Some(now), ..new_peer(None, address, false) }
}

/// Places that are kept for those whom we dial.
fn reserved_of(places: usize) -> usize {
    (places / DIALS_RESERVED_SHARE).min(DIALS_MAX)
}
