//! Every bound, size and timeout of the program that is not an option, with its reason.
//!
//! Constants are grouped by who meets them first. Relations between them are asserted at compile
//! time at the end of the file, so a change that breaks one does not build. No logic lives here.

mod node;
mod requests;
mod ring;
mod storage;
mod trackers;

pub use node::*;
pub use requests::*;
pub use ring::*;
pub use storage::*;
pub use trackers::*;

use std::time::Duration;

// ---- bencode ---------------------------------------------------------------------------------

/// Deepest nesting in what peers, trackers and ring nodes send: real words need 4 or 5.
pub const BENCODE_DEPTH_WIRE: usize = 16;
/// Most values and keys in one bencoded word from the network.
pub const BENCODE_TOKENS_WIRE: usize = 100_000;
/// Deepest nesting in a torrent: the v2 half of a hybrid nests one dictionary per folder.
pub const BENCODE_DEPTH_TORRENT: usize = 64;
/// Most values and keys in one torrent; a file in a folder takes at least 7.
pub const BENCODE_TOKENS_TORRENT: usize = 4_000_000;
/// Longest reason that an error about a value's shape quotes, in bytes.
pub const BENCODE_REASON_MAX: usize = 200;

// ---- words and files -------------------------------------------------------------------------

/// Bytes of a block, the unit of a request (BEP 3: 2^14 is what every client accepts).
pub const BLOCK_LENGTH: u32 = 16 * 1024;
/// Largest piece length accepted, in bytes. Torrents in the wild end at 64 MiB.
pub const PIECE_LENGTH_MAX: u32 = 256 * 1024 * 1024;
/// Most pieces of one torrent; also bounds a `bitfield` message to 256 KiB.
pub const PIECES_MAX: u32 = 2 * 1024 * 1024;
/// Most files of one torrent.
pub const FILES_MAX: usize = 1_000_000;
/// Largest `.torrent` file read, in bytes.
pub const TORRENT_FILE_MAX: u64 = 64 * 1024 * 1024;
/// Longest name of one file or folder, in bytes: what common file systems take.
pub const NAME_LENGTH_MAX: usize = 255;
/// Longest relative path of one file, in bytes.
pub const PATH_LENGTH_MAX: usize = 3_072;
/// Deepest folder nesting of a torrent's file.
pub const PATH_DEPTH_MAX: usize = 128;
/// Longest file name extension that survives when a name is cut, in bytes with its dot.
pub const NAME_EXTENSION_MAX: usize = 32;
/// Longest suffix that tells two files of one name apart, in bytes: ` (4000000)` and to spare.
pub const NAME_SUFFIX_MAX: usize = 12;
/// Most trackers kept of one torrent.
pub const TRACKERS_MAX: usize = 256;
/// Longest address of a tracker, in bytes.
pub const TRACKER_URL_MAX: usize = 2_048;
/// Longest comment or other free text kept of a torrent, in bytes.
pub const TORRENT_TEXT_MAX: usize = 16 * 1024;
/// Longest magnet link read or printed, in bytes: what browsers and shells pass on.
pub const MAGNET_LENGTH_MAX: usize = 64 * 1024;
/// Most peers kept of one magnet link.
pub const MAGNET_PEERS_MAX: usize = 256;
/// Most web seeds kept of one magnet link.
pub const MAGNET_WEB_SEEDS_MAX: usize = 64;
/// Smallest piece length that a torrent is made with, in bytes.
pub const PIECE_LENGTH_MIN: u32 = 1024;
/// Smallest piece length chosen for the user, in bytes.
pub const PIECE_LENGTH_AUTO_MIN: u32 = BLOCK_LENGTH;
/// Largest piece length chosen for the user, in bytes.
pub const PIECE_LENGTH_AUTO_MAX: u32 = 16 * 1024 * 1024;
/// A piece length is chosen so that there are at most this many pieces, and over half of them.
pub const PIECES_AUTO: u64 = 2_048;

// ---- wire ------------------------------------------------------------------------------------

