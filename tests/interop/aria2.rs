//! aria2 as a peer. It cannot be told the address of a peer, so somebody dials it.

use crate::scene::Scene;
use crate::stock::{Peer, Role, START_LIMIT, listens};
use crate::support::aria2::aria2;
use crate::support::process::Running;
use crate::support::{place, wait};
use std::net::SocketAddr;

/// An aria2c under way.
pub(crate) struct Aria2 {
    /// The process. A download ends by itself when it is complete.
    process: Running,
    /// Where it listens.
    address: SocketAddr,
}

impl Aria2 {
    /// Starts it and waits until it listens; a seed has checked its files by then.
    pub(crate) fn start(role: Role, scene: &Scene) -> Aria2 {
        let address = SocketAddr::from((place::own_address(), place::free_port()));
        let name = format!("aria2-{role:?}");
        let state = scene.state(&name);
        let mut command = aria2(&state, address, &scene.files(role));
        command.args(match role {
            Role::Seed => ["--check-integrity=true", "--seed-ratio=0.0"],
            Role::Download => ["--check-integrity=false", "--seed-time=0"],
        });
        command.arg(&scene.torrent);
        let mut process = Running::start(&name, command, &state);
        wait::until("aria2 to be ready", START_LIMIT, || {
            assert!(process.ended().is_none(), "aria2 ended: {}", process.out());
            let checked = role == Role::Download
                || process.out().contains("Verification finished successfully");
            (checked && listens(address)).then_some(())
        });
        Aria2 { process, address }
    }
}

impl Peer for Aria2 {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn is_done(&mut self) -> bool {
        let ended = self.process.ended();
        ended.is_some_and(|status| {
            assert!(status.success(), "aria2 failed: {}", self.process.out());
            true
        })
    }
}
