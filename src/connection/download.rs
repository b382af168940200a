//! Our side of a connection as a downloader: which granted blocks are asked for, when more work
//! is wanted, what an arriving block is worth, and what happens when none arrives (BEP 3, 6).
//!
//! Requests are refilled when a block arrives, never on a tick. Work is asked of the main thread
//! while there is still some left, so that the line does not run dry at a piece's edge.

use crate::connection::event::{Answer, Event, Grant};
use crate::connection::flights::Flights;
use crate::connection::given_up::GivenUp;
use crate::connection::lease::{Lease, find, request_of};
use crate::connection::outbox::Outbox;
use crate::connection::pieces::RemotePieces;
use crate::connection::shared::SharedTorrent;
use crate::connection::supply::Supply;
use crate::connection::toll::Toll;
use crate::connection::window::Window;
use crate::kit::clock::Time;
use crate::layout::{Block, Layout, PieceIndex};
use crate::limits::{
    ALLOWED_FAST_KEPT_MAX, BLOCK_LENGTH, LEASES_PER_PEER_MAX, SNUB_PAUSE, SNUB_TIMEOUT,
};
use crate::wire::message::Message;
use std::collections::VecDeque;

/// What became of a block that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// This connection won the claim: write it, then tell [`Download::stored`].
    Store,
    /// Somebody else wrote it, or it was never asked for: discard it.
    Discard,
}

/// The downloading half.
#[derive(Debug)]
pub struct Download {
    /// Leases in the order of their grant.
    pub(super) leases: VecDeque<Lease>,
    /// Requests by age.
    pub(super) flights: Flights,
    /// Blocks asked for and not answered: the `asked` bits of all leases.
    pub(super) outstanding: u32,
    /// Blocks granted and not asked for: the `todo` bits of all leases.
    pub(super) queued: u32,
    /// Requests that we do not wait for any more and that may be answered all the same.
    pub(super) given_up: GivenUp,
    /// Requests taken back. With Fast each of them is answered, by the block or a reject, and
    /// that answer must not be taken for one to a later request for the same block.
    pub(super) cancels: VecDeque<Block>,
    /// How many may be outstanding.
    pub(super) window: Window,
    /// Where the conversation about work stands.
    pub(super) supply: Supply,
    /// Whether the peer chokes us.
    pub(super) choked: bool,
    /// Whether the Fast extension holds on this connection.
    pub(super) fast: bool,
    /// Whether it has kept us waiting.
    pub(super) snubbed: bool,
    /// While it does, nothing more is asked of it before this time.
    pub(super) patience_until: Time,
    /// When the last block came, or requests began.
    pub(super) last_block: Time,
    /// No requests before this time, after a refusal.
    pub(super) pause_until: Time,
    /// Pieces that the peer lets us ask for while it chokes us (BEP 6).
    pub(super) allowed_fast: Vec<PieceIndex>,
    /// How many of those were looked at in the search under way.
    pub(super) allowed_fast_seen: usize,
    /// What is paid under limits of speed, before a block is asked for.
    pub(super) toll: Toll,
}

impl Download {
    /// A new connection: choked, with nothing granted.
    pub(super) fn new(now: Time, fast: bool, toll: Toll) -> Self {
        Self {
            leases: VecDeque::new(),
            flights: Flights::default(),
            outstanding: 0,
            queued: 0,
            given_up: GivenUp::default(),
            cancels: VecDeque::new(),
            window: Window::new(now),
            supply: Supply::new(),
            choked: true,
            fast,
            snubbed: false,
            patience_until: now,
            last_block: now,
            pause_until: now,
            allowed_fast: Vec::new(),
            allowed_fast_seen: 0,
            toll,
        }
    }

    /// Whether the peer chokes us.
    pub fn is_choked(&self) -> bool {
        self.choked
    }

    /// Whether the peer has requests of ours and sends nothing.
    pub fn is_snubbed(&self) -> bool {
        self.snubbed
    }

    /// The peer announced the length of its request queue.
    pub fn request_queue_announced(&mut self, length: u32) {
        self.window.announced(length);
    }

    /// The peer lets us ask for this piece while it chokes us; tells whether that is news. More
    /// than we keep are ignored.
    pub fn allowed_fast(&mut self, piece: PieceIndex) -> bool {
        let news =
            self.allowed_fast.len() < ALLOWED_FAST_KEPT_MAX && !self.allowed_fast.contains(&piece);
        if news {
            self.allowed_fast.push(piece);
        }
        news
    }

