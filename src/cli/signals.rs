//! Ctrl-C and the request to terminate: the first is a value on a channel, so that the command can
//! stop in good order; the second ends the process at once.
//!
//! A handler may do next to nothing, so it writes a byte into a socket pair; the thread `signals`
//! reads it and passes it on. Closing the pair wakes and ends the thread.

use crate::kit::thread::{Census, Thread, spawn};
use crate::limits::THREAD_STACK;
use crossbeam_channel::{Receiver, Sender, bounded};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a signal's number is added to in an exit code, as shells have it.
const SHELL_BASE: u8 = 128;

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM: what `kill` and service managers send.
    Terminate,
}

impl Signal {
    /// Both.
    const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    /// The system's number.
    fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }

    /// What a program exits with that was stopped by it.
    pub(super) fn exit_code(self) -> u8 {
        SHELL_BASE + self.number() as u8
    }
}

/// The signals of this process. There is one of it at a time.
pub(super) struct Signals {
    /// Where the first one arrives.
    first: Receiver<Signal>,
    /// Handlers to take away again.
    registered: Vec<SigId>,
    /// One end of the pair; closing it ends the thread.
    wake: UnixStream,
    /// The thread that passes them on.
    thread: Option<Thread>,
}

impl Signals {
    /// Takes the signals over from the system, which would end the process.
    pub(super) fn take_over(census: &Census) -> io::Result<Self> {
        let (wake, bytes) = UnixStream::pair()?;
        let (publish, first) = bounded(1);
        let which = Arc::new(AtomicUsize::new(0));
        let mut signals = Self { first, registered: Vec::new(), wake, thread: None };
        let again = Arc::new(AtomicBool::new(false));
        for signal in Signal::ALL {
            let number = signal.number();
            // Handlers run in this order, so the first signal finds `again` still unset.
            let (code, kind) = (i32::from(signal.exit_code()), number as usize);
            signals.keep(flag::register_conditional_shutdown(number, code, again.clone()))?;
            signals.keep(flag::register(number, again.clone()))?;
            signals.keep(flag::register_usize(number, which.clone(), kind))?;
            let end = signals.wake.try_clone()?;
            signals.keep(low_level::pipe::register(number, end))?;
        }
        let pass = move || pass_on(bytes, &which, &publish);
        signals.thread = Some(spawn(census, "signals", THREAD_STACK, pass)?);
        Ok(signals)
    }

    /// Where the first signal arrives.
    pub(super) fn first(&self) -> &Receiver<Signal> {
        &self.first
    }

    /// Remembers a handler.
    fn keep(&mut self, registered: io::Result<SigId>) -> io::Result<()> {
        registered.map(|id| self.registered.push(id))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
        let _ = self.wake.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            thread.join();
        }
    }
}

/// The body of the thread: waits for a byte, says which signal it was.
fn pass_on(mut bytes: UnixStream, which: &AtomicUsize, publish: &Sender<Signal>) {
    let mut byte = [0; 1];
    // An error other than an interruption ends the thread; a second signal still ends the process.
    while matches!(read(&mut bytes, &mut byte), Ok(1)) {
        let number = which.load(Ordering::SeqCst);
        let signal = Signal::ALL.into_iter().find(|signal| signal.number() as usize == number);
        if let Some(signal) = signal {
            // Full means that one was passed on already.
            let _ = publish.try_send(signal);
        }
    }
}

/// Reads, also when a signal interrupts the reading.
fn read(bytes: &mut UnixStream, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match bytes.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test, because the signals belong to the whole process.
    #[test]
    fn a_signal_arrives_and_the_thread_ends() {
        let census = Census::default();
        let signals = Signals::take_over(&census).unwrap();
        low_level::raise(SIGTERM).unwrap();
        assert_eq!(signals.first().recv().unwrap(), Signal::Terminate);
        drop(signals);
        assert_eq!(census.living(), 0);
    }

    #[test]
    fn exit_codes_are_those_of_shells() {
        assert_eq!(Signal::Interrupt.exit_code(), 130);
        assert_eq!(Signal::Terminate.exit_code(), 143);
    }
}
