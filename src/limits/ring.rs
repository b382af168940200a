//! Bounds of the Chord ring that are not settings (those are in `chord::settings`), each with its
//! reason. Relations are asserted at the end.

use std::time::Duration;

// ---- datagrams -------------------------------------------------------------------------------

/// Largest datagram sent, in bytes of payload: what every path carries without fragments (the
/// smallest packet that IPv6 guarantees is 1,280 bytes, 48 are headers).
pub const DATAGRAM_MAX: usize = 1_200;
/// Largest datagram read; a longer one is not ours. A stack overflow by nesting would need more.
pub const DATAGRAM_READ_MAX: usize = 1_400;
/// Deepest nesting of a message: the envelope, its arguments, the list of an error.
pub const RING_DEPTH_MAX: usize = 3;
/// Most values and keys in a message; the richest has fewer than 40.
pub const RING_TOKENS_MAX: usize = 64;
/// An answer is at most this many times as long as its question, until the asker has proved its
/// address with a cookie: so nobody is flooded through us (the rule of RFC 9000, section 8.1).
pub const AMPLIFICATION_MAX: usize = 3;
/// Bytes that a question without a cookie is padded to where the answer may be long.
pub const PADDED_QUERY: usize = 400;
/// Contacts in the answer to a lookup: more did not make lookups shorter.
pub const CLOSER_CONTACTS: usize = 8;
/// Dead contacts that a lookup lists, so that they are not recommended again.
pub const DEAD_LISTED_MAX: usize = 8;
/// Bytes of records in one datagram; the envelope, the cookie and a view need the rest.
pub const RECORDS_BYTES_MAX: usize = 880;
/// Bytes of peers in one answer; the envelope, the token and a view need the rest.
pub const PEERS_BYTES_MAX: usize = 840;

/// Of the peers in one answer, those that have gone are one in so many at most.
pub const GONE_TOLD_SHARE: usize = 4;

// ---- calls -----------------------------------------------------------------------------------

/// Questions of a node that wait for an answer at once, over all purposes.
pub const CALLS_MAX: usize = 512;
/// Times that a question about a neighbor is sent before it counts as dead.
pub const SENDS_MAX: u8 = 3;
/// What a node assumes of the network before it has measured: of a thousand questions, so many
/// are lost.
pub const LOSS_ASSUMED_PERMILLE: u32 = 100;
/// Times that a question of a lookup is sent: there are other ways around.
pub const SENDS_LOOKUP_MAX: u8 = 2;
/// How long to wait for a contact never measured.
pub const RTO_FIRST: Duration = Duration::from_millis(1_000);
/// The shortest wait for an answer: a busy scheduler alone takes tens of milliseconds.
pub const RTO_MIN: Duration = Duration::from_millis(150);
/// The longest wait for an answer before it is asked again.
pub const RTO_MAX: Duration = Duration::from_secs(3);
/// A neighbor is not declared dead sooner than this after the first question.
pub const DEATH_TIME_MIN: Duration = Duration::from_millis(2_500);
/// A lookup asks another contact when one has not answered for this long, at least.
pub const HEDGE_MIN: Duration = Duration::from_millis(150);
/// The same for contacts never measured.
pub const HEDGE_UNKNOWN: Duration = Duration::from_millis(200);
/// Answers that wait for forwarding to a learner, over all keys.
pub const DEFERRED_MAX: usize = 256;

/// Questions of one source that are answered, a second; /64 of IPv6. A node at work asks each of
/// its neighbors less than two a second.
pub const QUESTIONS_PER_SECOND: u32 = 20;
/// The same at once.
pub const QUESTIONS_BURST: u32 = 100;
/// Announces of records that a node does not have yet, a second and source.
pub const NEW_RECORDS_PER_SECOND: u32 = 1;
/// The same at once.
pub const NEW_RECORDS_BURST: u32 = 32;
/// Sources whose rates are remembered.
pub const SOURCES_MAX: usize = 4_096;
/// Pings that a node sends because one source asks for them, a second.
pub const PROBES_PER_SECOND: u32 = 10;
/// Pings on behalf of others whose answers are waited for.
pub const PROBES_MAX: usize = 32;
/// Votes kept on the own address.
pub const VOTES_KEPT: usize = 16;
/// Votes that an address needs.
pub const VOTES_NEEDED: usize = 3;

