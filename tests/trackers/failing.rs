//! Trackers that fail, refuse, or mean harm: others take their place, the user reads why, and no
//! harm is done.

use crate::scene::{LIMIT, Scene, is_here};
use crate::scripted::{Heard, Scripted, compact, refusing, send};
use crate::support::process::Running;
use crate::support::{place, wait};
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;

#[test]
fn a_tier_whose_trackers_fail_leaves_the_work_to_the_others() {
    let scene = Scene::set();
    let (no, good) = (Scripted::local(refusing), Scripted::local(compact));
    let dead = format!("udp://127.0.0.1:{}/announce", place::free_port());
    let closed = format!("http://127.0.0.1:{}/announce", place::free_port());
    let torrent = scene.torrent(&[&[dead, no.url(), closed], &[good.url()]]);
    scene.transfer(&torrent, &[]);
    assert!(!no.heard().is_empty() && !good.heard().is_empty());
}

#[test]
fn within_a_tier_the_next_tracker_is_asked_and_the_reason_is_told() {
    let scene = Scene::set();
    let (no, good) = (Scripted::local(refusing), Scripted::local(compact));
    let torrent = scene.torrent(&[&[no.url()], &[no.url() + "&again=1", good.url()]]);
    let seed = scene.cuerda("seed", &torrent, &[]);
    let expected =
        format!("tracker {} fails: the tracker says: this torrent is unknown!", no.shown());
    let told = wait::until("the tracker's reason", LIMIT, || {
        Some(seed.err()).filter(|told| told.contains(&expected))
    });
    assert!(!told.contains("cret"), "the user's key is secret: {told}");
    wait::until("the good one", LIMIT, || (!good.heard().is_empty()).then_some(()));
}

/// A seed whose only tracker is of this manner; its words on standard output once it failed.
fn seed_at(manner: impl Fn(&[Heard], &mut TcpStream) + Send + Sync + 'static) -> String {
    let scene = Scene::set();
    let tracker = Scripted::local(manner);
    let mut seed = scene.cuerda("seed", &scene.torrent(&[&[tracker.url()]]), &["--json"]);
    let told = wait::until("a failure", LIMIT, || {
        assert!(seed.ended().is_none(), "it ended: {}", seed.err());
        Some(seed.out()).filter(|told| told.contains("tracker_failed"))
    });
    let peak = peak_kib(&seed);
    assert!(peak < 150 * 1024, "{peak} KiB of memory");
    told
}

/// The most memory that a process has used.
fn peak_kib(process: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_huge_answer_is_cut() {
    let told = seed_at(|_, stream| send(stream, &vec![b'x'; 300 << 20]));
    assert!(told.contains("longer than"), "{told}");
}

#[test]
fn a_small_answer_that_unpacks_to_a_huge_one_is_cut() {
    if !is_here("gzip", "--version") {
        return;
    }
    let mut gzip = Command::new("gzip")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip can be started");
    let mut input = gzip.stdin.take().expect("a pipe");
    // It sends nothing before it has all but the last of its input in a few hundred kilobytes.
    let zeros = vec![0; 1 << 20];
    let mut output = gzip.stdout.take().expect("a pipe");
    #[expect(clippy::disallowed_methods, reason = "a pipe has to be read while it is written")]
    let reader = std::thread::spawn(move || {
        let mut packed = Vec::new();
        std::io::Read::read_to_end(&mut output, &mut packed).expect("gzip writes");
        packed
    });
    for _ in 0..400 {
        input.write_all(&zeros).expect("gzip reads");
    }
    drop(input);
    let packed = Arc::new(reader.join().expect("no panic"));
    assert!(gzip.wait().expect("gzip ends").success());
    assert!(packed.len() < 1 << 20, "small: {}", packed.len());
    let told = seed_at(move |_, stream| {
        let length = packed.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        );
        let _ = stream.write_all(&[head.as_bytes(), &packed].concat());
    });
    assert!(told.contains("longer than"), "{told}");
}

#[test]
fn garbage_is_refused() {
    let told = seed_at(|_, stream| send(stream, b"<html>hello</html>"));
    assert!(told.contains("not a tracker's"), "{told}");
    let told = seed_at(|_, stream| {
        let _ = stream.write_all(&[0xff; 4096]);
    });
    assert!(told.contains("tracker_failed"), "{told}");
    let told = seed_at(|_, stream| send(stream, &b"l".repeat(500_000)));
    assert!(told.contains("nested deeper"), "{told}");
}

#[test]
fn peers_that_nobody_can_be_are_not_counted() {
    let scene = Scene::set();
    let tracker = Scripted::local(|_, stream| {
        let peers: [[u8; 6]; 5] = [
            [0, 0, 0, 0, 0, 9],
            [255, 255, 255, 255, 0, 9],
            [224, 0, 0, 1, 0, 9],
            [127, 0, 0, 1, 0, 0],
            [127, 0, 0, 1, 0, 9],
        ];
        send(stream, &[&b"d5:peers30:"[..], &peers.concat(), b"e"].concat());
    });
    let seed = scene.cuerda("seed", &scene.torrent(&[&[tracker.url()]]), &["--json"]);
    let told = wait::until("an answer", LIMIT, || {
        Some(seed.out()).filter(|told| told.contains("tracker_answered"))
    });
    assert!(told.contains("\"peers\":1,"), "{told}");
}

#[test]
fn redirects_come_to_an_end() {
    let told = seed_at(|_, stream| {
        let place = "/announce?again";
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    assert!(told.contains("redirects more than"), "{told}");
}

#[test]
fn a_redirect_is_followed() {
    let scene = Scene::set();
    let good = Arc::new(Scripted::local(compact));
    let place = good.url();
    let moved = Scripted::local(move |heard, stream| {
        let told = &heard.last().expect("an announce").parameters;
        let pairs: Vec<String> = told.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let place = format!("{place}&{}", pairs.join("&"));
        let head = format!("HTTP/1.1 301 Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    scene.transfer(&scene.torrent(&[&[moved.url()]]), &[]);
    assert!(!good.heard().is_empty());
}

#[test]
fn a_tracker_that_drips_keeps_nobody_from_the_others() {
    let scene = Scene::set();
    let good = Scripted::local(compact);
    let drip = Scripted::local(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let mut pause = stream.try_clone().expect("a socket");
        let _ = pause.set_read_timeout(Some(std::time::Duration::from_millis(100)));
        while stream.write_all(b"d").is_ok() {
            // Nothing comes: it is a pause.
            let _ = std::io::Read::read(&mut pause, &mut [0]);
        }
    });
    scene.transfer(&scene.torrent(&[&[drip.url()], &[good.url()]]), &[]);
    assert!(!drip.heard().is_empty());
}
