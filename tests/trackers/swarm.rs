//! Swarms of eight in which everybody knows nothing but opentracker: four times cuerda, twice
//! aria2, twice libtorrent. One of them has the content.
//!
//! Transmission is not among them: it dials nobody in 127/8 and takes no such address from a
//! tracker. `tests/interop` has it as a peer that is dialed.

use crate::opentracker::Opentracker;
use crate::scene::{LIMIT, Scene, is_here};
use crate::support::process::Running;
use crate::support::{self, place, wait};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// Debian's interpreter, for which the binding is installed.
const PYTHON: &str = "/usr/bin/python3";

/// A download: its process, the folder of its copy, and how it shows that it is done.
struct Download {
    /// The process.
    process: Running,
    /// Name of the folder.
    files: String,
    /// Whether it is done.
    done: fn(&mut Running) -> bool,
}

fn cuerda(scene: &Scene, torrent: &PathBuf, number: u32) -> Download {
    let files = format!("cuerda-{number}");
    let port = place::free_port();
    let process = scene.cuerda_in("download", torrent, &["--seed", "--json"], (&files, port));
    let done = |process: &mut Running| process.out().contains("\"event\":\"complete\"");
    Download { process, files, done }
}

fn aria2(scene: &Scene, torrent: &PathBuf, number: u32) -> Download {
    let files = format!("aria2-{number}");
    let state = scene.folder(&format!("state-aria2-{number}"));
    let address = SocketAddr::from((place::own_address(), place::free_port()));
    let mut command = support::aria2::aria2(&state, address, &scene.folder(&files));
    command.arg("--seed-time=0").arg(torrent);
    let process = Running::start(&format!("aria2-{number}"), command, &state);
    // It ends by itself.
    let done = |process: &mut Running| process.ended().is_some_and(|status| status.success());
    Download { process, files, done }
}

fn libtorrent(scene: &Scene, torrent: &PathBuf, role: &str, files: &str) -> Download {
    let state = scene.folder(&format!("state-{files}"));
    let mut command = Command::new(PYTHON);
    command.arg("-u");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/libtorrent_peer.py"));
    command.arg(role).arg(place::own_address().to_string());
    command.arg(place::free_port().to_string()).arg(torrent).arg(scene.folder(files));
    let process = Running::start(&format!("libtorrent-{files}"), command, &state);
    let done = |process: &mut Running| process.out().contains("COMPLETE");
    Download { process, files: files.to_owned(), done }
}

/// Whether all clients are here.
fn all_here() -> bool {
    let binding = Command::new(PYTHON).args(["-c", "import libtorrent"]).output();
    let binding = binding.is_ok_and(|run| run.status.success());
    let required = std::env::var("CUERDA_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(binding || !required, "python3-libtorrent is not installed, but required");
    binding && is_here("aria2c", "--version")
}

/// Waits for all downloads and compares them.
fn finish(scene: &Scene, mut downloads: Vec<Download>) {
    for download in &mut downloads {
        let what = format!("{} to complete", download.files);
        wait::until(&what, LIMIT, || (download.done)(&mut download.process).then_some(()));
    }
    for download in &downloads {
        scene.check(&download.files);
    }
}

#[test]
fn eight_of_three_kinds_find_each_other_when_cuerda_seeds() {
    let scene = Scene::set();
    if !all_here() {
        return;
    }
    let Some(tracker) = Opentracker::start(&scene) else { return };
    let torrent = scene.torrent(&[&[tracker.http()], &[tracker.udp()]]);
    let _seed = scene.cuerda("seed", &torrent, &[]);
    let mut downloads: Vec<Download> = (0..3).map(|n| cuerda(&scene, &torrent, n)).collect();
    downloads.extend((0..2).map(|number| aria2(&scene, &torrent, number)));
    downloads.push(libtorrent(&scene, &torrent, "download", "libtorrent-0"));
    downloads.push(libtorrent(&scene, &torrent, "download", "libtorrent-1"));
    finish(&scene, downloads);
}

#[test]
fn eight_of_three_kinds_find_each_other_when_libtorrent_seeds() {
    let scene = Scene::set();
    if !all_here() {
        return;
    }
    let Some(tracker) = Opentracker::start(&scene) else { return };
    let torrent = scene.torrent(&[&[tracker.http()], &[tracker.udp()]]);
    let _seed = libtorrent(&scene, &torrent, "seed", "origin");
    let mut downloads: Vec<Download> = (0..4).map(|n| cuerda(&scene, &torrent, n)).collect();
    downloads.extend((0..2).map(|number| aria2(&scene, &torrent, number)));
    downloads.push(libtorrent(&scene, &torrent, "download", "libtorrent-0"));
    finish(&scene, downloads);
}
