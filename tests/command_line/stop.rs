//! Ctrl-C and the request to terminate: the program ends by itself, soon, and leaves nothing.

use crate::desk::Desk;
use crate::support::content::{Content, Empty};
use crate::support::process::{Ended, Running};
use crate::support::torrent::{Files, make};
use crate::support::{place, wait};
use rustix::process::Signal;
use sha1::{Digest, Sha1};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// Time to start listening.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Time to end after a signal.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Waits until the program listens, sends the signal, waits for the end, and sees the port free.
fn stop(mut cuerda: Running, port: u16, signal: Signal) -> Ended {
    wait::until("cuerda to listen", START_LIMIT, || {
        assert!(cuerda.ended().is_none(), "ended early: {}", cuerda.err());
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    });
    cuerda.signal(signal);
    let ended = cuerda.wait(STOP_LIMIT);
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    wait::until("the port to be free", START_LIMIT, || {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok()
    });
    ended
}

#[test]
fn an_interrupted_seed_ends_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let desk = Desk::new();
        let content = Content::one_file();
        desk.write(&content);
        let port = place::free_port();
        let line = format!("seed content.torrent --dir origin --port {port}");
        let seed = desk.start(&line);
        wait::until("the check", START_LIMIT, || seed.err().contains("checked").then_some(()));
        let ended = stop(seed, port, signal);
        assert_eq!(ended.status.code(), Some(0), "{signal:?}: {}", ended.err);
        content.compare(&desk.path("origin"), Empty::Required).expect("the seed is unharmed");
    }
}

#[test]
fn an_interrupted_download_ends_by_itself_but_not_in_success() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let port = place::free_port();
    let line = format!("download content.torrent --dir copy --port {port}");
    let ended = stop(desk.start(&line), port, Signal::INT);
    let code = ended.status.code().expect("an exit code, not a death by signal");
    assert_ne!(code, 0, "{}", ended.err);
}

#[test]
fn a_download_that_stays_as_a_seed_ends_well() {
    let desk = Desk::new();
    let content = Content::one_file();
    desk.write(&content);
    let port = place::free_port();
    let line = format!("download content.torrent --dir origin --port {port} --seed");
    let cuerda = desk.start(&line);
    wait::until("the content to be checked", START_LIMIT, || {
        cuerda.err().to_lowercase().contains("complete").then_some(())
    });
    let ended = stop(cuerda, port, Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
}

#[test]
fn a_seed_that_is_stopped_before_it_knows_what_is_there_was_interrupted() {
    let desk = Desk::new();
    // Nothing but a hole, in a torrent of zeros, so that it has to be read: that takes longer than
    // stopping.
    let (length, piece_length) = (16_u64 << 30, 16_u32 << 20);
    let zeros = Sha1::digest(vec![0; piece_length as usize]);
    let pieces = zeros.repeat((length / u64::from(piece_length)) as usize);
    let torrent = make("hole.bin", piece_length, pieces, Files::Single(length));
    std::fs::write(desk.path("content.torrent"), torrent.bytes).expect("the torrent");
    let hole = desk.make_folder("origin").join("hole.bin");
    let hole = std::fs::File::create(hole).expect("a file");
    hole.set_len(length).expect("a sparse file");
    let port = place::free_port();
    let line = format!("seed content.torrent --dir origin --port {port}");
    let ended = stop(desk.start(&line), port, Signal::INT);
    assert_eq!(ended.status.code(), Some(130), "{}", ended.err);
    assert!(ended.err.contains("before what is there was checked"), "{}", ended.err);
}
