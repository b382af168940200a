//! libtorrent (rasterbar) as a peer, through Debian's Python binding and `libtorrent_peer.py`.

use crate::scene::Scene;
use crate::stock::{Peer, Role, START_LIMIT};
use crate::support::process::Running;
use crate::support::{place, wait};
use std::net::SocketAddr;
use std::process::Command;

/// A libtorrent session under way.
pub(crate) struct Libtorrent {
    /// The interpreter that runs it.
    process: Running,
    /// Where it listens.
    address: SocketAddr,
}

impl Libtorrent {
    /// The interpreter for which Debian installs the binding.
    pub(crate) const PYTHON: &str = "/usr/bin/python3";

    /// Starts it, waits until it listens and has checked its files; then it dials.
    pub(crate) fn start(role: Role, scene: &Scene, dial: Option<SocketAddr>) -> Libtorrent {
        let address = SocketAddr::from((place::own_address(), place::free_port()));
        let mut command = Command::new(Self::PYTHON);
        command.arg("-u");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/libtorrent_peer.py"));
        command.arg(match role {
            Role::Seed => "seed",
            Role::Download => "download",
        });
        command.arg(address.ip().to_string()).arg(address.port().to_string());
        command.arg(&scene.torrent).arg(scene.files(role));
        command.args(dial.map(|address| address.to_string()));
        let name = format!("libtorrent-{role:?}");
        let mut process = Running::start(&name, command, &scene.state(&name));
        wait::until("libtorrent to be ready", START_LIMIT, || {
            assert!(process.ended().is_none(), "libtorrent ended: {}", process.err());
            process.out().contains("READY").then_some(())
        });
        Libtorrent { process, address }
    }
}

impl Peer for Libtorrent {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn is_done(&mut self) -> bool {
        self.process.out().contains("COMPLETE")
    }
}
