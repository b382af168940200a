//! What a tracker hears of a client's life.

use crate::scene::{LIMIT, Scene};
use crate::scripted::{Heard, Scripted, compact};
use crate::support::{place, wait};
use rustix::process::Signal;
use std::time::Duration;

/// The events of one client, told apart by its port.
fn events(heard: &[Heard], port: u16) -> Vec<String> {
    let port = port.to_string();
    let ours = heard.iter().filter(|heard| heard.get("port") == port);
    ours.map(|heard| heard.get("event").to_owned()).collect()
}

#[test]
fn a_download_starts_completes_and_stops_and_a_seed_never_completes() {
    let scene = Scene::set();
    let tracker = Scripted::local(compact);
    let torrent = scene.torrent(&[&[tracker.url()]]);
    let (seed_port, port) = (place::free_port(), place::free_port());
    let seed = scene.cuerda_in("seed", &torrent, &[], ("origin", seed_port));
    let download = scene.cuerda_in("download", &torrent, &[], ("copy", port));
    let ended = download.wait(LIMIT);
    assert!(ended.status.success(), "{}", ended.err);
    assert_eq!(events(&tracker.heard(), port), ["started", "completed", "stopped"]);
    seed.signal(Signal::INT);
    assert!(seed.wait(LIMIT).status.success());
    assert_eq!(events(&tracker.heard(), seed_port), ["started", "stopped"]);

    let heard = tracker.heard();
    let ours: Vec<&Heard> =
        heard.iter().filter(|heard| heard.get("port") == port.to_string()).collect();
    let length = scene.content.length().to_string();
    assert_eq!((ours[0].get("left"), ours[0].get("downloaded")), (length.as_str(), "0"));
    assert_eq!((ours[1].get("left"), ours[1].get("downloaded")), ("0", length.as_str()));
    for heard in &ours {
        assert_eq!(heard.get("passkey"), "s%20cret", "parameters of the address are kept");
        assert_eq!(heard.get("compact"), "1");
        assert_eq!(heard.get("key"), ours[0].get("key"));
        let hash = heard.get("info_hash").replace('%', "").len();
        assert!((20..=40).contains(&hash), "{}", heard.get("info_hash"));
    }
    assert_eq!(ours[2].get("numwant"), "0");
}

#[test]
fn a_download_of_what_is_there_never_says_completed() {
    let scene = Scene::set();
    let tracker = Scripted::local(compact);
    let torrent = scene.torrent(&[&[tracker.url()]]);
    let port = place::free_port();
    let download = scene.cuerda_in("download", &torrent, &["--seed"], ("origin", port));
    wait::until("an announce", LIMIT, || (!tracker.heard().is_empty()).then_some(()));
    assert_eq!(tracker.heard()[0].get("left"), "0");
    download.signal(Signal::INT);
    assert!(download.wait(LIMIT).status.success());
    let told = events(&tracker.heard(), port);
    assert!(told == ["started", "stopped"] || told == ["started"], "{told:?}");
}

#[test]
fn a_tracker_that_hangs_does_not_keep_us() {
    let scene = Scene::set();
    // It answers the first announce, and no other ever.
    let tracker = Scripted::local(|heard, stream| {
        if heard.len() == 1 {
            compact(heard, stream);
        } else {
            // Until the other side closes.
            let _ = std::io::Read::read(stream, &mut [0]);
        }
    });
    let seed = scene.cuerda("seed", &scene.torrent(&[&[tracker.url()]]), &["--json"]);
    wait::until("the first answer", LIMIT, || {
        seed.out().contains("tracker_answered").then_some(())
    });
    seed.signal(Signal::INT);
    // An announce may take thirty seconds; leaving may not.
    let ended = seed.wait(Duration::from_secs(20));
    assert!(ended.status.success(), "{}", ended.err);
    assert_eq!(tracker.heard().len(), 2);
    assert_eq!(tracker.heard()[1].get("event"), "stopped");
}
