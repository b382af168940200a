//! Runs that stop in good order, and what may happen to their files before the next one.

use crate::desk::{damage, expect_failure};
use crate::scene::{LIMIT, Scene, last, number};
use crate::support::content::{Content, Empty};
use crate::support::process::{Ended, Running};
use crate::support::{place, wait};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Faster than anything here needs.
const FAST: u64 = 1 << 30;

/// Starts a seed of a folder that tells what it finds; it is stopped when it knows.
fn seed_until_checked(scene: &Scene, folder: &str) -> Ended {
    let port = place::free_port();
    let line = format!("seed content.torrent --json --dir {folder} --port {port}");
    let mut seed = scene.desk.start(&line);
    wait::until("the seed to look at its files", LIMIT, || {
        assert!(seed.ended().is_none(), "{}", seed.out());
        last(&seed.out(), "checked")
    });
    seed.signal(Signal::INT);
    let ended = seed.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    ended
}

/// Pieces that the last run compared with the disk.
fn read(ended: &Ended) -> u64 {
    number(&ended.out, "checked", "pieces_checked")
}

/// Waits until so many bytes more are delivered.
fn wait_for_bytes(scene: &Scene, download: &mut Running, bytes: u64) {
    let until = scene.proxy.delivered() + bytes;
    wait::until("some of the content", LIMIT, || {
        assert!(download.ended().is_none(), "{}", download.out());
        (scene.proxy.delivered() >= until).then_some(())
    });
}

/// The path of a record, and of the one before.
fn record(folder: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(folder.join(".cuerda")).expect("the records");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    paths.find(|path| path.extension().is_some_and(|end| end == "resume")).expect("a record")
}

#[test]
fn what_was_stopped_goes_on_without_reading_what_was_finished() {
    let scene = Scene::new(Content::single("stopped.bin", 24 << 20, 64 * 1024), 8 << 20);
    let copy = scene.desk.path("copy");
    let mut download = scene.download(&copy);
    wait_for_bytes(&scene, &mut download, 8 << 20);
    download.signal(Signal::INT);
    let ended = download.wait(LIMIT);
    let had = number(&ended.out, "stopped", "pieces");
    assert!(had >= 100, "{had} pieces of 64 KiB in 8 MiB");
    let before = scene.proxy.delivered();
    let ended = scene.complete(&copy);
    assert!(number(&ended.out, "checked", "pieces") >= had);
    assert!(read(&ended) <= 384 - had, "{} pieces were read, {had} were finished", read(&ended));
    let fetched = scene.proxy.delivered() - before;
    let missing = (384 - had) * 64 * 1024;
    assert!(fetched <= missing + missing / 20, "{fetched} bytes fetched, {missing} were missing");
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
    let again = scene.complete(&copy);
    assert_eq!((read(&again), number(&again.out, "checked", "pieces")), (0, 384));
}

#[test]
fn a_seed_reads_its_files_once() {
    let scene = Scene::new(Content::tree(), FAST);
    scene.content.write(&scene.desk.make_folder("mine"));
    let first = seed_until_checked(&scene, "mine");
    assert_eq!(read(&first), number(&first.out, "checked", "pieces_total"));
    assert_eq!(read(&seed_until_checked(&scene, "mine")), 0);
    fs::rename(scene.desk.path("mine"), scene.desk.path("moved")).expect("a new name");
    assert_eq!(read(&seed_until_checked(&scene, "moved")), 0, "a moved folder is the same");
}

#[test]
fn a_byte_that_changed_meanwhile_is_found_and_mended() {
    let scene = Scene::new(Content::tree(), FAST);
    let copy = scene.desk.path("copy");
    scene.complete(&copy);
    let file = scene.content.path(&copy, "π ≈ 3.14159 (ok) [x] & more.dat");
    let before = fs::metadata(&file).and_then(|found| found.modified()).expect("a time");
    damage(&file, 600_000);
    // Even if somebody puts the time back.
    let edited = fs::File::options().write(true).open(&file).expect("the file");
    edited.set_modified(before).expect("the time can be set");
    let delivered = scene.proxy.delivered();
    let ended = scene.complete(&copy);
    let pieces = number(&ended.out, "checked", "pieces_total");
    assert_eq!(number(&ended.out, "checked", "pieces"), pieces - 1);
    assert!(read(&ended) < pieces, "other files are not read");
    assert!(scene.proxy.delivered() - delivered < 3 * 32 * 1024, "one piece is fetched");
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
}

/// Changes a byte of a file after whatever changed it last, by the file system's clock.
fn damage_later(scene: &Scene, file: &Path, offset: usize) {
    let changed = |path: &Path| fs::metadata(path).map(|found| (found.ctime(), found.ctime_nsec()));
    let (before, clock) = (changed(file).expect("the file"), scene.desk.path("clock"));
    wait::until("another time than the file's", LIMIT, || {
        fs::write(&clock, "tick").expect("written");
        (changed(&clock).expect("there") > before).then_some(())
    });
    let writer = fs::File::options().read(true).write(true).open(file).expect("the file");
    let mut byte = [0];
    writer.read_exact_at(&mut byte, offset as u64).expect("read");
    writer.write_all_at(&[byte[0] ^ 1], offset as u64).expect("written");
}

