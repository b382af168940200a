//! Our side of a connection as an uploader: the peer's requests, in order, until they are served,
//! taken back or refused (BEP 3, 6).
//!
//! Whether the peer may download is the main thread's decision; this keeps the queue, bounded by
//! what we announced, and answers with Fast what will not be served.

use crate::connection::outbox::Outbox;
use crate::connection::reason::Violation;
use crate::connection::shared::SharedTorrent;
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
    /// Requests that were served while the peer was choked.
    served_choked: usize,
}

impl Upload {
    /// A new connection: choked, with nothing asked for.
    pub fn new(fast: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            unchoked: false,
            fast,
            allowed_fast: Vec::new(),
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
        if self.fast {
            out.send(Message::Reject(request));
        }
        Use::Useful
    }

    /// Moves the next requests that can be read at once into `run`: spans of one piece that
    /// follow each other, up to `bytes_max` bytes.
    pub fn next_run(&mut self, bytes_max: u32, run: &mut Vec<PieceSpan>) {
        run.clear();
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
        if !self.unchoked {
            self.served_choked += run.len();
        }
        if self.queue.is_empty() && self.queue.capacity() > QUEUE_KEPT {
            self.queue = VecDeque::new();
        }
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
    use crate::layout::Layout;
    use std::sync::Arc;

    const BLOCK: u32 = 16_384;

    fn seed() -> SharedTorrent {
        let layout = Arc::new(Layout::single(4 * u64::from(BLOCK), 1 << 20).unwrap());
        let all = Bitfield::full(layout.piece_count());
        SharedTorrent::new(InfoHash([0; 20]), layout, &all)
    }

    fn request(piece: u32, block: u32) -> BlockRequest {
        BlockRequest { piece, begin: block * BLOCK, length: BLOCK }
    }

    fn unchoked(fast: bool) -> (Upload, Outbox) {
        let (mut upload, mut out) = (Upload::new(fast), Outbox::default());
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
            upload.next_run(2 * BLOCK, &mut run);
            runs.push(run.len());
        }
        assert_eq!(runs, [2, 1, 1, 1]);
    }

    #[test]
    fn a_choked_peer_is_refused_with_fast_and_ignored_without() {
        let shared = seed();
        let mut out = Outbox::default();
        let mut upload = Upload::new(false);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Idle));
        assert!(out.bytes().is_empty());
        let mut upload = Upload::new(true);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Idle));
        assert_eq!(out.bytes().get(4), Some(&16), "reject");
        upload.allow_fast(shared.layout.piece(0).unwrap(), &mut out);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Useful));
    }

    /// A choked peer with Fast that may ask for piece 0.
    fn allowed() -> (SharedTorrent, Upload, Outbox) {
        let (shared, mut upload, mut out) = (seed(), Upload::new(true), Outbox::default());
        upload.allow_fast(shared.layout.piece(0).unwrap(), &mut out);
        out.clear_bytes();
        (shared, upload, out)
    }

    #[test]
    fn a_choked_peer_is_served_so_many_blocks_and_not_one_more() {
        let (shared, mut upload, mut out) = allowed();
        let mut run = Vec::new();
        for served in 0..CHOKED_BLOCKS_MAX {
            let asked = upload.requested(&shared, request(0, served as u32 % 4), &mut out);
            assert_eq!(asked, Ok(Use::Useful));
            upload.next_run(BLOCK, &mut run);
            assert_eq!(run.len(), 1);
        }
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Idle));
        assert_eq!(out.bytes().get(4), Some(&16), "reject");
        upload.set_unchoked(true, &mut out);
        assert_eq!(upload.requested(&shared, request(0, 0), &mut out), Ok(Use::Useful));
    }

    #[test]
    fn requests_that_wait_count_until_they_are_taken_back() {
        let (shared, mut upload, mut out) = allowed();
        for _ in 0..CHOKED_BLOCKS_MAX {
            assert_eq!(upload.requested(&shared, request(0, 1), &mut out), Ok(Use::Useful));
        }
        assert_eq!(upload.requested(&shared, request(0, 2), &mut out), Ok(Use::Idle));
        assert_eq!(upload.cancelled(request(0, 1), &mut out), Use::Useful);
        assert_eq!(upload.requested(&shared, request(0, 2), &mut out), Ok(Use::Useful));
    }

    #[test]
    fn what_waits_when_a_peer_is_choked_is_kept_only_within_its_budget() {
        let (shared, mut upload, mut out) = allowed();
        upload.set_unchoked(true, &mut out);
        for _ in 0..CHOKED_BLOCKS_MAX + 3 {
            assert_eq!(upload.requested(&shared, request(0, 1), &mut out), Ok(Use::Useful));
        }
        out.clear_bytes();
        upload.set_unchoked(false, &mut out);
        assert_eq!(out.bytes().len(), 5 + 3 * 17, "choke and three rejects");
        let (mut run, mut served) = (Vec::new(), 0);
        while upload.is_waiting() {
            upload.next_run(BLOCK, &mut run);
            served += run.len();
        }
        assert_eq!(served, CHOKED_BLOCKS_MAX);
        assert_eq!(upload.requested(&shared, request(0, 1), &mut out), Ok(Use::Idle));
    }

    #[test]
    fn a_choked_peer_may_not_ask_for_pieces_that_it_was_not_allowed_or_spans_that_are_not() {
        let (shared, mut upload, mut out) = allowed();
        assert_eq!(upload.requested(&shared, request(1, 0), &mut out), Ok(Use::Idle));
        let long = BlockRequest { piece: 0, begin: 0, length: 2 * BLOCK };
        assert_eq!(upload.requested(&shared, long, &mut out), Ok(Use::Idle));
        let over = BlockRequest { piece: 0, begin: 4 * BLOCK - 1, length: 2 };
        assert_eq!(upload.requested(&shared, over, &mut out), Err(Violation::Span));
        assert!(!upload.is_waiting());
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
