//! Options from environment variables; completions and manual.

use crate::desk::{Desk, PROMPT, expect_success, objects};
use crate::support::content::Content;
use crate::support::process::{Ended, Running};
use std::process::Command;

/// The commands that have options of their own.
const COMMANDS: [&str; 6] = ["create", "info", "verify", "download", "seed", "node"];

/// Runs the program with one variable.
fn run(desk: &Desk, arguments: &str, name: &str, value: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
    command.args(arguments.split_whitespace()).current_dir(desk.path("")).env(name, value);
    Running::start("with-variable", command, &desk.path("")).wait(PROMPT)
}

#[test]
fn every_option_tells_its_variable_in_the_help() {
    let desk = Desk::new();
    for command in COMMANDS {
        let help = desk.run(&format!("{command} --help")).out;
        let joined = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let options = help.lines().filter_map(|line| {
            let (before, after) = line.split_once("--")?;
            let starts = before.trim().is_empty() || before.trim().ends_with(',');
            starts.then(|| after.split([' ', '.']).next().unwrap_or_default().to_owned())
        });
        let mut count = 0;
        for option in options.filter(|option| option != "help") {
            let name = format!("CUERDA_{}", option.to_uppercase().replace('-', "_"));
            assert!(joined.contains(&format!("[env: {name}]")), "{command} --{option}: {help}");
            count += 1;
        }
        assert!(count >= 3, "{command}: {help}");
    }
}

#[test]
fn a_variable_counts_and_the_command_line_wins() {
    let desk = Desk::new();
    let torrent = desk.write(&Content::tree());
    let ended = run(&desk, "info content.torrent", "CUERDA_JSON", "yes");
    expect_success(&ended);
    assert_eq!(objects(&ended.out)[0]["info_hash"], torrent.info_hash.as_str());
    expect_success(&run(&desk, "verify content.torrent", "CUERDA_DIR", "origin"));
    let ended = run(&desk, "verify content.torrent --dir origin", "CUERDA_DIR", "nowhere");
    expect_success(&ended);
    expect_success(&run(&desk, "info content.torrent -v", "CUERDA_QUIET", "1"));
}

#[test]
fn a_wrong_variable_is_named() {
    let desk = Desk::new();
    for (name, value) in
        [("CUERDA_PORT", "many"), ("CUERDA_PEER", "192.0.2.7:1 nonsense"), ("CUERDA_JSON", "maybe")]
    {
        let ended = run(&desk, "download a.torrent --dir d", name, value);
        assert_eq!(ended.status.code(), Some(2), "{name}: {}", ended.err);
        assert!(ended.err.contains(name), "{name}: {}", ended.err);
    }
}

#[test]
fn shells_and_the_manual_learn_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        let ended = desk.run(&format!("completions {shell}"));
        expect_success(&ended);
        assert!(COMMANDS.iter().all(|command| ended.out.contains(command)), "{shell}");
    }
    let folder = desk.make_folder("pages");
    expect_success(&desk.run("man pages"));
    for command in COMMANDS {
        assert!(folder.join(format!("cuerda-{command}.1")).is_file(), "{command}");
    }
    let page = desk.run("man");
    expect_success(&page);
    assert!(page.out.contains(".SH NAME"), "{}", page.out);
}
