//! What the tests need of a stock client: is it installed, start it, is it ready, is it done.

use crate::aria2::Aria2;
use crate::libtorrent::Libtorrent;
use crate::scene::Scene;
use crate::support::content::Empty;
use crate::transmission::Transmission;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Time for a client to start, check what it has and listen.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(60);

/// The stock clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    /// transmission-daemon
    Transmission,
    /// aria2c
    Aria2,
    /// libtorrent (rasterbar) through its Python binding
    Libtorrent,
}

/// What a client is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has all of the content.
    Seed,
    /// It starts with nothing.
    Download,
}

/// A stock client under way; dropping it ends its process.
pub(crate) trait Peer {
    /// Where it listens for peers.
    fn address(&self) -> SocketAddr;
    /// Whether its download is complete and verified.
    fn is_done(&mut self) -> bool;
}

impl Stock {
    /// Whether it is installed. When it is not: says so, or fails when peers are required.
    pub(crate) fn is_here(self) -> bool {
        let (program, argument) = match self {
            Stock::Transmission => ("transmission-daemon", "--version"),
            Stock::Aria2 => ("aria2c", "--version"),
            Stock::Libtorrent => (Libtorrent::PYTHON, "-cimport libtorrent"),
        };
        let run = Command::new(program)
            .arg(argument)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if run.is_ok_and(|status| status.success()) {
            return true;
        }
        let required = std::env::var("CUERDA_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "{self:?} is not installed, and CUERDA_REQUIRE_PEERS=1 requires it");
        // Not `eprintln!`, whose text the test runner keeps to itself when the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {self:?} is not installed");
        false
    }

    /// What becomes of empty files that it downloads.
    pub(crate) fn empty_files(self) -> Empty {
        match self {
            // Transmission makes a file when its first bytes come, so never an empty one.
            Stock::Transmission => Empty::Optional,
            Stock::Aria2 | Stock::Libtorrent => Empty::Required,
        }
    }

    /// Starts it and waits until it can be dialed. Of the clients here only libtorrent can dial.
    pub(crate) fn start(
        self,
        role: Role,
        scene: &Scene,
        dial: Option<SocketAddr>,
    ) -> Box<dyn Peer> {
        match self {
            Stock::Transmission => Box::new(Transmission::start(role, scene)),
            Stock::Aria2 => Box::new(Aria2::start(role, scene)),
            Stock::Libtorrent => Box::new(Libtorrent::start(role, scene, dial)),
        }
    }
}

/// Whether somebody accepts connections there.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}
