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
use crate::limits::{REQUEST_LENGTH_MAX, UPLOAD_QUEUE_MAX};
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
}

impl Upload {
    /// A new connection: choked, with nothing asked for.
    pub(super) fn new(fast: bool, toll: Toll) -> Self {
        Self { queue: VecDeque::new(), unchoked: false, fast, allowed_fast: Vec::new(), toll }
    }

    /// Whether the peer may download.
    pub fn is_unchoked(&self) -> bool {
        self.unchoked
    }

    /// Whether something waits to be served.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
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
        let allowed = &self.allowed_fast;
        let fast = self.fast;
        self.queue.retain(|span| {
            let keep = fast && allowed.contains(&span.piece);
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
        let allowed = self.unchoked || self.allowed_fast.contains(&span.piece);
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
mod tests {
    use super::*;
    use crate::bitfield::Bitfield;
    use crate::id::InfoHash;
    use crate::kit::bucket::Bucket;
    use crate::layout::Layout;
    use std::sync::Arc;

    const BLOCK: u32 = 16_384;

    fn seed() -> SharedTorrent {
        let layout = Arc::new(Layout::single(4 * u64::from(BLOCK), 1 << 20).unwrap());
        let all = Bitfield::full(layout.piece_count());
        SharedTorrent::new(InfoHash([0; 20]), layout, &all)
    }

    fn new(fast: bool) -> Upload {
        Upload::new(fast, Toll::new(&Bucket::default(), &Bucket::default()))
    }

    fn request(piece: u32, block: u32) -> BlockRequest {
        BlockRequest { piece, begin: block * BLOCK, length: BLOCK }
    }

    fn unchoked(fast: bool) -> (Upload, Outbox) {
        let (mut upload, mut out) = (new(fast), Outbox::default());
        upload.set_unchoked(true, &mut out);
        out.clear_bytes();
        (upload, out)
    }

    #[test]
    fn neighbors_are_read_together_up_to_the_bound() {
        let (shared, (mut upload, mut out)) = (seed(), unchoked(true));
        for (piece, block) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)] {
            upload.requested(&shared, request(piece, block), &mut out).unwrap();
        }
        let mut run = Vec::new();
        let mut runs = Vec::new();
        while upload.is_waiting() {
            upload.next_run(Time::ZERO, 2 * BLOCK, &mut run);
            runs.push(run.len());
        }
        assert_eq!(runs, [2, 1, 1, 1]);
    }

    #[test]
    fn a_limit_of_speed_lets_as_many_through_as_it_allows_and_says_when_there_are_more() {
        let rate = std::num::NonZeroU64::new(u64::from(BLOCK));
        let (shared, mut out) = (seed(), Outbox::default());
        let bucket = Bucket::new(rate);
        let mut upload = Upload::new(true, Toll::new(&Bucket::default(), &bucket));
        upload.set_unchoked(true, &mut out);
        for block in 0..3 {
            upload.requested(&shared, request(0, block), &mut out).unwrap();
        }
        let (mut now, mut run, mut served) = (Time::ZERO, Vec::new(), 0);
        while upload.is_waiting() {
            upload.next_run(now, 4 * BLOCK, &mut run);
            served += run.len() as u64;
            now = upload.wait_until().unwrap_or(now);
            assert!(served <= 1 + now.as_nanos().div_ceil(1_000_000_000), "{served} at {now}");
        }
        assert_eq!((served, upload.wait_until()), (3, None));
        assert!(now >= Time::from_nanos(1_990_000_000), "{now}");
    }

    #[test]
    fn a_choked_peer_is_refused_with_fast_and_ignored_without() {
        let shared = seed();
        let mut out = Outbox::default();
        let mut upload = new(false);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Idle));
        assert!(out.bytes().is_empty());
        let mut upload = new(true);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Idle));
        assert_eq!(out.bytes().get(4), Some(&16), "reject");
        upload.allow_fast(shared.layout.piece(0).unwrap(), &mut out);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Useful));
    }

    #[test]
    fn choking_drops_the_queue_and_with_fast_says_so() {
        let (shared, (mut upload, mut out)) = (seed(), unchoked(true));
        upload.requested(&shared, request(0, 0), &mut out).unwrap();
        upload.requested(&shared, request(3, 0), &mut out).unwrap();
        upload.set_unchoked(false, &mut out);
        assert!(!upload.is_waiting());
        assert_eq!(out.bytes().len(), 5 + 2 * 17, "choke and two rejects");
    }

    #[test]
    fn the_queue_ends_where_we_said() {
        let (shared, (mut upload, mut out)) = (seed(), unchoked(false));
        for _ in 0..UPLOAD_QUEUE_MAX {
            upload.requested(&shared, request(0, 0), &mut out).unwrap();
        }
        let more = upload.requested(&shared, request(0, 0), &mut out);
        assert_eq!(more, Err(Violation::TooManyRequests));
    }

    #[test]
    fn a_request_outside_the_torrent_is_a_violation() {
        let (shared, (mut upload, mut out)) = (seed(), unchoked(true));
        for bad in [request(16, 0), request(0, 4), BlockRequest { piece: 0, begin: 0, length: 0 }] {
            assert_eq!(upload.requested(&shared, bad, &mut out), Err(Violation::Span));
        }
    }

    #[test]
    fn a_request_taken_back_is_not_served() {
        let (shared, (mut upload, mut out)) = (seed(), unchoked(true));
        upload.requested(&shared, request(0, 0), &mut out).unwrap();
        assert_eq!(upload.cancelled(request(0, 0), &mut out), Use::Useful);
        assert_eq!(upload.cancelled(request(0, 0), &mut out), Use::Idle);
        assert!(!upload.is_waiting());
    }
}