/// Longest extended message (BEP 10) taken from a peer, in bytes. The longest in use carries 16 KiB
/// of metadata behind a short head (BEP 9); handshakes and peer exchange stay below a few KiB.
pub const EXTENDED_MESSAGE_MAX: u32 = 128 * 1024;
/// Longest message with an id that we do not know, in bytes; it is skipped.
pub const UNKNOWN_MESSAGE_MAX: u32 = 1024;
/// Longest bencoded extension handshake parsed, in bytes.
pub const EXTENSION_HANDSHAKE_MAX: usize = 64 * 1024;
/// Most values and keys in an extension handshake; real ones have about forty.
pub const EXTENSION_HANDSHAKE_TOKENS_MAX: usize = 2_000;
/// Longest client name kept from an extension handshake, in bytes.
pub const CLIENT_NAME_MAX: usize = 64;
/// Requests that we promise to queue for a peer (`reqq` of BEP 10).
pub const UPLOAD_QUEUE_MAX: usize = 2_000;
/// Longest span that one request may ask for, in bytes; clients close above 16 KiB to 128 KiB.
pub const REQUEST_LENGTH_MAX: u32 = BLOCK_LENGTH;
/// Allowed-fast pieces granted to a peer (BEP 6 suggests ten). Choked peers get them past all
/// upload slots: of a slow seed they take a share for each peer that a slot could use better.
pub const ALLOWED_FAST_COUNT: usize = 4;
/// Blocks served to a peer while it is choked, over the time of its connection: four mebibytes,
/// a whole piece of the usual lengths. Asking for the same ones again gives no more.
pub const CHOKED_BLOCKS_MAX: usize = 256;

/// Segments looked at to find who gave bad blocks: those of the largest piece.
pub const SUSPECT_PROBES_MAX: u32 = PIECE_LENGTH_MAX / BLOCK_LENGTH / 64;

// ---- choking ---------------------------------------------------------------------------------

/// Peers unchoked by merit, per torrent.
pub const UPLOAD_SLOTS: usize = 8;
/// Peers unchoked to give newcomers a chance, per torrent, on top of the slots.
pub const OPTIMISTIC_SLOTS: usize = 1;
/// Time between two rounds of the choker.
pub const CHOKE_ROUND: Duration = Duration::from_secs(10);
/// Rounds between two changes of the optimistic peer (BEP 3: thirty seconds).
pub const OPTIMISTIC_ROUNDS: u32 = 3;
/// A peer that joined less than this ago is three times as likely to be the optimistic one.
pub const NEWCOMER_AGE: Duration = Duration::from_secs(60);
/// As a seed, a peer keeps its slot for at least this long.
pub const SEED_SLOT_TIME: Duration = Duration::from_secs(60);
/// As a seed, a peer gives its slot up after this long, however slow it is.
pub const SEED_SLOT_TIME_MAX: Duration = Duration::from_secs(300);
/// As a seed, a peer keeps its slot until it was sent this many pieces.
pub const SEED_SLOT_PIECES: u64 = 20;

// ---- limits of speed -------------------------------------------------------------------------

/// Bytes that a peer is granted at a time under a limit of speed, as time at that limit: short, so
/// that shares are equal, and longer than a thread takes to wake.
pub const RATE_QUANTUM: Duration = Duration::from_millis(5);
/// Least of that, in bytes: a block, since less cannot be asked for.
pub const RATE_QUANTUM_MIN: u64 = BLOCK_LENGTH as u64;
/// Most of that, in bytes: one write to a socket.
pub const RATE_QUANTUM_MAX: u64 = UPLOAD_BATCH as u64;
/// What a limit saves while nobody uses it, as time: makes up for threads that wake late, and is
/// below a twentieth of a second, so that a second stays within 5 %.
pub const RATE_BURST: Duration = Duration::from_millis(40);
/// Who waits for its turn under a limit looks at least this often whether the limit has changed.
pub const RATE_RECHECK: Duration = Duration::from_millis(250);
/// Slowest limit that can be asked for, in bytes per second: a block in sixteen seconds, so that
/// a peer that gets one now and then is not taken for dead.
pub const RATE_MIN: u64 = 1_024;

// ---- peers and addresses ---------------------------------------------------------------------

