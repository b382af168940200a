//! The handshake of the extension protocol: what was understood can be said again.

use super::metainfo::check_message;
use cuerda::limits::CLIENT_NAME_MAX;
use cuerda::wire::extension::ExtensionHandshake;

/// Reads the bytes as the payload of an extension handshake.
pub(crate) fn check(bytes: &[u8]) {
    let hello = match ExtensionHandshake::decode(bytes) {
        Ok(hello) => hello,
        Err(error) => return check_message(&error.to_string()),
    };
    if let Some(client) = &hello.client {
        assert!(client.len() <= CLIENT_NAME_MAX && !client.chars().any(char::is_control));
    }
    assert_ne!(hello.port, Some(0));
    assert_ne!(hello.request_queue, Some(0));
    let again = ExtensionHandshake::decode(&hello.encode());
    assert_eq!(again.as_ref(), Ok(&hello), "what is said is what was heard");
}