    /// The main thread granted blocks. If the peer has choked us meanwhile, they go back at once:
    /// a block that is not asked for is never late, so nobody else would come to its help.
    pub fn granted(&mut self, grant: Grant, out: &mut Outbox) {
        if self.choked && !self.allowed_fast.contains(&grant.piece) {
            out.publish(Event::Returned { lease: grant.lease, blocks: grant.blocks });
            return;
        }
        self.queued += grant.blocks.count_ones();
        self.supply.granted();
        // A second grant in a segment is a lease of its own entry with the same name: the main
        // thread counts both as one holder.
        self.leases.push_back(Lease::new(grant));
    }

    /// The main thread answered a request for work.
    pub fn answered(
        &mut self,
        answer: Answer,
        shared: &SharedTorrent,
        pieces: &mut RemotePieces,
        out: &mut Outbox,
    ) {
        let candidate = match answer {
            Answer::Granted => {
                self.supply.satisfied();
                return;
            }
            Answer::Wait => None,
            Answer::NothingNear | Answer::Denied if self.choked => {
                self.next_allowed_fast(shared, pieces)
            }
            Answer::NothingNear | Answer::Denied => {
                if answer == Answer::NothingNear {
                    pieces.begin_search();
                }
                pieces.next_candidate(shared)
            }
        };
        match candidate {
            Some(piece) => out.publish(Event::Candidate { piece, blocks: self.blocks_wanted() }),
            None => self.supply.exhausted(),
        }
    }

    /// There may be work again.
    pub fn work_appeared(&mut self) {
        self.supply.work_appeared();
    }

    /// The main thread says that there may be work again.
    pub fn woken(&mut self) {
        self.supply.woken();
    }

    /// The peer unchoked us.
    pub fn unchoked(&mut self, now: Time) {
        self.choked = false;
        self.last_block = now;
        self.work_appeared();
    }

    /// A block arrived. The caller has checked that it is a whole block of the torrent.
    pub fn arrived(&mut self, now: Time, block: Block, bytes: u32, out: &mut Outbox) -> Arrival {
        self.snubbed = false;
        self.last_block = now;
        self.window.block_arrived(now, bytes);
        self.answers_cancel(block);
        let Some(index) = find(&self.leases, block, |lease| lease.asked) else {
            return self.came_late(block);
        };
        let lease = &mut self.leases[index];
        lease.asked &= !block.bit();
        self.outstanding -= 1;
        self.flights.answered(block);
        let lease = &mut self.leases[index];
        if lease.claims.win(block.bit()) {
            lease.writing |= block.bit();
            return Arrival::Store;
        }
        lease.lost |= block.bit();
        self.finish(index, out);
        Arrival::Discard
    }

    /// A block that was to be stored is in the file.
    pub fn stored(&mut self, block: Block, out: &mut Outbox) {
        let Some(index) = find(&self.leases, block, |lease| lease.writing) else { return };
        let lease = &mut self.leases[index];
        lease.writing &= !block.bit();
        lease.given |= block.bit();
        self.finish(index, out);
    }

    /// A block that was to be stored is not in the file: somebody else may write it.
    pub fn not_stored(&mut self, block: Block, out: &mut Outbox) {
        let Some(index) = find(&self.leases, block, |lease| lease.writing) else { return };
        let lease = &mut self.leases[index];
        lease.writing &= !block.bit();
        lease.lost |= block.bit();
        lease.claims.release(block.bit());
        self.finish(index, out);
    }

    /// Sends the requests that the window has room for, and asks for work before it runs out.
    pub fn refill(
        &mut self,
        now: Time,
        shared: &SharedTorrent,
        pieces: &mut RemotePieces,
        out: &mut Outbox,
    ) {
        if now >= self.pause_until {
            self.send_requests(now, &shared.layout, out);
        }
        self.ask_for_work(now, shared, pieces, out);
        if self.supply.take_unused_wake() {
            out.publish(Event::Pass);
        }
    }

    fn ask_for_work(
        &mut self,
        now: Time,
        shared: &SharedTorrent,
        pieces: &mut RemotePieces,
        out: &mut Outbox,
    ) {
        let idle = self.outstanding + self.queued == 0;
        if !shared.fetch
            || self.is_in_disgrace(now)
            || !self.supply.may_ask(idle)
            || self.leases.len() >= LEASES_PER_PEER_MAX
        {
            return;
        }
        if self.choked {
            self.want_allowed_fast(idle, shared, pieces, out);
        } else if pieces.is_interesting() && self.queued <= self.window.size() / 4 {
            self.supply.asked(idle);
            out.publish(Event::Want { blocks: self.blocks_wanted(), idle });
        }
    }

