//! The main loop of a simulated client: events into the core, orders to whoever performs them, and
//! the answers of hash and disk threads.

use crate::client::Client;
use crate::content::differing;
use crate::end::Letter;
use crate::plan::{Broken, Serving, draw, millis};
use crate::world::{HashJob, What, World};
use cuerda::connection::event::Command;
use cuerda::connection::reason::{CloseReason, Violation};
use cuerda::limits::RECHOKE_PAUSE;
use cuerda::swarm::event::{DiskEvent, Event, Hashed};
use cuerda::swarm::order::{Notice, Order};
use cuerda::swarm::state::{PeerKey, TorrentKey};
use std::sync::Arc;

/// Most events that a main loop handles in one turn here, so that others come in between.
const EVENTS_PER_TURN: u32 = 8;

impl World {
    /// A turn of a main loop: some events, each followed by its orders.
    pub(crate) fn main_turn(&mut self, client: usize) {
        if self.clients[client].turn_at != Some(self.now) {
            return;
        }
        self.clients[client].turn_at = None;
        if !self.clients[client].is_there || self.clients[client].stopped {
            self.clients[client].events.clear();
            return;
        }
        let events = 1 + self.random.below(EVENTS_PER_TURN);
        for _ in 0..events {
            let event = self.clients[client].events.pop_front();
            let idle = event.is_none();
            if let Some(event) = event {
                let at = &mut self.clients[client];
                if let Err(fault) = at.told.hear(&event) {
                    panic!("client {client} at {}: {fault}", self.now);
                }
                at.swarm.handle(self.now, event);
            }
            self.clients[client].swarm.turn(self.now);
            while let Some(order) = self.clients[client].swarm.next_order() {
                self.perform(client, order);
            }
            self.look_at(client);
            if idle {
                break;
            }
        }
        let moment = self.moment();
        let swarm = &self.clients[client].swarm;
        if !self.clients[client].events.is_empty() || swarm.has_more() {
            self.wake_main(client, self.now + moment);
        } else if let Some(at) = swarm.deadline(self.now) {
            self.wake_main(client, at.max(self.now + moment));
        }
    }

    /// Audits a client, every so many events.
    fn look_at(&mut self, client: usize) {
        let at = &mut self.clients[client];
        at.unaudited += 1;
        if at.unaudited >= self.plan.audit_every {
            at.unaudited = 0;
            self.audit(client);
        }
    }

    /// Everything that the client remembers fits together.
    pub(crate) fn audit(&self, client: usize) {
        let Client { swarm, told, .. } = &self.clients[client];
        if let Err(fault) = swarm.audit().and_then(|()| swarm.audit_availability(told)) {
            panic!("client {client} at {}: {fault}", self.now);
        }
    }

    fn perform(&mut self, client: usize, order: Order) {
        let now = self.now;
        let at: &mut Client = &mut self.clients[client];
        match order {
            Order::Dial { peer, torrent, address } => {
                at.dials += 1;
                let to = self.listener(address).expect("only clients are dialed");
                self.begin_dial(client, peer, torrent, to);
            }
            Order::Admit { peer, arrival, .. } => self.admit(client, peer, arrival),
            Order::Refuse(arrival) => self.refuse(client, arrival),
            Order::Join(peer) => {
                assert_eq!(at.swarm.leased_to(peer), 0, "leases of {peer} did not come back");
                at.ends.remove(&peer);
            }
            Order::Welcome { peer, torrent } => {
                self.post(client, peer, Letter::Welcome(torrent));
            }
            Order::Post(peer, command) => self.command(client, peer, command),
            Order::Enroll { peer, torrent, counters } => at.enroll(now, peer, torrent, counters),
            Order::Dismiss(peer) => at.dismiss(peer),
            Order::SlotTaken(peer) => at.slot_taken(now, peer),
            Order::Rechoke => {
                if !std::mem::replace(&mut at.fill_due, true) {
                    self.after(RECHOKE_PAUSE, What::Fill(client));
                }
            }
            Order::NameSpare => at.name_spare(now),
            Order::Herald(_) => self.news(client),
            Order::Prepare { torrent, .. } => {
                self.after(millis(5), What::Prepared(client, torrent));
            }
            Order::Save { torrent, .. } => self.after(millis(5), What::Saved(client, torrent)),
            Order::Forget(_) => panic!("every torrent is taken on"),
            Order::Probe(torrent) => self.after(millis(5), What::Probed(client, torrent)),
            Order::Settle(torrent) => self.after(millis(5), What::Settled(client, torrent)),
            Order::Hash { torrent, active, piece, evidence } => {
                at.torrent_mut(torrent).disk.begin_hash(piece);
                let delay = draw(&mut self.random, &at.plan.hashing);
                let job = HashJob { torrent, active, piece, evidence };
                self.after(delay, What::Hashed(client, job));
            }
            Order::Check { torrent, first, count } => {
                let delay = draw(&mut self.random, &at.plan.hashing);
                self.after(delay, What::Checked { client, torrent, first, count });
            }
            // No simulated client has a tracker.
            Order::Discover { .. } | Order::Completed(_) | Order::Withdraw(_) => {}
            Order::Notify(notice) => {
                at.notice(now, &notice);
                self.judge(client, &notice);
            }
        }
    }

