//! The options of `cuerda info`.

use clap::Args;
use std::path::PathBuf;

/// Tell what a torrent or a magnet link contains.
#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    /// The torrent file, or a magnet link (in quotes, because of its `&`)
    #[arg(value_name = "FILE.torrent|MAGNET")]
    pub(crate) source: PathBuf,
    /// Ask every tracker how many have it all, download it, and have downloaded it, without
    /// announcing anything [default: off]
    #[arg(long)]
    pub(crate) scrape: bool,
    /// Certificates (PEM) of the authorities that https:// trackers are to be signed by, for
    /// --scrape, instead of those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub(crate) tracker_ca: Option<PathBuf>,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}
