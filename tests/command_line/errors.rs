//! `docs/errors.md` and the program agree: messages of the page are provoked here.

use crate::desk::{Desk, expect_failure};
use crate::support::content::Content;
use std::fs;

/// The page of messages.
const PAGE: &str = include_str!("../../docs/errors.md");
/// A hash that no content here has.
const HASH: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// A torrent with this dictionary.
fn torrent(info: &str) -> String {
    format!("d4:infod{info}ee")
}

/// Torrents that are none, with the message of each.
fn torrents() -> Vec<(String, &'static str)> {
    let rest = format!("4:name1:a12:piece lengthi16384e6:pieces20:{}", "h".repeat(20));
    let short = format!("4:name1:a12:piece lengthi16384e6:pieces19:{}", "h".repeat(19));
    let twice = format!("d5:filesld6:lengthi1e4:pathl1:aeee6:lengthi5e{rest}e");
    vec![
        ("<html>".to_owned(), "not a torrent: …"),
        (torrent("6:lengthi5e"), "torrent without the key …"),
        (torrent(&format!("6:lengthl1:5e{rest}")), "… is of the wrong type, expected …"),
        (torrent(&format!("6:lengthi-5e{rest}")), "… is …, expected 0 or more"),
        (torrent(&format!("6:lengthi5e{short}")), "pieces has … bytes, expected a multiple of 20"),
        (
            torrent(&format!("6:lengthi99999e{rest}")),
            "pieces has … digests, expected … for these lengths",
        ),
        (torrent(&format!("6:lengthi0e{rest}")), "torrent with impossible lengths: …"),
        (format!("d4:info{twice}e"), "torrent with both length and files, expected one of them"),
        (
            torrent("12:meta versioni2e4:name1:a"),
            "torrent of version 2 only (BEP 52), expected version 1 or a hybrid of both",
        ),
    ]
}

/// Commands that fail, with the message of each.
fn commands() -> Vec<(String, &'static str)> {
    let link = |rest: &str| format!("info magnet:?xt=urn:btih:{HASH}{rest}");
    vec![
        ("info missing.torrent".to_owned(), "cannot read the torrent: …"),
        ("info magnet:xt".to_owned(), "not a magnet link, expected magnet:?xt=urn:btih:…"),
        (
            "info magnet:?xt=urn:btih:00".to_owned(),
            "magnet link with a damaged info-hash, expected 40 hexadecimal digits or 32 \
             characters of base32",
        ),
        (
            "info magnet:?dn=a".to_owned(),
            "magnet link without an info-hash, expected xt=urn:btih:…",
        ),
        (
            link(&format!("&xt=urn:btih:{}", "0".repeat(40))),
            "magnet link with two different info-hashes, expected one",
        ),
        (
            "info magnet:?xt=urn:btmh:1220".to_owned(),
            "magnet link of version 2 only (BEP 52), expected xt=urn:btih:… of version 1",
        ),
        (link("&so=3-1"), "magnet link with a damaged selection of files, expected so=0,2,4-7"),
        (
            link(&format!("&dn={}", "a".repeat(70_000))),
            "magnet link of … bytes, expected at most …",
        ),
        (
            format!("download magnet:?xt=urn:btih:{HASH} --dir d"),
            "cannot get a torrent from peers by its magnet link yet",
        ),
        (
            "create origin -o content.torrent".to_owned(),
            "cannot write the torrent, something is already there",
        ),
        (
            "create origin -o no/such.torrent".to_owned(),
            "cannot write the torrent, there is no such folder",
        ),
        ("create origin -o origin".to_owned(), "cannot write the torrent, this is a folder"),
        (format!("ring lookup {HASH} --via 127.0.0.1:1"), "no node of the ring answered"),
        (
            "node --listen 127.0.0.1:0 --replicas 3 --write-quorum 1".to_owned(),
            "this ring cannot be: …",
        ),
        (
            "node --listen 127.0.0.1:0 --listen 127.0.0.2:0".to_owned(),
            "a ring node listens on one address, or on one of IPv4 and one of IPv6",
        ),
        (
            format!("ring lookup {HASH} --via 127.0.0.1:1 --ring-key missing"),
            "cannot read the ring's key: …",
        ),
        ("node --listen 192.0.2.1:1".to_owned(), "cannot listen on UDP …: …"),
        ("man no/such".to_owned(), "cannot write the manual: …"),
    ]
}

/// The page has the message, and the program says it.
fn check(desk: &Desk, command: &str, message: &str) {
    let ended = desk.run(command);
    expect_failure(&ended, "");
    expect_message(&ended.err, message);
}

/// The page has the message, and these words of the program hold it: the parts around `…` in their
/// order. The page leaves out quotation marks.
pub(crate) fn expect_message(words: &str, message: &str) {
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(&format!("`{message}`")), "docs/errors.md leaves out `{message}`");
    let words = words.replace(['`', '"'], "");
    let mut rest = words.as_str();
    for part in message.split('…') {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{message}`: {words}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_program_says_what_the_page_of_messages_explains() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    for (command, message) in commands() {
        check(&desk, &command, message);
    }
    for (bytes, message) in torrents() {
        fs::write(desk.path("bad.torrent"), bytes).expect("the file");
        check(&desk, "info bad.torrent", message);
    }
}
