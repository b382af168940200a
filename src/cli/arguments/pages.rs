//! The options of `cuerda completions` and `cuerda man`.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// Help a shell to complete commands and options.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that will read it
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

/// Print the manual.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// A folder to write a page into for each command, as man looks for them, instead of printing
    /// the program's own
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
