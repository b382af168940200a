//! More messages of `docs/errors.md`, provoked: arguments that make no sense, folders and files
//! that are not what they should be, ports that are taken.

use crate::desk::{Desk, damage, expect_failure};
use crate::errors::expect_message;
use crate::support::content::Content;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;

/// A desk with a torrent of one small file; its name.
fn desk() -> (Desk, &'static str) {
    let desk = Desk::new();
    let content = Content::smaller_than_a_block();
    desk.write(&content);
    (desk, content.name)
}

/// A failure in one line with these messages.
fn refuses(desk: &Desk, command: &str, messages: &[&str]) {
    let ended = desk.run(command);
    expect_failure(&ended, "");
    messages.iter().for_each(|message| expect_message(&ended.err, message));
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    let (desk, _) = desk();
    let address = "expected http://, https:// or udp:// at the start";
    let cases = [
        (
            "create a -o b --piece-length many",
            "expected a size in bytes, as 262144, 256K or 1M, not …",
        ),
        ("create a -o b --piece-length 1", "expected … to … bytes, not …"),
        (
            "create a -o b --announce a",
            "expected an address that begins with http://, https:// or udp://",
        ),
        ("seed a --dir d --timeout 0", "expected a number from … to …"),
        ("seed a --dir d --peer 192.0.2.7:0", "expected a port from 1 to 65535, not 0"),
        (
            "seed a --dir d --peer host:1",
            "expected IP:PORT, as 192.0.2.7:6881 or [2001:db8::7]:6881",
        ),
        ("seed a --dir d --tracker a", address),
        ("seed a --dir d --tracker ftp://a", address),
        ("seed a --dir d --tracker http://", "expected a host name or address after ://"),
        ("seed a --dir d --tracker udp://a/", "expected a port from 1 to 65535 (udp:// needs one)"),
        (
            "seed a --dir d --limit-up fast",
            "expected a speed in bytes per second, as 500K, 1.5M or 10Mbit, not …",
        ),
        ("seed a --dir d --limit-up 1", "expected at least … bytes per second, not …"),
        (
            "seed a --dir d --limit-down 0",
            "expected a speed above 0; without the option there is no limit",
        ),
        ("download a --dir d --files 1,", "expected a number, a pattern or a size between commas"),
        (
            "download a --dir d --files 5-2",
            "expected numbers from 1 up, the smaller one first, not …",
        ),
        ("info a -q -v", "the argument '--quiet' cannot be used with '--verbose'"),
    ];
    for (command, message) in cases {
        let ended = desk.run(command);
        assert_eq!(ended.status.code(), Some(2), "{command}: {}", ended.err);
        expect_message(&ended.err, message);
    }
    let long = format!("seed a --dir d --tracker http://a/{}", "a".repeat(10_000));
    expect_message(&desk.run(&long).err, "longer than … bytes");
}

#[test]
fn what_makes_no_torrent_is_explained() {
    let (desk, _) = desk();
    desk.make_folder("empty");
    refuses(&desk, "create missing -o a.torrent", &["cannot …: …"]);
    refuses(&desk, "create / -o a.torrent", &["… has no name to give a torrent"]);
    refuses(&desk, "create /dev/null -o a.torrent", &["… is neither a file nor a folder"]);
    refuses(
        &desk,
        "create empty -o a.torrent",
        &["cannot make a torrent of this: …", "the content is empty, expected at least one byte"],
    );
    fs::copy(desk.path("content.torrent"), desk.path("origin/a.torrent")).expect("a copy");
    refuses(
        &desk,
        "create origin -o origin/a.torrent --force",
        &["the old torrent is part of what the new one is made of"],
    );
    symlink("nowhere", desk.path("origin/link")).expect("a link");
    let ended = desk.run("create origin -o a.torrent");
    expect_message(&ended.err, "left out, …: …");
}

#[test]
fn folders_that_are_none_are_explained() {
    let (desk, name) = desk();
    for command in ["seed", "verify"] {
        let missing = format!("{command} content.torrent --dir missing");
        refuses(&desk, &missing, &["cannot use the folder: …"]);
        let file = format!("{command} content.torrent --dir content.torrent");
        refuses(&desk, &file, &["this is no folder"]);
    }
    let download = |folder: &str| format!("download content.torrent --dir {folder} -q --port 0");
    let reason = |folder: &str, reason: &str| {
        refuses(&desk, &download(folder), &["cannot …: …; …", reason]);
    };
    reason("content.torrent", "something else stands where a folder should be");
    reason("/proc", "nothing can be made in its folder");
    reason(&"a".repeat(300), "the name is too long for this file system");
    fs::create_dir_all(desk.path("a").join(name)).expect("a folder");
    reason("a", "something else stands where a file should be");
    desk.make_folder("b");
    symlink(desk.path("origin").join(name), desk.path("b").join(name)).expect("a link");
    reason("b", "it is a symbolic link, which is not followed");
    desk.make_folder("c");
    fs::write(desk.path("c").join(name), vec![0; 1 << 20]).expect("a file");
    reason("c", "the file is longer than the torrent says and is not cut");
}

#[test]
fn files_that_are_not_as_they_should_be_are_explained() {
    let (desk, name) = desk();
    damage(&desk.path("origin").join(name), 0);
    refuses(
        &desk,
        "seed content.torrent --dir origin -q --port 0",
        &["… of … pieces are missing or damaged"],
    );
    let ended = desk.run("verify content.torrent --dir origin");
    expect_message(&ended.err, "… not as the torrent says, … of … pieces missing or damaged");
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    let download = "download content.torrent --dir copy -q --port 0 --timeout 1";
    refuses(&desk, download, &["gave up after … s with … of … pieces, …"]);
    refuses(&desk, &format!("{download} --files 9"), &["no file fits …"]);
    refuses(
        &desk,
        &format!("{download} --files *,!*"),
        &["no file is left by the terms that take some out"],
    );
}

#[test]
fn what_the_network_refuses_is_explained() {
    let (desk, _) = desk();
    let taken = TcpListener::bind("0.0.0.0:0").expect("a port");
    let port = taken.local_addr().expect("it is bound").port();
    let seed = format!("seed content.torrent --dir origin -q --port {port}");
    refuses(&desk, &seed, &["cannot listen on …: the port is in use"]);
    let seed = "seed content.torrent --dir origin -q --port 0 --tracker-ca";
    refuses(&desk, &format!("{seed} missing"), &["cannot read the certificates: …"]);
    fs::write(desk.path("none.pem"), "hello\n").expect("a file");
    refuses(
        &desk,
        &format!("{seed} none.pem"),
        &["no certificate in it, expected PEM (-----BEGIN CERTIFICATE-----)"],
    );
    let damaged = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    fs::write(desk.path("damaged.pem"), damaged).expect("a file");
    refuses(
        &desk,
        &format!("{seed} damaged.pem"),
        &["a certificate in it is damaged, expected PEM"],
    );
}

#[test]
fn what_is_ignored_is_told() {
    let (desk, _) = desk();
    let made = desk.run("create origin -o private.torrent --private");
    assert!(made.status.success(), "{}", made.err);
    let nobody = "udp://127.0.0.1:9/announce";
    let words = format!("private.torrent --dir . -q --port 0 --timeout 1 --tracker {nobody}");
    let ended = desk.run(&format!("seed {words} --peer [fe80::1]:1 --max-peers 10000"));
    assert!(ended.status.success(), "{}", ended.err);
    expect_message(&ended.err, "this torrent is private: --tracker is left out");
    expect_message(&ended.err, "no way to … from here now: …; they are tried again");
}
