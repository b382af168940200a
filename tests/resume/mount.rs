//! A small disk of one's own, in memory. Only the superuser gets one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; it goes away with this.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// Mounts so many bytes on a folder; none, and a word about it, where that is not possible.
    #[allow(clippy::print_stdout, reason = "a test that is not run has to say so")]
    pub(crate) fn new(folder: PathBuf, bytes: u64) -> Option<Mount> {
        let size = format!("size={bytes}");
        if run(&["mount", "-t", "tmpfs", "-o", &size, "cuerda-test"], &folder) {
            return Some(Mount(folder));
        }
        // Written past the capture of the test harness, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no file system can be mounted here");
        assert!(std::env::var_os("CUERDA_REQUIRE_MOUNTS").is_none(), "mounts are required");
        None
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Lets nobody write to it any more.
    pub(crate) fn make_read_only(&self) {
        assert!(run(&["mount", "-o", "remount,ro"], &self.0), "it can be made read-only");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(&["umount", "-l"], &self.0);
    }
}

fn run(words: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(folder);
    command.output().is_ok_and(|output| output.status.success())
}