    /// When [`Self::timed_out`] or [`Self::refill`] has something to do, if nothing else happens.
    pub fn deadline(&self, now: Time) -> Option<Time> {
        let overdue = self.flights.deadline();
        let snub = (self.outstanding > 0 && !self.snubbed).then(|| self.last_block + SNUB_TIMEOUT);
        let pause = (self.pause_until > now && self.queued > 0).then_some(self.pause_until);
        let disgrace = self.snubbed && self.outstanding == 0 && self.patience_until > now;
        let patience = disgrace.then_some(self.patience_until);
        let asks = self.room() > 0 && now >= self.pause_until;
        let paid = self.toll.wait_until().filter(|_| asks);
        [overdue, snub, pause, patience, paid].into_iter().flatten().min()
    }

    fn send_requests(&mut self, now: Time, layout: &Layout, out: &mut Outbox) {
        if self.outstanding == 0 {
            self.last_block = now;
            self.window.resumed(now);
        }
        if self.room() == 0 {
            self.toll.release();
            return;
        }
        let block = u64::from(BLOCK_LENGTH);
        let room = (self.toll.allowance(now, u64::from(self.room()) * block) / block) as u32;
        let mut index = 0;
        let mut sent = 0;
        while sent < room && self.queued > 0 && index < self.leases.len() {
            let lease = &mut self.leases[index];
            if self.choked && !self.allowed_fast.contains(&lease.piece) {
                index += 1;
                continue;
            }
            let before = lease.todo.count_ones();
            let next = lease.ask_next();
            self.queued -= before - lease.todo.count_ones();
            let Some(block) = next else {
                if !self.finish(index, out) {
                    index += 1;
                }
                continue;
            };
            self.outstanding += 1;
            sent += 1;
            if self.snubbed {
                self.patience_until = now + SNUB_PAUSE;
            }
            self.flights.asked(now, block);
            out.send(Message::Request(request_of(layout, block)));
        }
        self.toll.spend(u64::from(sent) * block);
    }

    /// Blocks that could be asked for now but for limits of speed.
    fn room(&self) -> u32 {
        self.window.size().saturating_sub(self.outstanding).min(self.queued)
    }

    /// A peer that keeps us waiting is asked for one block at a time, and now and then.
    fn is_in_disgrace(&self, now: Time) -> bool {
        self.snubbed && (self.outstanding > 0 || now < self.patience_until)
    }

    /// While choked only pieces of the allowed-fast set are worth asking for.
    fn want_allowed_fast(
        &mut self,
        idle: bool,
        shared: &SharedTorrent,
        pieces: &RemotePieces,
        out: &mut Outbox,
    ) {
        if self.queued > 0 {
            return;
        }
        self.allowed_fast_seen = 0;
        if let Some(piece) = self.next_allowed_fast(shared, pieces) {
            self.supply.asked(idle);
            out.publish(Event::Candidate { piece, blocks: self.blocks_wanted() });
        }
    }

    /// The next of them that is wanted and has blocks to grant.
    fn next_allowed_fast(
        &mut self,
        shared: &SharedTorrent,
        pieces: &RemotePieces,
    ) -> Option<PieceIndex> {
        let free = |piece: &PieceIndex| pieces.wants(*piece) && !shared.taken.has(piece.get());
        let rest = self.allowed_fast.get(self.allowed_fast_seen..).unwrap_or_default();
        let next = rest.iter().position(free);
        self.allowed_fast_seen += next.map_or(rest.len(), |index| index + 1);
        next.and_then(|index| rest.get(index)).copied()
    }

    /// Blocks that fill the window and half of it again.
    fn blocks_wanted(&self) -> u32 {
        let window = self.window.size();
        (window + window / 2).saturating_sub(self.outstanding + self.queued).max(1)
    }

    /// Reports and drops the lease if it is done; tells whether it was.
    pub(super) fn finish(&mut self, index: usize, out: &mut Outbox) -> bool {
        if !self.leases[index].is_done() {
            return false;
        }
        if let Some(mut lease) = self.leases.remove(index) {
            lease.report(out);
        }
        true
    }
}
