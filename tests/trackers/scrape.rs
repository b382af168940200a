//! `cuerda info --scrape`: what trackers know of a torrent, without being announced to.

use crate::opentracker::Opentracker;
use crate::scene::{LIMIT, Scene};
use crate::scripted::{Scripted, refusing, send};
use crate::support::process::{Ended, Running};
use crate::support::{place, wait};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Asks the trackers of a torrent or link.
fn info(scene: &Scene, source: &Path, words: &[&str]) -> Ended {
    let mut line = Command::new(env!("CARGO_BIN_EXE_cuerda"));
    line.args(["info", "--scrape"]).arg(source).args(words);
    Running::start(&format!("info-{}", place::free_port()), line, &scene.folder("state"))
        .wait(LIMIT)
}

/// What they know, as JSON.
fn scrape(scene: &Scene, source: &Path) -> Value {
    let ended = info(scene, source, &["--json"]);
    assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
    let told: Value = serde_json::from_str(&ended.out).expect("one JSON object");
    told["scrape"].clone()
}

/// The answer of a tracker that knows the torrent.
fn figures(scene: &Scene) -> Vec<u8> {
    let digits = |at: usize| &scene.made.info_hash[2 * at..][..2];
    let hash = (0..20).map(|at| u8::from_str_radix(digits(at), 16).expect("a hash"));
    let mut body = b"d5:filesd20:".to_vec();
    body.extend(hash);
    body.extend(b"d8:completei3e10:downloadedi12e10:incompletei1eeee");
    body
}

#[test]
fn opentracker_knows_who_seeds_over_http_and_udp() {
    let scene = Scene::set();
    let Some(tracker) = Opentracker::start(&scene) else { return };
    let torrent = scene.torrent(&[&[tracker.http()], &[tracker.udp()]]);
    let _seed = scene.cuerda("seed", &torrent, &[]);
    let told = wait::until("both to know the seed", LIMIT, || {
        let told = scrape(&scene, &torrent);
        let both = (0..2).all(|at| told[at]["seeders"] == 1);
        both.then_some(told)
    });
    assert_eq!((&told[0]["leechers"], &told[1]["leechers"]), (&json!(0), &json!(0)), "{told}");
    assert_eq!(told[0]["completed"], told[1]["completed"], "{told}");
}

#[test]
fn figures_are_told_and_nothing_is_announced() {
    let scene = Scene::set();
    let body = figures(&scene);
    let tracker = Scripted::local(move |_, stream| send(stream, &body));
    let torrent = scene.torrent(&[&[tracker.url()]]);
    let ended = info(&scene, &torrent, &[]);
    let expected = format!("{}: 3 seeders, 1 downloader, completed 12 times\n", tracker.shown());
    assert!(ended.out.contains(&expected), "{}{}", ended.out, ended.err);
    let url = tracker.url().replace('%', "%25");
    let link = format!("magnet:?xt=urn:btih:{}&tr={url}", scene.made.info_hash);
    let told = scrape(&scene, Path::new(&link));
    let shown = tracker.shown();
    let expected = json!([{"tracker": shown, "seeders": 3, "leechers": 1, "completed": 12}]);
    assert_eq!(told, expected);
    for heard in tracker.heard() {
        assert!(heard.get("passkey").starts_with("s%20cret"), "{heard:?}");
        assert!(heard.get("peer_id").is_empty() && !heard.get("info_hash").is_empty(), "{heard:?}");
    }
    assert_eq!(tracker.heard().len(), 2);
}

#[test]
fn each_tracker_that_fails_is_told_with_its_reason_and_keeps_nobody_from_the_others() {
    let scene = Scene::set();
    let body = figures(&scene);
    let trackers = [
        Scripted::local(refusing),
        Scripted::local(|_, stream| send(stream, b"d5:filesdee")),
        Scripted::local(|_, stream| send(stream, b"d8:intervali1800e5:peers0:e")),
        Scripted::local(|_, stream| send(stream, b"<html>")),
        Scripted::local(|_, stream| send(stream, &vec![b'x'; 300 << 20])),
        Scripted::local(|_, stream| {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }),
        Scripted::local(move |_, stream| send(stream, &body)),
    ];
    let closed = format!("udp://127.0.0.1:{}/announce", place::free_port());
    let mut urls: Vec<String> = trackers.iter().map(Scripted::url).collect();
    urls.extend([closed, "http://127.0.0.1:9/tracker".to_owned(), "udp://127.0.0.1".to_owned()]);
    let told = scrape(&scene, &scene.torrent(&[&urls]));
    for (at, reason) in [
        (0, "the tracker says: this torrent is unknown!"),
        (1, "it does not know the torrent"),
        (2, "the answer has no figures"),
        (3, "the answer is not a tracker's"),
        (4, "the answer is longer than"),
        (5, "the server answers with HTTP status 404"),
        (7, "nobody listens at its port"),
        (8, "it has no address to ask for figures"),
        (9, "expected a port from 1 to 65535 (udp:// needs one)"),
    ] {
        let failure = told[at]["failure"].as_str().unwrap_or_default();
        assert!(failure.starts_with(reason), "tracker {at}: {reason}: {told}");
    }
    assert_eq!(told[6]["seeders"], 3, "{told}");
    assert!(!told.to_string().contains("cret"), "the user's key is secret: {told}");
}
