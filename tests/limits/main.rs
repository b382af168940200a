//! What the program does at its limits: as many idle connections as there are places, a refusal
//! for the next one, no abort when the system gives little.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::content::{Content, Empty};
use support::place::free_port;
use support::process::Running;
use support::wait;
use tempfile::TempDir;

/// Longest time that anything here may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes of a handshake (BEP 3).
const HANDSHAKE: usize = 68;
/// Most memory that a seed of a few hundred idle peers may have resident, in KiB. Measured 14 MiB
/// for 500; the rest is for builds without optimization.
const RESIDENT_MAX_KIB: u64 = 64 * 1024;

/// A seed, and what it seeds.
struct Seed {
    /// The folder of it all, removed at the end.
    folder: TempDir,
    /// What is seeded.
    content: Content,
    /// The torrent's name in the swarm.
    info_hash: Vec<u8>,
    /// Where it listens.
    port: u16,
    /// The program.
    program: Running,
}

impl Seed {
    /// A seed with these options, started by a shell after this command.
    fn start(before: &str, options: &str) -> Seed {
        let folder = tempfile::Builder::new().prefix("cuerda-limits-").tempdir().unwrap();
        let content = Content::one_file();
        let torrent = content.write(folder.path());
        std::fs::write(folder.path().join("content.torrent"), &torrent.bytes).unwrap();
        let info_hash = (0..40)
            .step_by(2)
            .map(|at| u8::from_str_radix(&torrent.info_hash[at..at + 2], 16).unwrap())
            .collect();
        let port = free_port();
        let cuerda = env!("CARGO_BIN_EXE_cuerda");
        let line = format!("seed content.torrent --dir . --port {port} {options}");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before} exec '{cuerda}' {line}")]);
        command.current_dir(&folder).env_remove("RUST_LOG");
        let program = Running::start("seed", command, folder.path());
        let seed = Seed { folder, content, info_hash, port, program };
        // It answers as soon as it has checked what is there.
        wait::until("the seed is ready", LIMIT, || seed.knock(0));
        seed
    }

    /// A connection whose handshake was answered; none if it was refused.
    fn knock(&self, name: u32) -> Option<TcpStream> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        let id = format!("-XX0001-{name:012}");
        let hello = [b"\x13BitTorrent protocol", &[0; 8][..], &self.info_hash, id.as_bytes()];
        socket.write_all(&hello.concat()).ok()?;
        let mut answer = [0; HANDSHAKE];
        socket.read_exact(&mut answer).ok()?;
        assert_eq!(answer[28..48], self.info_hash[..], "it answers for its torrent");
        Some(socket)
    }

    /// So many connections that stay and say nothing.
    fn crowd(&self, count: u32) -> Vec<TcpStream> {
        (1..=count).map(|name| self.knock(name).unwrap_or_else(|| panic!("{name}"))).collect()
    }

    /// It can still be stopped in good order.
    fn stop(self) -> String {
        self.program.signal(Signal::INT);
        let ended = self.program.wait(LIMIT);
        assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
        ended.err
    }
}

/// A figure from `/proc/ID/status`.
fn status(id: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"));
    let text = text.unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn past_the_last_place_connections_are_refused_and_told_of_once() {
    const PLACES: u32 = 120;
    let seed = Seed::start("", &format!("--max-peers {PLACES}"));
    // Whoever asked whether it is ready leaves a place, which may take a moment.
    let mut crowd = seed.crowd(PLACES - 1);
    crowd.push(wait::until("the last place", LIMIT, || seed.knock(900)));
    for name in 901..911 {
        assert!(seed.knock(name).is_none(), "all places are taken");
    }
    drop(crowd.pop());
    crowd.push(wait::until("a place that became free", LIMIT, || seed.knock(920)));
    assert!(seed.knock(930).is_none(), "all places are taken again");
    let told = seed.stop();
    assert_eq!(told.matches("all 120 places for peers are taken").count(), 1, "{told}");
}

#[test]
fn a_crowd_of_idle_peers_costs_little_and_keeps_nobody_from_downloading() {
    const CROWD: u32 = 300;
    let seed = Seed::start("", "");
    let _crowd = seed.crowd(CROWD);
    let id = seed.program.id();
    assert!(status(id, "Threads:") >= u64::from(CROWD), "a thread for each");
    let resident = status(id, "VmRSS:");
    assert!(resident < RESIDENT_MAX_KIB, "{resident} KiB");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
    let peer = format!("127.0.0.1:{}", seed.port);
    let port = free_port().to_string();
    command.args([
        "download",
        "content.torrent",
        "--dir",
        "copy",
        "--peer",
        &peer,
        "--port",
        &port,
    ]);
    command.current_dir(&seed.folder);
    let ended = Running::start("download", command, seed.folder.path()).wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    seed.content.compare(&seed.folder.path().join("copy"), Empty::Required).unwrap();
    seed.stop();
}

#[test]
fn where_the_system_gives_little_there_are_fewer_places_and_no_abort() {
    // Half of what is left is for peers, three descriptors each: 33 places.
    let seed = Seed::start("ulimit -n 200;", "-v --max-peers 100");
    let crowd: Vec<_> = (1..60).filter_map(|name| seed.knock(name)).collect();
    assert!((32..=33).contains(&crowd.len()), "{} places", crowd.len());
    let told = seed.stop();
    assert!(told.contains("at most 33 peers are possible, not 100"), "{told}");
    assert!(told.contains("ulimit -n"), "{told}");
}
