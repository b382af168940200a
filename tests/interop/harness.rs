//! The harness tried on stock clients alone: what fails here is not cuerda's fault.
//!
//! libtorrent is one side of each, since it can dial.

use crate::scene::{Scene, TRANSFER_LIMIT};
use crate::stock::{Role, Stock};
use crate::support::content::{Content, Empty};
use crate::support::wait;

/// libtorrent seeds and dials the other, which downloads.
fn libtorrent_to(other: Stock, content: Content) {
    let Some(scene) = Scene::set(content, &[Stock::Libtorrent, other]) else { return };
    let mut downloader = other.start(Role::Download, &scene, None);
    let _seed = Stock::Libtorrent.start(Role::Seed, &scene, Some(downloader.address()));
    wait::until("the download", TRANSFER_LIMIT, || downloader.is_done().then_some(()));
    scene.check(other.empty_files());
}

/// libtorrent downloads and dials the other, which seeds.
fn libtorrent_from(other: Stock, content: Content) {
    let Some(scene) = Scene::set(content, &[Stock::Libtorrent, other]) else { return };
    let seed = other.start(Role::Seed, &scene, None);
    let mut downloader = Stock::Libtorrent.start(Role::Download, &scene, Some(seed.address()));
    wait::until("the download", TRANSFER_LIMIT, || downloader.is_done().then_some(()));
    scene.check(Empty::Required);
}

#[test]
fn tree_from_libtorrent_to_libtorrent() {
    libtorrent_to(Stock::Libtorrent, Content::tree());
}

#[test]
fn tree_from_libtorrent_to_aria2() {
    libtorrent_to(Stock::Aria2, Content::tree());
}

#[test]
fn tree_from_aria2_to_libtorrent() {
    libtorrent_from(Stock::Aria2, Content::tree());
}

#[test]
fn tree_from_libtorrent_to_transmission() {
    libtorrent_to(Stock::Transmission, Content::tree());
}

#[test]
fn tree_from_transmission_to_libtorrent() {
    libtorrent_from(Stock::Transmission, Content::tree());
}

#[test]
fn a_copy_with_one_wrong_byte_is_found() {
    let Some(scene) = Scene::set(Content::tree(), &[]) else { return };
    let content = Content::tree();
    let copy = scene.files(Role::Download);
    content.write(&copy);
    scene.check(Empty::Required);
    scene.check_tidy();
    let (victim, length) = content.files[2];
    let path = content.path(&copy, victim);
    let mut bytes = std::fs::read(&path).expect("the file is there");
    bytes[length as usize - 1] ^= 1;
    std::fs::write(&path, bytes).expect("the file can be written");
    let complaint = content.compare(&copy, Empty::Required).expect_err("a difference");
    assert!(complaint.ends_with("differs at byte 700000"), "{complaint}");
}
