//! Names that are not UTF-8, or that others get under another name: who made a torrent of them can
//! give it to others, and those get names that every system takes.

use crate::desk::{Desk, expect_success};
use crate::download::{download, seed};
use crate::support::content::Content;
use crate::support::place;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time for a small transfer.
const LIMIT: Duration = Duration::from_secs(60);

/// Makes a torrent of these files in `origin/NAME`, checks and seeds it, and downloads it.
fn transfer(name: &[u8], files: &[&[u8]]) -> (Desk, PathBuf) {
    let desk = Desk::new();
    let source = desk.make_folder("origin").join(OsStr::from_bytes(name));
    fs::create_dir_all(&source).expect("a folder");
    for file in files {
        fs::write(source.join(OsStr::from_bytes(file)), file).expect("a file");
    }
    let mut create = std::process::Command::new(env!("CARGO_BIN_EXE_cuerda"));
    create.arg("create").arg(&source).args(["-o", "made.torrent"]);
    expect_success(&desk.start_command(create).wait(LIMIT));
    expect_success(&desk.run("verify made.torrent --dir origin"));
    expect_success(&desk.run("download made.torrent --dir origin --port 0 --timeout 20"));
    let found = fs::read_dir(&source).expect("the folder is there").count();
    assert_eq!(found, files.len(), "nothing was made beside what is there");
    let port = place::free_port();
    let _seed = desk.start(&format!("seed made.torrent --dir origin --port {port}"));
    let line = format!("download made.torrent --dir copy --port 0 --peer 127.0.0.1:{port}");
    let ended = desk.start(&format!("{line} --timeout 60")).wait(LIMIT);
    expect_success(&ended);
    let copy = desk.path(ended.out.trim_end());
    (desk, copy)
}

fn expect(copy: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let found = fs::read(copy.join(name));
        assert_eq!(found.ok().as_deref(), Some(*bytes), "{name} in {}", copy.display());
    }
}

#[test]
fn names_that_are_not_utf_8_can_be_given_to_others() {
    let (_desk, copy) = transfer(b"m\xfcsica", &[b"canci\xf3n.ogg", b"plain.txt"]);
    assert_eq!(copy.file_name(), Some(OsStr::new("m\u{fffd}sica")));
    expect(&copy, &[("canci\u{fffd}n.ogg", b"canci\xf3n.ogg"), ("plain.txt", b"plain.txt")]);
}

#[test]
fn names_that_not_every_system_takes_can_be_given_to_others() {
    let (_desk, copy) = transfer(b"n", &[b"README", b"readme", b"ends with dot.", b"back\\slash"]);
    expect(&copy, &[("README", b"README"), ("readme (2)", b"readme")]);
    expect(&copy, &[("ends with dot_", b"ends with dot."), ("back_slash", b"back\\slash")]);
}

#[test]
fn a_torrent_named_like_the_folder_of_records_reaches_none() {
    let desk = Desk::new();
    let records = desk.make_folder("copy/.cuerda");
    for (name, folder) in [(".cuerda", "_.cuerda"), ("CUERDA~1", "_CUERDA~1")] {
        let files = vec![("evil.txt", 20_000), ("victim.resume", 30_000)];
        desk.write(&Content { name, files, piece_length: 16 * 1024 });
        fs::rename(desk.path("origin").join(name), desk.path("origin").join(folder))
            .expect("its files have safe names");
        for there in [records.clone(), desk.make_folder(&format!("copy/{name}"))] {
            fs::write(there.join("victim.resume"), "record").expect("a record");
        }
        let (_seed, port) = seed(&desk);
        let ended = download(&desk, port, "--timeout 60");
        expect_success(&ended);
        assert_eq!(ended.out, format!("copy/{folder}\n"));
        for there in [records.clone(), desk.path("copy").join(name)] {
            let record = fs::read(there.join("victim.resume")).expect("it is there");
            assert_eq!(record, b"record", "{name}");
            assert!(!there.join("evil.txt").exists(), "{name}");
        }
        assert_eq!(
            fs::metadata(desk.path("copy").join(folder).join("evil.txt")).map(|f| f.len()).ok(),
            Some(20_000)
        );
    }
}
