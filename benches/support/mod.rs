//! What the benchmarks share: a timer, a table, and JSON lines for those who keep records.
//!
//! `cargo bench -- --json` prints one JSON object a line instead of the table. Without `--bench`,
//! which `cargo bench` passes, everything is run once, small, and nothing is printed.

#![allow(dead_code, reason = "each benchmark uses its own part")]
#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::time::{Duration, Instant};

/// How the results are to be told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tell {
    /// A table for people.
    Table,
    /// One JSON object a line.
    Json,
    /// Nothing: this is a test run.
    Nothing,
}

/// What the command line asks for.
pub(crate) fn tell() -> Tell {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    match (has("--bench"), has("--json")) {
        (false, _) => Tell::Nothing,
        (true, true) => Tell::Json,
        (true, false) => Tell::Table,
    }
}

/// One row of results.
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: String,
    /// Figures with their names.
    pub(crate) figures: Vec<(&'static str, f64)>,
}

/// Prints the rows.
pub(crate) fn print(tell: Tell, rows: &[Row]) {
    for row in rows {
        match tell {
            Tell::Table => {
                let figures: Vec<String> = row
                    .figures
                    .iter()
                    .map(|(name, value)| format!("{value:>10.1} {name}"))
                    .collect();
                println!("{:<44}{}", row.what, figures.join("  "));
            }
            Tell::Json => {
                let mut object = serde_json::Map::new();
                object.insert("what".into(), row.what.clone().into());
                for (name, value) in &row.figures {
                    object.insert((*name).into(), (*value).into());
                }
                println!("{}", serde_json::Value::Object(object));
            }
            Tell::Nothing => {}
        }
    }
}

/// How long something took.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

/// The middle value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
