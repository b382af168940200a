//! cuerda seeds, a stock client downloads.

use crate::scene::{Scene, TRANSFER_LIMIT};
use crate::stock::{Peer, Role, Stock};
use crate::support::content::{Content, Empty};
use crate::support::process::Running;
use crate::support::wait;
use rustix::process::Signal;
use std::time::Duration;

/// Time for cuerda to stop when asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// cuerda dials the stock client and uploads everything to it.
fn upload(content: Content, client: Stock) {
    let Some(scene) = Scene::set(content, &[client]) else { return };
    let downloader = client.start(Role::Download, &scene, None);
    let (cuerda, _) = scene.cuerda(Role::Seed, Some(downloader.address()));
    finish(&scene, cuerda, downloader, client.empty_files());
}

/// The stock client dials cuerda.
fn upload_when_dialed(content: Content) {
    let Some(scene) = Scene::set(content, &[Stock::Libtorrent]) else { return };
    let (cuerda, address) = scene.cuerda(Role::Seed, None);
    let downloader = Stock::Libtorrent.start(Role::Download, &scene, Some(address));
    finish(&scene, cuerda, downloader, Empty::Required);
}

/// Waits for the download, compares, and asks cuerda to stop.
fn finish(scene: &Scene, mut cuerda: Running, mut downloader: Box<dyn Peer>, empty: Empty) {
    wait::until("the upload", TRANSFER_LIMIT, || {
        assert!(cuerda.ended().is_none(), "cuerda ended: {}", cuerda.err());
        downloader.is_done().then_some(())
    });
    scene.check(empty);
    cuerda.signal(Signal::INT);
    let ended = cuerda.wait(STOP_LIMIT);
    assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
}

#[test]
fn one_file_to_transmission() {
    upload(Content::one_file(), Stock::Transmission);
}

#[test]
fn tree_to_transmission() {
    upload(Content::tree(), Stock::Transmission);
}

#[test]
fn less_than_a_block_to_transmission() {
    upload(Content::smaller_than_a_block(), Stock::Transmission);
}

#[test]
fn odd_pieces_to_transmission() {
    upload(Content::odd_pieces(), Stock::Transmission);
}

#[test]
fn many_pieces_to_transmission() {
    upload(Content::many_pieces(), Stock::Transmission);
}

#[test]
fn one_file_to_aria2() {
    upload(Content::one_file(), Stock::Aria2);
}

#[test]
fn tree_to_aria2() {
    upload(Content::tree(), Stock::Aria2);
}

#[test]
fn less_than_a_block_to_aria2() {
    upload(Content::smaller_than_a_block(), Stock::Aria2);
}

#[test]
fn odd_pieces_to_aria2() {
    upload(Content::odd_pieces(), Stock::Aria2);
}

#[test]
fn uneven_pieces_to_aria2() {
    upload(Content::uneven_pieces(), Stock::Aria2);
}

#[test]
fn many_pieces_to_aria2() {
    upload(Content::many_pieces(), Stock::Aria2);
}

#[test]
fn one_file_to_libtorrent() {
    upload(Content::one_file(), Stock::Libtorrent);
}

#[test]
fn tree_to_libtorrent() {
    upload(Content::tree(), Stock::Libtorrent);
}

#[test]
fn less_than_a_block_to_libtorrent() {
    upload(Content::smaller_than_a_block(), Stock::Libtorrent);
}

#[test]
fn odd_pieces_to_libtorrent() {
    upload(Content::odd_pieces(), Stock::Libtorrent);
}

#[test]
fn uneven_pieces_to_libtorrent() {
    upload(Content::uneven_pieces(), Stock::Libtorrent);
}

#[test]
fn many_pieces_to_libtorrent() {
    upload(Content::many_pieces(), Stock::Libtorrent);
}

#[test]
fn tree_to_libtorrent_that_dials() {
    upload_when_dialed(Content::tree());
}
