//! Every option as an environment variable, by one rule: `--max-peers` is `CUERDA_MAX_PEERS`. What
//! the command line says wins.
//!
//! The rule is applied to the finished definition, so that no option can be forgotten.

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, Error};
use std::env;
use std::ffi::OsString;

/// How every name begins.
const PREFIX: &str = "CUERDA_";

/// Options that answer at once and are not for every day.
const WITHOUT: [&str; 2] = ["help", "version"];

/// The variable of an option, which is named without its dashes.
pub(crate) fn variable_of(option: &str) -> String {
    format!("{PREFIX}{}", option.to_uppercase().replace('-', "_"))
}

/// The same command, with a variable for each option of it and of its commands.
pub(crate) fn with_variables(command: Command) -> Command {
    command.mut_args(with_variable).mut_subcommands(with_variables)
}

/// The same option, with its variable. What is only on or off takes `1`, `0`, `yes`, `no` and their
/// like.
fn with_variable(option: Arg) -> Arg {
    let Some(long) = option.get_long().filter(|long| !WITHOUT.contains(long)) else {
        return option;
    };
    let name = variable_of(long);
    let option = option.env(name).hide_env_values(true);
    let action = option.get_action();
    if matches!(action, ArgAction::SetTrue) {
        option.value_parser(BoolishValueParser::new())
    } else {
        option
    }
}

/// The same command, in which the variables of options that may be given again hold several values,
/// separated by blanks. An option among the words is left alone: its variable does not count, and a
/// value of the command line may have blanks in it, as names of files do.
pub(crate) fn with_lists(command: Command, words: &[OsString]) -> Command {
    let separated = |option: Arg| {
        let again = matches!(option.get_action(), ArgAction::Append);
        let variable_counts = option.get_long().is_some_and(|long| !is_given(long, words));
        if again && variable_counts { option.value_delimiter(' ') } else { option }
    };
    command.mut_args(separated).mut_subcommands(|command| with_lists(command, words))
}

/// Whether an option is among the words of a command line.
fn is_given(long: &str, words: &[OsString]) -> bool {
    let mut options = words.iter().filter_map(|word| word.to_str()?.strip_prefix("--"));
    options.any(|word| word.split_once('=').map_or(word, |(name, _)| name) == long)
}

/// The same error; if the wrong value comes from a variable, it says from which.
pub(crate) fn blame(mut error: Error) -> Error {
    if let Some(name) = culprit(&error) {
        let tip = format!("the value comes from the environment variable {name}");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// The variable that holds the value that an error is about.
fn culprit(error: &Error) -> Option<String> {
    let text = |kind| {
        let Some(ContextValue::String(text)) = error.get(kind) else { return None };
        Some(text.clone())
    };
    let (option, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let name = variable_of(option.split(' ').next()?.strip_prefix("--")?);
    let held = env::var(&name).ok()?;
    (held == value || held.split(' ').any(|part| part == value)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::parse::definition;

    fn check(command: &Command) -> usize {
        let options =
            command.get_arguments().filter_map(|option| Some((option, option.get_long()?)));
        let mut count = 0;
        for (option, long) in options.filter(|(_, long)| !WITHOUT.contains(long)) {
            let expected = variable_of(long);
            let found = option.get_env().map(|name| name.to_string_lossy().into_owned());
            assert_eq!(found, Some(expected), "{} --{long}", command.get_name());
            count += 1;
        }
        count + command.get_subcommands().map(check).sum::<usize>()
    }

    #[test]
    fn names_follow_from_the_options() {
        assert_eq!(variable_of("max-peers"), "CUERDA_MAX_PEERS");
    }

    #[test]
    fn words_tell_which_options_are_given() {
        let words = ["cuerda", "download", "--files=a b", "--peer", "tracker"].map(OsString::from);
        let given = ["files", "peer", "tracker", "file"].map(|long| is_given(long, &words));
        assert_eq!(given, [true, true, false, false]);
    }

    #[test]
    fn every_option_of_every_command_has_its_variable() {
        let mut program = definition();
        program.build();
        assert!(check(&program) > 15);
    }
}
