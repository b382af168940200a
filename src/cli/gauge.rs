//! Progress for people: a bar on a terminal, a line now and then elsewhere, nothing if quiet.

use crate::cli::human;
use crate::cli::out::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Duration;

/// How often a bar is drawn.
const BAR_PAUSE: Duration = Duration::from_millis(100);
/// How often a line is written.
const LINE_PAUSE: Duration = Duration::from_secs(5);
/// Redraws of the bar per second that the drawing library allows itself.
const BAR_HERTZ: u8 = 20;
/// The bar takes the width that the rest of the line leaves.
const BAR_TEMPLATE: &str = "{wide_bar} {percent:>3}%  {msg}";
/// The bar's full, growing and empty cell.
const BAR_CELLS: &str = "=> ";

/// Shows progress while it lives.
pub(super) struct Gauge {
    /// Where it is shown.
    output: Arc<Output>,
    /// How.
    face: Face,
}

/// How progress is shown.
enum Face {
    /// As a bar on the last line of the terminal.
    Bar(ProgressBar),
    /// As a line each time.
    Lines,
    /// Not at all.
    None,
}

impl Gauge {
    /// Shows progress in the way that fits where standard error goes.
    pub(super) fn new(output: &Arc<Output>) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let face = if output.is_quiet() {
            Face::None
        } else if stderr().is_terminal() && !dumb {
            let bar = bar();
            output.set_bar(bar.clone());
            Face::Bar(bar)
        } else {
            Face::Lines
        };
        Self { output: output.clone(), face }
    }

    /// How often [`Gauge::show`] wants to be called.
    pub(super) fn pause(&self) -> Duration {
        match self.face {
            Face::Bar(_) => BAR_PAUSE,
            Face::Lines | Face::None => LINE_PAUSE,
        }
    }

    /// Whether a person looks at a terminal.
    pub(super) fn is_bar(&self) -> bool {
        matches!(self.face, Face::Bar(_))
    }

    /// Shows how much of a total is done, in bytes, and some words about it.
    pub(super) fn show(&self, done: u64, total: u64, words: String) {
        match &self.face {
            Face::Bar(bar) => {
                bar.set_length(total.max(1));
                bar.set_position(done);
                bar.set_message(words);
            }
            Face::Lines if total > 0 => {
                self.output.talk(&format!("{}%  {words}", human::percent(done, total)));
            }
            Face::Lines | Face::None => {}
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.output.take_bar();
    }
}

/// A bar on standard error.
fn bar() -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(BAR_HERTZ);
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template(BAR_TEMPLATE) {
        bar.set_style(style.progress_chars(BAR_CELLS));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;

    #[test]
    fn the_template_is_lawful() {
        assert!(ProgressStyle::with_template(BAR_TEMPLATE).is_ok());
    }

    #[test]
    fn without_a_terminal_progress_is_lines() {
        let (output, answers, talk) = captured::output(false);
        let gauge = Gauge { output: Arc::new(output), face: Face::Lines };
        gauge.show(0, 0, "nothing known yet".to_owned());
        gauge.show(1, 3, "5 peers".to_owned());
        assert_eq!(talk.text(), "33%  5 peers\n");
        assert_eq!(answers.text(), "");
    }
}