/// Most peers of the whole process.
pub const PEERS_MAX: usize = 10_000;
/// Most peers of one torrent.
pub const PEERS_PER_TORRENT_MAX: usize = 10_000;
/// Most torrents of the whole process.
pub const TORRENTS_MAX: usize = 10_000;
/// Most connections of one host: an IPv4 address, which users behind one router share, or 64 bits
/// of an IPv6 one. Loopback has no such limit.
pub const PEERS_PER_HOST_MAX: usize = 16;
/// Arrivals of one host that may come at once: twice as many as it may have connections.
pub const ARRIVALS_PER_HOST_BURST: u32 = 2 * PEERS_PER_HOST_MAX as u32;
/// A host may connect this often on and on. The bitfield of a torrent of a million pieces, told and
/// taken back, costs the main thread some fifty milliseconds: of one host, a twentieth of its time.
pub const HOST_ARRIVAL_PAUSE: Duration = Duration::from_secs(1);
/// Hosts without connections whose arrivals are remembered: as many as there can be peers.
pub const HOSTS_REMEMBERED_MAX: usize = PEERS_MAX;
/// Remembered hosts looked at for each that comes or goes, so that they go faster than they come.
pub const HOSTS_REAPED_MAX: u32 = 2;
/// While there is somebody to dial, one place in this many is kept for that, but no more than can
/// be dialed at once.
pub const DIALS_RESERVED_SHARE: usize = 16;
/// A peer that was of no use to either side for this long may have to give its place up.
pub const SPARE_AGE: Duration = Duration::from_secs(60);
/// Peers give their places up at most this often, one at a time.
pub const SPARE_PAUSE: Duration = Duration::from_millis(250);
/// Most connections being dialed at once.
pub const DIALS_MAX: usize = 32;
/// Most addresses remembered for one torrent.
pub const ADDRESSES_PER_TORRENT_MAX: usize = 1_000;
/// Most addresses in one event.
pub const ADDRESSES_PER_EVENT_MAX: usize = 64;
/// Most sockets accepted and not yet admitted.
pub const ARRIVALS_MAX: usize = 256;
/// Descriptors that are not for peers: open files of torrents, arrivals, listeners, the rest.
pub const DESCRIPTORS_RESERVED: u64 = (OPEN_FILES_MAX + ARRIVALS_MAX + 64) as u64;
/// Most bans remembered.
pub const BANS_MAX: usize = 10_000;
/// Peers remembered after they left, in case their blocks turn out to be bad.
pub const DEPARTED_MAX: usize = 1_024;
/// Length of the accept queue that the kernel keeps for us.
pub const LISTEN_BACKLOG: i32 = 1_024;
/// A dial that did not connect in this time has failed.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without a full handshake after this time is closed.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// We say something at least this often (BEP 3: two minutes).
pub const KEEP_ALIVE: Duration = Duration::from_secs(100);
/// A peer that says nothing for this long is gone.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(240);
/// First pause before a failed address is dialed again; it doubles each time.
pub const REDIAL_PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause before a failed address is dialed again.
pub const REDIAL_PAUSE_MAX: Duration = Duration::from_secs(60);
/// An address that failed so often in a row gives way when a new one is found and the book is full.
pub const DIAL_FAILURES_DOUBT: u32 = 3;
/// Doubtful addresses looked at for one that may be forgotten: some have become good again.
pub const DOUBT_PROBES_MAX: u32 = 8;
/// An address that failed so often in a row is forgotten: after five minutes at least. Whoever
/// comes back is found again; what a person named is not forgotten.
pub const DIAL_FAILURES_MAX: u32 = 12;

// ---- threads ---------------------------------------------------------------------------------

