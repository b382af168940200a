//! The one place that starts threads. Every thread has a name that gdb, `top -H` and the log
//! show, a stack size, and an owner that joins it.
//!
//! How a thread is woken is its own matter (its channel closes, its mailbox rings); a thread that
//! cannot be woken must not be started.

use crate::kit::clock::{Clock, Time};
use crate::limits::JOIN_PAUSE;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a thread's name that Linux keeps.
const NAME_SHOWN: usize = 15;

/// Counts the threads of one client that have not ended, so that a test can see that none stays.
#[derive(Debug, Clone)]
pub struct Census {
    /// Threads that have not ended.
    living: Arc<AtomicUsize>,
    /// More are refused, as the system does at its own limit.
    most: usize,
}

impl Census {
    /// A census that refuses more than so many threads at a time.
    pub fn with_most(most: usize) -> Self {
        Self { living: Arc::default(), most }
    }

    /// Threads started through this census that have not ended.
    pub fn living(&self) -> usize {
        self.living.load(Ordering::Acquire)
    }
}

impl Default for Census {
    fn default() -> Self {
        Self::with_most(usize::MAX)
    }
}

/// How waiting for a thread went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// It has ended.
    Well,
    /// It has ended in a panic.
    Panicked,
    /// It has not ended in time, and is left to the end of the process.
    Late,
}

/// A running thread. Whoever holds this is its owner and has to join it.
#[derive(Debug)]
pub struct Thread {
    /// The name it was started with.
    name: String,
    /// What the standard library gives to wait with.
    handle: std::thread::JoinHandle<()>,
}

/// Counts a thread as living while it exists.
struct Living(Census);

impl Drop for Living {
    fn drop(&mut self) {
        self.0.living.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Starts a thread. Names longer than 15 bytes are cut by the kernel, so keep them short.
#[expect(clippy::disallowed_methods, reason = "the one lawful place that starts a thread")]
pub fn spawn(
    census: &Census,
    name: impl Into<String>,
    stack_size: usize,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<Thread> {
    let name = name.into();
    debug_assert!(name.len() <= NAME_SHOWN, "thread name {name} is cut by the kernel");
    if census.living.fetch_add(1, Ordering::AcqRel) >= census.most {
        census.living.fetch_sub(1, Ordering::AcqRel);
        return Err(io::Error::new(io::ErrorKind::WouldBlock, "no more threads"));
    }
    let living = Living(census.clone());
    let handle =
        std::thread::Builder::new().name(name.clone()).stack_size(stack_size).spawn(move || {
            let _living = living;
            body();
        })?;
    Ok(Thread { name, handle })
}

/// A body that tells of its panic, if it ends in one, before its thread does.
pub fn telling_panic(
    body: impl FnOnce() + Send + 'static,
    tell: impl FnOnce() + Send + 'static,
) -> impl FnOnce() + Send + 'static {
    move || {
        // What the body left half-done is its own, and dropped by now; what it shared is told of.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
            tell();
            resume_unwind(panic);
        }
    }
}

impl Thread {
    /// The name it was started with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its body has returned.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Waits for the thread to end, but not past the deadline.
    pub fn join_by(self, clock: Clock, deadline: Time) -> Joined {
        while !self.is_finished() {
            if clock.now() >= deadline {
                return Joined::Late;
            }
            std::thread::park_timeout(JOIN_PAUSE);
        }
        if self.join() { Joined::Well } else { Joined::Panicked }
    }

    /// Waits for the thread to end; tells whether it ended without a panic.
    pub fn join(self) -> bool {
        self.handle.join().is_ok()
    }
}

/// Name of the thread that calls this.
pub fn current_name() -> String {
    std::thread::current().name().unwrap_or("?").to_owned()
}

/// Cores that this process may use, at least 1.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_its_name_and_leaves_the_census() {
        let census = Census::default();
        let (tell, hear) = crossbeam_channel::bounded(1);
        let thread = spawn(&census, "peer-7", 64 * 1024, move || {
            tell.send(current_name()).ok();
        });
        let thread = thread.unwrap();
        assert_eq!(hear.recv().unwrap(), "peer-7");
        assert!(thread.join());
        assert_eq!(census.living(), 0);
    }

    #[test]
    fn who_waits_for_a_thread_that_is_stuck_waits_no_longer_than_the_deadline() {
        let (census, clock) = (Census::default(), Clock::start());
        let (release, stuck) = crossbeam_channel::bounded::<()>(0);
        let body = move || {
            let _ = stuck.recv();
        };
        let thread = spawn(&census, "stuck", 64 * 1024, body).unwrap();
        assert_eq!(thread.join_by(clock, clock.now() + 2 * JOIN_PAUSE), Joined::Late);
        assert_eq!(census.living(), 1);
        drop(release);
        let thread = spawn(&census, "well", 64 * 1024, || ()).unwrap();
        assert_eq!(thread.join_by(clock, Time::from_nanos(u64::MAX)), Joined::Well);
    }

    #[test]
    fn a_full_census_refuses_and_counts_no_thread_that_never_was() {
        let census = Census::with_most(0);
        assert!(spawn(&census, "none", 64 * 1024, || ()).is_err());
        assert_eq!(census.living(), 0);
    }

    #[test]
    fn a_panic_is_told_to_the_owner_and_the_census() {
        let census = Census::default();
        let thread = spawn(&census, "doomed", 64 * 1024, || panic!("on purpose")).unwrap();
        assert!(!thread.join());
        assert_eq!(census.living(), 0);
    }

    #[test]
    fn a_panic_and_nothing_else_is_told_before_the_thread_ends_in_it() {
        let (tell, told) = crossbeam_channel::bounded(2);
        for (name, panics) in [("well", false), ("doomed", true)] {
            let tell = tell.clone();
            let body = telling_panic(
                move || assert!(!panics, "on purpose"),
                move || tell.send(name).unwrap(),
            );
            let thread = spawn(&Census::default(), name, 64 * 1024, body).unwrap();
            assert_eq!(thread.join(), !panics);
        }
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["doomed"]);
    }
}
