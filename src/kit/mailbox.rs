//! Queue and waker as one object: how the main thread gives orders to a thread that sleeps in
//! its poll.
//!
//! Posting never waits. A mailbox also carries *state bits*: wishes of which only the latest
//! counts, such as "you may upload", that therefore need no place in the queue. Wakes coalesce:
//! the first post after the reader looked rings the waker, the others see that it rang. The
//! reader clears that mark *before* it drains; in the other order a post could fall between and
//! sleep for ever.

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use mio::Waker;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The queue holds as much as its capacity: by the bounds of its users this is a bug of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxFull;

/// What both ends share.
#[derive(Debug, Default)]
struct Bell {
    /// Rings the reader's poll, once the reader has attached it.
    waker: OnceLock<Waker>,
    /// Whether the waker rang since the reader looked last.
    rung: AtomicBool,
    /// State bits; the latest value counts.
    state: AtomicU32,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Some(waker) = self.waker.get()
        {
            // A failing wake means that the reader's poll is gone; its last word tells main.
            let _ = waker.wake();
        }
    }
}

/// The posting end. Clones post to the same mailbox.
#[derive(Debug)]
pub struct Mailbox<T> {
    /// The queue. Unbounded in the allocator's sense only: `capacity` is checked at each post.
    queue: Sender<T>,
    /// Most words that wait.
    capacity: usize,
    /// Wakes the reader.
    bell: Arc<Bell>,
}

/// How waiting for a word ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited<T> {
    /// With a word.
    Word(T),
    /// With none in the time given.
    Timeout,
    /// Nobody can post any more, and nothing is left.
    Closed,
}

/// The reading end. Of several clones each word reaches one.
#[derive(Debug)]
pub struct Letters<T> {
    /// The queue.
    queue: Receiver<T>,
    /// Shared with the posting ends.
    bell: Arc<Bell>,
}

/// A mailbox of that capacity. Until the reader attaches a waker it looks when it pleases.
pub fn mailbox<T>(capacity: usize) -> (Mailbox<T>, Letters<T>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "bounded by `capacity`; a bounded crossbeam \
        channel would allocate all of it for each of thousands of idle peers"
    )]
    let (sender, receiver) = crossbeam_channel::unbounded();
    let bell = Arc::new(Bell::default());
    let letters = Letters { queue: receiver, bell: Arc::clone(&bell) };
    (Mailbox { queue: sender, capacity, bell }, letters)
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), capacity: self.capacity, bell: Arc::clone(&self.bell) }
    }
}

impl<T> Clone for Letters<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), bell: Arc::clone(&self.bell) }
    }
}

impl<T> Mailbox<T> {
    /// Puts a word in the queue and wakes the reader. Never waits. A reader that has gone away is
    /// no error: its last word is on the way.
    pub fn post(&self, word: T) -> Result<(), MailboxFull> {
        if self.queue.len() >= self.capacity {
            return Err(MailboxFull);
        }
        let _ = self.queue.send(word);
        self.bell.ring();
        Ok(())
    }

    /// Sets and clears state bits, and wakes the reader if that changed any.
    pub fn set_state(&self, set: u32, clear: u32) {
        let before = self.bell.state.load(Ordering::Acquire);
        let after = (before & !clear) | set;
        if before != after {
            // One poster owns the bits (the main thread), so load and store need not be one step.
            self.bell.state.store(after, Ordering::Release);
            self.bell.ring();
        }
    }

    /// Wakes the reader without a word.
    pub fn ring(&self) {
        self.bell.ring();
    }
}

impl<T> Letters<T> {
    /// From now on a post rings this waker. What was posted before rang nothing: the reader has
    /// to look once after this. A second waker is ignored.
    pub fn attach(&self, waker: Waker) {
        let _ = self.bell.waker.set(waker);
    }

    /// To be called first at each wake, before [`Self::take`].
    pub fn look(&self) {
        // A swap and not a store: it sees what was posted before the ring that it takes back.
        self.bell.rung.swap(false, Ordering::AcqRel);
    }

    /// The next word, if one waits.
    pub fn take(&self) -> Option<T> {
        self.queue.try_recv().ok()
    }

    /// The state bits as they are now.
    pub fn state(&self) -> u32 {
        self.bell.state.load(Ordering::Acquire)
    }

    /// Waits for a word; for readers without a poll. Without a timeout it waits for as long as
    /// somebody can post.
    pub fn wait(&self, timeout: Option<Duration>) -> Waited<T> {
        let waited = match timeout {
            Some(timeout) => self.queue.recv_timeout(timeout),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match waited {
            Ok(word) => Waited::Word(word),
            Err(RecvTimeoutError::Timeout) => Waited::Timeout,
            Err(RecvTimeoutError::Disconnected) => Waited::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::thread::{Census, spawn};
    use mio::{Events, Poll, Token};

    #[test]
    fn refuses_past_its_capacity() {
        let (mailbox, letters) = mailbox(2);
        assert_eq!(mailbox.post(1), Ok(()));
        assert_eq!(mailbox.post(2), Ok(()));
        assert_eq!(mailbox.post(3), Err(MailboxFull));
        assert_eq!(letters.take(), Some(1));
        assert_eq!(mailbox.post(3), Ok(()));
    }

    #[test]
    fn only_the_latest_state_counts() {
        let (mailbox, letters) = mailbox::<()>(1);
        mailbox.set_state(0b11, 0);
        mailbox.set_state(0b100, 0b01);
        assert_eq!(letters.state(), 0b110);
    }

    #[test]
    fn no_wake_is_lost_between_two_threads() {
        const WORDS: u32 = 20_000;
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        let (mailbox, letters) = mailbox(WORDS as usize);
        letters.attach(waker);
        let thread = spawn(&Census::default(), "poster", 64 * 1024, move || {
            for word in 0..WORDS {
                mailbox.post(word).unwrap();
            }
        });
        let mut events = Events::with_capacity(4);
        let mut next = 0;
        while next < WORDS {
            poll.poll(&mut events, Some(Duration::from_secs(20))).unwrap();
            assert!(!events.is_empty(), "slept through a post after {next} words");
            letters.look();
            while let Some(word) = letters.take() {
                assert_eq!(word, next);
                next += 1;
            }
        }
        assert!(thread.unwrap().join());
    }
}
