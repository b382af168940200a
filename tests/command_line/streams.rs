//! What becomes of commands that nobody listens to, and of peers that no way leads to.

use crate::desk::{Desk, expect_success};
use crate::support::content::Content;
use crate::support::{place, wait};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Time to notice and to stop.
const LIMIT: Duration = Duration::from_secs(30);

/// Both commands, as they tell what happens.
const LINES: [&str; 2] = [
    "seed content.torrent --dir origin --port 0 --json",
    "download content.torrent --dir copy --port 0 --json",
];

fn cuerda(desk: &Desk, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
    command.args(line.split(' ')).current_dir(desk.path("")).env_remove("RUST_LOG");
    command
}

#[test]
fn who_tells_a_reader_that_has_gone_ends_as_pipes_do() {
    for line in LINES {
        let desk = Desk::new();
        desk.write(&Content::one_file());
        let mut command = cuerda(&desk, line);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut first = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        reader.read_line(&mut first).expect("a line");
        drop(reader);
        let ended = wait::try_until(LIMIT, || child.try_wait().expect("a child"));
        if ended.is_none() {
            child.kill().expect("it can be ended");
            child.wait().expect("it ends");
        }
        assert_eq!(ended.and_then(|status| status.code()), Some(141), "{line}");
    }
}

#[test]
fn who_tells_a_full_disk_fails_with_one_line() {
    for line in LINES {
        let desk = Desk::new();
        desk.write(&Content::one_file());
        // A shell connects the streams, because the desk keeps them in files.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" > /dev/full", env!("CARGO_BIN_EXE_cuerda")]);
        command.args(line.split(' '));
        assert!(File::open("/dev/full").is_ok(), "no device that is always full");
        let ended = desk.start_command(command).wait(LIMIT);
        assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
        assert!(ended.err.contains("cannot write to standard output: No space"), "{}", ended.err);
    }
}

#[test]
fn a_seed_ends_well_when_its_time_is_over() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let ended = desk.run("seed content.torrent --dir origin --port 0 --timeout 2");
    expect_success(&ended);
    assert!(ended.err.contains("stopped after giving"), "{}", ended.err);
}

#[test]
fn peers_that_no_way_leads_to_are_told_of_once() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let port = place::free_port();
    let line = format!("seed content.torrent --dir origin --port {port} --timeout 2");
    // Addresses of a link that do not say which, so that no machine has a way to them.
    let ended = desk.run(&format!("{line} --peer [fe80::1]:1 --peer [fe80::2]:2"));
    expect_success(&ended);
    let told: Vec<&str> = ended.err.lines().filter(|line| line.contains("no way to")).collect();
    assert!(told.len() == 1 && told[0].contains("[fe80::1]:1 and 1 more"), "{}", ended.err);
}

/// What follows a tracker's host may be the user's key, and logs are sent to others.
#[test]
fn no_level_of_the_log_tells_the_path_of_a_tracker() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let tracker = format!("http://127.0.0.1:{}/SECRET/announce?passkey=SECRET", place::free_port());
    let line =
        format!("download content.torrent --dir copy --port 0 --timeout 1 --tracker {tracker}");
    for variable in [None, Some("trace")] {
        let mut command = cuerda(&desk, &line);
        match variable {
            Some(level) => command.env("RUST_LOG", level),
            None => command.arg("-vvv"),
        };
        let ended = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(told.contains("ureq") && told.contains("nobody listens"), "{told}");
        assert!(!told.contains("SECRET"), "{told}");
    }
}
