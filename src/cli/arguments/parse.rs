//! The finished definition of the command line, and how words are read by it.

use crate::cli::arguments::commands::{Arguments, TalkArguments};
use crate::cli::arguments::environment::{blame, with_lists, with_variables};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};
use std::ffi::OsString;

/// Everything that can be said, for help, manual, completions and reading alike.
pub(crate) fn definition() -> Command {
    with_variables(Arguments::command())
}

/// Reads the words of a command line, the program's name first, and what the environment adds.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = with_lists(definition(), &words);
    let matches = command.try_get_matches_from_mut(words).map_err(blame)?;
    let mut arguments =
        Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    settle_talk(&mut arguments.talk, &matches, &mut command)?;
    Ok(arguments)
}

/// Of `--quiet` and `--verbose` the one on the command line counts; both there are a mistake. The
/// reader of arguments would take a variable for part of the same contradiction.
fn settle_talk(
    talk: &mut TalkArguments,
    matches: &ArgMatches,
    command: &mut Command,
) -> Result<(), Error> {
    let said = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    match (said("quiet"), said("verbose")) {
        (true, true) => {
            let text = "the argument '--quiet' cannot be used with '--verbose'";
            Err(command.error(ErrorKind::ArgumentConflict, text))
        }
        (true, false) => {
            talk.verbose = 0;
            Ok(())
        }
        (false, true) => {
            talk.quiet = false;
            Ok(())
        }
        (false, false) if talk.quiet && talk.verbose > 0 => {
            let text = "the variable CUERDA_QUIET cannot be used with CUERDA_VERBOSE";
            Err(command.error(ErrorKind::ArgumentConflict, text))
        }
        (false, false) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::commands::Command as Chosen;

    #[test]
    fn a_file_may_be_named_with_blanks() {
        let words = ["cuerda", "download", "a.torrent", "--dir", "d", "--files"];
        for name in ["My Movie.mkv", "!Bonus Disc*", "> 1K"] {
            let given = words.iter().copied().chain([name]).map(OsString::from);
            let Chosen::Download(download) = parse(given).unwrap().command else {
                panic!("another command");
            };
            let terms: Vec<String> =
                download.files.iter().flat_map(|list| &list.0).map(ToString::to_string).collect();
            assert_eq!(terms, [name]);
        }
    }
}
