//! `cuerda create`.

use crate::desk::{Desk, expect_failure, expect_success};
use crate::support::content::Content;

/// Checks that all that scripts are told is the hash, alone or in a magnet.
fn expect_hash(out: &str, hash: &str) {
    assert!(out.contains(hash), "the hash should be {hash}: {out}");
    for line in out.lines() {
        let is_hash = line == hash;
        let is_magnet = line.starts_with("magnet:?") && line.contains(hash);
        assert!(is_hash || is_magnet, "neither hash nor magnet: {line}");
    }
}

#[test]
fn a_file_becomes_the_torrent_that_bep_3_says() {
    let desk = Desk::new();
    let torrent = desk.write(&Content::one_file());
    let ended = desk.run("create origin/one-file.bin -o made.torrent --piece-length 262144");
    expect_success(&ended);
    expect_hash(&ended.out, &torrent.info_hash);
    assert!(desk.path("made.torrent").is_file());
}

#[test]
fn a_created_torrent_verifies_what_it_was_made_of() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    let folder = "origin/árbol of files";
    let made = desk.start_with(&["create", folder, "-o", "made.torrent"]);
    expect_success(&made.wait(crate::desk::PROMPT));
    assert!(desk.path("made.torrent").is_file());
    expect_success(&desk.run("verify made.torrent --dir origin"));
}

#[test]
fn the_options_end_up_in_the_torrent() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    let ended = desk.run(
        "create origin/tiny.bin -o made.torrent --announce http://127.0.0.1:1/announce \
         --announce udp://127.0.0.1:2 --private --comment hello",
    );
    expect_success(&ended);
    let bytes = std::fs::read(desk.path("made.torrent")).expect("the torrent");
    let text = String::from_utf8_lossy(&bytes);
    let parts =
        ["http://127.0.0.1:1/announce", "udp://127.0.0.1:2", "7:privatei1e", "7:comment5:hello"];
    for part in parts {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
}

#[test]
fn what_is_not_there_cannot_become_a_torrent() {
    let desk = Desk::new();
    expect_failure(&desk.run("create missing.bin -o made.torrent"), "missing.bin");
    assert!(!desk.path("made.torrent").exists());
}

#[test]
fn an_empty_folder_cannot_become_a_torrent() {
    let desk = Desk::new();
    desk.make_folder("nothing");
    expect_failure(&desk.run("create nothing -o made.torrent"), "nothing");
}

#[test]
fn a_torrent_that_cannot_be_written_is_a_failure() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    expect_failure(&desk.run("create origin/tiny.bin -o no/such/made.torrent"), "made.torrent");
}
