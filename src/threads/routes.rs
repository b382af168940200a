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
use crate::threads::choker::{ChokerOrder, ChokerPost, Watched};
use crate::threads::discover::body::DiscoverOrder;
use crate::threads::disk::DiskOrder;
use crate::threads::hash::HashJob;
use crate::threads::herald::{HeraldOrder, HeraldPost, Listener};
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
    /// What is shared with it.
    choker_post: ChokerPost,
    /// To `herald`.
    herald: Mailbox<HeraldOrder>,
    /// What is shared with it.
    herald_post: HeraldPost,
    /// To `discover`.
    discover: Mailbox<DiscoverOrder>,
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
    /// To `choker`, and what is shared with it.
    pub choker: (Mailbox<ChokerOrder>, ChokerPost),
    /// To `herald`, and what is shared with it.
    pub herald: (Mailbox<HeraldOrder>, HeraldPost),
    /// To `discover`.
    pub discover: Mailbox<DiscoverOrder>,
    /// To whoever listens.
    pub notices: Sender<Notice>,
}

impl Routes {
    /// Routes to these threads.
    pub fn new(posts: Posts, desk: AssetDesk) -> Self {
        let ((choker, choker_post), (herald, herald_post)) = (posts.choker, posts.herald);
        Self {
            peers: BySlot(Vec::new()),
            torrents: BySlot(Vec::new()),
            desk,
            spawn: posts.spawn,
            hash: posts.hash,
            disk: posts.disk,
            choker,
            choker_post,
            herald,
            herald_post,
            discover: posts.discover,
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
                self.look_choker(self.choker_post.roll.leave(peer))?;
                self.look_herald(self.herald_post.roll.leave(peer))
            }
            Order::SlotTaken(peer) => self.look_choker(self.choker_post.roll.mark(peer)),
            Order::Rechoke if self.choker_post.free.raise() => {
                self.choker.post(ChokerOrder::Rechoke)
            }
            Order::NameSpare => self.choker.post(ChokerOrder::NameSpare),
            Order::Herald(_) if self.herald_post.news.raise() => {
                self.herald.post(HeraldOrder::News)
            }
            // Whom it is for knows already.
            Order::Rechoke | Order::Herald(_) => Ok(()),
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
                self.disk(torrent, |assets| DiskOrder::Save { assets, last })
            }
            Order::Probe(torrent) => self.disk(torrent, DiskOrder::Probe),
            Order::Settle(torrent) => self.disk(torrent, DiskOrder::Settle),
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

    fn disk(
        &self,
        torrent: TorrentKey,
        order: impl FnOnce(Arc<Assets>) -> DiskOrder,
    ) -> Result<(), MailboxFull> {
        let assets = self.torrents.get(torrent).cloned();
        assets.map_or(Ok(()), |assets| self.disk.post(order(assets)))
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
        let listener = Listener::new(mailbox, Arc::clone(&shared), Arc::clone(&counters));
        let watched = Watched { torrent, shared, counters };
        self.look_choker(self.choker_post.roll.enter(peer, watched))?;
        self.look_herald(self.herald_post.roll.enter(peer, listener))
    }

    /// Tells the choker to look at its roll, unless it knows.
    fn look_choker(&self, news: bool) -> Result<(), MailboxFull> {
        if news { self.choker.post(ChokerOrder::Look) } else { Ok(()) }
    }

    /// Tells the herald to look at its roll, unless it knows.
    fn look_herald(&self, news: bool) -> Result<(), MailboxFull> {
        if news { self.herald.post(HeraldOrder::Look) } else { Ok(()) }
    }
}
