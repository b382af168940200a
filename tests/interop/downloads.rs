//! cuerda downloads, a stock client seeds.

use crate::scene::{Scene, TRANSFER_LIMIT};
use crate::stock::{Role, Stock};
use crate::support::content::{Content, Empty};

/// cuerda dials the seed, downloads everything, and exits 0 with the content alone in its folder.
fn download(content: Content, client: Stock) {
    let Some(scene) = Scene::set(content, &[client]) else { return };
    let seed = client.start(Role::Seed, &scene, None);
    let (cuerda, _) = scene.cuerda(Role::Download, Some(seed.address()));
    let ended = cuerda.wait(TRANSFER_LIMIT);
    assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
    scene.check(Empty::Required);
    scene.check_tidy();
}

/// The seed dials cuerda, which knows nobody.
fn download_when_dialed(content: Content) {
    let Some(scene) = Scene::set(content, &[Stock::Libtorrent]) else { return };
    let (cuerda, address) = scene.cuerda(Role::Download, None);
    let _seed = Stock::Libtorrent.start(Role::Seed, &scene, Some(address));
    let ended = cuerda.wait(TRANSFER_LIMIT);
    assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
    scene.check(Empty::Required);
    scene.check_tidy();
}

#[test]
fn one_file_from_transmission() {
    download(Content::one_file(), Stock::Transmission);
}

#[test]
fn tree_from_transmission() {
    download(Content::tree(), Stock::Transmission);
}

#[test]
fn less_than_a_block_from_transmission() {
    download(Content::smaller_than_a_block(), Stock::Transmission);
}

#[test]
fn odd_pieces_from_transmission() {
    download(Content::odd_pieces(), Stock::Transmission);
}

#[test]
fn many_pieces_from_transmission() {
    download(Content::many_pieces(), Stock::Transmission);
}

#[test]
fn one_file_from_aria2() {
    download(Content::one_file(), Stock::Aria2);
}

#[test]
fn tree_from_aria2() {
    download(Content::tree(), Stock::Aria2);
}

#[test]
fn less_than_a_block_from_aria2() {
    download(Content::smaller_than_a_block(), Stock::Aria2);
}

#[test]
fn odd_pieces_from_aria2() {
    download(Content::odd_pieces(), Stock::Aria2);
}

#[test]
fn uneven_pieces_from_aria2() {
    download(Content::uneven_pieces(), Stock::Aria2);
}

#[test]
fn many_pieces_from_aria2() {
    download(Content::many_pieces(), Stock::Aria2);
}

#[test]
fn one_file_from_libtorrent() {
    download(Content::one_file(), Stock::Libtorrent);
}

#[test]
fn tree_from_libtorrent() {
    download(Content::tree(), Stock::Libtorrent);
}

#[test]
fn less_than_a_block_from_libtorrent() {
    download(Content::smaller_than_a_block(), Stock::Libtorrent);
}

#[test]
fn odd_pieces_from_libtorrent() {
    download(Content::odd_pieces(), Stock::Libtorrent);
}

#[test]
fn uneven_pieces_from_libtorrent() {
    download(Content::uneven_pieces(), Stock::Libtorrent);
}

#[test]
fn many_pieces_from_libtorrent() {
    download(Content::many_pieces(), Stock::Libtorrent);
}

#[test]
fn tree_from_libtorrent_that_dials() {
    download_when_dialed(Content::tree());
}
