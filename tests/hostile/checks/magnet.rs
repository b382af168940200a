//! Magnet links: what was understood can be written and read again.

use super::metainfo::check_message;
use cuerda::limits::{MAGNET_LENGTH_MAX, MAGNET_PEERS_MAX, TRACKERS_MAX};
use cuerda::metainfo::Magnet;

/// Reads the bytes as a magnet link, if they are text.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let magnet = match text.parse::<Magnet>() {
        Ok(magnet) => magnet,
        Err(error) => return check_message(&error.to_string()),
    };
    assert!(text.len() <= MAGNET_LENGTH_MAX);
    assert!(magnet.trackers.len() <= TRACKERS_MAX && magnet.peers.len() <= MAGNET_PEERS_MAX);
    if let Some(name) = &magnet.name {
        assert!(!name.is_empty() && !name.chars().any(char::is_control));
    }
    let printed = magnet.to_string();
    assert!(printed.bytes().all(|byte| byte.is_ascii_graphic()), "{printed}");
    if printed.len() <= MAGNET_LENGTH_MAX {
        assert_eq!(printed.parse::<Magnet>().as_ref(), Ok(&magnet), "{printed}");
    }
}
