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
use crate::threads::roll::{NewsFlag, Roll};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the herald is told. At most one of each waits.
#[derive(Debug)]
pub enum HeraldOrder {
    /// Peers came or went: look at the roll.
    Look,
    /// Pieces were verified; see [`HeraldPost::news`].
    News,
}

/// What the main thread and the herald share besides a mailbox.
#[derive(Debug, Clone, Default)]
pub struct HeraldPost {
    /// Who has joined.
    pub roll: Roll<Listener>,
    /// Whether the herald knows of the news.
    pub news: NewsFlag,
}

/// A peer to be woken.
#[derive(Debug)]
pub struct Listener {
    /// Its bell.
    mailbox: Mailbox<PeerOrder>,
    /// What its torrent's peers share.
    shared: Arc<SharedTorrent>,
    /// Its figures.
    counters: Arc<PeerCounters>,
    /// Entries of the log when it was woken last.
    told: u32,
}

impl Listener {
    /// One that has heard of nothing yet.
    pub fn new(
        mailbox: Mailbox<PeerOrder>,
        shared: Arc<SharedTorrent>,
        counters: Arc<PeerCounters>,
    ) -> Self {
        Self { mailbox, shared, counters, told: 0 }
    }
}

/// The thread's body. Ends when nobody can give orders any more.
pub fn run(letters: &Letters<HeraldOrder>, post: &HeraldPost, clock: Clock) {
    let mut listeners: HashMap<PeerKey, Listener> = HashMap::new();
    let mut due: Option<Time> = None;
    let mut last = Time::ZERO;
    loop {
        let timeout = due.map(|due| due.since(clock.now()));
        match letters.wait(timeout) {
            Waited::Word(HeraldOrder::Look) => look(&post.roll, &mut listeners),
            Waited::Word(HeraldOrder::News) => due = due.or(Some(last + HERALD_PAUSE)),
            Waited::Timeout => {}
            Waited::Closed => return,
        }
        let now = clock.now();
        if due.is_some_and(|due| now >= due) {
            post.news.lower();
            listeners.values_mut().for_each(wake);
            (due, last) = (None, now);
        }
    }
}

/// Looks who came and went.
fn look(roll: &Roll<Listener>, listeners: &mut HashMap<PeerKey, Listener>) {
    roll.look();
    while let Some(change) = roll.take() {
        if let Some(peer) = change.left {
            listeners.remove(&peer);
        }
        if let Some((peer, mut listener)) = change.came {
            // What was verified since the peer was told our pieces is news to it.
            wake(&mut listener);
            listeners.insert(peer, listener);
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
