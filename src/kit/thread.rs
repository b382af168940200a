//! The one place that starts threads. Every thread has a name that gdb, `top -H` and the log
//! show, a stack size, and an owner that joins it.
//!
//! How a thread is woken is its own matter (its channel closes, its mailbox rings); a thread that
//! cannot be woken must not be started.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a thread's name that Linux keeps.
const NAME_SHOWN: usize = 15;

/// Counts the threads of one client that have not ended, so that a test can see that none stays.
#[derive(Debug, Clone, Default)]
pub struct Census(Arc<AtomicUsize>);

impl Census {
    /// Threads started through this census that have not ended.
    pub fn living(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
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
        self.0.0.fetch_sub(1, Ordering::AcqRel);
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
    census.0.fetch_add(1, Ordering::AcqRel);
    let living = Living(census.clone());
    let handle =
        std::thread::Builder::new().name(name.clone()).stack_size(stack_size).spawn(move || {
            let _living = living;
            body();
        })?;
    Ok(Thread { name, handle })
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
    fn a_panic_is_told_to_the_owner_and_the_census() {
        let census = Census::default();
        let thread = spawn(&census, "doomed", 64 * 1024, || panic!("on purpose")).unwrap();
        assert!(!thread.join());
        assert_eq!(census.living(), 0);
    }
}
