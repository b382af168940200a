//! The set of a test: content, its torrent with trackers, and `cuerda` as processes around it.

use crate::support::content::{Content, Empty};
use crate::support::place;
use crate::support::process::Running;
use crate::support::torrent::Torrent;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Time for a transfer.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The set. The processes borrow nothing from it, so drop them first.
pub(crate) struct Scene {
    /// What is transferred.
    pub(crate) content: Content,
    /// Its torrent.
    pub(crate) made: Torrent,
    /// The folder of it all; removed at the end.
    folder: TempDir,
}

/// Whether a program is here. When it is not: says so, or fails when peers are required.
pub(crate) fn is_here(program: &str, argument: &str) -> bool {
    let run = Command::new(program).arg(argument).stdin(Stdio::null()).output();
    if run.is_ok() {
        return true;
    }
    let required = std::env::var("CUERDA_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "{program} is not installed, and CUERDA_REQUIRE_PEERS=1 requires it");
    // Not `eprintln!`, whose text the test runner keeps to itself when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed");
    false
}

impl Scene {
    /// Content in the folder `origin`.
    pub(crate) fn set() -> Scene {
        let content = Content::single("announced.bin", 3_000_000, 64 * 1024);
        let folder =
            tempfile::Builder::new().prefix("cuerda-trackers-").tempdir().expect("a folder");
        let origin = folder.path().join("origin");
        std::fs::create_dir(&origin).expect("a folder");
        let made = content.write(&origin);
        Scene { content, made, folder }
    }

    /// A folder of the set.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// A file with the torrent and these trackers.
    pub(crate) fn torrent(&self, tiers: &[&[String]]) -> PathBuf {
        let tiers: Vec<Vec<String>> = tiers.iter().map(|tier| tier.to_vec()).collect();
        let path = self.folder.path().join(format!("{}.torrent", place::free_port()));
        std::fs::write(&path, self.made.announced(&tiers)).expect("the torrent can be written");
        path
    }

    /// Starts `cuerda` with these words behind the torrent, which `--port` and `--dir` follow.
    pub(crate) fn cuerda(&self, command: &str, torrent: &PathBuf, words: &[&str]) -> Running {
        let port = place::free_port();
        let files = if command == "seed" { "origin".to_owned() } else { format!("copy-{port}") };
        self.cuerda_in(command, torrent, words, (&files, port))
    }

    /// The same with a folder and port.
    pub(crate) fn cuerda_in(
        &self,
        command: &str,
        torrent: &PathBuf,
        words: &[&str],
        (files, port): (&str, u16),
    ) -> Running {
        let mut line = Command::new(env!("CARGO_BIN_EXE_cuerda"));
        line.arg(command).arg(torrent).args(words);
        line.arg("--dir").arg(self.folder(files)).arg("--port").arg(port.to_string());
        Running::start(&format!("cuerda-{port}"), line, &self.folder("state"))
    }

    /// A seed and a download that know nothing but the torrent's trackers; the content arrives.
    /// Returns what the download said on standard error.
    pub(crate) fn transfer(&self, torrent: &PathBuf, words: &[&str]) -> String {
        let _seed = self.cuerda("seed", torrent, words);
        let port = place::free_port();
        let download = self.cuerda_in("download", torrent, words, ("copy", port));
        let ended = download.wait(LIMIT);
        assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
        self.check("copy");
        ended.err
    }

    /// Checks that a copy is what the torrent says.
    pub(crate) fn check(&self, files: &str) {
        let compared = self.content.compare(&self.folder(files), Empty::Required);
        compared.unwrap_or_else(|difference| panic!("{files}: {difference}"));
    }
}