#[test]
fn what_changes_while_it_is_given_to_others_does_not_pass_for_verified() {
    let scene = Scene::new(Content::single("given.bin", 4 << 20, 64 * 1024), FAST);
    let (copy, port) = (scene.desk.path("copy"), place::free_port());
    let line = format!(
        "download content.torrent --json --dir copy --seed --port {port} --peer 127.0.0.1:{}",
        scene.proxy.port()
    );
    let mut download = scene.desk.start(&line);
    wait::until("all of the content", LIMIT, || {
        assert!(download.ended().is_none(), "{}", download.out());
        last(&download.out(), "complete")
    });
    damage_later(&scene, &copy.join("given.bin"), 3_000_000);
    download.signal(Signal::INT);
    assert_eq!(download.wait(LIMIT).status.code(), Some(0));
    let ended = scene.complete(&copy);
    assert_eq!(number(&ended.out, "checked", "pieces"), 63, "{}", ended.out);
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
}

#[test]
fn what_changes_while_other_files_come_does_not_pass_for_verified() {
    let files = vec![("a small one", 300_000), ("the large one", 8 << 20)];
    let content = Content { name: "edited", files, piece_length: 32 * 1024 };
    let scene = Scene::new(content, 4 << 20);
    let copy = scene.desk.path("copy");
    let peer = format!("127.0.0.1:{}", scene.proxy.port());
    let line = format!(
        "download content.torrent --json --dir copy --sequential --peer {peer} --port {}",
        place::free_port()
    );
    let mut download = scene.desk.start(&line);
    wait::until("more than the small file", LIMIT, || {
        assert!(download.ended().is_none(), "{}", download.out());
        let told = last(&download.out(), "progress")?;
        (told["pieces"].as_u64()? > 40).then_some(())
    });
    damage_later(&scene, &scene.content.path(&copy, "a small one"), 100_000);
    let ended = download.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.err, ended.out);
    let before = scene.proxy.delivered();
    let ended = scene.complete(&copy);
    let pieces = number(&ended.out, "checked", "pieces_total");
    assert_eq!(number(&ended.out, "checked", "pieces"), pieces - 1, "{}", ended.out);
    assert!(read(&ended) < 12, "only the small file is read: {}", ended.out);
    assert!(scene.proxy.delivered() - before < 3 * 32 * 1024, "one piece is fetched");
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
}

#[test]
fn a_file_that_is_gone_is_fetched_again_and_nothing_else() {
    let scene = Scene::new(Content::tree(), FAST);
    let copy = scene.desk.path("copy");
    scene.complete(&copy);
    fs::remove_file(scene.content.path(&copy, "año/レース/最初.bin")).expect("the file");
    let delivered = scene.proxy.delivered();
    scene.complete(&copy);
    assert!(scene.proxy.delivered() - delivered < 4 * 32 * 1024);
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
}

#[test]
fn records_that_are_damaged_foreign_or_no_files_cost_time_and_nothing_else() {
    let scene = Scene::new(Content::odd_pieces(), FAST);
    let copy = scene.desk.path("copy");
    scene.complete(&copy);
    let path = record(&copy);
    let good = fs::read(&path).expect("the record");
    let pieces = 50;
    let harm: [(&str, &dyn Fn()); 5] = [
        ("torn", &|| fs::write(&path, &good[..good.len() / 2]).expect("written")),
        ("damaged", &|| damage(&path, 60)),
        ("of another torrent", &|| {
            let mut other = good.clone();
            other[8] ^= 1;
            fs::write(&path, other).expect("written");
        }),
        ("a link", &|| {
            fs::remove_file(&path).expect("removed");
            let aside = scene.desk.path("aside");
            fs::write(&aside, &good).expect("written");
            std::os::unix::fs::symlink(aside, &path).expect("a link");
        }),
        ("a folder", &|| {
            fs::remove_file(&path).expect("removed");
            fs::create_dir(&path).expect("a folder");
        }),
    ];
    for (what, harm) in harm {
        // The copy before is right about these files too, so it has to go.
        let _ = fs::remove_file(path.with_extension("resume.old"));
        harm();
        let delivered = scene.proxy.delivered();
        let ended = scene.complete(&copy);
        assert_eq!(read(&ended), pieces, "{what}: {}", ended.out);
        assert!(scene.proxy.delivered() - delivered < 32 * 1024, "{what}: nothing is fetched");
        if path.is_dir() {
            fs::remove_dir(&path).expect("removed");
        }
    }
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
}

#[test]
fn a_second_process_on_the_same_files_is_refused() {
    let scene = Scene::new(Content::one_file(), FAST);
    let port = place::free_port();
    let line = format!("download content.torrent --dir copy --port {port}");
    let mut first = scene.desk.start(&line);
    let file = scene.desk.path("copy/one-file.bin");
    wait::until("the first to make its file", LIMIT, || {
        assert!(first.ended().is_none(), "{}", first.err());
        fs::metadata(&file).ok().filter(|found| found.len() == 5 << 20)
    });
    for command in ["download", "seed"] {
        let other = place::free_port();
        let line = format!("{command} content.torrent --dir copy --port {other} --quiet");
        let ended = scene.desk.start(&line).wait(LIMIT);
        expect_failure(&ended, "one-file.bin");
        assert!(ended.err.contains("another process is working on it"), "{}", ended.err);
    }
    // A killed process locks nothing, and seeds do not keep each other off.
    first.signal(Signal::KILL);
    first.wait(LIMIT);
    scene.complete(&scene.desk.path("copy"));
    let port = place::free_port();
    let mut one =
        scene.desk.start(&format!("seed content.torrent --dir copy --port {port} --json"));
    wait::until("a seed", LIMIT, || {
        assert!(one.ended().is_none(), "{}", one.out());
        last(&one.out(), "checked")
    });
    seed_until_checked(&scene, "copy");
}
