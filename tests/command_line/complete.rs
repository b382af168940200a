//! When a download may say that it is complete: the content has to be where its user looks for it.

use crate::desk::{Desk, damage, expect_success};
use crate::support::content::Content;
use crate::support::process::Ended;
use crate::support::{place, wait};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Time for a check, or for a small transfer.
const LIMIT: Duration = Duration::from_secs(60);
/// A file that is whole from the start.
const WHOLE: &str = "deep/er/and/deeper/still/last.bin";
/// A file that has one bad piece.
const DAMAGED: &str = "π ≈ 3.14159 (ok) [x] & more.dat";

/// A download that found all but one piece; something happens to the files; then the last comes.
fn download(what_happens: impl Fn(&Path, &Path)) -> Ended {
    let desk = Desk::new();
    let content = Content::tree();
    desk.write(&content);
    let copy = desk.make_folder("copy");
    content.write(&copy);
    damage(&content.path(&copy, DAMAGED), 600_000);
    let port = place::free_port();
    let line = format!("download content.torrent --dir copy --port {port} --timeout 60");
    let download = desk.start(&line);
    wait::until("the check", LIMIT, || download.err().contains("checked what was").then_some(()));
    what_happens(&content.path(&copy, WHOLE), &content.path(&copy, ""));
    let own = place::free_port();
    let line = format!("--dir origin --port {own} --peer 127.0.0.1:{port}");
    let _seed = desk.start(&format!("seed content.torrent {line}"));
    download.wait(LIMIT)
}

/// Checks that it failed, said so in one line of its own, and told scripts of no place.
fn expect_not_there(ended: &Ended, reason: &str) {
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    assert_eq!(ended.out, "");
    assert!(!ended.err.contains("complete:"), "{}", ended.err);
    let told: Vec<&str> = ended.err.lines().filter(|line| line.contains("cannot")).collect();
    assert!(told.len() == 1 && told[0].contains(reason), "{reason}: {}", ended.err);
}

#[test]
fn what_nobody_touched_is_complete() {
    let ended = download(|_, _| {});
    expect_success(&ended);
    assert_eq!(ended.out, "copy/árbol of files\n");
}

#[test]
fn a_file_that_was_removed_is_not_there() {
    let ended = download(|file, _| fs::remove_file(file).expect("it is there"));
    expect_not_there(&ended, "last.bin\": it does not exist");
}

#[test]
fn a_folder_that_was_removed_is_not_there() {
    let ended = download(|file, _| {
        fs::remove_dir_all(file.parent().expect("a folder")).expect("it is there");
    });
    expect_not_there(&ended, "it does not exist");
}

#[test]
fn a_file_that_was_cut_is_not_there() {
    let ended = download(|file, _| {
        let file = fs::OpenOptions::new().write(true).open(file).expect("it is there");
        file.set_len(131_070).expect("it can be cut");
    });
    expect_not_there(&ended, "shorter than the torrent says");
}

#[test]
fn another_file_or_a_link_is_not_what_was_there() {
    let ended = download(|file, _| {
        let other = file.with_extension("other");
        fs::copy(file, &other).expect("it can be copied");
        fs::rename(other, file).expect("it can be replaced");
    });
    expect_not_there(&ended, "another file took its place");
    let ended = download(|file, _| {
        let other = file.with_extension("other");
        fs::rename(file, &other).expect("it can be moved");
        std::os::unix::fs::symlink(other, file).expect("a link can be made");
    });
    expect_not_there(&ended, "symbolic link");
}

#[test]
fn what_is_flushed_is_complete_too() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    let port = place::free_port();
    let _seed = desk.start(&format!("seed content.torrent --dir origin --port {port}"));
    let line = format!("download content.torrent --dir copy --port 0 --peer 127.0.0.1:{port}");
    expect_success(&desk.start(&format!("{line} --flush --timeout 60")).wait(LIMIT));
}

#[test]
fn a_file_longer_than_the_torrent_says_is_refused_by_all_alike_and_kept() {
    let desk = Desk::new();
    desk.write(&Content::one_file());
    let path = desk.path("origin/one-file.bin");
    let mut bytes = fs::read(&path).expect("the file is there");
    bytes.push(7);
    fs::write(&path, &bytes).expect("it can be written");
    for command in ["verify", "download --timeout 20 --port 0", "seed --timeout 20 --port 0"] {
        let ended = desk.run(&format!("{command} content.torrent --dir origin"));
        assert_eq!(ended.status.code(), Some(1), "{command}: {}", ended.err);
        let told = format!("{}{}", ended.out, ended.err);
        for part in ["longer than the torrent says", "one-file.bin", "move it away"] {
            assert!(told.contains(part), "{command} lacks {part}: {told}");
        }
        assert!(!told.contains("mends it"), "{command}: {told}");
    }
    assert_eq!(fs::read(&path).expect("the file is there"), bytes);
}

#[test]
fn a_folder_that_takes_no_files_is_named_with_the_reason() {
    let desk = Desk::new();
    for content in [Content::one_file(), Content::tree()] {
        desk.write(&content);
        let ended = desk.run("download content.torrent --dir /proc --port 0 --timeout 20");
        expect_not_there(&ended, "nothing can be made in its folder");
        assert!(ended.err.contains("/proc/"), "{}", ended.err);
    }
}

#[test]
fn a_disk_that_refuses_is_told_of_once() {
    let desk = Desk::new();
    let content = Content::one_file();
    desk.write(&content);
    // A file that fits already is not touched before the first block comes.
    let copy = desk.make_folder("copy").join("one-file.bin");
    let file = fs::File::create(copy).expect("it can be made");
    file.set_len(content.length()).expect("it can be sparse");
    let port = place::free_port();
    let _seed = desk.start(&format!("seed content.torrent --dir origin --port {port}"));
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""]);
    limited.arg(env!("CARGO_BIN_EXE_cuerda"));
    let line = format!("download content.torrent --dir copy --port 0 --peer 127.0.0.1:{port}");
    limited.args(line.split(' ')).args(["--timeout", "60"]);
    expect_not_there(&desk.start_command(limited).wait(LIMIT), "too large");
}
