//! The peer protocol's words, and the interface that hides bits on the socket (BEP 3, 6, 10 and
//! 21).
//!
//! Nothing here knows a socket, a clock or a thread: bytes become values and values become bytes.
//! What a message *means* for a connection (may it come now, was it asked for) is not here.
//!
//! - [`error`]: what can be wrong with a stranger's bytes
//! - [`handshake`]: the 68 bytes that open a connection
//! - [`message`]: every message and its encoding
//! - [`codec`]: messages out of bytes; lengths are checked before anybody waits for the rest
//! - [`extension`]: the handshake of the extension protocol
//! - [`allowed_fast`]: the pieces that a choked peer may request
//! - [`messenger`]: the interface that hides bits on the socket
//! - [`stream_messenger`]: the messenger over any non-blocking stream
//! - [`memory`]: a stream in memory, for tests and simulations

mod window;

pub mod allowed_fast;
pub mod codec;
pub mod error;
pub mod extension;
pub mod handshake;
pub mod memory;
pub mod message;
pub mod messenger;
pub mod stream_messenger;
