//! Who is here, as the main thread tells a thread that looks at all peers.
//!
//! Peers come and go as fast as strangers please, and the thread that is told may be waiting for
//! the main thread at that moment. So these words need no place in a queue: there is one line for
//! each place that a peer can have, of which only the latest word counts. Whoever came and went
//! before the reader looked was never there for it. One word in the reader's mailbox says that
//! there are lines to look at.

use crate::swarm::state::PeerKey;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a reader has been told of news that it has not looked at. At most one word of them waits
/// in its mailbox.
#[derive(Debug, Clone, Default)]
pub struct NewsFlag(Arc<AtomicBool>);

impl NewsFlag {
    /// Sets it; tells whether the reader has to be told.
    pub fn raise(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// To be called before looking.
    pub(super) fn lower(&self) {
        // A swap and not a store: it sees what was written before the raise that it takes back.
        self.0.swap(false, Ordering::AcqRel);
    }
}

/// The roll. Clones are the same one. Each has one writer and one reader.
#[derive(Debug)]
pub struct Roll<T> {
    /// The lines; held for a step by either side.
    sheet: Arc<Mutex<Sheet<T>>>,
    /// Whether the reader knows that there are lines to look at.
    news: NewsFlag,
}

/// The lines by slot, as many as there were ever peers at once.
#[derive(Debug)]
struct Sheet<T> {
    /// The lines.
    lines: Vec<Line<T>>,
    /// Slots of lines to look at, each once.
    changed: Vec<usize>,
}

/// One place for a peer.
#[derive(Debug)]
struct Line<T> {
    /// Whom the reader took to be here when it looked last.
    known: Option<PeerKey>,
    /// Who is here, and what the reader has to know of it until it has looked.
    here: Option<(PeerKey, Option<T>)>,
    /// Whether it is marked.
    marked: bool,
    /// Whether its slot is among those to look at.
    changed: bool,
}

/// What is new of one place, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change<T> {
    /// Who is here no longer.
    pub(super) left: Option<PeerKey>,
    /// Who is here now.
    pub(super) came: Option<(PeerKey, T)>,
    /// Who was marked.
    pub(super) marked: Option<PeerKey>,
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        let sheet = Sheet { lines: Vec::new(), changed: Vec::new() };
        Self { sheet: Arc::new(Mutex::new(sheet)), news: NewsFlag::default() }
    }
}

impl<T> Clone for Roll<T> {
    fn clone(&self) -> Self {
        Self { sheet: Arc::clone(&self.sheet), news: self.news.clone() }
    }
}

impl<T> Roll<T> {
    /// A peer is here. Tells whether the reader has to be told to look. Cost: O(1).
    pub(super) fn enter(&self, peer: PeerKey, value: T) -> bool {
        self.change(peer, |line| {
            line.marked = false;
            line.here.replace((peer, Some(value)))
        })
    }

    /// A peer is here no longer. Tells whether the reader has to be told to look. Cost: O(1).
    pub(super) fn leave(&self, peer: PeerKey) -> bool {
        self.change(peer, |line| line.here.take_if(|(here, _)| *here == peer))
    }

    /// Marks a peer that is here. Tells whether the reader has to be told to look. Cost: O(1).
    pub(super) fn mark(&self, peer: PeerKey) -> bool {
        self.change(peer, |line| {
            line.marked = line.here.as_ref().is_some_and(|(here, _)| *here == peer);
            None
        })
    }

    /// Changes the line of a peer's place. What falls out is dropped after the lock.
    fn change(
        &self,
        peer: PeerKey,
        change: impl FnOnce(&mut Line<T>) -> Option<(PeerKey, Option<T>)>,
    ) -> bool {
        let slot = peer.slot();
        let mut sheet = self.sheet.lock();
        let Sheet { lines, changed } = &mut *sheet;
        while lines.len() <= slot {
            lines.push(Line { known: None, here: None, marked: false, changed: false });
        }
        let Some(line) = lines.get_mut(slot) else { return false };
        let before = change(line);
        if !std::mem::replace(&mut line.changed, true) {
            changed.push(slot);
        }
        drop(sheet);
        drop(before);
        self.news.raise()
    }

    /// To be called at each word to look, before [`Self::take`].
    pub(super) fn look(&self) {
        self.news.lower();
    }

    /// The next place of which something is new, if there is one.
    pub(super) fn take(&self) -> Option<Change<T>> {
        let mut sheet = self.sheet.lock();
        let slot = sheet.changed.pop()?;
        let line = sheet.lines.get_mut(slot)?;
        line.changed = false;
        let here = line.here.as_ref().map(|(peer, _)| *peer);
        let known = std::mem::replace(&mut line.known, here);
        let marked = here.filter(|_| std::mem::take(&mut line.marked));
        let value = line.here.as_mut().and_then(|(peer, value)| Some((*peer, value.take()?)));
        Some(Change { left: known.filter(|known| Some(*known) != here), came: value, marked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of two peers in one place, one after the other, and of one in another.
    fn keys() -> [PeerKey; 3] {
        [(0, 0), (0, 1), (1, 0)].map(|(slot, turn)| PeerKey::from_bits(turn << 32 | slot))
    }

    fn changes(roll: &Roll<u8>) -> Vec<Change<u8>> {
        roll.look();
        std::iter::from_fn(|| roll.take()).collect()
    }

    #[test]
    fn who_comes_and_goes_is_told_once_each() {
        let (roll, [a, _, c]) = (Roll::default(), keys());
        assert!(roll.enter(a, 1), "the reader has to be told");
        assert!(!roll.enter(c, 3), "it is told already");
        let came = |peer, value| Change { left: None, came: Some((peer, value)), marked: None };
        assert_eq!(changes(&roll), [came(c, 3), came(a, 1)]);
        assert_eq!(changes(&roll), []);
        assert!(roll.mark(a));
        assert_eq!(changes(&roll), [Change { left: None, came: None, marked: Some(a) }]);
        assert!(roll.leave(a));
        assert_eq!(changes(&roll), [Change { left: Some(a), came: None, marked: None }]);
    }

    #[test]
    fn of_one_place_only_the_latest_word_counts_however_many_there_are() {
        let (roll, [a, b, _]) = (Roll::default(), keys());
        roll.enter(a, 1);
        changes(&roll);
        for _ in 0..1_000 {
            roll.mark(a);
            roll.leave(a);
            roll.enter(b, 2);
            roll.leave(b);
            roll.enter(a, 1);
        }
        assert_eq!(roll.sheet.lock().changed.len(), 1);
        roll.leave(a);
        roll.enter(b, 2);
        roll.mark(b);
        let all = Change { left: Some(a), came: Some((b, 2)), marked: Some(b) };
        assert_eq!(changes(&roll), [all]);
        roll.leave(a);
        roll.mark(a);
        assert_eq!(changes(&roll), [Change { left: None, came: None, marked: None }]);
    }
}
