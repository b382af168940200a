//! The options of `cuerda verify`.

use clap::Args;
use std::path::PathBuf;

/// Compare files with their torrent.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,
    /// The folder that holds the torrent's file or folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Tell it as one JSON object [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}
