//! Folders that are full, read-only, or gone.

use crate::desk::expect_failure;
use crate::mount::Mount;
use crate::scene::{LIMIT, Scene, last, number};
use crate::support::content::{Content, Empty};
use crate::support::{place, wait};
use rustix::process::Signal;
use std::fs;

#[test]
fn a_full_disk_is_told_once_and_left_behind_as_soon_as_there_is_room() {
    let scene = Scene::new(Content::single("full.bin", 12 << 20, 64 * 1024), 1 << 30);
    let Some(disk) = Mount::new(scene.desk.make_folder("small"), 20 << 20) else { return };
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 14 << 20]).expect("room for the ballast");
    let mut download = scene.download(disk.path());
    wait::until("the disk to be full", LIMIT, || {
        assert!(download.ended().is_none(), "{}", download.out());
        last(&download.out(), "disk_full")
    });
    wait::until("the figures to say so", LIMIT, || {
        let figures = last(&download.out(), "progress")?;
        figures["disk_full"].as_bool().filter(|full| *full)
    });
    let out = download.out();
    let message = last(&out, "disk_full").expect("told")["message"].to_string();
    assert!(message.contains("no space left") && message.contains("full.bin"), "{message}");
    fs::remove_file(&ballast).expect("it is there");
    let ended = download.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.err, ended.out);
    assert_eq!(ended.out.matches("\"disk_full\",").count(), 1, "told once: {}", ended.out);
    assert!(last(&ended.out, "disk_has_room").is_some());
    scene.content.compare(disk.path(), Empty::Required).expect("a faithful copy");
}

#[test]
fn files_that_cannot_have_their_space_at_once_are_not_left_behind() {
    let files = vec![("fits", 4 << 20), ("in/there/does not", 30 << 20)];
    let scene = Scene::new(Content { name: "large", files, piece_length: 1 << 20 }, 1 << 30);
    let Some(disk) = Mount::new(scene.desk.make_folder("small"), 20 << 20) else { return };
    let line = "download content.torrent --dir small --port 0 --quiet --allocate full";
    let left = || fs::read_dir(disk.path()).expect("a folder").count();
    expect_failure(&scene.desk.start(line).wait(LIMIT), "does not");
    assert_eq!(left(), 0);
    // What was there before stays.
    let fits = scene.content.path(disk.path(), "fits");
    fs::create_dir(disk.path().join("large")).expect("a folder");
    fs::write(&fits, "mine").expect("a file");
    expect_failure(&scene.desk.start(line).wait(LIMIT), "does not");
    assert_eq!(left(), 1);
    assert!(fs::read(&fits).expect("it is there").starts_with(b"mine"));
    assert_eq!(fs::read_dir(disk.path().join("large")).expect("a folder").count(), 2);

    let single = Scene::new(Content::single("one.bin", 30 << 20, 1 << 20), 1 << 30);
    let Some(disk) = Mount::new(single.desk.make_folder("small"), 20 << 20) else { return };
    expect_failure(&single.desk.start(line).wait(LIMIT), "one.bin");
    assert_eq!(fs::read_dir(disk.path()).expect("a folder").count(), 0);
}

#[test]
fn a_read_only_folder_is_one_clear_error_for_a_download_and_none_for_a_seed() {
    let scene = Scene::new(Content::one_file(), 1 << 30);
    let Some(disk) = Mount::new(scene.desk.make_folder("fixed"), 20 << 20) else { return };
    disk.make_read_only();
    let port = place::free_port();
    let line = format!("download content.torrent --dir fixed --port {port} --quiet");
    let ended = scene.desk.start(&line).wait(LIMIT);
    expect_failure(&ended, "one-file.bin");
    assert!(ended.err.contains("read-only"), "{}", ended.err);
    drop(disk);

    let Some(disk) = Mount::new(scene.desk.make_folder("shelf"), 20 << 20) else { return };
    scene.content.write(disk.path());
    disk.make_read_only();
    let line = format!("seed content.torrent --dir shelf --port {} --json", place::free_port());
    let mut seed = scene.desk.start(&line);
    wait::until("the seed to look at its files", LIMIT, || {
        assert!(seed.ended().is_none(), "{}", seed.out());
        last(&seed.out(), "checked")
    });
    assert_eq!(number(&seed.out(), "checked", "pieces"), 20);
    seed.signal(Signal::INT);
    let ended = seed.wait(LIMIT);
    assert_eq!((ended.status.code(), ended.err.as_str()), (Some(0), ""));
}

#[test]
fn a_folder_that_is_gone_is_one_clear_error_for_a_seed() {
    let scene = Scene::new(Content::one_file(), 1 << 30);
    let line = format!("seed content.torrent --dir gone --port {} --quiet", place::free_port());
    expect_failure(&scene.desk.start(&line).wait(LIMIT), "gone");
}
