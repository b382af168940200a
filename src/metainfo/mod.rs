//! What a `.torrent` file says (BEP 3, 12, 27, 47), read from untrusted bytes and made from files.
//!
//! - `torrent`: [`Metainfo`], the checked content of a torrent, and how it is parsed
//! - `raw`: the same as the bytes have it, before any check
//! - `shaped`: values of a type that is looked at only after reading
//! - `path`: [`SafePath`], a relative path that no stranger can aim outside the download folder
//! - `names`: how names that collide are told apart
//! - `hashes`: [`PieceHashes`], the digest of each piece
//! - `trackers`: which announce addresses of a torrent are usable
//! - `magnet`: [`Magnet`], a torrent named in one line (BEP 9, 53)
//! - `percent`: bytes in texts that some characters may not stand in
//! - `create`: making a torrent from a file or folder
//! - `error`: why bytes are no torrent
//!
//! Of a hybrid torrent (BEP 52) the v1 half is used; a torrent of version 2 alone is refused.
//! Fetching metadata from peers is not here; [`Metainfo::from_info`] is where metadata that was
//! fetched comes in.

mod create;
mod error;
mod hashes;
mod magnet;
mod names;
mod original;
mod path;
mod percent;
mod raw;
mod shaped;
mod torrent;
mod trackers;

pub use create::{
    Altered, CreateError, CreateOptions, Created, Progress, SkipReason, Skipped,
    automatic_piece_length, create,
};
pub use error::MetainfoError;
pub use hashes::PieceHashes;
pub use magnet::{Magnet, MagnetError};
pub use path::{RESUME_FOLDER, SafePath};
pub use torrent::{FileEntry, FileKind, Metainfo};
