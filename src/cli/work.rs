//! A job on a thread of its own, with its progress shown and Ctrl-C heard meanwhile.

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::gauge::Gauge;
use crate::cli::human;
use crate::cli::signals::Signal;
use crate::kit::thread::spawn;
use crate::limits::THREAD_STACK;
use crossbeam_channel::{bounded, select, tick};

/// How a job is watched and stopped.
pub(super) struct Job<'a> {
    /// Name of its thread.
    pub(super) name: &'static str,
    /// How many bytes are done, and of how many; the latter 0 while nobody knows.
    pub(super) progress: &'a dyn Fn() -> (u64, u64),
    /// Asks it to return soon.
    pub(super) stop: &'a dyn Fn(),
}

/// What came of a job.
pub(super) enum Worked<T> {
    /// It returned this.
    Done(T),
    /// It was stopped by a signal; what it returned does not matter.
    Interrupted(Signal),
}

impl Job<'_> {
    /// Runs it to its end.
    pub(super) fn run<T: Send + 'static>(
        &self,
        console: &Console,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Worked<T>, Failure> {
        let signals = console.signals()?;
        let (publish, done) = bounded(1);
        let thread = spawn(&console.census, self.name, THREAD_STACK, move || {
            let _ = publish.send(body());
        })
        .map_err(|error| {
            Failure::new(format!("cannot start a thread: {error}"))
                .advise("`ulimit -a` tells the limits of this shell")
        })?;
        let gauge = Gauge::new(&console.output);
        let ticks = tick(gauge.pause());
        let began = console.clock.now();
        let worked = loop {
            select! {
                recv(done) -> result => break result.ok().map(Worked::Done),
                recv(signals.first()) -> signal => {
                    let Ok(signal) = signal else { continue };
                    (self.stop)();
                    break Some(Worked::Interrupted(signal));
                }
                recv(ticks) -> _ => self.show(&gauge, console.clock.now() - began),
            }
        };
        drop(gauge);
        // A result that nobody takes fits the channel, so the thread ends.
        let ended = thread.join();
        worked.filter(|_| ended).ok_or_else(|| {
            Failure::new(format!("the thread {} failed", self.name))
                .advise("please report this as a bug")
        })
    }

    /// Shows the progress after this time.
    fn show(&self, gauge: &Gauge, passed: std::time::Duration) {
        let (done, total) = (self.progress)();
        let rate = (done as f64 / passed.as_secs_f64().max(0.001)) as u64;
        let left = human::time_left(total.saturating_sub(done), rate);
        let left = left.map_or_else(|| "-:--".to_owned(), human::time);
        let (part, whole, rate) = (human::size(done), human::size(total), human::rate(rate));
        gauge.show(done, total, format!("{part} of {whole}, {rate}, {left} left"));
    }
}
