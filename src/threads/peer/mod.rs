//! The `peer-N` threads: one for each connection. A thread owns its socket and drives the pure
//! connection over it.
//!
//! - `body`: the thread's life: connect or take over a socket, greet, exchange, say goodbye
//! - `session`: the exchange of messages and blocks, turn by turn
//! - `line`: the socket with its poll and mailbox
//! - `words`: what the thread is given and told

mod body;
mod line;
mod session;
mod words;

pub use body::PeerThread;
pub use words::{Origin, PeerContext, PeerOrder, UNCHOKED};
