//! Hostile peers against the real program, each message in every bad way, beside an honest peer:
//! the honest one is answered after each attack, the download completes, who lied is banned, and
//! the log does not grow with what strangers say.

use crate::attacks::{attacks, empty_promise};
use crate::desk::{Desk, objects};
use crate::support::content::{Content, Empty};
use crate::support::place::free_port;
use crate::support::process::Running;
use crate::support::raw_peer::{BLOCK, Line, Offers, RawPeer, handshake, message};
use crate::support::wait;
use std::time::Duration;

/// Time for anything that does not wait for a timeout of the program.
const SOON: Duration = Duration::from_secs(30);
/// Lines of the log for one peer at most, with `-v`.
const LINES_PER_PEER: usize = 4;
/// Other lines of the log at most.
const LINES_BESIDE: usize = 20;

/// Pieces of the content: not a multiple of eight, so that a bitfield has spare bits.
const PIECES: u32 = 20;

/// 5 MiB in pieces of 256 KiB.
fn content() -> Content {
    Content::one_file()
}

/// A program that others can connect to.
fn start(desk: &Desk, arguments: &str) -> (Running, u16) {
    let port = free_port();
    let running = desk.start(&format!("{arguments} --port {port} --json -v"));
    wait::until("the program listens", SOON, || {
        running.out().contains("\"listening\"").then_some(())
    });
    wait::until("the torrent is taken on", SOON, || {
        running.out().contains("\"progress\"").then_some(())
    });
    (running, port)
}

/// The log has no error in it and did not grow with the words of strangers.
fn check_log(log: &str, peers: usize) {
    for word in [" ERROR ", "panicked", "watchdog"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
    let lines = log.lines().count();
    assert!(lines <= peers * LINES_PER_PEER + LINES_BESIDE, "{lines} lines of log: {log}");
}

/// Joins and says what the attack says.
fn perform(port: u16, hash: &str, number: usize) -> (&'static str, Line, RawPeer) {
    let attack = attacks(PIECES).swap_remove(number);
    let mut peer = RawPeer::join(port, hash, &format!("{number:03}"), attack.offers);
    let bytes = attack.bytes.repeat(attack.times);
    // It may be cut off in the middle, which shows below.
    let _ = peer.send(&bytes);
    (attack.name, attack.line, peer)
}

#[test]
fn a_seed_serves_its_honest_peer_through_every_attack() {
    let desk = Desk::new();
    let torrent = desk.write(&content());
    let (seed, port) = start(&desk, "seed content.torrent --dir origin");
    let bytes = std::fs::read(desk.path("origin/one-file.bin")).expect("the content");
    let mut honest = RawPeer::join(port, &torrent.info_hash, "honest", Offers::Nothing);
    honest.send(&message(2, b"")).expect("interest is heard");
    while honest.receive(SOON).expect("a free slot is given").0 != 1 {}
    let count = attacks(PIECES).len();
    let mut open = Vec::new();
    for number in 0..count {
        let (name, line, mut peer) = perform(port, &torrent.info_hash, number);
        if line == Line::Closed {
            assert_eq!(peer.wait_closed(SOON), Line::Closed, "{name}");
        } else {
            open.push((name, peer));
        }
        let (piece, block) = (number as u32 % PIECES, number as u32 % 16);
        let found = honest.fetch(piece, block * BLOCK, SOON);
        let at = (piece * 16 + block) as usize * BLOCK as usize;
        assert!(found == bytes[at..at + BLOCK as usize], "after {name}: another block");
    }
    for (name, peer) in &mut open {
        assert_eq!(peer.line(), Line::Open, "{name} is no reason to part");
    }
    check_log(&seed.err(), count + 1);
}

#[test]
fn what_is_no_handshake_is_cut_off() {
    let desk = Desk::new();
    let torrent = desk.write(&content());
    let (seed, port) = start(&desk, "seed content.torrent --dir origin");
    let other = handshake(&"0".repeat(40), "other", Offers::All);
    let mut long = handshake(&torrent.info_hash, "long", Offers::All);
    long[0] = 0xff;
    let strangers: [&[u8]; 5] =
        [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc", &other, &long, &[0; 68]];
    for bytes in strangers {
        let mut peer = RawPeer::connect(port);
        peer.send(bytes).expect("the first bytes are taken");
        assert_eq!(peer.wait_closed(SOON), Line::Closed, "{}", String::from_utf8_lossy(bytes));
    }
    // A quarter of a handshake is no reason to part yet, and does not keep others out.
    let mut slow = RawPeer::connect(port);
    slow.send(&handshake(&torrent.info_hash, "slow", Offers::All)[..17]).expect("it is taken");
    RawPeer::join(port, &torrent.info_hash, "honest", Offers::All);
    check_log(&seed.err(), strangers.len() + 2);
}

#[test]
fn a_download_completes_beside_peers_of_every_kind() {
    let desk = Desk::new();
    let content = content();
    let torrent = desk.write(&content);
    let (download, port) = start(&desk, "download content.torrent --dir copy --seed");
    let count = attacks(PIECES).len();
    let mut open = Vec::new();
    for number in 0..count {
        let (name, line, mut peer) = perform(port, &torrent.info_hash, number);
        match line {
            Line::Closed => assert_eq!(peer.wait_closed(SOON), Line::Closed, "{name}"),
            Line::Open => open.push(peer),
        }
    }
    for number in 0..3 {
        let name = format!("promise{number}");
        let mut peer = RawPeer::join(port, &torrent.info_hash, &name, Offers::All);
        peer.send(&empty_promise()).expect("it is heard");
        open.push(peer);
    }
    lie(port, &torrent.info_hash, &download);
    let honest = desk.start(&format!(
        "seed content.torrent --dir origin --json --port {} --peer 127.0.0.1:{port}",
        free_port()
    ));
    wait::until("the download is complete", Duration::from_secs(240), || {
        download.out().contains("\"complete\"").then_some(())
    });
    content.compare(&desk.path("copy"), Empty::Required).expect("the same bytes");
    // Both are complete in the end, and part; who was sent away before would have come again.
    let joined = objects(&honest.out()).into_iter().filter(|event| event["event"] == "peer_joined");
    assert_eq!(joined.count(), 1, "the honest peer was sent away");
    check_log(&download.err(), count + 6);
}

/// A peer that claims to have everything and answers with rubbish is banned, and stays so.
fn lie(port: u16, hash: &str, download: &Running) {
    let mut liar = RawPeer::join(port, hash, "liar", Offers::All);
    liar.send(&empty_promise()).expect("the peer is there");
    while let Ok((id, payload)) = liar.receive(SOON) {
        if id == 6 {
            let rubbish = [&payload[..8], &[0x55; BLOCK as usize]].concat();
            if liar.send(&message(7, &rubbish)).is_err() {
                break;
            }
        }
    }
    wait::until("the liar is told of", SOON, || {
        download.out().contains("blocks that fail the piece's hash").then_some(())
    });
    let mut again = RawPeer::connect(port);
    again.send(&handshake(hash, "liar", Offers::All)).expect("the handshake is taken");
    assert_eq!(again.wait_closed(SOON), Line::Closed, "who lied is not let in again");
}
