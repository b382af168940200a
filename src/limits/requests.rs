//! Bounds of a download: how much is asked of whom, for how long, and how far the picking looks.

use std::time::Duration;

/// Requests in flight before anything is known of a peer's speed. They double every round trip.
pub const WINDOW_START: u32 = 8;
/// Fewest requests in flight to a peer that answers, however slow. What waits long at a slow peer
/// was chosen long ago: simulated swarms behind a slow seed take twice as long with 16.
pub const WINDOW_MIN: u32 = 4;
/// But only as many of them as come within this time, at least one: half of what a block may take,
/// so that nothing is late at an honest peer only because it is slow.
pub const WINDOW_WAIT: Duration = Duration::from_secs(12);
/// Most requests in flight to one peer.
pub const WINDOW_MAX: u32 = 1_024;
/// Most requests in flight to a peer that announced no `reqq`: common clients queue 250.
pub const WINDOW_MAX_UNANNOUNCED: u32 = 250;
/// The window aims at this much of the measured rate.
pub const WINDOW_AHEAD: Duration = Duration::from_secs(2);
/// A block that was requested and did not come for this long may be asked of a second peer.
pub const BLOCK_TIMEOUT: Duration = Duration::from_secs(25);
/// A block that was requested and did not come for this long is given up, and may be asked of the
/// same peer again: peers without Fast forget requests, and some with it do.
pub const BLOCK_LOST: Duration = Duration::from_secs(50);
/// Requests taken back whose answer a peer with Fast owes us; the oldest are forgotten.
pub const CANCELS_OPEN_MAX: usize = WINDOW_MAX as usize;
/// Segments of which blocks that were given up are remembered for each peer, because they may still
/// come: as many as it may hold leases of.
pub const GIVEN_UP_MAX: usize = LEASES_PER_PEER_MAX;
/// After a look for late requests the next one is at least this much later, so that those of a
/// window, sent one by one, make few events.
pub const LATE_PAUSE: Duration = Duration::from_secs(1);
/// A peer with requests outstanding that sent no block for this long is snubbing us.
pub const SNUB_TIMEOUT: Duration = Duration::from_secs(20);
/// A snubbing peer is asked for another block at most this often: longer than a block counts as
/// lost, so that those blocks go to somebody else first.
pub const SNUB_PAUSE: Duration = Duration::from_secs(60);
/// Most leases one peer holds at once.
pub const LEASES_PER_PEER_MAX: usize = 256;
/// Most leases granted in answer to one request of a peer's thread.
pub const GRANTS_PER_REQUEST_MAX: usize = 8;
/// Most peers that share one segment of a piece while it is under way.
pub const HOLDERS_PER_SEGMENT_MAX: usize = 8;
/// Most blocks granted at once to a second holder in endgame.
pub const ENDGAME_BLOCKS_MAX: u32 = 16;
/// Most pieces walked from the rarest end before main answers "nothing near the front".
pub const PICK_PROBES_MAX: u32 = 64;
/// Most pieces under way that are offered to a peer before a new one is opened.
pub const OPEN_PROBES_MAX: u32 = 16;
/// Pieces told by single haves that the picker takes in at once, so that their cache misses
/// overlap: as many as a word may tell of.
pub const PICKER_BATCH: usize = 64;
/// The first pieces of a download are picked at random, to have something to trade soon.
pub const RANDOM_FIRST_PIECES: u32 = 4;
/// Most pieces under way over all torrents; also the length of the hash queue.
pub const ACTIVE_PIECES_MAX: usize = 8_192;

/// Segments of pieces under way over all torrents; a quarter of the blocks of a gibibyte.
pub const SEGMENTS_MAX: usize = 2 * ACTIVE_PIECES_MAX;
/// Segments of one piece looked at for blocks to grant.
pub const SEGMENT_PROBES_MAX: u32 = 8;
/// Pieces under way looked at for blocks that may be granted twice.
pub const ENDGAME_PROBES_MAX: usize = 64;
/// A piece that failed its hash is offered for so long only to peers that have given blocks and are
/// late with none: so that those who give little or nothing do not get to hold it up.
pub const SOLE_HEAD_START: Duration = Duration::from_secs(5);
/// A peer that fetches all of a piece alone, because it failed its hash, and brings nothing of it
/// for this long gives way to another if others have it too. With each such turn the next one is
/// twice as long,
pub const SOLE_PATIENCE_MIN: Duration = Duration::from_secs(5);
/// up to this.
pub const SOLE_PATIENCE_MAX: Duration = Duration::from_secs(60);
/// Time that such a peer has for the whole piece, if others have it too: so that none keeps it by
/// bringing a block now and then. Each time that it runs out the next one is twice as long, so a
/// piece that only slow peers give comes all the same.
pub const SOLE_TURN: Duration = Duration::from_secs(120);
/// The turn is doubled at most so many times.
pub const SOLE_DOUBLINGS_MAX: u32 = 8;
/// A peer that gave way fetches no piece alone for this long, so that others come before it.
pub const SOLE_PAUSE: Duration = Duration::from_secs(120);
/// Peers of a torrent that were told of work and have neither asked for it nor passed; each answer
/// tells the next one that waits.
pub const WAKES_UNDER_WAY_MAX: u32 = 4;
/// Segments of finished pieces that are freed in one turn of the main loop.
pub const SEGMENTS_FREED_PER_TURN: u32 = 4;
/// Peers told to leave in one turn of the main loop while stopping.
pub const STOPS_PER_TURN: usize = 16;
/// Addresses dialed in one turn of the main loop.
pub const DIALS_PER_TURN: u32 = 4;
/// Allowed-fast pieces of a peer that we remember (BEP 6 suggests sets of ten).
pub const ALLOWED_FAST_KEPT_MAX: usize = 32;
/// After a refused request, no more are sent for this long.
pub const REJECT_PAUSE: Duration = Duration::from_millis(500);
