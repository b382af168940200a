//! The `chord-save` thread: writes the contacts of a ring node into their file. The disk's time is
//! not `chord-listen`'s.

use crate::kit::mailbox::{Letters, Waited};
use crate::storage::contacts;
use std::net::SocketAddr;
use std::path::Path;

/// The thread's body. Ends when nobody can post any more, after what was posted.
pub fn run(letters: &Letters<Vec<SocketAddr>>, path: &Path) {
    while let Waited::Word(addresses) = letters.wait(None) {
        if let Err(error) = contacts::write(path, &addresses) {
            let path = path.display();
            log::warn!("the ring's contacts cannot be saved in {path}: {error}");
        }
    }
}
