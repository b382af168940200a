//! How the main thread gives its orders away: which mailbox is whose. Performing an order is a
//! post that never waits; what comes of it is an event.

use crate::connection::event::Command;
use crate::connection::shared::PeerCounters;
use crate::kit::mailbox::{Mailbox, MailboxFull, mailbox};
use crate::kit::slab::Key;
use crate::limits::MAILBOX_MAX;
use crate::swarm::order::{Notice, Order};
use crate::swarm::state::{Peer, PeerKey, Torrent, TorrentKey};
use crate::threads::assets::{AssetDesk, Assets};
use crate::threads::choker::ChokerOrder;
use crate::threads::discover::body::DiscoverOrder;
use crate::threads::disk::DiskOrder;
use crate::threads::hash::HashJob;
use crate::threads::herald::{HeraldOrder, NewsFlag};
use crate::threads::peer::{PeerOrder, UNCHOKED};
use crate::threads::spawn::SpawnOrder;
use crossbeam_channel::Sender;
use std::sync::Arc;

/// A value found by a key's slot, for keys that are never used twice.
#[derive(Debug)]
struct BySlot<K, V>(Vec<Option<(Key<K>, V)>>);

impl<K, V> BySlot<K, V> {
    fn put(&mut self, key: Key<K>, value: V) {
        while self.0.len() <= key.slot() {
            self.0.push(None);
        }
        self.0[key.slot()] = Some((key, value));
    }

    fn get(&self, key: Key<K>) -> Option<&V> {
        let (at, value) = self.0.get(key.slot())?.as_ref()?;
        (*at == key).then_some(value)
    }

    fn take(&mut self, key: Key<K>) {
        if self.get(key).is_some() {
            self.0[key.slot()] = None;
        }
    }
}

/// All mailboxes of the process. Dropping them ends the threads behind them.
#[derive(Debug)]
pub struct Routes {
    /// To each peer's thread.
    peers: BySlot<Peer, Mailbox<PeerOrder>>,
    /// What each torrent means to threads.
    torrents: BySlot<Torrent, Arc<Assets>>,
    /// Torrents on their way here.
    desk: AssetDesk,
    /// To `spawn`.
    spawn: Mailbox<SpawnOrder>,
    /// To the `hash` threads.
    hash: Mailbox<HashJob>,
    /// To `disk`.
    disk: Mailbox<DiskOrder>,
    /// To `choker`.
    choker: Mailbox<ChokerOrder>,
    /// To `herald`.
    herald: Mailbox<HeraldOrder>,
    /// To `discover`.
    discover: Mailbox<DiscoverOrder>,
    /// Whether the herald knows of news.
    news: NewsFlag,
    /// To whoever listens.
    notices: Sender<Notice>,
}

/// The mailboxes of the threads that are there from the start.
#[derive(Debug)]
pub struct Posts {
    /// To `spawn`.
    pub spawn: Mailbox<SpawnOrder>,
    /// To the `hash` threads.
    pub hash: Mailbox<HashJob>,
    /// To `disk`.
    pub disk: Mailbox<DiskOrder>,
    /// To `choker`.
    pub choker: Mailbox<ChokerOrder>,
    /// To `herald`.
    pub herald: Mailbox<HeraldOrder>,
    /// To `discover`.
    pub discover: Mailbox<DiscoverOrder>,
    /// Whether the herald knows of news.
    pub news: NewsFlag,
    /// To whoever listens.
    pub notices: Sender<Notice>,
}

impl Routes {
    /// Routes to these threads.
    pub fn new(posts: Posts, desk: AssetDesk) -> Self {
        Self {
            peers: BySlot(Vec::new()),
            torrents: BySlot(Vec::new()),
            desk,
            spawn: posts.spawn,
            hash: posts.hash,
            disk: posts.disk,
            choker: posts.choker,
            herald: posts.herald,
            discover: posts.discover,
            news: posts.news,
            notices: posts.notices,
        }
    }

    /// Gives one order away. Cost: O(1).
    pub fn perform(&mut self, order: Order) {
        if self.give(order).is_err() {
            // Every mailbox holds as much as the bounds of its users allow together.
            log::error!("a mailbox is full: an order was lost, which is a bug");
            debug_assert!(false, "a mailbox is full");
        }
    }

