//! The client put together: builds the threads, joins them again, and is the handle that the
//! command line and tests hold.
//!
//! - `options`: what a client may be told
//! - `capacity`: how many peers the system has room for
//! - `resources`: what the system lets this process have
//! - `choice`: which pieces a choice of files needs
//! - `start`: starting and stopping all threads
//! - [`ring`]: a node of the ring, by itself
//! - `finder`: which path of a file is meant
//! - `torrent`: adding a torrent and watching it
//! - `scrape`: asking trackers for a torrent's figures, without a client
//! - `verify`: comparing files with a torrent, without a client

mod capacity;
mod choice;
mod finder;
mod options;
mod resources;
pub mod ring;
mod scrape;
mod start;
mod torrent;
mod verify;

pub use crate::connection::toll::RateLimits;
pub use crate::threads::tracker::network::{CertificateError, Roots};
pub use capacity::{Bound, Capacity, Resources};
pub use finder::place_of;
pub use options::{ClientOptions, DEFAULT_PORT, StartError};
pub use resources::raise_descriptor_limit;
pub use scrape::{Scrape, ScrapeAnswer, Scraped};
pub use start::{Client, Stopped};
pub use torrent::{AddError, AddTorrent, Mode, Progress, TorrentHandle};
pub use verify::{Verdict, VerifyError, VerifyProgress, verify};
