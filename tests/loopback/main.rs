//! Real threads on loopback: several clients in this process exchange whole contents, every file is
//! compared byte for byte, and no thread outlives its client.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod limits;
mod swarm;

use cuerda::client::{AddTorrent, Client, ClientOptions, Mode, RateLimits, TorrentHandle};
use cuerda::metainfo::Metainfo;
use cuerda::storage::Allocation;
use cuerda::swarm::order::Notice;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest time that any transfer here may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A client with one torrent.
pub(crate) struct Node {
    /// The client.
    client: Client,
    /// Its torrent.
    torrent: TorrentHandle,
}

impl Node {
    /// A client that serves what lies in the folder.
    pub(crate) fn seed(metainfo: &Arc<Metainfo>, folder: &Path) -> Node {
        Node::start(metainfo, folder, Mode::Seed, Vec::new())
    }

    /// The same, listening on this address.
    pub(crate) fn seed_at(metainfo: &Arc<Metainfo>, folder: &Path, listen: SocketAddr) -> Node {
        Node::start_at(metainfo, folder, Mode::Seed, Vec::new(), listen)
    }

    /// A client that downloads into the folder from these peers.
    pub(crate) fn download(
        metainfo: &Arc<Metainfo>,
        folder: &Path,
        peers: Vec<SocketAddr>,
    ) -> Node {
        let mode = Mode::Download { allocation: Allocation::Sparse, flush: true };
        Node::start(metainfo, folder, mode, peers)
    }

    fn start(metainfo: &Arc<Metainfo>, folder: &Path, mode: Mode, peers: Vec<SocketAddr>) -> Node {
        Node::start_at(metainfo, folder, mode, peers, (Ipv4Addr::LOCALHOST, 0).into())
    }

    fn start_at(
        metainfo: &Arc<Metainfo>,
        folder: &Path,
        mode: Mode,
        peers: Vec<SocketAddr>,
        listen: SocketAddr,
    ) -> Node {
        let options = ClientOptions { listen: vec![listen], ..ClientOptions::default() };
        let client = Client::start(options).unwrap();
        let root = folder.to_owned();
        let limits = RateLimits::default();
        let metainfo = Arc::clone(metainfo);
        let (files, in_order, trackers) = (None, false, Vec::new());
        let add = AddTorrent { metainfo, root, mode, peers, trackers, limits, files, in_order };
        let torrent = client.add(add).unwrap();
        Node { client, torrent }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.client.listening()[0]
    }

    /// Waits for a notice.
    pub(crate) fn wait_for(&self, what: &str, mut is_it: impl FnMut(&Notice) -> bool) -> Notice {
        let deadline = crossbeam_channel::after(LIMIT);
        loop {
            crossbeam_channel::select! {
                recv(self.client.notices()) -> notice => {
                    let notice = notice.expect("the client runs");
                    if is_it(&notice) {
                        return notice;
                    }
                    assert!(!matches!(notice, Notice::Failed { .. }), "{notice:?}");
                }
                recv(deadline) -> _ => {
                    panic!("waited in vain: {what}; {:?}", self.torrent.progress())
                }
            }
        }
    }

    /// Waits until every piece is there.
    pub(crate) fn wait_complete(&self) {
        self.wait_for("complete", |notice| matches!(notice, Notice::Complete(_)));
        assert!(self.torrent.is_complete());
    }

    /// Ends it; no thread may stay.
    pub(crate) fn stop(self) {
        assert_eq!(self.client.stop().threads_left, 0);
    }
}
