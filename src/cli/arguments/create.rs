//! The options of `cuerda create`.

use crate::cli::arguments::values::{piece_length, tracker};
use clap::Args;
use std::path::PathBuf;

/// Make a torrent.
#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// The file or folder to make a torrent of
    pub(crate) path: PathBuf,
    /// Where to write the torrent
    #[arg(short, long, value_name = "FILE.torrent")]
    pub(crate) output: PathBuf,
    /// Length of a piece in bytes, as 262144, 256K or 1M; powers of two from 16K suit all clients
    /// [default: chosen by size, about 2000 pieces]
    #[arg(long, value_name = "N", value_parser = piece_length)]
    pub(crate) piece_length: Option<u32>,
    /// Address of a tracker, http://, https:// or udp://; may be given again: each is a tier of its
    /// own, and one of every tier is announced to [default: none]
    #[arg(long, value_name = "URL", value_parser = tracker)]
    pub(crate) announce: Vec<String>,
    /// Let peers come from the trackers only (BEP 27); changes the info-hash [default: off]
    #[arg(long)]
    pub(crate) private: bool,
    /// Free text to put into the torrent [default: none]
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// Replace a torrent that is already there [default: off]
    #[arg(long)]
    pub(crate) force: bool,
}
