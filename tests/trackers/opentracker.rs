//! opentracker as a tracker, over HTTP and UDP.

use crate::scene::{Scene, is_here};
use crate::support::process::Running;
use crate::support::{place, wait};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// An opentracker under way.
pub(crate) struct Opentracker {
    /// The process.
    process: Running,
    /// Where it listens, over TCP and UDP.
    address: SocketAddr,
}

impl Opentracker {
    /// Starts it for this torrent, or nothing when it is not installed. Debian's is built to serve
    /// what a list names, which it reads in a thread, a little after it listens.
    pub(crate) fn start(scene: &Scene) -> Option<Opentracker> {
        if !is_here("opentracker", "-h") {
            return None;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place::free_port()));
        // It gives its privileges up and changes its root: everybody has to be able to read that.
        let folder = scene.folder("opentracker");
        let list = format!("{}\n", scene.made.info_hash);
        std::fs::write(folder.join("list"), list).expect("the list can be written");
        open_to_all(&folder);
        let mut command = Command::new("opentracker");
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        command.args(["-i", &ip, "-p", &port, "-P", &port, "-w", "list", "-d"]).arg(&folder);
        command.current_dir(&folder);
        let process = Running::start("opentracker", command, &scene.folder("state"));
        let mut this = Opentracker { process, address };
        wait::until("opentracker to serve", Duration::from_secs(30), || {
            assert!(this.process.ended().is_none(), "opentracker ended: {}", this.process.err());
            this.serves(scene).then_some(())
        });
        Some(this)
    }

    /// Whether it answers for the torrent.
    fn serves(&self, scene: &Scene) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let hash: String =
            (0..20).map(|at| format!("%{}", &scene.made.info_hash[2 * at..][..2])).collect();
        // Whoever stops is not remembered.
        let query = format!(
            "GET /announce?info_hash={hash}&peer_id={}&port=9&uploaded=0&downloaded=0&left=0\
             &compact=1&event=stopped HTTP/1.0\r\n\r\n",
            "x".repeat(20)
        );
        let mut answer = Vec::new();
        let asked = stream.write_all(query.as_bytes());
        let _ = asked.and_then(|()| stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).contains("interval")
    }

    /// Its address over HTTP.
    pub(crate) fn http(&self) -> String {
        format!("http://{}/announce", self.address)
    }

    /// Its address over UDP.
    pub(crate) fn udp(&self) -> String {
        format!("udp://{}/announce", self.address)
    }
}

/// Lets everybody read a folder and what leads to it.
fn open_to_all(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    for path in [folder, folder.parent().expect("a parent")] {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("our own folder");
    }
}

#[test]
fn peers_meet_over_http() {
    let scene = Scene::set();
    let Some(tracker) = Opentracker::start(&scene) else { return };
    scene.transfer(&scene.torrent(&[&[tracker.http()]]), &[]);
}

#[test]
fn peers_meet_over_udp() {
    let scene = Scene::set();
    let Some(tracker) = Opentracker::start(&scene) else { return };
    scene.transfer(&scene.torrent(&[&[tracker.udp()]]), &[]);
}
