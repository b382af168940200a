//! What a peer's thread is given at its start and told later.

use crate::connection::event::Command;
use crate::connection::toll::Throttle;
use crate::id::PeerId;
use crate::kit::buffers::BufferPool;
use crate::kit::clock::Clock;
use crate::threads::assets::Assets;
use crate::threads::bus::Bus;
use mio::net::TcpStream;
use std::net::SocketAddr;
use std::sync::Arc;

/// State bit of the mailbox: the peer may download.
pub const UNCHOKED: u32 = 1;

/// What a peer's thread is told.
#[derive(Debug)]
pub enum PeerOrder {
    /// The torrent that was asked for is served.
    Welcome(Arc<Assets>),
    /// A command for the connection.
    Command(Command),
}

/// How a connection begins.
#[derive(Debug)]
pub enum Origin {
    /// We dial.
    Dial {
        /// Whom.
        address: SocketAddr,
        /// For which torrent.
        assets: Arc<Assets>,
    },
    /// Somebody dialed us.
    Accepted {
        /// Who.
        address: SocketAddr,
        /// The socket.
        socket: TcpStream,
    },
}

/// What every peer's thread is given.
#[derive(Debug, Clone)]
pub struct PeerContext {
    /// Where it publishes.
    pub bus: Bus,
    /// What time it is.
    pub clock: Clock,
    /// Buffers while bytes are under way.
    pub pool: BufferPool,
    /// The client's limits of speed.
    pub throttle: Throttle,
    /// What we call ourselves.
    pub our_id: PeerId,
    /// The port where we listen, if we do.
    pub our_port: Option<u16>,
    /// Our name and version.
    pub client_name: &'static str,
}
