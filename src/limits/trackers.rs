//! Bounds and timeouts of trackers: what an announce may cost, and how often one is made.

use std::time::Duration;

/// Announces under way at once; each is a thread. Both families of eight trackers.
pub const ANNOUNCES_MAX: usize = 16;
/// Longest answer of an HTTP tracker, after decompression, in bytes: 2,000 peers in dictionaries
/// are 200 KiB.
pub const TRACKER_REPLY_MAX: usize = 1024 * 1024;
/// Most bytes read from the wire in one announce over HTTP: redirects, heads, trailers and TLS
/// included. Room for the longest answer in small chunks.
pub const TRACKER_WIRE_MAX: u64 = 4 * 1024 * 1024;
/// Longest head of an answer of an HTTP tracker, in bytes.
pub const TRACKER_HEAD_MAX: usize = 32 * 1024;
/// Redirects followed for one announce.
pub const TRACKER_REDIRECTS_MAX: u32 = 4;
/// Longest UDP packet of a tracker that is read, in bytes: the longest there can be.
pub const TRACKER_PACKET_MAX: usize = 64 * 1024;
/// Addresses taken from one answer; as many as are remembered of a torrent.
pub const TRACKER_PEERS_MAX: usize = 1_000;
/// Longest text of a tracker that is shown or kept, in bytes.
pub const TRACKER_TEXT_MAX: usize = 300;
/// Longest `tracker id` that is kept and sent back, in bytes.
pub const TRACKER_ID_MAX: usize = 256;
/// Addresses looked at of one host name.
pub const TRACKER_ADDRESSES_MAX: usize = 4;
/// An HTTP announce that takes longer than this has failed, redirects and body included.
pub const TRACKER_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection to an HTTP tracker that takes longer than this has failed.
pub const TRACKER_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A UDP announce that takes longer than this has failed: it was asked twice (after 0 and 15 s)
/// and had 30 s for the second answer. The tier's next tracker is worth more than a third try.
pub const UDP_PATIENCE: Duration = Duration::from_secs(45);
/// A tracker that is asked for figures alone has this long: somebody waits before a terminal. A UDP
/// tracker is asked twice.
pub const SCRAPE_PATIENCE: Duration = Duration::from_secs(20);
/// First time without an answer after which a UDP tracker is asked again; it doubles (BEP 15).
pub const UDP_RETRY_FIRST: Duration = Duration::from_secs(15);
/// A UDP tracker is asked again at most this often (BEP 15).
pub const UDP_RETRIES_MAX: u32 = 8;
/// A UDP connection's id is good for this long (BEP 15).
pub const UDP_CONNECTION_LIFE: Duration = Duration::from_secs(60);
/// Torrents in one UDP scrape (BEP 15).
pub const UDP_SCRAPE_MAX: usize = 74;
/// Time between announces to a tracker that does not say.
pub const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(30 * 60);
/// Shortest time between announces, whatever the tracker says.
pub const ANNOUNCE_INTERVAL_MIN: Duration = Duration::from_secs(30);
/// Longest time between announces, whatever the tracker says: a wrong answer heals in hours.
pub const ANNOUNCE_INTERVAL_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// A torrent without peers announces this soon again, unless the tracker's minimum is longer.
pub const ANNOUNCE_HUNGRY_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Announces come up to one part in this many later than they are due, so that clients that were
/// started together do not stay together.
pub const ANNOUNCE_JITTER_PART: u32 = 16;
/// First pause before a tracker that failed is asked again; it doubles each time.
pub const TRACKER_PAUSE_MIN: Duration = Duration::from_secs(30);
/// Longest pause before a tracker that failed is asked again.
pub const TRACKER_PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// Addresses asked for while there are no peers.
pub const ANNOUNCE_WANT_MAX: u32 = 200;
/// Addresses asked for when there are peers enough.
pub const ANNOUNCE_WANT_MIN: u32 = 20;
/// The port told by who does not listen: no tracker takes 0, and nobody listens there.
pub const ANNOUNCE_PORT_NONE: u16 = 1;
/// The word that we leave has this long to reach the trackers.
pub const STOPPED_DEADLINE: Duration = Duration::from_secs(2);
/// A first announce that is under way when we stop has this long, so that the tracker can be told
/// that we leave; later ones are cut off.
pub const STOPPED_GRACE: Duration = Duration::from_millis(500);
/// Largest file of certificates read, in bytes; those of all authorities there are take 250 KiB.
pub const CERTIFICATES_MAX: u64 = 4 * 1024 * 1024;
/// Lines about trackers that fail before a person reads no more of them in one run.
pub const TRACKER_LINES_MAX: u32 = 40;

const _: () = {
    assert!(TRACKER_REPLY_MAX as u64 * 2 <= TRACKER_WIRE_MAX);
    assert!(ANNOUNCE_INTERVAL_MIN.as_secs() <= ANNOUNCE_HUNGRY_PAUSE.as_secs());
    assert!(ANNOUNCE_HUNGRY_PAUSE.as_secs() <= ANNOUNCE_INTERVAL.as_secs());
    assert!(ANNOUNCE_INTERVAL.as_secs() <= ANNOUNCE_INTERVAL_MAX.as_secs());
    assert!(
        UDP_RETRY_FIRST.as_secs() * 3 <= UDP_PATIENCE.as_secs(),
        "a UDP tracker is asked twice"
    );
    assert!(UDP_RETRY_FIRST.as_secs() < SCRAPE_PATIENCE.as_secs());
    assert!(STOPPED_GRACE.as_millis() < STOPPED_DEADLINE.as_millis());
};
