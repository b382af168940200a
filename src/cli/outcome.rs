//! How a command ends when it does not fail, and the exit code of each ending.

use crate::cli::signals::Signal;
use std::process::ExitCode;

/// Exit code of a failure; that of wrong usage, 2, belongs to the reader of arguments.
pub(super) const FAILED: u8 = 1;
/// Exit code of who writes to a pipe that nobody reads: 128 and the number of SIGPIPE, as shells
/// have it of programs that this signal ends.
const UNHEARD: u8 = 141;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did what it was asked.
    Done,
    /// It did its work, and the answer is no.
    No,
    /// A signal ended it before it was done.
    Interrupted(Signal),
    /// Nobody reads what it is to tell, so it ended.
    Unheard,
}

impl Outcome {
    /// What the program exits with.
    pub(super) fn code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::No => ExitCode::from(FAILED),
            Self::Interrupted(signal) => ExitCode::from(signal.exit_code()),
            Self::Unheard => ExitCode::from(UNHEARD),
        }
    }
}
