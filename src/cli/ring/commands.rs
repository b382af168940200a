//! Which of the commands of `cuerda ring` is meant.

use crate::cli::arguments::ring::{RingArguments, RingCommand};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use crate::cli::ring::{seek, simulate, status};

/// Does something with a ring from outside.
pub(crate) fn ring(arguments: &RingArguments, console: &Console) -> Result<Outcome, Failure> {
    match &arguments.command {
        RingCommand::Status(arguments) => status::status(arguments, console),
        RingCommand::Lookup(arguments) => seek::lookup(arguments, console),
        RingCommand::Announce(arguments) => seek::announce(arguments, console),
        RingCommand::Simulate(arguments) => simulate::simulate(arguments, console),
    }
}
