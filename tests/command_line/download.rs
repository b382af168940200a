//! `cuerda download` and `cuerda seed`, talking to each other.

use crate::desk::{Desk, PROMPT, damage, expect_failure, expect_success, objects};
use crate::support::content::{Content, Empty};
use crate::support::place;
use crate::support::process::{Ended, Running};
use std::time::Duration;

/// Time for a small transfer on this machine.
const TRANSFER_LIMIT: Duration = Duration::from_secs(60);

/// Starts a seed of the origin; gives its port.
pub(crate) fn seed(desk: &Desk) -> (Running, u16) {
    let port = place::free_port();
    let seed = desk.start(&format!("seed content.torrent --dir origin --port {port}"));
    (seed, port)
}

/// Downloads from the seed into `copy`.
pub(crate) fn download(desk: &Desk, seed_port: u16, more: &str) -> Ended {
    let port = place::free_port();
    let peer = format!("127.0.0.1:{seed_port}");
    let line = format!("download content.torrent --dir copy --port {port} --peer {peer} {more}");
    desk.start(&line).wait(TRANSFER_LIMIT)
}

/// A seed and a download of some content; the copy is compared.
fn transfer(content: &Content) {
    let desk = Desk::new();
    desk.write(content);
    let (_seed, port) = seed(&desk);
    let ended = download(&desk, port, "");
    expect_success(&ended);
    assert!(!ended.out.contains(['\r', '%']), "progress is no answer: {}", ended.out);
    content.compare(&desk.path("copy"), Empty::Required).expect("a faithful copy");
}

#[test]
fn one_file_is_copied() {
    transfer(&Content::one_file());
}

#[test]
fn a_tree_is_copied() {
    transfer(&Content::tree());
}

#[test]
fn less_than_a_block_is_copied() {
    transfer(&Content::smaller_than_a_block());
}

#[test]
fn uneven_pieces_are_copied() {
    transfer(&Content::uneven_pieces());
}

#[test]
fn json_is_one_object_a_line() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let (_seed, port) = seed(&desk);
    let ended = download(&desk, port, "--json");
    expect_success(&ended);
    assert!(!objects(&ended.out).is_empty(), "nothing told");
}

#[test]
fn a_damaged_copy_is_mended() {
    let desk = Desk::new();
    let content = Content::one_file();
    desk.write(&content);
    content.write(&desk.make_folder("copy"));
    damage(&desk.path("copy/one-file.bin"), 3_000_000);
    let (_seed, port) = seed(&desk);
    expect_success(&download(&desk, port, ""));
    content.compare(&desk.path("copy"), Empty::Required).expect("a faithful copy");
}

#[test]
fn what_is_complete_needs_no_peer() {
    let desk = Desk::new();
    let content = Content::tree();
    desk.write(&content);
    let port = place::free_port();
    let line = format!("download content.torrent --dir origin --port {port} --timeout 20");
    expect_success(&desk.run(&line));
}

#[test]
fn a_download_without_peers_ends_at_its_timeout() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let port = place::free_port();
    let line = format!("download content.torrent --dir copy --port {port} --timeout 1");
    let ended = desk.run(&line);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    assert_eq!(ended.out, "");
    assert!(!ended.err.trim().is_empty(), "no reason given");
}

#[test]
fn a_seed_without_the_content_is_a_failure() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    desk.make_folder("empty");
    let port = place::free_port();
    let ended = desk.run(&format!("seed content.torrent --dir empty --port {port}"));
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
}

#[test]
fn a_torrent_that_is_not_there_is_named() {
    let desk = Desk::new();
    expect_failure(&desk.run("download missing.torrent --dir copy"), "missing.torrent");
    expect_failure(&desk.run("seed missing.torrent --dir copy"), "missing.torrent");
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    let line = "download content.torrent --dir content.torrent --timeout 20";
    let ended = desk.start(line).wait(PROMPT);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    assert!(ended.err.contains("content.torrent"), "{}", ended.err);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let desk = Desk::new();
    desk.write(&Content::smaller_than_a_block());
    let taken = std::net::TcpListener::bind(("0.0.0.0", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let line = format!("download content.torrent --dir copy --port {port} --timeout 20");
    let ended = desk.run(&line);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    assert!(ended.err.contains(&port.to_string()), "{}", ended.err);
}
