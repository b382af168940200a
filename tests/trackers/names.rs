//! A host name that is being looked up for ever: the system's resolver cannot be interrupted, and
//! leaving may not wait for it.

use crate::scene::Scene;
use crate::support::process::Running;
use crate::support::wait;
use rustix::process::Signal;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Makes a network of its own, in which the only server of names never answers, and runs the rest
/// of the line in it. Its first argument is the file that names the server.
const ALONE: &str = "ip link set lo up && ip route add 192.0.2.1 dev lo \
                     && mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";

/// How long a look-up takes at least; leaving has to be much quicker.
const RESOLV: &str = "nameserver 192.0.2.1\noptions timeout:30 attempts:2\n";

/// A command in such a network.
fn alone(resolv: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "sh", "-c", ALONE]).arg(resolv).args(words);
    command
}

/// Whether a thread of the process waits for a tracker.
fn announces(process: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    tasks.is_ok_and(|tasks| {
        tasks.flatten().any(|task| {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            name.starts_with("tracker-")
        })
    })
}

#[test]
fn a_name_that_is_looked_up_for_ever_does_not_keep_us() {
    let scene = Scene::set();
    let resolv = scene.folder("state").join("resolv.conf");
    std::fs::write(&resolv, RESOLV).expect("a file");
    if !alone(&resolv, &["true"]).output().is_ok_and(|ran| ran.status.success()) {
        // Written past the capture of the test harness, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no network of one's own can be made here");
        return;
    }
    let url = |scheme: &str| format!("{scheme}://tracker.example:1337/announce");
    for urls in [vec![url("http")], vec![url("udp")]] {
        let torrent = scene.torrent(&[&urls]);
        let mut command = alone(&resolv, &[env!("CARGO_BIN_EXE_cuerda"), "seed"]);
        command.arg(torrent).arg("--dir").arg(scene.folder("origin")).args(["--port", "0"]);
        let seed = Running::start("alone", command, &scene.folder("state"));
        wait::until("an announce", Duration::from_secs(30), || {
            (announces(seed.id()) && seed.err().contains("complete")).then_some(())
        });
        seed.signal(Signal::INT);
        let ended = seed.wait(Duration::from_secs(15));
        assert!(ended.status.success(), "{urls:?}: {}", ended.err);
    }
}
