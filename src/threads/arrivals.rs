//! Sockets that were accepted and not yet admitted. The accept thread leaves them here and
//! publishes that somebody came; the spawn thread takes them when the main thread has decided.

use crate::limits::ARRIVALS_MAX;
use crate::swarm::event::ArrivalKey;
use mio::net::TcpStream;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The waiting room. Clones are the same room.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<Room>>);

/// What is in it.
#[derive(Debug, Default)]
struct Room {
    /// Sockets by the number they came with.
    sockets: HashMap<u64, TcpStream>,
    /// The number of the next one.
    next: u64,
}

impl Arrivals {
    /// Lets a socket in; one too many is closed.
    pub fn enter(&self, socket: TcpStream) -> Option<ArrivalKey> {
        let mut room = self.0.lock();
        if room.sockets.len() >= ARRIVALS_MAX {
            return None;
        }
        let number = room.next;
        room.next += 1;
        room.sockets.insert(number, socket);
        Some(ArrivalKey(number))
    }

    /// Takes a socket out.
    pub fn leave(&self, arrival: ArrivalKey) -> Option<TcpStream> {
        self.0.lock().sockets.remove(&arrival.0)
    }
}
