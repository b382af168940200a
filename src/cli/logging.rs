//! The log: time, level, thread, place, message, on standard error and around the progress bar.

use crate::cli::out::Output;
use crate::kit::thread::current_name;
use env_logger::{Builder, Env, Target, WriteStyle};
use log::{Level, LevelFilter};
use std::io::{self, Write};
use std::sync::Arc;

/// Starts the log. The environment variable `RUST_LOG` wins over the options.
pub(super) fn start(output: &Arc<Output>, quiet: bool, verbose: u8) {
    let level = level(quiet, verbose);
    let pipe = LogPipe(output.clone());
    let started = Builder::from_env(Env::default().default_filter_or(level.as_str()))
        .target(Target::Pipe(Box::new(pipe)))
        .write_style(WriteStyle::Never)
        .format(|buffer, record| {
            if tells_secrets(record.target(), record.level()) {
                return Ok(());
            }
            let (time, level) = (buffer.timestamp_millis(), record.level());
            let (thread, target, text) = (current_name(), record.target(), record.args());
            writeln!(buffer, "{time} {level:<5} {thread} {target}: {text}")
        })
        .try_init();
    // Only a second start in one process fails, and then there is a log already.
    let _ = started;
}

/// Whether a record may hold a tracker's whole address, and with it the user's key: at this level
/// the HTTP client tells its requests as they are.
fn tells_secrets(target: &str, level: Level) -> bool {
    level == Level::Trace && target.starts_with("ureq")
}

/// The least level that is logged.
fn level(quiet: bool, verbose: u8) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, 2) => LevelFilter::Debug,
        (false, 3..) => LevelFilter::Trace,
    }
}

/// Takes records, each in one write, to the output.
struct LogPipe(Arc<Output>);

impl Write for LogPipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        String::from_utf8_lossy(bytes).lines().for_each(|line| self.0.line(line));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;

    #[test]
    fn each_v_raises_the_level() {
        let levels = [0, 1, 2, 3, 200].map(|verbose| level(false, verbose));
        use LevelFilter::{Debug, Info, Trace, Warn};
        assert_eq!(levels, [Warn, Info, Debug, Trace, Trace]);
        assert_eq!(level(true, 0), LevelFilter::Error);
    }

    #[test]
    fn requests_of_the_http_client_are_not_logged_as_they_are() {
        for target in ["ureq::run", "ureq_proto::client", "ureq"] {
            assert!(tells_secrets(target, Level::Trace), "{target}");
            assert!(!tells_secrets(target, Level::Debug), "{target}");
        }
        assert!(!tells_secrets("cuerda::threads", Level::Trace));
    }

    #[test]
    fn a_record_of_two_lines_is_two_lines() {
        let (output, _, talk) = captured::output(true);
        let mut pipe = LogPipe(Arc::new(output));
        pipe.write_all(b"one\ntwo\x1b\n").unwrap();
        assert_eq!(talk.text(), "one\ntwo\u{fffd}\n");
    }
}