    fn command(&mut self, client: usize, peer: PeerKey, command: Command) {
        if let Command::Unchoke(unchoked) = command {
            if let Some(&end) = self.clients[client].ends.get(&peer) {
                self.ends[end].unchoked = unchoked;
                self.wake_end(end);
            }
            return;
        }
        self.post(client, peer, Letter::Command(command));
    }

    /// Nobody but a liar is accused of anything.
    fn judge(&mut self, client: usize, notice: &Notice) {
        let Notice::PeerLeft { address, reason: CloseReason::Violation(violation), .. } = notice
        else {
            return;
        };
        let other = self.listener(*address).expect("peers are clients");
        let liar = matches!(self.clients[other].plan.serving, Serving::Lies(_));
        assert!(
            liar && *violation == Violation::BadData,
            "client {client} accuses {other} ({:?}) of {violation:?}",
            self.clients[other].plan.serving,
        );
        let listens = self.clients[other].address;
        self.clients[client].banned.insert(listens);
    }

    /// A hash thread has compared a piece.
    pub(crate) fn hashed(&mut self, client: usize, job: &HashJob) {
        if let Err(message) = self.clients[client].try_disk(Broken::Hash, job.piece) {
            let failed = DiskEvent::Failed { torrent: job.torrent, message };
            self.publish(client, Event::Disk(failed));
            return;
        }
        let torrent = self.clients[client].torrent_mut(job.torrent);
        let good = torrent.disk.is_good(&self.contents[torrent.content], job.piece);
        let now = torrent.disk.evidence(job.piece);
        torrent.disk.end_hash(job.piece, good);
        let active = job.active;
        if !good {
            let evidence = Arc::new(now);
            self.publish(client, Event::Hashed(Hashed::Bad { active, evidence }));
            return;
        }
        if let Some(before) = &job.evidence {
            for (segment, blocks) in differing(before, &now) {
                self.publish(client, Event::Hashed(Hashed::Blamed { active, segment, blocks }));
            }
        }
        self.publish(client, Event::Hashed(Hashed::Good(active)));
    }

    /// A hash thread has looked at pieces that were there from the start.
    pub(crate) fn checked(&mut self, client: usize, torrent: TorrentKey, first: u32, count: u32) {
        let local = self.clients[client].torrent_mut(torrent);
        let content = &self.contents[local.content];
        let mut good = 0;
        for offset in 0..count {
            let piece = content.layout.piece(first + offset).expect("only real pieces");
            if local.disk.is_good(content, piece) {
                local.disk.end_hash(piece, true);
                good |= 1 << offset;
            }
        }
        let checked = Hashed::Checked { torrent, first, count, good, trusted: 0 };
        self.publish(client, Event::Hashed(checked));
    }
}
