//! How far the making of a torrent is, and the wish to stop it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by who makes a torrent and who watches; a copy is the same progress.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<State>);

/// What both sides see.
#[derive(Debug, Default)]
struct State {
    /// Bytes hashed.
    hashed: AtomicU64,
    /// Bytes to hash.
    total: AtomicU64,
    /// Whether to give up.
    stop: AtomicBool,
}

impl Progress {
    /// Bytes hashed so far.
    pub fn hashed(&self) -> u64 {
        self.0.hashed.load(Ordering::Relaxed)
    }

    /// Bytes to hash in all; 0 until the files are listed.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// Asks to give up: the maker returns soon, with an error, unless it is done already.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked to give up.
    pub fn is_stopped(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }

    /// Notes how much there is to hash.
    pub(super) fn set_total(&self, bytes: u64) {
        self.0.total.store(bytes, Ordering::Relaxed);
    }

    /// Notes bytes that were hashed.
    pub(super) fn add(&self, bytes: u64) {
        self.0.hashed.fetch_add(bytes, Ordering::Relaxed);
    }
}
