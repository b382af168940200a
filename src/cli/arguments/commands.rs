//! The program's own options and the list of commands.

use crate::cli::arguments::create::CreateArguments;
use crate::cli::arguments::info::InfoArguments;
use crate::cli::arguments::pages::{CompletionsArguments, ManArguments};
use crate::cli::arguments::ring::{NodeArguments, RingArguments};
use crate::cli::arguments::transfer::{DownloadArguments, SeedArguments};
use crate::cli::arguments::verify::VerifyArguments;
use clap::{ArgAction, Args, Parser, Subcommand};

/// What the program ends with, for the help.
const AFTER_HELP: &str = "\
What a script wants is alone on standard output, talk goes to standard error.
Exit code: 0 done (a download: complete and verified; a seed: stopped by you),
1 failed, 2 wrong usage, 130 or 143 stopped by Ctrl-C or SIGTERM before it was done.
Every option can come from an environment variable: --max-peers from CUERDA_MAX_PEERS. Several
values are separated by blanks; 1 and 0 turn options on and off; the command line wins.
`cuerda COMMAND --help` tells the options of a command.";

/// Most columns of the help.
const HELP_WIDTH: usize = 100;

/// Copies files from and to other people with BitTorrent.
#[derive(Debug, Parser)]
#[command(name = "cuerda", version, after_help = AFTER_HELP, max_term_width = HELP_WIDTH)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How much to say.
    #[command(flatten)]
    pub(crate) talk: TalkArguments,
}

/// How much to say; for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct TalkArguments {
    /// Say nothing but answers, warnings and errors [default: off]
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log more: once what happens, twice why, three times everything [default: warnings only;
    /// the environment variable RUST_LOG wins]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a torrent of a file or folder and print its info-hash
    Create(CreateArguments),
    /// Tell what a torrent or a magnet link contains
    Info(InfoArguments),
    /// Compare files with their torrent
    Verify(VerifyArguments),
    /// Download a torrent's files, or what is missing of them, and print where they are
    Download(DownloadArguments),
    /// Give files that are here to others, until Ctrl-C
    Seed(SeedArguments),
    /// Be a node of a ring that finds peers without a tracker, until Ctrl-C
    Node(NodeArguments),
    /// Look at a ring, or use it, without being a part of it
    Ring(RingArguments),
    /// Print what helps a shell to complete commands and options
    Completions(CompletionsArguments),
    /// Print the manual, or write its pages into a folder
    Man(ManArguments),
}

impl Command {
    /// Whether standard output is for a program that reads JSON, so that nobody wants talk.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Create(_) | Self::Completions(_) | Self::Man(_) => false,
            Self::Node(arguments) => arguments.json,
            Self::Ring(arguments) => arguments.json(),
            Self::Info(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
            Self::Download(arguments) => arguments.network.json,
            Self::Seed(arguments) => arguments.network.json,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cli::arguments::parse::{definition, parse};
    use clap::{CommandFactory, Parser};
    use std::ffi::OsString;

    /// The command that a line says, without what the environment adds.
    pub(crate) fn command(line: &str) -> Result<Command, clap::Error> {
        let words = ["cuerda"].into_iter().chain(line.split(' '));
        Arguments::try_parse_from(words).map(|arguments| arguments.command)
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
        definition().debug_assert();
    }

    #[test]
    fn every_option_has_help() {
        let mut program = Arguments::command();
        program.build();
        for command in program.get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(argument.get_help().is_some(), "{} {name}", command.get_name());
            }
        }
    }

    #[test]
    fn quiet_and_verbose_may_follow_the_command() {
        let read = |line: &str| parse(line.split(' ').map(OsString::from));
        let arguments = read("cuerda info a.torrent -vv").unwrap();
        assert_eq!((arguments.talk.verbose, arguments.talk.quiet), (2, false));
        let wrong = read("cuerda info a -v -q").expect_err("both");
        assert_eq!(wrong.exit_code(), 2);
    }
}
