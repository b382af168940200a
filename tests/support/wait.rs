//! Waiting for conditions: look, pause a little, look again, and give up at a deadline.

use std::time::{Duration, Instant};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The first value that `look` gives, or none when the limit has passed.
#[expect(clippy::disallowed_methods, reason = "tests wait for other processes, which ring no bell")]
pub(crate) fn try_until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let found = look();
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The first value that `look` gives; fails the test when the limit has passed.
pub(crate) fn until<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    try_until(limit, look).unwrap_or_else(|| panic!("waited {limit:?} in vain: {what}"))
}
