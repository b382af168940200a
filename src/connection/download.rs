//! Our side of a connection as a downloader: which granted blocks are asked for, when more work
//! is wanted, what an arriving block is worth, and what happens when none arrives (BEP 3, 6).
//!
//! Requests are refilled when a block arrives, never on a tick. Work is asked of the main thread
//! while there is still some left, so that the line does not run dry at a piece's edge.

use crate::connection::event::{Answer, Event, Grant, LeaseId};
use crate::connection::lease::{Lease, request_of};
use crate::connection::outbox::Outbox;
use crate::connection::pieces::RemotePieces;
use crate::connection::shared::SharedTorrent;
use crate::connection::supply::Supply;
use crate::connection::window::Window;
use crate::kit::clock::Time;
use crate::layout::{Block, Layout, PieceIndex};
use crate::limits::{
    ALLOWED_FAST_KEPT_MAX, BLOCK_TIMEOUT, LEASES_PER_PEER_MAX, REJECT_PAUSE, SNUB_TIMEOUT,
};
use crate::wire::message::Message;
use std::collections::VecDeque;

/// What became of a block that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// This connection won the claim: write it, then tell [`Download::stored`].
    Store,
    /// Somebody else wrote it, or nobody waits for it any more: discard it.
    Discard,
}

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Flight {
    /// What was asked for.
    block: Block,
    /// When.
    asked_at: Time,
}

/// The downloading half.
#[derive(Debug)]
pub struct Download {
    /// Leases in the order of their grant.
    leases: VecDeque<Lease>,
    /// Requests in the order they were sent; entries that were answered are skipped later.
    flight: VecDeque<Flight>,
    /// Blocks asked for and not answered: the `asked` bits of all leases.
    outstanding: u32,
    /// Blocks granted and not asked for: the `todo` bits of all leases.
    queued: u32,
    /// How many may be outstanding.
    window: Window,
    /// The conversation with the main thread about work.
    supply: Supply,
    /// Whether the peer chokes us.
    choked: bool,
    /// Whether the Fast extension holds on this connection.
    fast: bool,
    /// Whether it has kept us waiting.
    snubbed: bool,
    /// When the last block came, or requests began.
    last_block: Time,
    /// No requests before this time, after a refusal.
    pause_until: Time,
    /// Pieces that the peer lets us ask for while it chokes us (BEP 6).
    allowed_fast: Vec<PieceIndex>,
}

