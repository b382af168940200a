//! Why no torrent could be made.

use crate::bencode::BencodeError;
use crate::layout::LayoutError;
use crate::limits::{FILES_MAX, PATH_DEPTH_MAX, PIECE_LENGTH_MAX, PIECE_LENGTH_MIN};
use crate::metainfo::error::MetainfoError;
use std::path::PathBuf;
use std::{fmt, io};

/// Why no torrent could be made.
#[derive(Debug)]
pub enum CreateError {
    /// The system refused something; most often a file that vanished or may not be read.
    Io {
        /// What was attempted, as a verb: "read", "open".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The source is neither a file nor a folder.
    NotContent(PathBuf),
    /// The source has no name of its own, as the root of a file system.
    NoName(PathBuf),
    /// A folder is nested too deep.
    TooDeep(PathBuf),
    /// The folder holds more files than a torrent may have.
    TooManyFiles,
    /// A file grew or shrank between being listed and being read.
    Changed(PathBuf),
    /// The piece length asked for is out of bounds, in bytes.
    PieceLength(u32),
    /// An address that no tracker can have.
    Tracker(String),
    /// The content makes no torrent: it is empty, or has too many pieces.
    Layout(LayoutError),
    /// The torrent could not be written as bencode.
    Bencode(BencodeError),
    /// The torrent would be refused by its readers.
    Unreadable(MetainfoError),
    /// A thread could not be started or ended in a panic.
    Thread,
    /// The caller asked to stop.
    Stopped,
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, error } => {
                write!(f, "cannot {action} {}: {error}", path.display())
            }
            Self::NotContent(path) => {
                write!(f, "{} is neither a file nor a folder", path.display())
            }
            Self::NoName(path) => write!(f, "{} has no name to give a torrent", path.display()),
            Self::TooDeep(path) => write!(
                f,
                "{} is nested too deep, expected at most {PATH_DEPTH_MAX} levels",
                path.display()
            ),
            Self::TooManyFiles => write!(f, "more than {FILES_MAX} files, too many for a torrent"),
            Self::Changed(path) => {
                write!(f, "{} changed its size while it was read", path.display())
            }
            Self::PieceLength(length) => write!(
                f,
                "piece length is {length}, expected {PIECE_LENGTH_MIN} to {PIECE_LENGTH_MAX} bytes"
            ),
            Self::Tracker(url) => write!(
                f,
                "{url:?} is no tracker, expected an address with http://, https:// or udp://"
            ),
            Self::Layout(error) => write!(f, "cannot make a torrent of this: {error}"),
            Self::Bencode(error) => write!(f, "cannot write the torrent: {error}"),
            Self::Unreadable(error) => write!(f, "the torrent would not be readable: {error}"),
            Self::Thread => f.write_str("a hash thread could not be started or failed"),
            Self::Stopped => f.write_str("stopped before the torrent was complete"),
        }
    }
}

impl std::error::Error for CreateError {}

impl From<LayoutError> for CreateError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}
