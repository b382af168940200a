//! Our side of a connection as an uploader: the peer's requests, in order, until they are served,
//! taken back or refused (BEP 3, 6).
//!
//! Whether the peer may download is the main thread's decision; this keeps the queue, bounded by
//! what we announced, and answers with Fast what will not be served.

use crate::connection::outbox::Outbox;
use crate::connection::reason::Violation;
use crate::connection::shared::SharedTorrent;
use crate::connection::toll::Toll;
use crate::kit::clock::Time;
use crate::layout::{PieceIndex, PieceSpan};
use crate::limits::{CHOKED_BLOCKS_MAX, REQUEST_LENGTH_MAX, UPLOAD_QUEUE_MAX};
use crate::wire::message::{BlockRequest, Message};
use std::collections::VecDeque;

/// Whether a message was of any use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It changed something.
    Useful,
    /// It said nothing; too much of that is a flood.
    Idle,
}

impl Use {
    /// Of use or not.
    pub fn of(useful: bool) -> Self {
        if useful { Self::Useful } else { Self::Idle }
    }
}

/// The uploading half.
#[derive(Debug)]
pub struct Upload {
    /// What the peer asked for, in order.
    queue: VecDeque<PieceSpan>,
    /// Whether the peer may download.
    unchoked: bool,
    /// Whether the Fast extension holds on this connection.
    fast: bool,
    /// Pieces that the peer may ask for while choked (BEP 6).
    allowed_fast: Vec<PieceIndex>,
    /// What is paid under limits of speed.
    toll: Toll,
    /// Requests that were served while the peer was choked.
    served_choked: usize,
}

impl Upload {
    /// A new connection: choked, with nothing asked for.
    pub(super) fn new(fast: bool, toll: Toll) -> Self {
        Self {
            queue: VecDeque::new(),
            unchoked: false,
            fast,
            allowed_fast: Vec::new(),
            toll,
            served_choked: 0,
        }
    }

    /// Whether something waits to be served.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Lets the peer ask for this piece while it is choked, and tells it.
    pub fn allow_fast(&mut self, piece: PieceIndex, out: &mut Outbox) {
        self.allowed_fast.push(piece);
        out.send(Message::AllowedFast(piece.get()));
    }

    /// Lets the peer download, or no longer.
    pub fn set_unchoked(&mut self, unchoked: bool, out: &mut Outbox) {
        if self.unchoked == unchoked {
            return;
        }
        self.unchoked = unchoked;
        if unchoked {
            out.send(Message::Unchoke);
            return;
        }
        out.send(Message::Choke);
        let (allowed, fast) = (&self.allowed_fast, self.fast);
        let mut left = CHOKED_BLOCKS_MAX.saturating_sub(self.served_choked);
        self.queue.retain(|span| {
            let keep = fast && left > 0 && allowed.contains(&span.piece);
            left -= usize::from(keep);
            if fast && !keep {
                out.send(Message::Reject(wire_form(*span)));
            }
            keep
        });
        self.settle();
    }

    /// The peer asks for a span.
    pub fn requested(
        &mut self,
        shared: &SharedTorrent,
        request: BlockRequest,
        out: &mut Outbox,
    ) -> Result<Use, Violation> {
        let span = shared
            .layout
            .span_at(request.piece, request.begin, request.length)
            .ok_or(Violation::Span)?;
        let allowed = self.unchoked || self.may_ask_choked(span.piece);
        let servable = span.length <= REQUEST_LENGTH_MAX && shared.owned.has(request.piece);
        if !allowed || !servable {
            if self.fast {
                out.send(Message::Reject(request));
            }
            return Ok(Use::Idle);
        }
        if self.queue.len() >= UPLOAD_QUEUE_MAX {
            if !self.fast {
                return Err(Violation::TooManyRequests);
            }
            out.send(Message::Reject(request));
            return Ok(Use::Idle);
        }
        self.queue.push_back(span);
        Ok(Use::Useful)
    }

    /// Whether a choked peer may ask for one more block of this piece. A newcomer is to get
    /// something to trade that way, not to download past all upload slots, so what is served is
    /// counted; what waits counts too, until it is taken back.
    fn may_ask_choked(&self, piece: PieceIndex) -> bool {
        self.served_choked + self.queue.len() < CHOKED_BLOCKS_MAX
            && self.allowed_fast.contains(&piece)
    }

    /// The peer takes a request back. With Fast that too is answered.
    pub fn cancelled(&mut self, request: BlockRequest, out: &mut Outbox) -> Use {
        let found = self.queue.iter().position(|span| wire_form(*span) == request);
        let Some(index) = found else { return Use::Idle };
        self.queue.remove(index);
        self.settle();
        if self.fast {
            out.send(Message::Reject(request));
        }
        Use::Useful
    }

    /// When requests that wait may be served, if a limit of speed holds them.
    pub fn wait_until(&self) -> Option<Time> {
        self.toll.wait_until()
    }

    /// The connection ends.
    pub(super) fn leave(&mut self) {
        self.queue.clear();
        self.settle();
    }

    /// Where nothing waits, nothing is kept that others could spend.
    fn settle(&mut self) {
        if self.queue.is_empty() {
            self.toll.release();
        }
    }

    /// Moves the next requests that can be read at once into `run`: spans of one piece that
    /// follow each other, up to `bytes_max` bytes and what is paid for. None if limits of speed
    /// allow none; then [`Self::wait_until`] says when they may.
    pub fn next_run(&mut self, now: Time, bytes_max: u32, run: &mut Vec<PieceSpan>) {
        run.clear();
        let allowed = self.toll.allowance(now, u64::from(self.wished(bytes_max)));
        let first = self.queue.front().map_or(0, |span| span.length);
        if allowed < u64::from(first) {
            return;
        }
        let bytes_max = u32::try_from(allowed).unwrap_or(u32::MAX);
        let mut bytes = 0_u32;
        while let Some(&span) = self.queue.front() {
            let follows = run.last().is_none_or(|last: &PieceSpan| {
                last.piece == span.piece && last.begin + last.length == span.begin
            });
            if !follows || (bytes > 0 && bytes + span.length > bytes_max) {
                break;
            }
            bytes += span.length;
            run.push(span);
            self.queue.pop_front();
        }
        self.toll.spend(u64::from(bytes));
        self.settle();
        if !self.unchoked {
            self.served_choked += run.len();
        }
        if self.queue.is_empty() && self.queue.capacity() > QUEUE_KEPT {
            self.queue = VecDeque::new();
        }
    }

    /// Bytes of the first requests: one, or as many as are no more than `bytes_max`.
    fn wished(&self, bytes_max: u32) -> u32 {
        let mut bytes = 0_u32;
        for span in &self.queue {
            if bytes > 0 && bytes + span.length > bytes_max {
                break;
            }
            bytes += span.length;
        }
        bytes
    }

    /// The spans could not be read: refuse them.
    pub fn unreadable(&self, run: &[PieceSpan], out: &mut Outbox) {
        if self.fast {
            run.iter().for_each(|span| out.send(Message::Reject(wire_form(*span))));
        }
    }
}

/// Places of an empty queue that are kept for the next requests.
const QUEUE_KEPT: usize = 64;

/// The span as a message names it.
pub fn wire_form(span: PieceSpan) -> BlockRequest {
    BlockRequest { piece: span.piece.get(), begin: span.begin, length: span.length }
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
