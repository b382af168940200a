//! Makes a torrent from a file or folder (BEP 3, 12, 27): what `cuerda create` does.
//!
//! - `make`: [`create`], its options and its result, and the bytes that it writes
//! - `walk`: which files belong to it, in which order, and what is left out
//! - `hash`: the digests, computed by one thread for each core
//! - `progress`: what the caller sees of it meanwhile, and how it is stopped
//! - `error`: why no torrent came out

mod error;
mod hash;
mod make;
mod progress;
mod walk;

pub use error::CreateError;
pub use make::{Altered, CreateOptions, Created, automatic_piece_length, create};
pub use progress::Progress;
pub use walk::{SkipReason, Skipped};
