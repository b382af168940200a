//! Bounds of the threads of a ring node and of what looks at a ring, each with its reason. Those
//! of the protocol itself are in `limits::ring`.

use super::ring::{LEASE_MAX, LEAVE_TIME_MAX, OPERATION_ROUNDS_MAX, OPERATIONS_MAX};
use std::time::Duration;

/// Datagrams read from one socket before its thread looks at its clock and its mailbox again:
/// some milliseconds of work.
pub const DATAGRAMS_PER_TURN: u32 = 64;
/// Orders of the node's users that wait; more are refused.
pub const RING_ORDERS_MAX: usize = 1_024;
/// Orders taken before the sockets are looked at again.
pub const RING_ORDERS_PER_TURN: u32 = 32;
/// Words about one lookup or announce that its user has not taken: more never come, of two rings
/// (one for each address family) whose operations ask so many replicas in so many rounds.
pub const RING_WORDS_MAX: usize = 2 * (OPERATION_ROUNDS_MAX as usize * 27 + 1);
/// Words between the node's thread and the one that keeps its rhythm: a bit says which of them
/// wait, so that none waits twice.
pub const BEATS_MAX: usize = 16;
/// Notices of a node that nobody has read; more are dropped.
pub const RING_NOTICES_MAX: usize = 256;
/// Bytes that a node's socket may hold back in each direction: a second of a busy ring, or a burst
/// of hostile datagrams, while the thread does something else.
pub const RING_SOCKET_BUFFER: usize = 1024 * 1024;
/// Things kept announced by one node: one for each torrent there may be.
pub const RENEWALS_MAX: usize = 10_000;
/// Renewals under way at once; the rest of what can be is for users who wait.
pub const RENEWALS_UNDER_WAY_MAX: usize = 16;
/// Time between two announces of the same thing: three fit into a lease.
pub const RENEWAL_PERIOD: Duration = Duration::from_secs(15 * 60);
/// An announce that too few replicas acknowledged is repeated after at most this long.
pub const RENEWAL_RETRY_MAX: Duration = Duration::from_secs(30);
/// A node that stops withdraws what it keeps announced for at most this long.
pub const RING_WITHDRAW_TIME: Duration = Duration::from_millis(1_500);
/// Then it tells its neighbors, and goes on until they have taken over what it holds, but no longer
/// than this.
pub const RING_LEAVE_TIME: Duration = Duration::from_millis(5_500);
/// How often the contacts of a node are saved.
pub const CONTACTS_SAVE_PERIOD: Duration = Duration::from_secs(5 * 60);
/// How soon they are saved for the first time: a ring is known by then.
pub const CONTACTS_SAVE_FIRST: Duration = Duration::from_secs(20);
/// Largest file of contacts read, in bytes: twice what a full cache of each family takes.
pub const CONTACTS_FILE_MAX: u64 = 256 * 1024;
/// Saved contacts asked for the way in, besides those that a person names: some of them will have
/// gone, and asking all would take longer than one may wait.
pub const CONTACTS_ASKED_MAX: usize = 24;
/// Nodes asked at once by who walks round a ring.
pub const WALK_PARALLEL: usize = 16;
/// Nodes visited on one walk: more than anybody looks at.
pub const WALK_NODES_MAX: usize = 20_000;
/// Longest that a walk round a ring takes.
pub const WALK_TIME_MAX: Duration = Duration::from_secs(120);
/// Shortest period of maintenance that can be asked for: less is a flood.
pub const PERIOD_MIN: Duration = Duration::from_millis(50);
/// Longest period of maintenance that can be asked for.
pub const PERIOD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

const _: () = {
    assert!(RENEWALS_UNDER_WAY_MAX < OPERATIONS_MAX);
    assert!(RENEWAL_PERIOD.as_secs() * 3 <= LEASE_MAX.as_secs(), "three announces fit in");
    assert!(RING_LEAVE_TIME.as_millis() > LEAVE_TIME_MAX.as_millis(), "the node ends it");
    assert!(PERIOD_MIN.as_nanos() < PERIOD_MAX.as_nanos());
};
