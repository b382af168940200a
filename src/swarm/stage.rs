//! How far things have come: a torrent, the recording of its pieces, a peer. Words only; who moves
//! them on is in the handlers.

/// Where a torrent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The disk thread makes or looks at its files.
    Preparing,
    /// Hash threads compare what is on the disk.
    Checking {
        /// The next piece to be given to a hash thread.
        next: u32,
        /// Jobs that have not come back.
        under_way: u32,
    },
    /// It exchanges pieces.
    Running,
    /// The disk failed.
    Failed,
}

/// How far a torrent's verified pieces are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// All that is verified.
    Done,
    /// There is more; it will be recorded in a while.
    Later,
    /// The disk thread is recording.
    UnderWay,
    /// The disk thread is recording, and there is more.
    UnderWayWithMore,
}

/// How far a peer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its thread dials, or waits for the handshake.
    Starting,
    /// The handshake is done.
    Joined,
    /// It was told to leave.
    Leaving,
}

/// A thread has failed.
#[derive(Debug)]
pub(super) struct Breakdown {
    /// What people are told.
    pub(super) message: Box<str>,
    /// The slot of the next torrent to fail.
    pub(super) next: usize,
}
