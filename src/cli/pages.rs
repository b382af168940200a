//! `cuerda completions` and `cuerda man`: what shells and `man` want to know of the command line,
//! made from its one definition.

use crate::cli::arguments::pages::{CompletionsArguments, ManArguments};
use crate::cli::arguments::parse::definition;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use clap_mangen::Man;

/// What the program is called where it is installed.
const PROGRAM: &str = "cuerda";

/// Prints what a shell reads.
pub(super) fn completions(
    arguments: &CompletionsArguments,
    console: &Console,
) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut definition(), PROGRAM, &mut script);
    console.output.answer(script.trim_ascii_end());
    Ok(Outcome::Done)
}

/// Prints the program's own page, or writes all pages into a folder.
pub(super) fn man(arguments: &ManArguments, console: &Console) -> Result<Outcome, Failure> {
    let Some(folder) = &arguments.dir else {
        let mut page = Vec::new();
        let failed = |error| Failure::new(format!("cannot make the manual: {error}"));
        Man::new(definition()).render(&mut page).map_err(failed)?;
        console.output.answer(page.trim_ascii_end());
        return Ok(Outcome::Done);
    };
    clap_mangen::generate_to(definition(), folder).map_err(|error| {
        Failure::new(format!("cannot write the manual: {error}"))
            .at(folder.display())
            .advise("give a folder that is there and that you may write to")
    })?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use clap::ValueEnum;
    use clap_complete::Shell;
    use std::sync::Arc;

    #[test]
    fn every_shell_learns_every_option() {
        for shell in Shell::value_variants() {
            let (output, answers, _) = captured::output(false);
            let arguments = CompletionsArguments { shell: *shell };
            completions(&arguments, &Console::new(Arc::new(output))).unwrap();
            for word in ["download", "piece-length", "max-peers"] {
                assert!(answers.text().contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn the_manual_has_a_page_for_every_command_with_its_variables() {
        let folder = tempfile::tempdir().unwrap();
        let (output, answers, _) = captured::output(false);
        let console = Console::new(Arc::new(output));
        man(&ManArguments { dir: Some(folder.path().to_owned()) }, &console).unwrap();
        for command in definition().get_subcommands() {
            let page = folder.path().join(format!("cuerda-{}.1", command.get_name()));
            let page = std::fs::read_to_string(&page).unwrap();
            for option in command.get_arguments().filter_map(clap::Arg::get_env) {
                let name = option.to_string_lossy();
                assert!(page.contains(&*name), "{}: {name}", command.get_name());
            }
        }
        man(&ManArguments { dir: None }, &console).unwrap();
        assert!(answers.text().contains(".SH NAME\ncuerda"), "{}", answers.text());
        assert!(man(&ManArguments { dir: Some("no/such".into()) }, &console).is_err());
    }
}
