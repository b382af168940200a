//! `cuerda verify`.

use crate::desk::{Desk, damage, expect_failure, expect_success};
use crate::support::content::Content;

#[test]
fn what_is_complete_verifies() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    expect_success(&desk.run("verify content.torrent --dir origin"));
}

#[test]
fn one_wrong_byte_does_not_verify() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    damage(&desk.path("origin/one-file.bin"), 5 * 1024 * 1024 - 1);
    let ended = desk.run("verify content.torrent --dir origin");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    damage(&desk.path("origin/one-file.bin"), 5 * 1024 * 1024 - 1);
    expect_success(&desk.run("verify content.torrent --dir origin"));
}

#[test]
fn a_missing_empty_file_does_not_verify() {
    let desk = Desk::new();
    let content = Content::tree();
    desk.write(&content);
    let empty = content.path(&desk.path("origin"), "zz empty at the end");
    std::fs::remove_file(empty).expect("the file is there");
    let ended = desk.run("verify content.torrent --dir origin");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
}

#[test]
fn a_file_that_is_too_short_does_not_verify() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let file = std::fs::OpenOptions::new().write(true).open(desk.path("origin/one-file.bin"));
    file.expect("the file is there").set_len(1_000).expect("it can be cut");
    let ended = desk.run("verify content.torrent --dir origin");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
}

#[test]
fn verifying_changes_nothing() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    desk.make_folder("empty");
    let ended = desk.run("verify content.torrent --dir empty");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    let left = std::fs::read_dir(desk.path("empty")).expect("the folder is there").count();
    assert_eq!(left, 0, "verify made something");
}

#[test]
fn a_torrent_that_is_not_there_is_named() {
    let desk = Desk::new();
    expect_failure(&desk.run("verify missing.torrent --dir origin"), "missing.torrent");
}