/// Events that wait for the main thread before publishers wait; four for each of 1,024 peers.
pub const EVENT_QUEUE: usize = 4_096;
/// Words posted to one peer that it has not taken: a cancel for each block that it can hold (its
/// window and half of it again, and the grants of one question), and a few answers and orders.
pub const MAILBOX_MAX: usize = WINDOW_MAX as usize * 3 / 2 + 65 * GRANTS_PER_REQUEST_MAX + 16;
/// Words in the choker's mailbox: one of each kind, whatever peers do.
pub const CHOKER_WORDS_MAX: usize = 3;
/// Words in the herald's mailbox: one of each kind, whatever peers do.
pub const HERALD_WORDS_MAX: usize = 2;
/// A torrent for whose pieces there was no room is looked at again after this time.
pub const ROOM_PAUSE: Duration = Duration::from_secs(1);
/// Bytes of a pooled buffer, and so of the longest single read from a socket: sixteen blocks or
/// the longest bitfield, and 4 KiB for their headers.
pub const READ_BUFFER: usize = 260 * 1024;
/// Largest buffer for one message, in bytes: what a peer can pin by never ending it. No message is
/// longer than a pooled buffer; smaller pools are for tests.
pub const READ_BUFFER_MAX: usize = READ_BUFFER;
/// Longest unfinished message that a waiting peer keeps in a buffer of its own, so that the
/// pooled one goes back, in bytes. Every block fits.
pub const LEFTOVER_MAX: usize = 2 * BLOCK_LENGTH as usize;
/// Bytes of blocks gathered into one write to a socket.
pub const UPLOAD_BATCH: u32 = 256 * 1024;
/// Read buffers kept for reuse; one more is given back to the allocator.
pub const POOL_BUFFERS_MAX: usize = 64;
/// Reads from one socket in one wake before its thread looks at its mailbox again.
pub const READS_PER_WAKE_MAX: u32 = 8;
/// Repeated or meaningless messages a peer may send before it counts as a flood.
pub const IDLE_WORDS_MAX: u32 = 4_096;
/// Period over which those messages are counted.
pub const IDLE_WORDS_PERIOD: Duration = Duration::from_secs(60);
/// Stack of a peer's thread: parsing and a panic with a backtrace fit four times.
pub const PEER_STACK: usize = 256 * 1024;
/// Stack of every other thread.
pub const THREAD_STACK: usize = 1024 * 1024;
/// The herald wakes peers for new pieces at most this often.
pub const HERALD_PAUSE: Duration = Duration::from_millis(250);
/// After accepting failed for want of descriptors, it is tried again this much later.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(200);
/// A free upload slot is given to somebody this much later, so that many are given at once.
pub const RECHOKE_PAUSE: Duration = Duration::from_millis(100);
/// Threads that do not end in this time are left to the end of the process.
pub const JOIN_DEADLINE: Duration = Duration::from_secs(2);
/// Pause between two looks at a thread that has not ended.
pub const JOIN_PAUSE: Duration = Duration::from_millis(5);
/// Notices to people that nobody has read; more are dropped.
pub const NOTICES_MAX: usize = 4_096;
/// Bytes queued for a peer that does not take them, past which it is not read any more either.
pub const UNSENT_MAX: usize = 1024 * 1024;
/// Batches of blocks sent to one peer before its thread looks at its mailbox again.
pub const UPLOADS_PER_TURN_MAX: u32 = 4;
/// A turn of the main loop longer than this is logged with its event.
pub const TURN_WARN: Duration = Duration::from_millis(50);
/// The watchdog reports a main loop that is inside one event for this long.
pub const WATCHDOG_ALARM: Duration = Duration::from_secs(5);
/// How often the watchdog looks.
pub const WATCHDOG_PAUSE: Duration = Duration::from_secs(1);
/// Stopping waits this long for the peers' last words, then gives up on them.
pub const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// A client that stops waits this long in all for its threads to end, then leaves them to the end
/// of the process: the peers' last words, the joining of their threads, and a second for the rest.
pub const CLIENT_STOP_DEADLINE: Duration = Duration::from_secs(8);
/// Timers that may expire in one turn of the main loop; the rest stays due.
pub const TIMERS_PER_TURN_MAX: usize = 16;
/// Slot width of the main thread's timing wheel.
pub const TIMER_TICK: Duration = Duration::from_millis(100);
/// Slots of the main thread's timing wheel.
pub const TIMER_SLOTS: usize = 1_024;

// ---- command line ----------------------------------------------------------------------------

