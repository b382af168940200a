//! The simulated network: dialing and accepting, streams that end, and each client's line, on which
//! its connections take turns with runs of bytes.

use crate::client::{address_of, client_at};
use crate::end::{End, SEND_BUFFER};
use crate::plan::{draw, millis};
use crate::world::{What, World};
use cuerda::connection::reason::CloseReason;
use cuerda::limits::CONNECT_TIMEOUT;
use cuerda::swarm::event::{ArrivalKey, Event};
use cuerda::swarm::state::{PeerKey, TorrentKey};
use std::net::SocketAddr;
use std::time::Duration;

/// Longest run of bytes that travels at once.
const CHUNK_MAX: u32 = 48 * 1024;

impl World {
    /// The other side will see the end of the stream, after everything that is on its way.
    pub(crate) fn end_stream(&mut self, end: usize) {
        let at = (self.now + self.ends[end].latency).max(self.ends[end].last_arrival);
        if let Some(remote) = self.ends[end].remote {
            self.after(at.since(self.now), What::Ended(remote));
        }
    }

    /// A thread begins to dial.
    pub(crate) fn begin_dial(
        &mut self,
        client: usize,
        peer: PeerKey,
        torrent: TorrentKey,
        to: usize,
    ) {
        let end = self.ends.len();
        let latency = draw(&mut self.random, &self.plan.latency);
        let mut near = End::new(client, address_of(to), self.now, latency);
        near.key = Some(peer);
        self.ends.push(near);
        self.clients[client].ends.insert(peer, end);
        self.after(latency, What::Dial { end, torrent, to });
    }

    pub(crate) fn dial(&mut self, near: usize, torrent: TorrentKey, to: usize) {
        if !self.clients[to].is_there || self.clients[to].stopped {
            let quick = self.random.below(2) == 0;
            let delay = if quick { millis(50) } else { CONNECT_TIMEOUT };
            self.after(delay, What::NoAnswer(near));
            return;
        }
        if self.ends[near].is_closed() {
            return;
        }
        let far = self.ends.len();
        // Who is dialed sees another port than the one where the dialer listens.
        let client = self.ends[near].client;
        let mut from = address_of(client);
        from.set_port(50_000 + (near % 10_000) as u16);
        self.ends.push(End::new(to, from, self.now, self.ends[near].latency));
        self.ends[far].remote = Some(near);
        self.ends[near].remote = Some(far);
        self.ends[near].dialed(&self.clients[client], torrent);
        self.publish(to, Event::Arrived { arrival: ArrivalKey(far as u64), address: from });
        self.send(near);
        self.wake_end(near);
    }

    pub(crate) fn no_answer(&mut self, end: usize) {
        let client = self.ends[end].client;
        if self.clients[client].is_there {
            self.ends[end].close(CloseReason::ConnectTimeout, &mut self.clients[client]);
            self.nudge(client);
        }
    }

    /// The accepted socket is admitted under this key.
    pub(crate) fn admit(&mut self, client: usize, peer: PeerKey, arrival: ArrivalKey) {
        let end = arrival.0 as usize;
        self.clients[client].ends.insert(peer, end);
        self.ends[end].admitted(&self.clients[client], peer);
        self.wake_end(end);
    }

    /// The accepted socket is closed.
    pub(crate) fn refuse(&mut self, client: usize, arrival: ArrivalKey) {
        let end = arrival.0 as usize;
        self.ends[end].close(CloseReason::Stopped, &mut self.clients[client]);
        self.end_stream(end);
    }

    pub(crate) fn bytes(&mut self, end: usize, bytes: &[u8]) {
        let front = bytes.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        self.note(front ^ (bytes.len() as u64) << 32 ^ end as u64);
        if !self.ends[end].is_closed() {
            self.ends[end].inbox.extend_from_slice(bytes);
            self.wake_end(end);
        }
    }

    /// An end lines up if it has something to send.
    pub(crate) fn send(&mut self, end: usize) {
        let at = &mut self.ends[end];
        if !at.outgoing.is_empty() && !at.lined_up {
            at.lined_up = true;
            let client = at.client;
            self.clients[client].line.push_back(end);
            self.use_line(client);
        }
    }

    /// The next end sends a run of bytes over the client's line.
    pub(crate) fn use_line(&mut self, client: usize) {
        if self.clients[client].line_busy {
            return;
        }
        let Some(end) = self.clients[client].line.pop_front() else { return };
        let most = 1 + self.random.below(CHUNK_MAX) as usize;
        let at = &mut self.ends[end];
        at.lined_up = false;
        let bytes: Vec<u8> = at.outgoing.drain(..most.min(at.outgoing.len())).collect();
        let has_room = at.outgoing.len() < SEND_BUFFER / 2;
        let nanos = bytes.len() as u64 * 1_000_000_000 / self.clients[client].plan.uplink;
        let busy = Duration::from_nanos(nanos.max(1));
        let arrival = self.now + busy + at.latency;
        at.last_arrival = arrival;
        if let Some(remote) = at.remote.filter(|_| !bytes.is_empty()) {
            self.after(arrival.since(self.now), What::Bytes(remote, bytes));
        }
        self.clients[client].line_busy = true;
        self.after(busy, What::LineFree(client));
        self.send(end);
        if has_room {
            self.wake_end(end);
        }
    }

    /// The client that listens there.
    pub(crate) fn listener(&self, address: SocketAddr) -> Option<usize> {
        client_at(address).filter(|index| *index < self.clients.len())
    }
}
