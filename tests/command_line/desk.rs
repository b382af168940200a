//! A folder of its own for each test, and `cuerda` run in it.

use crate::support::content::Content;
use crate::support::process::{Ended, Running};
use crate::support::torrent::Torrent;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Time for anything that does not wait for peers.
pub(crate) const PROMPT: Duration = Duration::from_secs(30);

/// One test's folder.
pub(crate) struct Desk {
    /// The folder, removed at the end.
    folder: TempDir,
    /// Counts the runs, to keep their output apart.
    runs: AtomicU32,
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Desk {
        let folder = tempfile::Builder::new().prefix("cuerda-line-").tempdir().expect("a folder");
        Desk { folder, runs: AtomicU32::new(0) }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a folder in it.
    pub(crate) fn make_folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// Writes content into `origin` and its torrent beside it as `content.torrent`.
    pub(crate) fn write(&self, content: &Content) -> Torrent {
        let torrent = content.write(&self.make_folder("origin"));
        std::fs::write(self.path("content.torrent"), &torrent.bytes).expect("the torrent");
        torrent
    }

    /// Starts `cuerda` in the folder; arguments are separated by blanks.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        self.start_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Starts `cuerda` in the folder with these arguments.
    pub(crate) fn start_with(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuerda"));
        command.args(arguments);
        self.start_command(command)
    }

    /// Starts any command in the folder.
    pub(crate) fn start_command(&self, mut command: Command) -> Running {
        command.current_dir(&self.folder).env_remove("RUST_LOG");
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        Running::start(&format!("cuerda-{run}"), command, self.folder.path())
    }

    /// Runs `cuerda` to its end.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.start(arguments).wait(PROMPT)
    }
}

/// Checks a failure: exit code 1, nothing for scripts, one line for people that names the culprit.
pub(crate) fn expect_failure(ended: &Ended, culprit: &str) {
    assert_eq!(ended.status.code(), Some(1), "{}", ended.err);
    assert_eq!(ended.out, "", "a failure says nothing to scripts");
    assert_eq!(ended.err.lines().count(), 1, "one line: {}", ended.err);
    assert!(ended.err.contains(culprit), "`{culprit}` is not named: {}", ended.err);
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

/// Checks a success.
pub(crate) fn expect_success(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
}

/// The JSON objects on standard output, one a line.
pub(crate) fn objects(text: &str) -> Vec<serde_json::Value> {
    let parse = |line: &str| -> serde_json::Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let objects: Vec<serde_json::Value> = text.lines().map(parse).collect();
    assert!(objects.iter().all(serde_json::Value::is_object), "one object a line: {text}");
    objects
}

/// Changes one byte of a file.
pub(crate) fn damage(path: &Path, offset: usize) {
    let mut bytes = std::fs::read(path).expect("the file is there");
    bytes[offset] ^= 1;
    std::fs::write(path, bytes).expect("the file can be written");
}
