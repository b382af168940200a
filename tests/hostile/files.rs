//! Torrent files that are corrupt, cut short or lie, against the real program: little memory, one
//! clear line, and nothing written.

use crate::desk::{Desk, expect_failure};
use crate::support::process::{Ended, Running};
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Time for any of it on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// Memory that the program may map, in KiB: four of the largest torrents read.
const MEMORY_KIB: u64 = 320 * 1024;

/// Runs `cuerda` with little memory.
fn run(desk: &Desk, name: &str, arguments: &[&str]) -> Ended {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {MEMORY_KIB} && exec \"$0\" \"$@\"");
    command.arg("-c").arg(limited).arg(env!("CARGO_BIN_EXE_cuerda")).args(arguments);
    command.current_dir(desk.path("")).env_remove("RUST_LOG");
    Running::start(name, command, &desk.path("")).wait(LIMIT)
}

#[test]
fn every_bad_torrent_of_the_corpus_is_one_line() {
    let desk = Desk::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/corpus/metainfo");
    let (mut good, mut bad) = (0, 0);
    for entry in fs::read_dir(corpus).expect("the corpus") {
        let path = entry.expect("an input").path();
        let text = path.to_str().expect("a plain name");
        let ended = run(&desk, "info", &["info", text]);
        if ended.status.success() {
            good += 1;
            continue;
        }
        bad += 1;
        expect_failure(&ended, text);
        for command in ["verify", "download", "seed"] {
            let ended = run(&desk, command, &[command, text, "--dir", "d"]);
            expect_failure(&ended, text);
            assert!(!desk.path("d").exists(), "{command} {text} made a folder");
        }
    }
    assert!(good >= 5 && bad >= 10, "{good} good, {bad} bad");
}

#[test]
fn a_torrent_cut_anywhere_is_one_line() {
    let desk = Desk::new();
    let whole = format!(
        "d8:announce8:http://a4:infod6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:{}ee",
        "h".repeat(20)
    );
    for length in (0..whole.len()).step_by(7) {
        fs::write(desk.path("cut.torrent"), &whole[..length]).expect("the file");
        expect_failure(&run(&desk, "cut", &["info", "cut.torrent"]), "cut.torrent");
    }
}

#[test]
fn enormous_torrents_end_at_their_bounds() {
    let desk = Desk::new();
    File::create(desk.path("zeros")).and_then(|file| file.set_len(1 << 40)).expect("a hole");
    let lists = b"l".repeat(8 << 20);
    let values = [&b"d4:infod5:filesl"[..], &b"le".repeat(6 << 20)].concat();
    let claimed = b"d4:infod6:pieces99999999999:".to_vec();
    let length = i64::MAX;
    let lying = format!("d4:infod6:lengthi{length}e4:name1:a12:piece lengthi16384e6:pieces0:ee");
    for (name, bytes) in
        [("lists", lists), ("values", values), ("claimed", claimed), ("lying", lying.into_bytes())]
    {
        fs::write(desk.path(name), bytes).expect("the file");
    }
    for name in ["zeros", "lists", "values", "claimed", "lying", "/dev/zero"] {
        expect_failure(&run(&desk, "enormous", &["info", name]), name);
    }
}
