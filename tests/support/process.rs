//! A process that a test started: its output goes to files, and it ends when the test ends, however
//! that ends. Only this very process is ever signaled, by its id.

use super::wait;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Lines of output shown when the test fails.
const LINES_SHOWN: usize = 30;

/// A process under way. Dropping it kills the process and waits for its end.
pub(crate) struct Running {
    /// Name for messages and for the files of its output.
    name: String,
    /// The process.
    child: Child,
    /// File with its standard output.
    out: PathBuf,
    /// File with its standard error.
    err: PathBuf,
}

/// What a process left behind.
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// All of its standard output.
    pub(crate) out: String,
    /// All of its standard error.
    pub(crate) err: String,
}

impl Running {
    /// Starts the command; its output goes to `folder/NAME.out` and `folder/NAME.err`.
    pub(crate) fn start(name: &str, mut command: Command, folder: &Path) -> Running {
        let out = folder.join(format!("{name}.out"));
        let err = folder.join(format!("{name}.err"));
        let to = |path: &Path| File::create(path).expect("the output file can be made");
        let child = command
            .stdin(Stdio::null())
            .stdout(to(&out))
            .stderr(to(&err))
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        Running { name: name.to_owned(), child, out, err }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits for its end; fails the test when it takes longer than the limit.
    pub(crate) fn wait(mut self, limit: Duration) -> Ended {
        let what = format!("the end of {}", self.name);
        let status = wait::until(&what, limit, || self.ended());
        Ended { status, out: self.out(), err: self.err() }
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap_or_else(|error| panic!("signal {}: {error}", self.name));
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output so far.
    pub(crate) fn out(&self) -> String {
        read(&self.out)
    }

    /// Its standard error so far.
    pub(crate) fn err(&self) -> String {
        read(&self.err)
    }
}

impl Drop for Running {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the failure")]
    fn drop(&mut self) {
        // Both fail only when the process has ended and was waited for, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for (stream, text) in [("out", self.out()), ("err", self.err())] {
                let lines: Vec<&str> = text.lines().collect();
                let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
                eprintln!("---- {} {stream} ----\n{}", self.name, shown.join("\n"));
            }
        }
    }
}

/// A file's text, empty when there is none.
fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
