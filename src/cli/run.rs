//! From arguments to the exit code: reads the command line, sets up output and log, runs the
//! command, tells of its failure.

use crate::cli::arguments::commands::Command;
use crate::cli::arguments::parse::parse;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::out::Output;
use crate::cli::outcome::{FAILED, Outcome};
use crate::cli::transfer::commands as transfer;
use crate::cli::{create, info, logging, pages, ring, verify};
use crate::client::raise_descriptor_limit;
use std::env;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the program with the process's arguments. The result is for `main` to return.
pub fn run() -> ExitCode {
    let arguments = match parse(env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, with code 0; a reader may have gone away.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    let quiet = arguments.talk.quiet || arguments.command.json();
    let output = Arc::new(Output::standard(quiet));
    logging::start(&output, arguments.talk.quiet, arguments.talk.verbose);
    raise_descriptor_limit();
    let result = perform(arguments.command, &Console::new(output.clone()));
    conclude(result, &output)
}

/// Runs a command.
fn perform(command: Command, console: &Console) -> Result<Outcome, Failure> {
    match command {
        Command::Create(arguments) => create::create(arguments, console),
        Command::Info(arguments) => info::info(&arguments, console),
        Command::Verify(arguments) => verify::verify(&arguments, console),
        Command::Download(arguments) => transfer::download(&arguments, console),
        Command::Seed(arguments) => transfer::seed(&arguments, console),
        Command::Node(arguments) => ring::node(&arguments, console),
        Command::Ring(arguments) => ring::ring(&arguments, console),
        Command::Completions(arguments) => pages::completions(&arguments, console),
        Command::Man(arguments) => pages::man(&arguments, console),
    }
}

/// The failure of an answer that was lost.
fn lost(error: String) -> Failure {
    Failure::new(format!("cannot write to standard output: {error}"))
        .advise("check what takes the answers: a full disk, most often")
}

/// The exit code; tells of a failure, also of an answer that could not be given.
fn conclude(result: Result<Outcome, Failure>, output: &Output) -> ExitCode {
    let result =
        result.and_then(|outcome| output.lost().map_or(Ok(outcome), |error| Err(lost(error))));
    match result {
        Ok(outcome) => outcome.code(),
        Err(failure) => {
            output.warn(&failure.to_string());
            ExitCode::from(FAILED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use std::io::{self, Write};

    #[test]
    fn a_failure_is_one_line_on_standard_error() {
        let (output, answers, talk) = captured::output(true);
        let failure = Failure::new("cannot read the torrent").at("odd\nname.torrent");
        assert_eq!(conclude(Err(failure), &output), ExitCode::from(1));
        assert_eq!(answers.text(), "");
        assert_eq!(talk.text(), "cuerda: cannot read the torrent: odd\u{fffd}name.torrent\n");
    }

    #[test]
    fn an_answer_that_was_lost_is_a_failure() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let output = Output::new(Box::new(Full), Box::new(io::sink()), false);
        assert_eq!(conclude(Ok(Outcome::Done), &output), ExitCode::SUCCESS);
        output.answer(b"hash");
        assert_eq!(conclude(Ok(Outcome::Done), &output), ExitCode::from(1));
    }
}