    fn give(&mut self, order: Order) -> Result<(), MailboxFull> {
        match order {
            Order::Dial { peer, torrent, address } => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                let (mailbox, letters) = mailbox(MAILBOX_MAX);
                self.peers.put(peer, mailbox);
                self.spawn.post(SpawnOrder::Dial { peer, address, assets, letters })
            }
            Order::Admit { peer, arrival, address } => {
                let (mailbox, letters) = mailbox(MAILBOX_MAX);
                self.peers.put(peer, mailbox);
                self.spawn.post(SpawnOrder::Admit { peer, arrival, address, letters })
            }
            Order::Refuse(arrival) => self.spawn.post(SpawnOrder::Refuse(arrival)),
            Order::Join(peer) => {
                self.peers.take(peer);
                self.spawn.post(SpawnOrder::Join(peer))
            }
            Order::Welcome { peer, torrent } => self.welcome(peer, torrent),
            Order::Post(peer, command) => self.post(peer, command),
            Order::Enroll { peer, torrent, counters } => self.enroll(peer, torrent, counters),
            Order::Dismiss(peer) => {
                self.choker.post(ChokerOrder::Dismiss(peer))?;
                self.herald.post(HeraldOrder::Dismiss(peer))
            }
            Order::SlotTaken(peer) => self.choker.post(ChokerOrder::SlotTaken(peer)),
            Order::Rechoke => self.choker.post(ChokerOrder::Rechoke),
            Order::NameSpare => self.choker.post(ChokerOrder::NameSpare),
            Order::Herald(_) if self.news.raise() => self.herald.post(HeraldOrder::News),
            Order::Herald(_) => Ok(()),
            Order::Prepare { torrent, info_hash } => {
                let Some(assets) = self.desk.take(info_hash, torrent) else { return Ok(()) };
                self.torrents.put(torrent, Arc::clone(&assets));
                self.disk.post(DiskOrder::Prepare(assets))
            }
            Order::Forget(info_hash) => {
                self.desk.forget(info_hash);
                Ok(())
            }
            Order::Save { torrent, last } => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                self.disk.post(DiskOrder::Save { assets, last })
            }
            Order::Probe(torrent) => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                self.disk.post(DiskOrder::Probe(assets))
            }
            Order::Settle(torrent) => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                self.disk.post(DiskOrder::Settle(assets))
            }
            Order::Hash { torrent, active, piece, evidence } => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                self.hash.post(HashJob::Verify { assets, active, piece, evidence })
            }
            Order::Check { torrent, first, count } => {
                let Some(assets) = self.torrents.get(torrent).cloned() else { return Ok(()) };
                self.hash.post(HashJob::Check { assets, torrent, first, count })
            }
            Order::Discover { torrent, complete } => self.discover(torrent, complete),
            Order::Completed(torrent) => self.discover.post(DiscoverOrder::Completed(torrent)),
            Order::Withdraw(torrent) => self.discover.post(DiscoverOrder::Withdraw(torrent)),
            Order::Notify(notice) => {
                log::debug!("notice: {notice:?}");
                // Who does not read is not waited for.
                let _ = self.notices.try_send(notice);
                Ok(())
            }
        }
    }

    fn post(&self, peer: PeerKey, command: Command) -> Result<(), MailboxFull> {
        let Some(mailbox) = self.peers.get(peer) else { return Ok(()) };
        match command {
            Command::Unchoke(true) => mailbox.set_state(UNCHOKED, 0),
            Command::Unchoke(false) => mailbox.set_state(0, UNCHOKED),
            command @ (Command::Grant(_)
            | Command::Answer(_)
            | Command::Cancel { .. }
            | Command::Work
            | Command::Stop(_)) => return mailbox.post(PeerOrder::Command(command)),
        }
        Ok(())
    }

    fn discover(&self, torrent: TorrentKey, complete: bool) -> Result<(), MailboxFull> {
        match self.torrents.get(torrent).cloned() {
            Some(assets) if !assets.trackers.tiers.is_empty() => {
                self.discover.post(DiscoverOrder::Begin { torrent, assets, complete })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn welcome(&self, peer: PeerKey, torrent: TorrentKey) -> Result<(), MailboxFull> {
        match (self.peers.get(peer), self.torrents.get(torrent)) {
            (Some(mailbox), Some(assets)) => mailbox.post(PeerOrder::Welcome(Arc::clone(assets))),
            _ => Ok(()),
        }
    }

    fn enroll(
        &self,
        peer: PeerKey,
        torrent: TorrentKey,
        counters: Arc<PeerCounters>,
    ) -> Result<(), MailboxFull> {
        let (Some(mailbox), Some(assets)) = (self.peers.get(peer), self.torrents.get(torrent))
        else {
            return Ok(());
        };
        let (mailbox, shared) = (mailbox.clone(), Arc::clone(&assets.shared));
        self.choker.post(ChokerOrder::Enroll {
            peer,
            torrent,
            shared: Arc::clone(&shared),
            counters: Arc::clone(&counters),
        })?;
        self.herald.post(HeraldOrder::Enroll { peer, mailbox, shared, counters })
    }
}
