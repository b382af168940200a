//! What `discover` remembers of torrents and of announces under way.

use crate::connection::shared::SharedTorrent;
use crate::id::PeerId;
use crate::kit::clock::Time;
use crate::kit::thread::Thread;
use crate::limits::{ANNOUNCE_WANT_MAX, ANNOUNCE_WANT_MIN};
use crate::swarm::state::TorrentKey;
use crate::threads::tracker::job::Cutter;
use crate::threads::tracker::ourselves::Ourselves;
use crate::threads::tracker::outcome::{Failure, Memory};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, AnnounceRequest, Family};
use crate::tracker::report::ReportOutcome;
use crate::tracker::schedule::{Due, Schedule, TrackerIndex};
use crate::tracker::url::TrackerUrl;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A torrent.
#[derive(Debug)]
pub struct Entry {
    /// Its figures.
    pub shared: Arc<SharedTorrent>,
    /// When it is announced where.
    pub schedule: Schedule,
    /// What is remembered of its trackers.
    pub memories: HashMap<(TrackerIndex, Family), Memory>,
    /// Tells us from others behind our address; the same for all of its announces.
    pub key: u32,
    /// When it is looked at again; its place in the list of those.
    pub wake: Option<Time>,
}

impl Entry {
    /// Whether it lacks peers that it has a use for.
    pub fn is_hungry(&self) -> bool {
        self.shared.stats.peers.load(Relaxed) == 0 && !self.shared.is_complete()
    }
}

/// One announce: as many threads as there are families. The first that answers settles it.
#[derive(Debug)]
pub struct Attempt {
    /// Of which torrent.
    pub torrent: TorrentKey,
    /// To which tracker.
    pub tracker: TrackerIndex,
    /// The tracker's address.
    pub url: Arc<TrackerUrl>,
    /// What is said.
    pub event: AnnounceEvent,
    /// Threads that have not ended.
    pub running: usize,
    /// Whether the schedule knows how it went.
    pub settled: bool,
    /// Why a thread failed.
    pub failure: Option<Failure>,
}

/// A thread that announces.
#[derive(Debug)]
pub struct Run {
    /// For which attempt.
    pub attempt: u64,
    /// Over which family.
    pub family: Family,
    /// Cuts it off; gone once it has been.
    pub cutter: Option<Cutter>,
    /// The thread; none if it could not be started.
    pub thread: Option<Thread>,
}

/// Over which families to announce: those by which we can be reached, unless it is one address.
pub fn families(url: &TrackerUrl, ourselves: &Ourselves) -> Vec<Family> {
    match url.host().parse::<IpAddr>() {
        Ok(ip) => vec![Family::of(ip)],
        Err(_) => ourselves.families(),
    }
}

/// What a tracker is told.
pub fn request(entry: &Entry, due: &Due, family: Family, ourselves: &Ourselves) -> AnnounceRequest {
    let stats = &entry.shared.stats;
    let peer_id: PeerId = ourselves.peer_id;
    let want = match due.event {
        AnnounceEvent::Stopped => 0,
        AnnounceEvent::Regular | AnnounceEvent::Started | AnnounceEvent::Completed => {
            let missing = ANNOUNCE_WANT_MAX.saturating_sub(stats.peers.load(Relaxed));
            missing.max(ANNOUNCE_WANT_MIN)
        }
    };
    AnnounceRequest {
        info_hash: entry.shared.info_hash,
        peer_id,
        port: ourselves.port(family),
        uploaded: stats.uploaded.load(Relaxed),
        downloaded: stats.downloaded.load(Relaxed),
        left: entry.shared.left(),
        event: due.event,
        key: entry.key,
        want: Some(want),
        tracker_id: due.tracker_id.clone(),
    }
}

/// An answer as people read it.
pub fn answered(reply: &AnnounceReply, peers: u32) -> ReportOutcome {
    let AnnounceReply { seeders, leechers, .. } = *reply;
    ReportOutcome::Answered { peers, seeders, leechers, warning: reply.warning.clone() }
}

/// Tells the schedule that an attempt failed; the failure as people read it.
pub fn failed(attempt: &Attempt, schedule: &mut Schedule, now: Time) -> Option<ReportOutcome> {
    let failure = attempt.failure.as_ref()?;
    let again = schedule.failed(now, attempt.tracker, failure.retry);
    Some(ReportOutcome::Failed { reason: failure.reason.clone(), again })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitfield::Bitfield;
    use crate::id::InfoHash;
    use crate::kit::random::Random;
    use crate::layout::Layout;
    use crate::tracker::schedule::Rule;

    #[test]
    fn who_has_all_that_is_wanted_hungers_for_no_peers() {
        let layout = Arc::new(Layout::single(1, 2).unwrap());
        let mut wanted = Bitfield::new(2);
        wanted.insert(0);
        let none = Bitfield::new(2);
        let shared = SharedTorrent::new(InfoHash([1; 20]), layout, &none).choosing(wanted);
        let schedule = Schedule::new(&[], Rule::EveryTier, Random::new(1));
        let shared = Arc::new(shared);
        let memories = HashMap::new();
        let entry = Entry { shared, schedule, memories, key: 0, wake: None };
        assert!(entry.is_hungry());
        entry.shared.own(entry.shared.layout.piece(0).unwrap());
        assert!(!entry.is_hungry(), "the other piece is not wanted");
    }
}
