//! The only place that writes to standard output and standard error.
//!
//! Answers go to standard output, everything else to standard error, around the progress bar if
//! one is shown. A reader that closed its end (`cuerda info x | head -1`) ends the answers and
//! nothing else, except for commands that go on for the sake of their answers (`seed --json`); any
//! other error is kept for the end of the program.

use crate::kit::printable::steers;
use indicatif::ProgressBar;
use parking_lot::Mutex;
use std::io::{self, ErrorKind, Write};

/// Where words go.
pub(super) struct Output {
    /// Standard output, and how writing to it went.
    answers: Mutex<Answers>,
    /// Standard error and the bar that may be on it.
    talk: Mutex<Talk>,
    /// Whether talk that nobody needs is left out.
    quiet: bool,
}

/// Standard output.
struct Answers {
    /// The stream.
    stream: Box<dyn Write + Send>,
    /// The first error; nothing is written after it.
    error: Option<io::Error>,
}

impl Answers {
    /// Writes it, unless something was lost before.
    fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.stream.write_all(bytes).and_then(|()| self.stream.flush()).err();
        }
    }
}

/// Standard error.
struct Talk {
    /// The stream.
    stream: Box<dyn Write + Send>,
    /// The bar on the last line, which lines have to be written above.
    bar: Option<ProgressBar>,
}

impl Output {
    /// The process's own streams.
    pub(super) fn standard(quiet: bool) -> Self {
        Self::new(Box::new(io::stdout()), Box::new(io::stderr()), quiet)
    }

    /// Any streams.
    pub(super) fn new(
        answers: Box<dyn Write + Send>,
        talk: Box<dyn Write + Send>,
        quiet: bool,
    ) -> Self {
        Self {
            answers: Mutex::new(Answers { stream: answers, error: None }),
            talk: Mutex::new(Talk { stream: talk, bar: None }),
            quiet,
        }
    }

    /// Whether talk is left out.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// An answer: these bytes and a line break on standard output, at once.
    pub(super) fn answer(&self, bytes: &[u8]) {
        let line = [bytes, b"\n"].concat();
        let write = || self.answers.lock().write(&line);
        // Both streams may be one terminal.
        let talk = self.talk.lock();
        match &talk.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Whether answers can still be given.
    pub(super) fn is_heard(&self) -> bool {
        self.answers.lock().error.is_none()
    }

    /// Why answers were lost, if they were and their reader had not gone away on its own.
    pub(super) fn lost(&self) -> Option<String> {
        let answers = self.answers.lock();
        let error = answers.error.as_ref().filter(|error| error.kind() != ErrorKind::BrokenPipe);
        error.map(io::Error::to_string)
    }

    /// A line of talk that a person may like to read.
    pub(super) fn talk(&self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// A line that a person has to read.
    pub(super) fn warn(&self, line: &str) {
        self.line(&format!("cuerda: {line}"));
    }

    /// Shows a bar on the last line of standard error, until [`Output::take_bar`].
    pub(super) fn set_bar(&self, bar: ProgressBar) {
        self.talk.lock().bar = Some(bar);
    }

    /// Removes the bar from the terminal.
    pub(super) fn take_bar(&self) {
        let bar = self.talk.lock().bar.take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }

    /// One line on standard error. What cannot be written there is lost: nobody is left to tell.
    pub(super) fn line(&self, line: &str) {
        let line = printable(line);
        let mut talk = self.talk.lock();
        match &talk.bar {
            Some(bar) => bar.println(line),
            None => {
                let _ = talk.stream.write_all(format!("{line}\n").as_bytes());
                let _ = talk.stream.flush();
            }
        }
    }
}

/// The line with a mark for each character that does not show itself: names chosen by strangers and
/// paths may hold some that break the line or steer the terminal.
fn printable(line: &str) -> String {
    let mark = |c: char| if steers(c) && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    line.chars().map(mark).collect()
}

/// Streams that a test can read.
#[cfg(test)]
pub(super) mod captured {
    use super::{Mutex, Output, Write, io};
    use std::sync::Arc;

    /// A stream into memory; copies share it.
    #[derive(Clone, Default)]
    pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        /// What was written.
        pub(crate) fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock()).into_owned()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// An output with its answers and its talk.
    pub(crate) fn output(quiet: bool) -> (Output, Captured, Captured) {
        let (answers, talk) = (Captured::default(), Captured::default());
        let output = Output::new(Box::new(answers.clone()), Box::new(talk.clone()), quiet);
        (output, answers, talk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that fails.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn answers_and_talk_do_not_mix() {
        let (output, answers, talk) = captured::output(false);
        output.answer(b"/a/b");
        output.talk("hello");
        output.warn("careful");
        assert_eq!(answers.text(), "/a/b\n");
        assert_eq!(talk.text(), "hello\ncuerda: careful\n");
    }

    #[test]
    fn quiet_leaves_out_talk_but_no_warning() {
        let (output, answers, talk) = captured::output(true);
        output.answer(b"yes");
        output.talk("hello");
        output.warn("careful");
        assert_eq!(answers.text(), "yes\n");
        assert_eq!(talk.text(), "cuerda: careful\n");
    }

    #[test]
    fn control_characters_neither_break_lines_nor_steer_the_terminal() {
        let (output, _, talk) = captured::output(false);
        output.talk("a\nb\x1b[2J\u{9b}c");
        assert_eq!(talk.text().lines().count(), 1);
        assert!(!talk.text().contains(['\x1b', '\u{9b}']));
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_but_a_full_disk_is() {
        let gone = Output::new(
            Box::new(Failing(ErrorKind::BrokenPipe)),
            Box::new(Failing(ErrorKind::BrokenPipe)),
            false,
        );
        gone.answer(b"x");
        gone.talk("x");
        assert_eq!((gone.lost(), gone.is_heard()), (None, false));
        let full = Failing(ErrorKind::StorageFull);
        let full = Output::new(Box::new(full), Box::new(io::sink()), false);
        full.answer(b"x");
        assert!(full.lost().is_some());
    }
}
