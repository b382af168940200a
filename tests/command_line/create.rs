//! `cuerda create`.

use crate::desk::{Desk, PROMPT, expect_failure, expect_success};
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
    expect_success(&made.wait(PROMPT));
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

#[test]
fn what_cuerda_remembers_is_left_out_and_told() {
    let desk = Desk::new();
    std::fs::write(desk.make_folder("mine/.cuerda").join("x.resume"), "record").expect("a file");
    std::fs::write(desk.path("mine/a"), "content").expect("a file");
    let ended = desk.run("create mine -o made.torrent");
    expect_success(&ended);
    assert!(ended.err.contains("left out") && ended.err.contains("mine/.cuerda"), "{}", ended.err);
    let bytes = std::fs::read(desk.path("made.torrent")).expect("the torrent");
    assert!(!String::from_utf8_lossy(&bytes).contains("resume"));
}

#[test]
fn a_seed_of_the_wrong_folder_leaves_nothing_in_it() {
    let desk = Desk::new();
    let content = Content::tree();
    desk.write(&content);
    let folder = format!("origin/{}", content.name);
    let port = crate::support::place::free_port().to_string();
    let seed = ["seed", "content.torrent", "--dir", &folder, "--port", &port, "--quiet"];
    expect_failure(&desk.start_with(&seed).wait(PROMPT), "did you mean");
    assert!(!desk.path(&folder).join(".cuerda").exists());
}

#[test]
fn a_piece_length_that_not_every_client_takes_is_told() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    for (length, told) in [("40000", true), ("32768", false)] {
        let line = format!("create origin/tiny.bin -o {length}.torrent --piece-length {length}");
        let ended = desk.run(&line);
        expect_success(&ended);
        assert_eq!(ended.err.contains("powers of two"), told, "{}", ended.err);
    }
}