// ---- closed rings ----------------------------------------------------------------------------

/// How much the clocks of a closed ring's nodes may differ; copies of datagrams that are older are
/// known by that.
pub const CLOCK_DIFFERENCE_MAX: Duration = Duration::from_secs(120);
/// Sessions of other nodes remembered; only those who have the key begin one.
pub const SESSIONS_MAX: usize = 4_096;
/// Counts kept of a session: so far datagrams may overtake each other.
pub const COUNTS_KEPT: usize = 64;
/// Longest key file: a key and some words about it.
pub const KEY_FILE_MAX: usize = 4_096;

// ---- lookups ---------------------------------------------------------------------------------

/// Requests of one lookup.
pub const LOOKUP_REQUESTS_MAX: u32 = 32;
/// Longest that a lookup takes.
pub const LOOKUP_TIME_MAX: Duration = Duration::from_secs(5);
/// Contacts that a lookup keeps to ask.
pub const LOOKUP_POOL_MAX: usize = 32;
/// Lookups under way at once.
pub const LOOKUPS_MAX: usize = 128;
/// Announces and reads under way at once.
pub const OPERATIONS_MAX: usize = 64;
/// Longest that an announce or read takes, with all its lookups.
pub const OPERATION_TIME_MAX: Duration = Duration::from_secs(12);
/// Times that an announce or read starts over because replicas disagree on who they are.
pub const OPERATION_ROUNDS_MAX: u32 = 4;

// ---- neighbors -------------------------------------------------------------------------------

/// Predecessors kept, as a multiple of the replicas of a key: skipped subnets need some to spare.
pub const PREDECESSORS_PER_REPLICA: usize = 2;
/// Successor list entries checked in one turn of stabilization, besides the first.
pub const CHECKS_PER_TURN: usize = 2;
/// Entries behind a successor that missed a question that are checked at once.
pub const CHECKED_BEHIND_SUSPECT: usize = 5;
/// An entry of the successor list heard from within this time is not checked.
pub const ENTRY_FRESH: Duration = Duration::from_secs(60);
/// Hints at a better successor kept until they are checked.
pub const HINTS_MAX: usize = 8;
/// A contact thought dead is asked again after this long, doubling each time.
pub const DEAD_RETRY_FIRST: Duration = Duration::from_secs(60);
/// The longest pause between such questions.
pub const DEAD_RETRY_MAX: Duration = Duration::from_secs(16 * 60);
/// A contact thought dead that others still name is asked again after this long.
pub const DOUBTED_AGAIN: Duration = Duration::from_secs(10);
/// A contact silent for this long is forgotten.
pub const DEAD_FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Contacts of one subnet in the contact cache of an open ring.
pub const CACHE_PER_SUBNET_MAX: usize = 8;
/// Others asked whether a neighbor that does not answer answers them.
pub const INQUIRIES: usize = 2;
/// A neighbor that answers others is kept for so long, and then asked again.
pub const VOUCHED_TIME: Duration = Duration::from_secs(60);
/// Times in a row that others can vouch for a neighbor: no liar keeps a dead one in a list.
pub const VOUCHED_MAX: u8 = 3;
/// Nodes asked to have a newcomer pinged by strangers.
pub const PROBES_ASKED: usize = 3;
/// Pings of strangers that show a newcomer to be reachable.
pub const PROBES_NEEDED: usize = 2;
/// Addresses noted meanwhile as those of no strangers.
pub const PROBE_SENT_MAX: usize = 256;
/// How long a newcomer waits for them.
pub const PROBE_TIME: Duration = Duration::from_secs(6);
/// Tries in a row; then it takes part as a client.
pub const PROBE_TRIES: u8 = 3;
/// Strangers that a node finds for a newcomer.
pub const STRANGERS: usize = 2;
/// A node that could not be reached tries again after this long.
pub const PROBE_AGAIN: Duration = Duration::from_secs(10 * 60);
/// Times that a node tries to join before it starts a ring of its own; the merge finds the others.
pub const JOIN_TRIES_MAX: u32 = 3;

