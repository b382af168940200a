//! What a client may be told, and why it cannot start.

use crate::connection::toll::RateLimits;
use crate::limits::{PEERS_MAX, UPLOAD_SLOTS};
use crate::threads::tracker::network::Roots;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// The port that is listened on unless another is given.
pub const DEFAULT_PORT: u16 = 6881;

/// Our name and version, as peers and trackers see it.
pub(super) const CLIENT_NAME: &str = concat!("cuerda ", env!("CARGO_PKG_VERSION"));

/// What a client may be told.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where to listen for peers; empty for not at all. Port 0 takes any free port.
    pub listen: Vec<SocketAddr>,
    /// Peers at most, over all torrents.
    pub peers_max: usize,
    /// Peers of one torrent that may download at a time, not counting the optimistic one.
    pub upload_slots: usize,
    /// Limits of speed of all torrents together.
    pub limits: RateLimits,
    /// Our name and version, as peers see it.
    pub client_name: &'static str,
    /// Whom the certificates of HTTPS trackers may be signed by.
    pub tracker_roots: Roots,
    /// Where all chance comes from; drawn from the system if not given.
    pub seed: Option<u64>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            listen: vec![
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT)),
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT)),
            ],
            peers_max: PEERS_MAX,
            upload_slots: UPLOAD_SLOTS,
            limits: RateLimits::default(),
            client_name: CLIENT_NAME,
            tracker_roots: Roots::default(),
            seed: None,
        }
    }
}

/// Why a client cannot start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The system gave no random bytes.
    Random,
    /// The system gave no thread, poll or descriptor.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, error } if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "cannot listen on {address}: the port is in use")
            }
            Self::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
            Self::Random => f.write_str("the system gives no random bytes"),
            Self::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
