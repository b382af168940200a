//! What a ring node may be told, and why it cannot start.

use crate::chord::settings::{Settings, SettingsError};
use crate::limits::RENEWAL_PERIOD;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What a ring node may be told.
#[derive(Debug, Clone)]
pub struct RingOptions {
    /// Where to listen, at most one address of each family. Port 0 takes any free port; an
    /// unspecified address stands for the one that leads to the others.
    pub listen: Vec<SocketAddr>,
    /// Whom to ask for the way in; with nobody, and no contacts in `state`, a ring is begun.
    pub bootstrap: Vec<SocketAddr>,
    /// The file where contacts are kept over restarts.
    pub state: Option<PathBuf>,
    /// The ring, and how this node takes part.
    pub settings: Settings,
    /// Time between two announces of what is kept announced.
    pub renewal_period: Duration,
}

impl Default for RingOptions {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            bootstrap: Vec::new(),
            state: None,
            settings: Settings::default(),
            renewal_period: RENEWAL_PERIOD,
        }
    }
}

/// Why a node cannot start.
#[derive(Debug)]
pub enum RingStartError {
    /// The settings cannot work.
    Settings(SettingsError),
    /// No address to listen on, or two of one family.
    Families,
    /// An address cannot be listened on.
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// An address was left open, and the system knows no way to the others that would tell.
    NoAddress {
        /// What was to be listened on.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The system gave no random bytes.
    Random,
    /// The system gave no thread, poll or descriptor.
    System(io::Error),
}

impl fmt::Display for RingStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => write!(f, "this ring cannot be: {error}"),
            Self::Families => {
                f.write_str("a ring node listens on one address, or on one of IPv4 and one of IPv6")
            }
            Self::Listen { address, error } if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "cannot listen on {address}: the UDP port is in use; choose another")
            }
            Self::Listen { address, error } => {
                write!(f, "cannot listen on UDP {address}: {error}")
            }
            Self::NoAddress { address, error } => write!(
                f,
                "cannot find out at which address others see {address}: {error}; name it instead"
            ),
            Self::Random => f.write_str("the system gives no random bytes"),
            Self::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for RingStartError {}
