//! The options of `cuerda info`.

use clap::Args;
use std::path::PathBuf;

/// Tell what a torrent contains.
#[derive(Debug, Args)]
pub(in crate::cli) struct InfoArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(in crate::cli) torrent: PathBuf,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
