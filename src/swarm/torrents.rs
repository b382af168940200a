//! Handlers for torrents: taking one on, preparing its files, checking what is on the disk, and
//! dialing its peers.

use crate::connection::shared::SharedTorrent;
use crate::kit::clock::Time;
use crate::kit::list::{Links, List};
use crate::layout::Layout;
use crate::limits::{
    ADDRESSES_PER_EVENT_MAX, CHECK_JOB_BYTES, CHECK_JOBS_AHEAD, DIALS_MAX, DIALS_PER_TURN,
    GRANTS_PER_REQUEST_MAX,
};
use crate::swarm::event::Found;
use crate::swarm::machine::{Swarm, Timer};
use crate::swarm::order::{Notice, Order};
use crate::swarm::stage::{Phase, Recording, Stage};
use crate::swarm::state::{NewTorrent, Peer, Torrent, TorrentKey};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl Swarm {
    /// A torrent is to be taken on. Cost: O(1); what it needs was allocated by the sender.
    pub(super) fn add(&mut self, new: NewTorrent) {
        let info_hash = new.shared.info_hash;
        if let Some(breakdown) = &self.breakdown {
            let message = breakdown.message.clone();
            self.refuse(&new.shared, message);
            return;
        }
        if self.by_hash.contains_key(&info_hash) {
            self.refuse(&new.shared, format!("torrent {info_hash} is here already").into());
            return;
        }
        let shared = Arc::clone(&new.shared);
        let torrent = Torrent {
            shared: new.shared,
            picker: new.picker,
            phase: Phase::Preparing,
            open: List::new(|active| &mut active.open),
            active: List::new(|active| &mut active.active),
            waiting: List::new(|peer: &mut Peer| &mut peer.waiting),
            news: 0,
            waking: 0,
            unchoked: 0,
            peers: 0,
            addresses: new.addresses,
            dialing: Links::default(),
            parting: false,
            crowded: Links::default(),
            disk_full: false,
            record: Recording::Done,
        };
        let Ok(key) = self.torrents.insert(torrent) else {
            self.refuse(&shared, "too many torrents".into());
            return;
        };
        self.by_hash.insert(info_hash, key);
        self.notify(Notice::Added(key));
        self.order(Order::Prepare { torrent: key, info_hash });
    }

    /// A torrent is not taken on. Cost: O(1).
    fn refuse(&mut self, shared: &SharedTorrent, message: Box<str>) {
        let _ = shared.failure.set(message.clone());
        self.order(Order::Forget(shared.info_hash));
        self.notify(Notice::Refused(message));
    }

    /// The files are there. Cost: O(k).
    pub(super) fn prepared(&mut self, key: TorrentKey, check: bool) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        if check {
            torrent.phase = Phase::Checking { next: 0, under_way: 0 };
            for _ in 0..CHECK_JOBS_AHEAD {
                self.check_next(key);
            }
        } else {
            self.run(key);
        }
    }

    /// Pieces that were on the disk were compared. Cost: O(64).
    pub(super) fn checked(&mut self, key: TorrentKey, first: u32, count: u32, found: Found) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        let Phase::Checking { under_way, .. } = &mut torrent.phase else { return };
        *under_way -= 1;
        for offset in (0..count.min(64)).filter(|offset| found.good & 1 << offset != 0) {
            let Some(piece) = torrent.shared.layout.piece(first + offset) else { break };
            if torrent.shared.own(piece) {
                torrent.picker.park(piece.get());
            }
        }
        let trusted = found.trusted.count_ones();
        torrent.shared.stats.trusted.fetch_add(trusted, Relaxed);
        torrent.shared.stats.checked.fetch_add(count - trusted.min(count), Relaxed);
        self.check_next(key);
    }

    /// Gives the next pieces to a hash thread, or ends the checking. Cost: O(1).
    fn check_next(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        let pieces = torrent.shared.layout.piece_count();
        let batch = pieces_per_job(&torrent.shared.layout);
        let Phase::Checking { next, under_way } = &mut torrent.phase else { return };
        if *next < pieces {
            let (first, count) = (*next, batch.min(pieces - *next));
            *next += count;
            *under_way += 1;
            self.order(Order::Check { torrent: key, first, count });
        } else if *under_way == 0 {
            let owned = torrent.shared.owned_of_wanted();
            self.notify(Notice::Checked { torrent: key, owned });
            self.run(key);
            self.save(key);
        }
    }

    /// The torrent exchanges pieces from now on. Cost: O(1).
    fn run(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        torrent.phase = Phase::Running;
        let complete = torrent.shared.is_complete();
        if torrent.addresses.is_waiting() {
            self.dialing.push_back(&mut self.torrents, key);
        }
        self.order(Order::Discover { torrent: key, complete });
        if complete {
            self.order(Order::Settle(key));
        }
    }

    /// Every piece is verified, and the files are where they should be. Cost: O(1).
    pub(super) fn settled(&mut self, key: TorrentKey) {
        let Some(torrent) = self.torrents.get(key) else { return };
        if torrent.phase == Phase::Running && torrent.shared.is_complete() {
            torrent.shared.settled.store(true, Relaxed);
            self.order(Order::Completed(key));
            self.notify(Notice::Complete(key));
        }
    }

    /// The torrent cannot go on, as its disk or a thread of ours has failed. Nothing more is
    /// granted or asked of it. Cost: O(1).
    pub(super) fn fail(&mut self, key: TorrentKey, message: Box<str>) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        if torrent.phase != Phase::Failed {
            torrent.phase = Phase::Failed;
            // Notices are lost on who does not read them; this stays.
            let _ = torrent.shared.failure.set(message.clone());
            self.dialing.remove(&mut self.torrents, key);
            self.order(Order::Withdraw(key));
            self.notify(Notice::Failed { torrent: key, message });
        }
    }

    /// Somebody found peers. Cost: O(k).
    pub(super) fn found(&mut self, key: TorrentKey, addresses: &[SocketAddr]) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        for &address in addresses.iter().take(ADDRESSES_PER_EVENT_MAX) {
            torrent.addresses.found(address);
        }
        if may_dial(torrent) {
            self.dialing.push_back(&mut self.torrents, key);
        }
    }

    /// An address is worth another try. Cost: O(1).
    pub(super) fn redial(&mut self, key: TorrentKey, address: SocketAddr) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        torrent.addresses.retry(address);
        if may_dial(torrent) {
            self.dialing.push_back(&mut self.torrents, key);
        }
    }

    /// Whether somebody can be dialed now.
    pub(super) fn can_dial(&self) -> bool {
        self.stopping.is_none()
            && self.dials < DIALS_MAX
            && !self.dialing.is_empty()
            && !self.peers.is_full()
    }

    /// Dials the next addresses, one of each torrent in turn. Cost: O(k).
    pub(super) fn dial_some(&mut self, now: Time) {
        for _ in 0..DIALS_PER_TURN {
            if !self.can_dial() {
                return;
            }
            let Some(key) = self.dialing.pop_front(&mut self.torrents) else { return };
            self.dial_next(now, key);
        }
    }

    fn dial_next(&mut self, now: Time, key: TorrentKey) {
        let Some(torrent) = self.torrents.get_mut(key) else { return };
        let Some(address) = torrent.addresses.take_next() else { return };
        let waiting = torrent.addresses.is_waiting();
        if self.bans.has_host(address.ip()) {
            torrent.addresses.ended(address, false);
        } else if !self.hosts.has_room(address.ip()) && !torrent.addresses.is_named(address) {
            let pause = torrent.addresses.postponed(address);
            self.timers.set(now + pause, Timer::Redial(key, address));
        } else if let Ok(peer) = self.peers.insert(new_peer(Some(key), address, true)) {
            torrent.peers += 1;
            self.dials += 1;
            self.hosts.enter(address.ip());
            self.order(Order::Dial { peer, torrent: key, address });
        }
        if waiting {
            self.dialing.push_back(&mut self.torrents, key);
        }
    }
}

/// Whether there is somebody to dial now.
pub(super) fn may_dial(torrent: &Torrent) -> bool {
    torrent.addresses.is_waiting() && torrent.phase == Phase::Running && !torrent.parting
}

/// A peer of which nothing is known yet.
pub(super) fn new_peer(torrent: Option<TorrentKey>, address: SocketAddr, dialed: bool) -> Peer {
    Peer {
        torrent,
        address,
        dialed,
        stage: Stage::Starting,
        arrived_at: None,
        half_open: Links::default(),
        id: None,
        joined_at: None,
        pieces: None,
        all: false,
        interested: false,
        unchoked: false,
        waiting: Links::default(),
        asked_at: 0,
        woken: false,
        sole: None,
        sole_paused: false,
        gave: false,
        failed: false,
        answered: [None; GRANTS_PER_REQUEST_MAX],
    }
}

/// Pieces that one checking job takes: a few megabytes, at most one word of them.
fn pieces_per_job(layout: &Layout) -> u32 {
    (CHECK_JOB_BYTES / u64::from(layout.piece_length())).clamp(1, 64) as u32
}

/// Whether a torrent may take part in exchanges.
pub(super) fn is_running(torrent: &Torrent) -> bool {
    torrent.phase == Phase::Running
}