// ---- storage ---------------------------------------------------------------------------------

/// Longest lease of an announced address: three announces fit in.
pub const LEASE_MAX: Duration = Duration::from_secs(45 * 60);
/// How long "gone" is remembered, so that an old record does not come back.
pub const TOMBSTONE_TIME: Duration = Duration::from_secs(10 * 60);
/// Addresses stored under one key.
pub const PEERS_PER_KEY_MAX: usize = 2_000;
/// Keys stored by a node.
pub const KEYS_MAX: usize = 4_000;
/// Addresses stored over all keys, so that the two bounds above cannot multiply: about 16 MB.
pub const LEASES_MAX: usize = 100_000;
/// Records of one source over all keys on an open ring.
pub const RECORDS_PER_SOURCE_MAX: u32 = 512;
/// Ports that one source may announce under one key on an open ring.
pub const PORTS_PER_SOURCE_MAX: usize = 8;
/// How often the secret of tokens and cookies changes; the one before is still taken.
pub const SECRET_PERIOD: Duration = Duration::from_secs(5 * 60);
/// A cookie is used for so long; it is taken for at least [`SECRET_PERIOD`].
pub const COOKIE_USED: Duration = Duration::from_secs(4 * 60);
/// Learners of one arc; each replaces one replica, and a majority of them stays.
pub const LEARNERS_MAX: usize = 8;
/// A learner that says nothing for this long does not block its arc any more.
pub const LEARNER_TIME: Duration = Duration::from_secs(5);
/// Neighbors must stay the same for this long before replicas are changed for them.
pub const VIEW_SETTLED: Duration = Duration::from_millis(500);
/// Pause before an acquisition that was refused is tried again.
pub const ACQUIRE_RETRY: Duration = Duration::from_secs(1);
/// A node that leaves goes on answering for what it holds until others do, but no longer than this.
pub const LEAVE_TIME_MAX: Duration = Duration::from_secs(5);
/// Records of arcs that moved away are kept this long.
pub const RETIRED_KEPT: Duration = Duration::from_secs(60);
/// Acquisitions of one node under way at once; the rest waits.
pub const ACQUISITIONS_MAX: usize = 8;
/// Arcs that a node holds: neighbors, doubled while rings merge, split at both ends.
pub const HOLDINGS_MAX: usize = 128;
/// Stored addresses pinged at once.
pub const LIVENESS_PINGS_MAX: usize = 16;
/// Misses after which a stored address is removed.
pub const MISSES_GONE: u8 = 3;
/// Fewest nodes of the largest ring of `cuerda ring simulate`: the papers' tables begin there.
pub const SIMULATED_NODES_MIN: usize = 8;
/// Most of them: one has several ten thousand bytes.
pub const SIMULATED_NODES_MAX: usize = 131_072;
/// Most lookups in a line of its tables.
pub const SIMULATED_LOOKUPS_MAX: usize = 1_000_000;

const _: () = {
    assert!(DATAGRAM_MAX < DATAGRAM_READ_MAX);
    assert!(PADDED_QUERY * AMPLIFICATION_MAX >= DATAGRAM_MAX, "padding buys a whole answer");
    assert!(
        RTO_MIN.as_millis() < RTO_FIRST.as_millis() && RTO_FIRST.as_millis() < RTO_MAX.as_millis()
    );
    assert!(RECORDS_BYTES_MAX < DATAGRAM_MAX && PEERS_BYTES_MAX < DATAGRAM_MAX);
    assert!(LOOKUP_TIME_MAX.as_secs() < OPERATION_TIME_MAX.as_secs());
    assert!(TOMBSTONE_TIME.as_secs() < LEASE_MAX.as_secs());
    assert!(COOKIE_USED.as_secs() < SECRET_PERIOD.as_secs());
};
