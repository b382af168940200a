//! The options of `cuerda info`.

use clap::Args;
use std::path::PathBuf;

/// Tell what a torrent contains.
#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}
