//! transmission-daemon as a peer, led through its RPC. It dials no address in 127/8 and cannot be
//! told a peer, but it accepts whoever dials it.

use crate::rpc::Rpc;
use crate::scene::Scene;
use crate::stock::{Peer, Role, START_LIMIT, listens};
use crate::support::process::Running;
use crate::support::{place, wait};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;

/// A daemon under way.
pub(crate) struct Transmission {
    /// The process.
    process: Running,
    /// Where it listens for peers.
    address: SocketAddr,
    /// How it is led.
    rpc: Rpc,
}

impl Transmission {
    /// Starts it with a configuration of its own and adds the torrent; a seed is checked first.
    pub(crate) fn start(role: Role, scene: &Scene) -> Transmission {
        let address = SocketAddr::from((place::own_address(), place::free_port()));
        let control = SocketAddr::from((address.ip(), place::free_port()));
        let name = format!("transmission-{role:?}");
        let state = scene.state(&name);
        let settings = settings(address, control, &scene.files(role).display().to_string());
        std::fs::write(state.join("settings.json"), settings.to_string()).expect("settings");
        let mut command = Command::new("transmission-daemon");
        command.env("HOME", &state).args(["--foreground", "--log-error", "--config-dir"]);
        command.arg(&state);
        let process = Running::start(&name, command, &state);
        let mut this = Transmission { process, address, rpc: Rpc::new(control) };
        wait::until("transmission to answer", START_LIMIT, || {
            assert!(this.process.ended().is_none(), "transmission ended: {}", this.process.err());
            this.rpc.call("session-get", json!({ "fields": ["version"] })).ok()
        });
        this.add(role, scene);
        wait::until("transmission to listen", START_LIMIT, || listens(address).then_some(()));
        this
    }

    fn add(&mut self, role: Role, scene: &Scene) {
        let torrent = scene.torrent.display().to_string();
        let paused = role == Role::Seed;
        let added = self.must("torrent-add", json!({ "filename": torrent, "paused": paused }));
        assert!(added["torrent-added"]["id"].is_number(), "transmission refuses it: {added}");
        if role == Role::Seed {
            // Adding does not look at the files; once checked, it may start.
            self.must("torrent-verify", json!({}));
            wait::until("transmission to check its files", START_LIMIT, || {
                let torrent = self.torrent();
                (torrent["status"] == 0 && is_complete(&torrent)).then_some(())
            });
            self.must("torrent-start", json!({}));
        }
    }

    fn must(&mut self, method: &str, arguments: Value) -> Value {
        self.rpc.call(method, arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The state of the one torrent.
    fn torrent(&mut self) -> Value {
        let fields = ["status", "leftUntilDone", "haveValid", "sizeWhenDone", "errorString"];
        self.must("torrent-get", json!({ "fields": fields }))["torrents"][0].clone()
    }
}

impl Peer for Transmission {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn is_done(&mut self) -> bool {
        let torrent = self.torrent();
        assert_eq!(torrent["errorString"], "", "transmission complains");
        is_complete(&torrent)
    }
}

/// Whether all bytes are there and verified.
fn is_complete(torrent: &Value) -> bool {
    torrent["leftUntilDone"] == 0
        && torrent["sizeWhenDone"].as_u64().is_some_and(|size| size > 0)
        && torrent["haveValid"] == torrent["sizeWhenDone"]
}

/// The daemon's settings: everything that reaches out is off.
fn settings(address: SocketAddr, control: SocketAddr, files: &str) -> Value {
    json!({
        "bind-address-ipv4": address.ip().to_string(),
        "bind-address-ipv6": "::1",
        "peer-port": address.port(),
        "rpc-bind-address": control.ip().to_string(),
        "rpc-port": control.port(),
        "rpc-whitelist-enabled": false,
        "rpc-host-whitelist-enabled": false,
        "download-dir": files,
        "dht-enabled": false,
        "lpd-enabled": false,
        "utp-enabled": false,
        "port-forwarding-enabled": false,
        "encryption": 0,
        "ratio-limit-enabled": false,
        "idle-seeding-limit-enabled": false,
    })
}
