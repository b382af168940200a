//! How blocks go back that we do not wait for any more: because somebody else gave them, the peer
//! choked us, refused, keeps us waiting, or leaves. What was asked for may come all the same.

use crate::connection::download::{Arrival, Download};
use crate::connection::event::LeaseId;
use crate::connection::lease::{find, request_of};
use crate::connection::outbox::Outbox;
use crate::kit::clock::Time;
use crate::layout::{Block, Layout};
use crate::limits::{BLOCK_LENGTH, CANCELS_OPEN_MAX, REJECT_PAUSE, SNUB_PAUSE, SNUB_TIMEOUT};
use crate::wire::message::Message;

impl Download {
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
            self.given_up.remember(lease, asked);
            for block in lease.blocks_of(asked) {
                self.take_back(block, layout, out);
            }
            self.finish(index, out);
        }
    }

    /// Tells the peer that a block is not wanted any more.
    fn take_back(&mut self, block: Block, layout: &Layout, out: &mut Outbox) {
        out.send(Message::Cancel(request_of(layout, block)));
        if self.fast {
            if self.cancels.len() == CANCELS_OPEN_MAX {
                self.cancels.pop_front();
            }
            self.cancels.push_back(block);
        }
    }

    /// Whether this answer is the one that is owed for a cancel.
    pub(super) fn answers_cancel(&mut self, block: Block) -> bool {
        let owed = self.cancels.iter().position(|cancel| *cancel == block);
        owed.and_then(|index| self.cancels.remove(index)).is_some()
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
                self.toll.refund(u64::from(lease.asked.count_ones() * BLOCK_LENGTH));
                self.given_up.remember(lease, lease.asked);
                back |= std::mem::take(&mut lease.asked);
            }
            lease.lost |= back;
            lease.report_lost(out);
            self.finish(index, out);
        }
        if !self.fast {
            self.flights.clear();
        }
    }

    /// The peer refuses a request. Tells whether it was one of ours.
    pub fn rejected(&mut self, now: Time, block: Block, out: &mut Outbox) -> bool {
        if self.answers_cancel(block) {
            self.toll.refund(u64::from(BLOCK_LENGTH));
            return true;
        }
        let Some(index) = find(&self.leases, block, |lease| lease.asked) else { return false };
        let lease = &mut self.leases[index];
        lease.asked &= !block.bit();
        lease.lost |= block.bit();
        self.outstanding -= 1;
        self.toll.refund(u64::from(BLOCK_LENGTH));
        lease.report_lost(out);
        self.finish(index, out);
        if !self.choked {
            self.window.rejected();
            self.pause_until = now + REJECT_PAUSE;
        }
        true
    }

    /// Time passed: requests that wait for too long are told to the main thread, and those that
    /// wait for twice as long are given up.
    pub fn timed_out(&mut self, now: Time, layout: &Layout, out: &mut Outbox) {
        if self.flights.is_time_to_look(now) {
            self.tell_late(now, out);
            self.give_up_lost(now, layout, out);
        }
        if self.outstanding > 0 && !self.snubbed && now.since(self.last_block) >= SNUB_TIMEOUT {
            self.snubbed = true;
            self.patience_until = now + SNUB_PAUSE;
            self.window.snub();
            self.give_back_unasked(out);
        }
    }

    /// One event for each lease, whatever it has of late blocks.
    fn tell_late(&mut self, now: Time, out: &mut Outbox) {
        let mut late = false;
        loop {
            let leases = &self.leases;
            let is_awaited = |block| find(leases, block, |lease| lease.asked).is_some();
            let Some(block) = self.flights.next_late(now, is_awaited) else { break };
            let Some(index) = find(leases, block, |lease| lease.asked) else { break };
            self.leases[index].late |= block.bit();
            late = true;
        }
        if late {
            self.leases.iter_mut().for_each(|lease| lease.report_late(out));
        }
    }

    fn give_up_lost(&mut self, now: Time, layout: &Layout, out: &mut Outbox) {
        let mut lost = false;
        loop {
            let leases = &self.leases;
            let is_awaited = |block| find(leases, block, |lease| lease.asked).is_some();
            let Some(block) = self.flights.next_lost(now, is_awaited) else { break };
            let Some(index) = find(leases, block, |lease| lease.asked) else { break };
            let lease = &mut self.leases[index];
            lease.asked &= !block.bit();
            lease.lost |= block.bit();
            self.outstanding -= 1;
            self.given_up.remember(lease, block.bit());
            self.take_back(block, layout, out);
            lost = true;
        }
        if lost {
            for index in (0..self.leases.len()).rev() {
                self.leases[index].report_lost(out);
                self.finish(index, out);
            }
        }
    }

    /// A block came that is not awaited: it is of use if it was asked for and nobody wrote it.
    pub(super) fn came_late(&mut self, block: Block) -> Arrival {
        let Some(late) = self.given_up.win(block) else { return Arrival::Discard };
        match find(&self.leases, block, |lease| lease.todo) {
            // It was to be asked for once more.
            Some(index) if self.leases[index].id == late.id => {
                self.leases[index].todo &= !block.bit();
                self.leases[index].writing |= block.bit();
                self.queued -= 1;
            }
            // The main thread knows who gave what by segment, whether it is held or not.
            _ => self.leases.push_back(late),
        }
        Arrival::Store
    }

    /// What was not asked for goes back.
    fn give_back_unasked(&mut self, out: &mut Outbox) {
        for index in (0..self.leases.len()).rev() {
            let lease = &mut self.leases[index];
            lease.lost |= std::mem::take(&mut lease.todo);
            lease.report_lost(out);
            self.finish(index, out);
        }
        self.queued = 0;
    }

    /// The connection ends: every lease goes back.
    pub fn leave(&mut self, out: &mut Outbox) {
        for mut lease in std::mem::take(&mut self.leases) {
            lease.claims.release(lease.writing);
            lease.lost |= lease.todo | lease.asked | lease.writing;
            lease.report(out);
        }
        self.flights.clear();
        self.toll.refund(u64::from(self.outstanding) * u64::from(BLOCK_LENGTH));
        self.toll.release();
        self.given_up.clear();
        (self.outstanding, self.queued) = (0, 0);
    }
}
