//! Transfers between clients of this process.

use crate::Node;
use crate::support::content::{Content, Empty};
use cuerda::client::Mode;
use cuerda::connection::reason::{CloseReason, Violation};
use cuerda::metainfo::Metainfo;
use cuerda::swarm::order::Notice;
use std::net::Ipv6Addr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) fn write(content: &Content, folder: &Path) -> Arc<Metainfo> {
    Arc::new(Metainfo::parse(&content.write(folder).bytes).unwrap())
}

fn one_to_one(content: &Content) {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let metainfo = write(content, from.path());
    copy(content, &metainfo, Node::seed(&metainfo, from.path()), to.path());
}

/// Downloads from that seed alone, and stops both.
fn copy(content: &Content, metainfo: &Arc<Metainfo>, seed: Node, to: &Path) {
    seed.wait_complete();
    let leech = Node::download(metainfo, to, vec![seed.address()]);
    leech.wait_complete();
    leech.stop();
    seed.stop();
    content.compare(to, Empty::Required).unwrap();
}

#[test]
fn one_file() {
    one_to_one(&Content::one_file());
}

#[test]
fn a_tree_with_odd_names_and_sizes() {
    one_to_one(&Content::tree());
}

#[test]
fn a_file_smaller_than_a_block() {
    one_to_one(&Content::smaller_than_a_block());
}

#[test]
fn pieces_that_are_no_multiple_of_a_block() {
    one_to_one(&Content::odd_pieces());
    one_to_one(&Content::uneven_pieces());
}

#[test]
fn pieces_of_several_segments() {
    one_to_one(&Content::single("large-pieces.bin", 21 * 1024 * 1024 + 5, 4 * 1024 * 1024));
}

#[test]
fn eight_clients_share_what_one_has() {
    let content = Content::single("shared.bin", 24 * 1024 * 1024 + 77, 256 * 1024);
    let from = TempDir::new().unwrap();
    let metainfo = write(&content, from.path());
    let seed = Node::seed(&metainfo, from.path());
    seed.wait_complete();
    let mut known = vec![seed.address()];
    let mut leeches = Vec::new();
    for _ in 0..8 {
        let folder = TempDir::new().unwrap();
        let leech = Node::download(&metainfo, folder.path(), known.clone());
        known.push(leech.address());
        leeches.push((leech, folder));
    }
    for (leech, _) in &leeches {
        leech.wait_complete();
    }
    for (leech, folder) in leeches {
        leech.stop();
        content.compare(folder.path(), Empty::Required).unwrap();
    }
    seed.stop();
}

#[test]
fn what_is_there_is_checked_and_not_fetched_again() {
    let content = Content::single("half.bin", 8 * 1024 * 1024, 256 * 1024);
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let metainfo = write(&content, from.path());
    let whole = std::fs::read(from.path().join("half.bin")).unwrap();
    std::fs::write(to.path().join("half.bin"), &whole[..4 * 1024 * 1024]).unwrap();
    let seed = Node::seed(&metainfo, from.path());
    seed.wait_complete();
    let leech = Node::download(&metainfo, to.path(), vec![seed.address()]);
    let checked = leech.wait_for("checked", |n| matches!(n, Notice::Checked { .. }));
    assert!(matches!(checked, Notice::Checked { owned: 16, .. }), "{checked:?}");
    leech.wait_complete();
    let fetched = leech.torrent.progress().downloaded;
    assert_eq!(fetched, 4 * 1024 * 1024, "only the other half was fetched");
    leech.stop();
    seed.stop();
    content.compare(to.path(), Empty::Required).unwrap();
}

#[test]
fn both_sides_dial_and_one_connection_stays() {
    let content = Content::one_file();
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let metainfo = write(&content, from.path());
    let leech = Node::download(&metainfo, to.path(), Vec::new());
    let seed = Node::start(&metainfo, from.path(), Mode::Seed, vec![leech.address()]);
    leech.wait_complete();
    leech.stop();
    seed.stop();
    content.compare(to.path(), Empty::Required).unwrap();
}

#[test]
fn a_client_stops_in_the_middle_of_a_download() {
    let content = Content::single("left.bin", 64 * 1024 * 1024, 256 * 1024);
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let metainfo = write(&content, from.path());
    let seed = Node::seed(&metainfo, from.path());
    seed.wait_complete();
    let leech = Node::download(&metainfo, to.path(), vec![seed.address()]);
    leech.wait_for("a peer", |notice| matches!(notice, Notice::PeerJoined { .. }));
    leech.stop();
    seed.stop();
}

#[test]
fn ipv6_works_too() {
    let content = Content::one_file();
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let metainfo = write(&content, from.path());
    let seed = Node::seed_at(&metainfo, from.path(), (Ipv6Addr::LOCALHOST, 0).into());
    assert!(seed.address().is_ipv6());
    copy(&content, &metainfo, seed, to.path());
}

#[test]
fn a_peer_that_gives_bad_data_is_banned_and_the_download_completes() {
    let content = Content::single("lies.bin", 6 * 1024 * 1024, 256 * 1024);
    let folders: Vec<_> = (0..3).map(|_| TempDir::new().unwrap()).collect();
    let metainfo = write(&content, folders[0].path());
    content.write(folders[1].path());
    let liar = Node::seed(&metainfo, folders[0].path());
    liar.wait_complete();
    // After its own check, the liar's file changes under it.
    std::fs::write(folders[0].path().join("lies.bin"), vec![0x55; 6 * 1024 * 1024]).unwrap();
    let leech = Node::download(&metainfo, folders[2].path(), vec![liar.address()]);
    let liars = liar.address();
    leech.wait_for("the ban", |notice| {
        let bad = CloseReason::Violation(Violation::BadData);
        matches!(notice, Notice::PeerLeft { address, reason, .. }
            if *address == liars && *reason == bad)
    });
    let honest = Node::start(&metainfo, folders[1].path(), Mode::Seed, vec![leech.address()]);
    leech.wait_complete();
    assert!(leech.torrent.progress().bad_pieces > 0);
    leech.stop();
    liar.stop();
    honest.stop();
    content.compare(folders[2].path(), Empty::Required).unwrap();
}
