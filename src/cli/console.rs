//! What every command needs of its surroundings.

use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::cli::signals::Signals;
use crate::kit::clock::Clock;
use crate::kit::thread::Census;
use std::sync::Arc;

/// What every command gets.
pub(super) struct Console {
    /// Where words go.
    pub(super) output: Arc<Output>,
    /// What time it is.
    pub(super) clock: Clock,
    /// Counts the threads that a command starts itself.
    pub(super) census: Census,
}

impl Console {
    /// A console that writes there.
    pub(super) fn new(output: Arc<Output>) -> Self {
        Self { output, clock: Clock::start(), census: Census::default() }
    }

    /// Takes over the signals, for a command that has to stop in good order.
    pub(super) fn signals(&self) -> Result<Signals, Failure> {
        let failed = |error| Failure::new(format!("cannot listen for signals: {error}"));
        Signals::take_over(&self.census).map_err(failed)
    }
}
