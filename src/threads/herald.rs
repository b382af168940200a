//! The `herald` thread: wakes peers' threads when there are new pieces to tell of.
//!
//! A busy peer's thread reads the log of new pieces at each of its turns anyway; an idle one
//! would sleep through them. The herald rings those at most every 250 ms, however many pieces
//! came, and leaves alone those that have everything, until we have everything too and there is
//! no more reason to be connected.

use crate::connection::shared::{PeerCounters, SharedTorrent};
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox, Waited};
use crate::limits::HERALD_PAUSE;
use crate::swarm::state::PeerKey;
use crate::threads::peer::PeerOrder;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the herald is told.
#[derive(Debug)]
pub enum HeraldOrder {
    /// A peer has joined.
    Enroll {
        /// Who.
        peer: PeerKey,
        /// Its bell.
        mailbox: Mailbox<PeerOrder>,
        /// What its torrent's peers share.
        shared: Arc<SharedTorrent>,
        /// Its figures.
        counters: Arc<PeerCounters>,
    },
    /// A peer has left.
    Dismiss(PeerKey),
    /// Pieces were verified. At most one of these waits, see [`NewsFlag`].
    News,
}

/// Whether the herald has been told of news that it has not looked at.
#[derive(Debug, Clone, Default)]
pub struct NewsFlag(Arc<AtomicBool>);

impl NewsFlag {
    /// Sets it; tells whether the herald has to be told.
    pub fn raise(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// To be called before looking.
    fn lower(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A peer to be woken.
#[derive(Debug)]
struct Listener {
    /// Its bell.
    mailbox: Mailbox<PeerOrder>,
    /// What its torrent's peers share.
    shared: Arc<SharedTorrent>,
    /// Its figures.
    counters: Arc<PeerCounters>,
    /// Entries of the log when it was woken last.
    told: u32,
}

/// The thread's body. Ends when nobody can give orders any more.
pub fn run(letters: &Letters<HeraldOrder>, news: &NewsFlag, clock: Clock) {
    let mut listeners: HashMap<PeerKey, Listener> = HashMap::new();
    let mut due: Option<Time> = None;
    let mut last = Time::ZERO;
    loop {
        let timeout = due.map(|due| due.since(clock.now()));
        match letters.wait(timeout) {
            Waited::Word(HeraldOrder::Enroll { peer, mailbox, shared, counters }) => {
                // What was verified since the peer was told our pieces is news to it.
                let mut listener = Listener { mailbox, shared, counters, told: 0 };
                wake(&mut listener);
                listeners.insert(peer, listener);
            }
            Waited::Word(HeraldOrder::Dismiss(peer)) => {
                listeners.remove(&peer);
            }
            Waited::Word(HeraldOrder::News) => due = due.or(Some(last + HERALD_PAUSE)),
            Waited::Timeout => {}
            Waited::Closed => return,
        }
        let now = clock.now();
        if due.is_some_and(|due| now >= due) {
            news.lower();
            listeners.values_mut().for_each(wake);
            (due, last) = (None, now);
        }
    }
}

fn wake(listener: &mut Listener) {
    let length = listener.shared.have_log.len();
    let seed = listener.counters.seed.load(Ordering::Relaxed);
    if listener.told < length && (!seed || listener.shared.is_complete()) {
        listener.told = length;
        listener.mailbox.ring();
    }
}
