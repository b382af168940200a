//! Bounds of files, of what is remembered of them, and of what the system gives for them and for
//! peers: descriptors, memory maps, threads.

use std::time::Duration;

/// Most files of torrents open at once.
pub const OPEN_FILES_MAX: usize = 256;
/// Slices handed to the system in one read or write: `IOV_MAX` of Linux and macOS.
pub const IO_SLICES_MAX: usize = 1_024;
/// Bytes read at once while hashing: they fit the second-level cache.
pub const HASH_CHUNK: usize = 256 * 1024;
/// Bytes that one checking job of a hash thread aims at.
pub const CHECK_JOB_BYTES: u64 = 4 * 1024 * 1024;
/// Checking jobs of one torrent under way at once.
pub const CHECK_JOBS_AHEAD: usize = 16;

/// Two changes of a file further apart than this have different times: the clocks of file systems
/// tick at least a hundred times a second.
pub const STAMP_TICK: Duration = Duration::from_millis(20);
/// Longest time that a thread waits without anybody who could wake it.
pub const REST_MAX: Duration = Duration::from_millis(100);
/// Verified pieces are recorded this long after the first one that is not: of what a killed process
/// had finished, at most this much is read again.
pub const SAVE_PAUSE: Duration = Duration::from_secs(30);
/// While a disk is full, it is tried again this often.
pub const DISK_FULL_PAUSE: Duration = Duration::from_secs(10);
/// Bytes that have to be free before a full disk is written to again: some seconds of a fast
/// download, so that it is not full again at once.
pub const DISK_ROOM: u64 = 16 * 1024 * 1024;
/// Orders to the disk thread that one torrent may have waiting: to prepare, to record, to record
/// for the last time, to look for room, and to spare.
pub const DISK_ORDERS_PER_TORRENT: usize = 6;

/// Descriptors of one peer: its socket, its poll and its waker.
pub const DESCRIPTORS_PER_PEER: u64 = 3;
/// Memory maps of one peer: its thread's stack, the signal stack of the standard library, and a
/// guard for each.
pub const MAPS_PER_PEER: u64 = 4;
/// Threads that are not for peers, on a machine of many cores.
pub const THREADS_RESERVED: u64 = 128;
