//! `cuerda ring` as a person or a script meets it, and what a node tells and leaves behind.

use crate::processes::{Process, becomes_right, ring};
use crate::scene::{DEPTH, client, hash, stop};
use crate::support::process::{Ended, Running};
use crate::support::wait;
use rustix::process::Signal;
use serde_json::Value;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Time for anything here.
const PROMPT: Duration = Duration::from_secs(30);

/// Runs `cuerda` to its end; arguments are separated by blanks.
fn run(folder: &Path, arguments: &str) -> Ended {
    start(folder, arguments).wait(PROMPT)
}

fn start(folder: &Path, arguments: &str) -> Running {
    start_as(folder, "command", arguments)
}

/// Starts `cuerda`, whose output goes into files of that name.
fn start_as(folder: &Path, name: &str, arguments: &str) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
    command.args(arguments.split_whitespace()).env_remove("RUST_LOG");
    Running::start(name, command, folder)
}

/// The JSON objects, one a line.
fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

#[test]
fn a_ring_can_be_looked_at_and_used_from_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut nodes = ring(6, folder);
    let via = nodes[4].address;
    let outside = client(via);
    becomes_right(&outside.handle(), via, (6, DEPTH), PROMPT);
    stop(outside);
    // Another number of replicas is another ring; silence takes its time.
    let other = start_as(folder, "other", &format!("ring status --via {via} --replicas 3"));

    let status = run(folder, &format!("ring status --via {via}"));
    assert_eq!(status.status.code(), Some(0), "{}", status.err);
    let lines: Vec<&str> = status.out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (8, "a ring of 6 nodes, and all agree on it"));
    for node in &nodes {
        let address = format!(" {} ", node.address);
        assert!(lines.iter().any(|line| line.contains(&address)), "{address}: {}", status.out);
    }
    assert!(!status.out.contains('●'), "a drawing is for terminals");

    let key = hash(9);
    let announce = format!("ring announce {key} --via {via} --port 7009");
    let announced = run(folder, &format!("{announce} --seeder"));
    assert_eq!((announced.status.code(), &*announced.out), (Some(0), ""), "{}", announced.err);
    let found = run(folder, &format!("ring lookup {key} --via {via}"));
    assert_eq!((found.status.code(), &*found.out), (Some(0), "127.0.0.1:7009\n"), "{}", found.err);
    let found = run(folder, &format!("ring lookup {key} --via {via} --json"));
    let told = objects(&found.out);
    let events: Vec<&Value> = told.iter().map(|object| &object["event"]).collect();
    assert_eq!(events, ["found", "peers", "done"], "{}", found.out);
    let peer = serde_json::json!([{"address": "127.0.0.1:7009", "seeder": true}]);
    assert_eq!((&told[1]["peers"], &told[2]["complete"]), (&peer, &Value::Bool(true)));
    assert_eq!((&told[2]["replicas"], &told[2]["needed"]), (&5.into(), &3.into()));

    let status = run(folder, &format!("ring status --via {via} --json"));
    let [whole] = &objects(&status.out)[..] else { panic!("{}", status.out) };
    let keys: u64 = whole["nodes"].as_array().expect("nodes").iter().fold(0, |keys, node| {
        assert_eq!(node["successors"].as_array().map(Vec::len), Some(5), "{node}");
        keys + node["keys"].as_u64().expect("a number")
    });
    assert!(whole["ideal"] == true && keys >= 3, "{whole}");

    let gone = run(folder, &format!("{announce} --gone"));
    assert_eq!(gone.status.code(), Some(0), "{}", gone.err);
    wait::until("the peer is gone", PROMPT, || {
        let found = run(folder, &format!("ring lookup {key} --via {via}"));
        (found.status.code() == Some(0) && found.out.is_empty()).then_some(())
    });

    // A node that is gone is seen to be gone.
    let crashed = nodes.remove(1);
    crashed.running.signal(Signal::KILL);
    let status = run(folder, &format!("ring status --via {via}"));
    let silent = format!("{} is named by others and does not answer", crashed.address);
    assert_eq!(status.status.code(), Some(1), "{}", status.out);
    assert!(status.out.contains(&silent), "{}", status.out);
    let other = other.wait(PROMPT);
    assert_eq!((other.status.code(), &*other.out), (Some(1), ""), "{}", other.err);
}

#[test]
fn a_node_tells_what_happens_leaves_when_told_to_and_remembers_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start("first", None, folder.path());
    let (via, state) = (first.address, folder.path().join("contacts"));
    let second = start(
        folder.path(),
        &format!(
            "node --listen 127.0.0.1:0 --bootstrap {via} --state {} --status 1 --json",
            state.display()
        ),
    );
    let met = |object: &Value| {
        object["event"] == "status" && object["successors"][0] == via.to_string().as_str()
    };
    wait::until("the node has met the other", PROMPT, || {
        objects(&second.out()).iter().any(met).then_some(())
    });
    second.signal(Signal::INT);
    let ended = second.wait(PROMPT);
    assert_eq!((ended.status.code(), &*ended.err), (Some(0), ""));
    let told = objects(&ended.out);
    assert_eq!((&told[0]["event"], &told[1]["event"]), (&"listening".into(), &"joined".into()));
    assert_eq!(told.last().expect("a last word")["event"], "stopped");
    let saved = std::fs::read_to_string(state).expect("the contacts were saved");
    assert_eq!(saved, format!("cuerda ring contacts 1\n{via}\n"));
    let left = run(folder.path(), &format!("ring status --via {via}"));
    assert_eq!(left.status.code(), Some(0), "the other knows at once: {}", left.out);
}

#[test]
fn a_closed_ring_answers_only_who_has_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let key = |name: &str, digit: &str| {
        let path = folder.join(name);
        std::fs::write(&path, digit.repeat(64)).expect("a key");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("permissions");
        path.display().to_string()
    };
    let (ours, others) = (key("ours", "a"), key("others", "b"));
    let first = start_as(folder, "first", &format!("node --listen 127.0.0.1:0 --ring-key {ours}"));
    let via = wait::until("the node listens", PROMPT, || first.out().trim().parse().ok());
    let via: std::net::SocketAddr = via;
    let line = format!("node --listen 127.0.0.1:0 --ring-key {ours} --bootstrap {via}");
    let second = start_as(folder, "second", &line);
    wait::until("both are a ring", PROMPT, || {
        let status = run(folder, &format!("ring status --via {via} --ring-key {ours}"));
        status.out.starts_with("a ring of 2 nodes, and all agree").then_some(())
    });
    let ask =
        |name: &str, key: &str| start_as(folder, name, &format!("ring status --via {via} {key}"));
    for asked in [ask("without", ""), ask("wrong", &format!("--ring-key {others}"))] {
        let status = asked.wait(PROMPT);
        assert_eq!((status.status.code(), &*status.out), (Some(1), ""), "{}", status.err);
        assert!(status.err.contains("no node of the ring answered"), "{}", status.err);
    }
    for node in [first, second] {
        node.signal(Signal::TERM);
        assert_eq!(node.wait(PROMPT).status.code(), Some(0));
    }
}
