//! Wrong usage, help and version.

use crate::desk::{Desk, expect_success};

#[test]
fn wrong_usage_exits_2_and_says_nothing_to_scripts() {
    let desk = Desk::new();
    let wrong = [
        "",
        "no-such-command",
        "create",
        "create x",
        "create x -o y --piece-length many",
        "info",
        "info a b",
        "verify x.torrent",
        "download x.torrent",
        "download x.torrent --dir d --no-such-option",
        "download x.torrent --dir d --peer nonsense",
        "download x.torrent --dir d --port 65536",
        "download x.torrent --dir d --timeout soon",
        "seed x.torrent",
        "node",
        "node --listen here",
        "ring",
        "ring status",
        "ring lookup nonsense --via 127.0.0.1:1",
    ];
    for arguments in wrong {
        let ended = desk.run(arguments);
        assert_eq!(ended.status.code(), Some(2), "`{arguments}`: {}", ended.err);
        assert_eq!(ended.out, "", "`{arguments}`");
        assert!(!ended.err.trim().is_empty(), "`{arguments}` explains nothing");
    }
}

#[test]
fn help_and_version_are_answers_not_errors() {
    let desk = Desk::new();
    let help = desk.run("--help");
    expect_success(&help);
    for command in ["create", "info", "verify", "download", "seed", "node", "ring"] {
        assert!(help.out.contains(command), "help leaves out {command}: {}", help.out);
        let own = desk.run(&format!("{command} --help"));
        expect_success(&own);
        assert!(own.out.contains("Usage"), "{}", own.out);
    }
    let version = desk.run("--version");
    expect_success(&version);
    assert_eq!(version.out.trim(), concat!("cuerda ", env!("CARGO_PKG_VERSION")));
}
