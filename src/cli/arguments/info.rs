//! The options of `cuerda info`.

use clap::Args;
use std::path::PathBuf;

/// Tell what a torrent or a magnet link contains.
#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    /// The torrent file, or a magnet link (in quotes, because of its `&`)
    #[arg(value_name = "FILE.torrent|MAGNET")]
    pub(crate) source: PathBuf,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}
