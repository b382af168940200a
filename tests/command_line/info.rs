//! `cuerda info`.

use crate::desk::{Desk, expect_failure, expect_success, objects};
use crate::support::content::Content;

/// A hash that no content here has.
const HASH: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

#[test]
fn a_torrent_is_told_in_words() {
    let desk = Desk::new();
    let content = Content::tree();
    let torrent = desk.write(&content);
    let ended = desk.run("info content.torrent");
    expect_success(&ended);
    assert!(ended.out.contains(&torrent.info_hash), "{}", ended.out);
    assert!(ended.out.contains(content.name), "{}", ended.out);
}

#[test]
fn a_torrent_is_told_in_json() {
    let desk = Desk::new();
    let content = Content::tree();
    let torrent = desk.write(&content);
    let ended = desk.run("info content.torrent --json");
    expect_success(&ended);
    let objects = objects(&ended.out);
    assert_eq!(objects[0]["info_hash"], torrent.info_hash.as_str());
    assert_eq!(objects[0]["name"], content.name);
    assert_eq!(ended.err, "");
}

#[test]
fn a_magnet_is_told_without_a_network() {
    let desk = Desk::new();
    let link = format!("magnet:?xt=urn:btih:{HASH}&dn=a%20b&tr=udp%3A%2F%2F127.0.0.1%3A1&so=0,2");
    let ended = desk.run(&format!("info {link}"));
    expect_success(&ended);
    for part in [HASH, "a b", "udp://127.0.0.1:1", "0, 2"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let ended = desk.run(&format!("info --json {link}"));
    expect_success(&ended);
    assert_eq!(objects(&ended.out)[0]["selection"], serde_json::json!([[0, 0], [2, 2]]));
}

#[test]
fn the_magnet_of_a_torrent_tells_the_same() {
    let desk = Desk::new();
    let torrent = desk.write(&Content::tree());
    let told = &objects(&desk.run("info --json content.torrent").out)[0];
    let link = told["magnet"].as_str().expect("a link");
    let again = &objects(&desk.run(&format!("info --json {link}")).out)[0];
    assert_eq!(again["info_hash"], torrent.info_hash.as_str());
    for field in ["name", "length", "info_hash", "magnet"] {
        assert_eq!(told[field], again[field], "{field}");
    }
}

#[test]
fn a_download_by_magnet_is_refused_with_a_hint() {
    let desk = Desk::new();
    for command in ["download", "seed", "verify"] {
        let ended = desk.run(&format!("{command} magnet:?xt=urn:btih:{HASH} --dir d"));
        expect_failure(&ended, "by its magnet link yet");
        assert!(ended.err.contains("get the torrent file"), "{}", ended.err);
        assert!(!desk.path("d").exists(), "{command} made a folder");
    }
}

#[test]
fn files_are_told_with_their_numbers() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    let ended = desk.run("info content.torrent");
    let last = ended.out.lines().last().expect("files");
    assert!(
        last.trim_start().starts_with("10 ") && last.ends_with("zz empty at the end"),
        "{last}"
    );
}

#[test]
fn what_is_no_torrent_is_refused_in_one_line() {
    let desk = Desk::new();
    let rubbish: [(&str, &[u8]); 6] = [
        ("empty.torrent", b""),
        ("text.torrent", b"<html>not found</html>"),
        ("cut.torrent", b"d4:infod6:lengthi1e4:name1:a"),
        ("bare.torrent", b"d4:spam4:eggse"),
        ("climb.torrent", b"d4:infod6:lengthi1e4:name5:../..12:piece lengthi16384e6:pieces0:ee"),
        ("short.torrent", b"d4:infod6:lengthi9e4:name1:a12:piece lengthi16384e6:pieces0:ee"),
    ];
    for (name, bytes) in rubbish {
        std::fs::write(desk.path(name), bytes).expect("the file can be written");
        expect_failure(&desk.run(&format!("info {name}")), name);
    }
    std::fs::write(desk.path("deep.torrent"), "l".repeat(1_000_000)).expect("the file");
    expect_failure(&desk.run("info deep.torrent"), "deep.torrent");
    expect_failure(&desk.run("info missing.torrent"), "missing.torrent");
    expect_failure(&desk.run("info magnet:?dn=nothing"), "magnet");
}
