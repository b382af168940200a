//! `cuerda download` with `--files`, `--sequential` and limits of speed.

use crate::desk::{Desk, expect_failure, expect_success, objects};
use crate::download::{download, seed};
use crate::support::content::{Content, Empty};

/// Whether a file of the content is in the copy, faithfully; it must not be there otherwise.
fn is_copied(desk: &Desk, content: &Content, file: &str) -> bool {
    let copy = content.path(&desk.path("copy"), file);
    let there = copy.exists();
    if there {
        let origin = std::fs::read(content.path(&desk.path("origin"), file)).expect("a file");
        assert!(std::fs::read(copy).expect("a file") == origin, "{file} differs");
    }
    there
}

fn copied(desk: &Desk, content: &Content) -> Vec<usize> {
    let files = content.files.iter().zip(1..);
    files
        .filter(|((file, _), _)| is_copied(desk, content, file))
        .map(|(_, number)| number)
        .collect()
}

#[test]
fn only_chosen_files_are_there_and_others_can_follow() {
    let desk = Desk::new();
    let content = Content::tree();
    let torrent = desk.write(&content);
    let (_seed, port) = seed(&desk);
    expect_success(&download(&desk, port, "--files 5,*.dat"));
    assert_eq!(copied(&desk, &content), [5, 7]);
    let scraps = desk.path("copy").join(format!(".cuerda/{}.parts", torrent.info_hash));
    assert!(scraps.exists(), "scraps of their neighbors are kept apart");
    // The same again needs nobody: every piece is there and good.
    let again = "download content.torrent --dir copy --port 0 --timeout 20 --files 5,*.dat";
    expect_success(&desk.run(again));
    expect_success(&download(&desk, port, "--files 6 --files <2,!9"));
    assert_eq!(copied(&desk, &content), [1, 2, 5, 6, 7, 8, 10]);
    // A file that only looks like ours is none of ours.
    let foreign = desk.path("copy").join(format!(".{}.parts", torrent.info_hash));
    std::fs::write(&foreign, "mine").expect("a file");
    expect_success(&download(&desk, port, "--sequential"));
    assert_eq!(std::fs::read(foreign).expect("it is there"), b"mine");
    content.compare(&desk.path("copy"), Empty::Required).expect("a faithful copy");
    assert!(!scraps.exists(), "nothing is left apart");
}

#[test]
fn json_tells_the_chosen_part_as_the_whole() {
    let desk = Desk::new();
    let content = Content::tree();
    desk.write(&content);
    let (_seed, port) = seed(&desk);
    let ended = download(&desk, port, "--files 6 --json");
    expect_success(&ended);
    let told = objects(&ended.out);
    let complete = told.iter().find(|object| object["event"] == "complete").unwrap();
    let at = told.iter().position(|object| object["event"] == "complete").unwrap();
    let figures = &told[at - 1];
    assert_eq!(figures["event"], "progress", "the last figures are told, however quick it was");
    assert_eq!(
        (&figures["verified"], &figures["length"]),
        (&complete["length"], &complete["length"])
    );
    // 49,999 bytes touch two or three pieces of 32 KiB.
    let length = complete["length"].as_u64().unwrap();
    assert!((49_999..=3 * 32_768).contains(&length), "{complete}");
}

#[test]
fn a_choice_that_fits_nothing_is_a_failure() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    expect_failure(&desk.run("download content.torrent --dir copy --files *.mkv"), "*.mkv");
    expect_failure(&desk.run("download content.torrent --dir copy --files 11"), "cuerda info");
    assert!(!desk.path("copy").exists(), "nothing was made");
}

#[test]
fn what_is_fetched_in_order_or_under_limits_is_the_same() {
    let desk = Desk::new();
    let content = Content::one_file();
    desk.write(&content);
    let (_seed, port) = seed(&desk);
    expect_success(&download(&desk, port, "--sequential --limit-down 20M --limit-up 1M"));
    content.compare(&desk.path("copy"), Empty::Required).expect("a faithful copy");
}

#[test]
fn info_tells_the_numbers_of_files() {
    let desk = Desk::new();
    desk.write(&Content::tree());
    let ended = desk.run("info content.torrent --json");
    expect_success(&ended);
    let told = &objects(&ended.out)[0]["files"];
    assert_eq!(told[4]["number"], 5);
    assert!(told[4]["path"].as_str().unwrap().ends_with("last.bin"), "{told}");
    let ended = desk.run("info content.torrent");
    let line = ended.out.lines().find(|line| line.ends_with("last.bin")).unwrap();
    assert!(line.trim_start().starts_with("5 "), "{line}");
}
