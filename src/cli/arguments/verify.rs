//! The options of `cuerda verify`.

use clap::Args;
use std::path::PathBuf;

/// Compare files with their torrent.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(in crate::cli) torrent: PathBuf,
    /// The folder that holds the torrent's file or folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) dir: PathBuf,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