impl Download {
    /// A new connection: choked, with nothing granted.
    pub fn new(now: Time, fast: bool) -> Self {
        Self {
            leases: VecDeque::new(),
            flight: VecDeque::new(),
            outstanding: 0,
            queued: 0,
            window: Window::new(now),
            supply: Supply::new(),
            choked: true,
            fast,
            snubbed: false,
            last_block: now,
            pause_until: now,
            allowed_fast: Vec::new(),
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

    /// Requests not answered.
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// The peer announced the length of its request queue.
    pub fn request_queue_announced(&mut self, length: u32) {
        self.window.announced(length);
    }

    /// The peer lets us ask for this piece while it chokes us. More than we keep are ignored.
    pub fn allowed_fast(&mut self, piece: PieceIndex) {
        if self.allowed_fast.len() < ALLOWED_FAST_KEPT_MAX && !self.allowed_fast.contains(&piece) {
            self.allowed_fast.push(piece);
        }
    }

    /// The main thread granted blocks.
    pub fn granted(&mut self, grant: Grant) {
        self.queued += grant.blocks.count_ones();
        self.supply.granted();
        // Two grants in one segment have one name: the main thread counts them as one holder.
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
        match answer {
            Answer::Granted => self.supply.satisfied(),
            Answer::NothingNear | Answer::Denied if !self.choked => {
                if answer == Answer::NothingNear {
                    pieces.begin_search();
                }
                match pieces.next_candidate(shared) {
                    Some(piece) => {
                        self.supply.proposed();
                        out.publish(Event::Candidate { piece, blocks: self.blocks_wanted() });
                    }
                    None => self.supply.dried_up(),
                }
            }
            Answer::NothingNear | Answer::Denied | Answer::Wait => self.supply.dried_up(),
        }
    }

    /// There may be work again.
    pub fn work_appeared(&mut self) {
        self.supply.appeared();
    }

    /// Blocks of a lease came from somebody else: forget them, and tell the peer.
    pub fn cancelled(&mut self, id: LeaseId, blocks: u64, layout: &Layout, out: &mut Outbox) {
        for index in (0..self.leases.len()).rev() {
            let lease = &mut self.leases[index];
            if lease.id != id {
                continue;
            }
            let unasked = lease.todo & blocks;
            let asked = lease.asked & blocks;
            lease.todo &= !unasked;
            lease.asked &= !asked;
            self.queued -= unasked.count_ones();
            self.outstanding -= asked.count_ones();
            for block in lease.blocks_of(asked) {
                out.send(Message::Cancel(request_of(layout, block)));
            }
            self.finish(index, out);
        }
    }

    /// The peer unchoked us.
    pub fn unchoked(&mut self, now: Time) {
        self.choked = false;
        self.last_block = now;
        self.work_appeared();
    }

    /// The peer choked us: what it will not send now goes back. Without Fast that is all of it;
    /// with Fast each request asked for is still answered, if only by a reject.
    pub fn choked(&mut self, out: &mut Outbox) {
        self.choked = true;
        for index in (0..self.leases.len()).rev() {
            let lease = &mut self.leases[index];
            if self.allowed_fast.contains(&lease.piece) {
                continue;
            }
            self.queued -= lease.todo.count_ones();
            let mut back = std::mem::take(&mut lease.todo);
            if !self.fast {
                self.outstanding -= lease.asked.count_ones();
                back |= std::mem::take(&mut lease.asked);
            }
            lease.lost |= back;
            lease.report_lost(out);
            self.finish(index, out);
        }
        if !self.fast {
            self.flight.clear();
        }
    }

    /// The peer refuses a request. Tells whether it was one of ours.
    pub fn rejected(&mut self, now: Time, block: Block, out: &mut Outbox) -> bool {
        let Some(index) = self.find(block, |lease| lease.asked) else { return false };
        let lease = &mut self.leases[index];
        lease.asked &= !block.bit();
        lease.lost |= block.bit();
        self.outstanding -= 1;
        lease.report_lost(out);
        self.finish(index, out);
        if !self.choked {
            self.window.rejected();
            self.pause_until = now + REJECT_PAUSE;
        }
        true
    }

    /// A block arrived. The caller has checked that it is a whole block of the torrent.
    pub fn arrived(&mut self, now: Time, block: Block, bytes: u32, out: &mut Outbox) -> Arrival {
        self.snubbed = false;
        self.last_block = now;
        self.window.block_arrived(now, bytes);
        let Some(index) = self.find(block, |lease| lease.asked) else { return Arrival::Discard };
        let lease = &mut self.leases[index];
        lease.asked &= !block.bit();
        self.outstanding -= 1;
        if self.flight.front().is_some_and(|front| front.block == block) {
            self.flight.pop_front();
        }
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
        let Some(index) = self.find(block, |lease| lease.writing) else { return };
        let lease = &mut self.leases[index];
        lease.writing &= !block.bit();
        lease.given |= block.bit();
        self.finish(index, out);
    }

    /// A block that was to be stored is not in the file: somebody else may write it.
    pub fn not_stored(&mut self, block: Block, out: &mut Outbox) {
        let Some(index) = self.find(block, |lease| lease.writing) else { return };
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
        let idle = self.outstanding + self.queued == 0;
        if !self.supply.may_ask(idle) || self.leases.len() >= LEASES_PER_PEER_MAX {
            return;
        }
        if self.choked {
            self.want_allowed_fast(shared, pieces, out);
        } else if pieces.is_interesting() && self.queued <= self.window.size() / 4 {
            self.supply.asked(idle);
            out.publish(Event::Want { blocks: self.blocks_wanted(), idle });
        }
    }

    /// Time passed: requests that wait for too long are told to the main thread.
    pub fn timed_out(&mut self, now: Time, out: &mut Outbox) {
        self.skip_answered();
        while let Some(front) = self.flight.front() {
            if now.since(front.asked_at) < BLOCK_TIMEOUT {
                break;
            }
            let block = front.block;
            self.flight.pop_front();
            if let Some(index) = self.find(block, |lease| lease.asked) {
                let lease = self.leases[index].id;
                out.publish(Event::Overdue { lease, blocks: block.bit() });
            }
            self.skip_answered();
        }
        if self.outstanding > 0 && !self.snubbed && now.since(self.last_block) >= SNUB_TIMEOUT {
            self.snubbed = true;
            self.window.snub();
        }
    }

    /// When [`Self::timed_out`] or [`Self::refill`] has something to do, if nothing else happens.
    pub fn deadline(&self, now: Time) -> Option<Time> {
        let overdue = self.flight.front().map(|front| front.asked_at + BLOCK_TIMEOUT);
        let snub = (self.outstanding > 0 && !self.snubbed).then(|| self.last_block + SNUB_TIMEOUT);
        let pause = (self.pause_until > now && self.queued > 0).then_some(self.pause_until);
        [overdue, snub, pause].into_iter().flatten().min()
    }

    /// The connection ends: every lease goes back.
    pub fn leave(&mut self, out: &mut Outbox) {
        for mut lease in std::mem::take(&mut self.leases) {
            lease.claims.release(lease.writing);
            lease.lost |= lease.todo | lease.asked | lease.writing;
            lease.report(out);
        }
        self.flight.clear();
        (self.outstanding, self.queued) = (0, 0);
    }

    fn send_requests(&mut self, now: Time, layout: &Layout, out: &mut Outbox) {
        if self.outstanding == 0 {
            self.last_block = now;
        }
        let room = self.window.size().saturating_sub(self.outstanding);
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
            self.flight.push_back(Flight { block, asked_at: now });
            out.send(Message::Request(request_of(layout, block)));
        }
    }

    /// While choked only pieces of the allowed-fast set are worth asking for.
    fn want_allowed_fast(
        &mut self,
        shared: &SharedTorrent,
        pieces: &RemotePieces,
        out: &mut Outbox,
    ) {
        if self.queued > 0 {
            return;
        }
        let free = |piece: &PieceIndex| pieces.wants(*piece) && !shared.taken.has(piece.get());
        if let Some(&piece) = self.allowed_fast.iter().find(|piece| free(piece)) {
            self.supply.asked(true);
            out.publish(Event::Candidate { piece, blocks: self.blocks_wanted() });
        }
    }

    /// Blocks that fill the window and half of it again.
    fn blocks_wanted(&self) -> u32 {
        let window = self.window.size();
        (window + window / 2).saturating_sub(self.outstanding + self.queued).max(1)
    }

    fn find(&self, block: Block, set: fn(&Lease) -> u64) -> Option<usize> {
        self.leases.iter().position(|lease| lease.covers(block) && set(lease) & block.bit() != 0)
    }

    /// Reports and drops the lease if it is done; tells whether it was.
    fn finish(&mut self, index: usize, out: &mut Outbox) -> bool {
        if !self.leases[index].is_done() {
            return false;
        }
        if let Some(mut lease) = self.leases.remove(index) {
            lease.report(out);
        }
        true
    }

    fn skip_answered(&mut self) {
        while let Some(front) = self.flight.front() {
            if self.find(front.block, |lease| lease.asked).is_some() {
                return;
            }
            self.flight.pop_front();
        }
    }
}
