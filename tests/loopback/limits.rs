//! Limits of speed that are lifted while blocks are under way.

use crate::Node;
use crate::support::content::{Content, Empty};
use crate::swarm::write;
use cuerda::client::RateLimits;
use cuerda::swarm::order::Notice;
use std::num::NonZeroU64;
use tempfile::TempDir;

/// Who limits what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// The seed's client, what it sends.
    SeedClient,
    /// The seed's torrent, what it sends.
    SeedTorrent,
    /// The leech's client, what it receives.
    LeechClient,
    /// The leech's torrent, what it receives.
    LeechTorrent,
}

const ALL: [Limit; 4] =
    [Limit::SeedClient, Limit::SeedTorrent, Limit::LeechClient, Limit::LeechTorrent];

impl Limit {
    /// Lets a block through in sixteen seconds, or everything.
    fn set(self, seed: &Node, leech: &Node, holds: bool) {
        let rate = NonZeroU64::new(1_024).filter(|_| holds);
        let (up, down) = (RateLimits { up: rate, down: None }, RateLimits { up: None, down: rate });
        match self {
            Self::SeedClient => seed.client.set_limits(up),
            Self::SeedTorrent => seed.torrent.set_limits(up),
            Self::LeechClient => leech.client.set_limits(down),
            Self::LeechTorrent => leech.torrent.set_limits(down),
        }
    }
}

/// A transfer under all limits, of which one is lifted last.
fn held_until_lifted(last: Limit) {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let content = Content::single("held.bin", 24 * 1024 * 1024, 256 * 1024);
    let metainfo = write(&content, from.path());
    let seed = Node::seed(&metainfo, from.path());
    seed.wait_complete();
    seed.client.set_limits(RateLimits { up: NonZeroU64::new(1_024), down: None });
    let leech = Node::download(&metainfo, to.path(), vec![seed.address()]);
    ALL.iter().for_each(|limit| limit.set(&seed, &leech, true));
    leech.wait_for("a peer", |notice| matches!(notice, Notice::PeerJoined { .. }));
    let others = ALL.iter().filter(|limit| **limit != last);
    others.for_each(|limit| limit.set(&seed, &leech, false));
    assert!(!leech.torrent.is_complete(), "{last:?} does not hold");
    last.set(&seed, &leech, false);
    leech.wait_complete();
    leech.stop();
    seed.stop();
    content.compare(to.path(), Empty::Required).unwrap();
}

#[test]
fn every_limit_can_be_lifted_while_it_holds() {
    ALL.into_iter().for_each(held_until_lifted);
}
