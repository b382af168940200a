//! Tests of the uploading half: requests in, runs and rejects out.

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

/// A choked peer with Fast that may ask for piece 0.
fn allowed() -> (SharedTorrent, Upload, Outbox) {
    let (shared, mut upload, mut out) = (seed(), new(true), Outbox::default());
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
        upload.next_run(Time::ZERO, BLOCK, &mut run);
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
        upload.next_run(Time::ZERO, BLOCK, &mut run);
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
