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
fn a_magnet_is_refused_with_a_hint() {
    let desk = Desk::new();
    expect_failure(&desk.run(&format!("info magnet:?xt=urn:btih:{HASH}")), "magnet links are not");
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