/// Most upload slots that can be asked for.
pub const UPLOAD_SLOTS_MAX: usize = 10_000;
/// Longest time that can be asked for: a year.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const _: () = {
    assert!(
        BENCODE_DEPTH_WIRE * 4096 <= PEER_STACK && BENCODE_DEPTH_TORRENT * 2560 <= PEER_STACK,
        "the recursion of serde_bencode, measured at 2 KiB a level without optimization, fits"
    );
    assert!(BLOCK_LENGTH.is_power_of_two());
    assert!(PIECES_MAX as usize / 8 + 5 <= READ_BUFFER, "a bitfield message fits the read buffer");
    assert!(EXTENDED_MESSAGE_MAX as usize + 4 <= READ_BUFFER_MAX, "every message can be read");
    assert!(LEFTOVER_MAX >= BLOCK_LENGTH as usize + 13 && LEFTOVER_MAX < READ_BUFFER);
    assert!(
        UPLOAD_BATCH as usize + 16 * 13 + LEFTOVER_MAX / 32 <= READ_BUFFER,
        "a batch of whole blocks and some control messages fit one pooled buffer"
    );
    assert!(PIECE_LENGTH_AUTO_MIN.is_power_of_two() && PIECE_LENGTH_AUTO_MAX.is_power_of_two());
    assert!(PIECE_LENGTH_MIN <= PIECE_LENGTH_AUTO_MIN && PIECE_LENGTH_AUTO_MAX <= PIECE_LENGTH_MAX);
    assert!(NAME_EXTENSION_MAX + NAME_SUFFIX_MAX < NAME_LENGTH_MAX, "a cut name keeps its start");
    assert!(2 * (NAME_LENGTH_MAX + 1 + NAME_SUFFIX_MAX) <= PATH_LENGTH_MAX, "folder and file fit");
    assert!(PIECES_MAX as u64 / 8 <= READ_BUFFER as u64, "a bitfield fits the read buffer");
    assert!(REQUEST_LENGTH_MAX >= BLOCK_LENGTH, "whole blocks can be asked of us");
    assert!(READ_BUFFER as u32 >= 8 * (BLOCK_LENGTH + 13), "reads see runs of blocks");
    assert!(READ_BUFFER / BLOCK_LENGTH as usize <= IO_SLICES_MAX, "a run is one system call");
    assert!(EXTENSION_HANDSHAKE_MAX <= EXTENDED_MESSAGE_MAX as usize);
    assert!(WINDOW_MIN <= WINDOW_START);
    assert!(WINDOW_START <= WINDOW_MAX_UNANNOUNCED && WINDOW_MAX_UNANNOUNCED <= WINDOW_MAX);
    assert!(WINDOW_MAX as usize <= UPLOAD_QUEUE_MAX, "we accept what we would ask");
    assert!(WINDOW_MAX as usize <= LEASES_PER_PEER_MAX * 64, "leases can fill the window");
    assert!(GRANTS_PER_REQUEST_MAX < LEASES_PER_PEER_MAX);
    assert!(2 * WINDOW_WAIT.as_secs() <= BLOCK_TIMEOUT.as_secs(), "a slow peer is in time");
    assert!(WINDOW_AHEAD.as_secs() < WINDOW_WAIT.as_secs());
    assert!(SNUB_TIMEOUT.as_secs() <= BLOCK_TIMEOUT.as_secs());
    assert!(BLOCK_LOST.as_secs() < SOLE_PATIENCE_MAX.as_secs(), "blocks can be asked for again");
    assert!(
        SOLE_PATIENCE_MAX.as_secs() < SOLE_TURN.as_secs(),
        "who stalls goes before who is slow"
    );
    assert!(BLOCK_LOST.as_secs() < SNUB_PAUSE.as_secs(), "others come before a snubbing peer");
    assert!(
        BLOCK_TIMEOUT.as_secs() + LATE_PAUSE.as_secs() < BLOCK_LOST.as_secs(),
        "late comes before lost"
    );
    assert!(RATE_QUANTUM_MIN <= RATE_QUANTUM_MAX && RATE_BURST.as_millis() < 50);
    assert!(KEEP_ALIVE.as_secs() < IDLE_TIMEOUT.as_secs());
    assert!(DIAL_FAILURES_DOUBT < DIAL_FAILURES_MAX);
    assert!(
        CLIENT_STOP_DEADLINE.as_secs() > STOP_DEADLINE.as_secs() + JOIN_DEADLINE.as_secs(),
        "what is told to stop has its time before it is given up"
    );
    assert!(PEERS_PER_TORRENT_MAX <= PEERS_MAX);
    assert!(STAMP_TICK.as_millis() <= REST_MAX.as_millis());
    assert!(SAVE_PAUSE.as_secs() < 100 && DISK_FULL_PAUSE.as_secs() < 100, "one turn of the wheel");
    assert!(UPLOAD_SLOTS <= UPLOAD_SLOTS_MAX && UPLOAD_SLOTS_MAX <= PEERS_MAX);
    assert!(TRACKER_PEERS_MAX <= ADDRESSES_PER_TORRENT_MAX, "what is found can be remembered");
    assert!(STOPPED_DEADLINE.as_secs() < STOP_DEADLINE.as_secs(), "peers have longer");
    assert!(WATCHDOG_ALARM.as_millis() > TURN_WARN.as_millis());
};
