//! `cuerda ring simulate`: rings of simulated nodes, and what the Chord papers found beside it.

use crate::cli::arguments::ring::SimulateArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use crate::cli::ring::told::tell;
use crate::simulator::study::balance::keys_per_node;
use crate::simulator::study::churn::{Churn, churn, paper_settings};
use crate::simulator::study::failures::{Blow, failures};
use crate::simulator::study::paper;
use crate::simulator::study::paths::paths;
use serde::Serialize;
use std::time::Duration;

/// Keys for each node, for the load.
const KEYS_PER_NODE: usize = 50;
/// Successor lists after failures: the papers' twice the logarithm of 1,000.
const SUCCESSORS: usize = 20;
/// Nodes of the rings in which nodes come and go, at most: the papers have 1,000.
const CHURN_NODES_MAX: usize = 1_000;
/// Lookups a second while nodes come and go.
const CHURN_LOOKUPS: f64 = 2.0;
/// The papers' tables, unlike their figures, count the owner of the key as a step of the path.
const OWNER: f64 = 1.0;
/// Joins and leaves a second that are tried, of those of the papers.
const CHURN_RATES: [usize; 3] = [0, 3, 7];

/// Everything that was simulated. Names of fields are a promise.
#[derive(Debug, Serialize)]
struct Simulated {
    seed: u64,
    paths: Vec<PathLine>,
    load: LoadLine,
    failures: Vec<FailureLine>,
    churn: Vec<ChurnLine>,
}

/// Path length.
#[derive(Debug, Serialize)]
struct PathLine {
    nodes: usize,
    half_log2: f64,
    mean: f64,
    p1: f64,
    p99: f64,
    wrong: usize,
    paper_mean: Option<f64>,
}

/// Load.
#[derive(Debug, Serialize)]
struct LoadLine {
    nodes: usize,
    keys: usize,
    p99_by_mean: f64,
    max_by_mean: f64,
    paper_p99_by_mean: f64,
    paper_max_by_mean: f64,
}

/// Simultaneous failures.
#[derive(Debug, Serialize)]
struct FailureLine {
    nodes: usize,
    killed_percent: u32,
    path: f64,
    timeouts: f64,
    failed: usize,
    lookups: usize,
    paper_path: Option<f64>,
    paper_timeouts: Option<f64>,
}

/// Nodes that come and go.
#[derive(Debug, Serialize)]
struct ChurnLine {
    nodes: usize,
    rate: f64,
    path: f64,
    failed: usize,
    lookups: usize,
    paper_path: f64,
    paper_failed_of_10000: f64,
}

/// Simulates rings and tells what was found.
pub(crate) fn simulate(
    arguments: &SimulateArguments,
    console: &Console,
) -> Result<Outcome, Failure> {
    let simulated = Simulated {
        seed: arguments.seed,
        paths: path_lines(arguments, console),
        load: load_line(arguments),
        failures: failure_lines(arguments, console),
        churn: churn_lines(arguments, console),
    };
    if arguments.json {
        tell(&console.output, &simulated);
    } else {
        console.output.answer(lines(&simulated).join("\n").as_bytes());
    }
    Ok(Outcome::Done)
}

fn path_lines(arguments: &SimulateArguments, console: &Console) -> Vec<PathLine> {
    let doubled = std::iter::successors(Some(8_usize), |nodes| Some(nodes * 2));
    let mut sizes: Vec<usize> = doubled.take_while(|nodes| *nodes <= arguments.nodes).collect();
    if sizes.last() != Some(&arguments.nodes) {
        sizes.push(arguments.nodes);
    }
    let line = |nodes: usize| {
        console.output.talk(&format!("paths among {nodes} nodes"));
        let found = paths(arguments.seed, nodes, arguments.lookups);
        let paper = paper::PATHS.iter().find(|(size, ..)| *size == nodes);
        PathLine {
            nodes,
            half_log2: (nodes as f64).log2() / 2.0,
            mean: found.steps.mean,
            p1: found.steps.p1,
            p99: found.steps.p99,
            wrong: found.wrong,
            paper_mean: paper.map(|(_, mean, _)| *mean),
        }
    };
    sizes.into_iter().map(line).collect()
}

fn load_line(arguments: &SimulateArguments) -> LoadLine {
    let keys = arguments.nodes * KEYS_PER_NODE;
    let found = keys_per_node(arguments.seed, arguments.nodes, keys);
    LoadLine {
        nodes: arguments.nodes,
        keys,
        p99_by_mean: found.p99 / found.mean,
        max_by_mean: found.max / found.mean,
        paper_p99_by_mean: paper::BALANCE.0,
        paper_max_by_mean: paper::BALANCE.1,
    }
}

fn failure_lines(arguments: &SimulateArguments, console: &Console) -> Vec<FailureLine> {
    let mut parts: Vec<u32> = (0..=arguments.kill).step_by(10).collect();
    if parts.last() != Some(&arguments.kill) {
        parts.push(arguments.kill);
    }
    let line = |percent: u32| {
        console.output.talk(&format!("{percent} % of {} nodes fail", arguments.nodes));
        let blow = Blow { nodes: arguments.nodes, successors: SUCCESSORS, parallel: 1, percent };
        let found = failures(arguments.seed, blow, arguments.lookups);
        let paper = paper::FAILURES.iter().find(|(part, ..)| *part == percent);
        FailureLine {
            nodes: arguments.nodes,
            killed_percent: percent,
            path: found.steps.mean + OWNER,
            timeouts: found.timeouts.mean,
            failed: found.failed,
            lookups: arguments.lookups,
            paper_path: paper.map(|(_, path, _)| *path),
            paper_timeouts: paper.map(|(_, _, timeouts)| *timeouts),
        }
    };
    parts.into_iter().map(line).collect()
}

fn churn_lines(arguments: &SimulateArguments, console: &Console) -> Vec<ChurnLine> {
    let nodes = arguments.nodes.min(CHURN_NODES_MAX);
    let line = |index: usize| {
        let (rate, paper_path, _, paper_failed) = paper::CHURN[index];
        console.output.talk(&format!("{rate} nodes a second join, and as many leave {nodes}"));
        let how = Churn {
            settings: paper_settings(),
            nodes,
            rate,
            crash: false,
            lookups: CHURN_LOOKUPS,
            time: Duration::from_secs_f64(arguments.lookups as f64 / CHURN_LOOKUPS),
        };
        let found = churn(arguments.seed, &how);
        ChurnLine {
            nodes,
            rate,
            path: found.steps.mean + OWNER,
            failed: found.failed,
            lookups: found.lookups,
            paper_path,
            paper_failed_of_10000: paper_failed,
        }
    };
    CHURN_RATES.into_iter().map(line).collect()
}

/// All tables for people.
fn lines(simulated: &Simulated) -> Vec<String> {
    let mut lines = vec!["Path length (ToN Fig. 10)".to_owned()];
    lines.extend(path_table(&simulated.paths));
    let title = "Keys of a node by the mean (ToN Fig. 8: 10,000 nodes, 500,000 keys)";
    lines.extend([String::new(), title.to_owned()]);
    lines.extend(load_table(&simulated.load));
    let title = "Failed at once, nothing mended (ToN Table II: 1,000 nodes)";
    lines.extend([String::new(), title.to_owned()]);
    lines.extend(failure_table(&simulated.failures));
    let title = "Nodes come and go (ToN Table III: 1,000 nodes)";
    lines.extend([String::new(), title.to_owned()]);
    lines.extend(churn_table(&simulated.churn));
    lines
}

/// A number that the papers may have.
fn maybe(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"))
}

fn path_table(found: &[PathLine]) -> Vec<String> {
    let mut rows = vec![row(["nodes", "paper", "ours", "1st", "99th", "half log2 N", "wrong"])];
    rows.extend(found.iter().map(|line| {
        vec![
            line.nodes.to_string(),
            maybe(line.paper_mean),
            format!("{:.2}", line.mean),
            line.p1.to_string(),
            line.p99.to_string(),
            format!("{:.2}", line.half_log2),
            line.wrong.to_string(),
        ]
    }));
    aligned(&rows)
}

fn load_table(load: &LoadLine) -> Vec<String> {
    aligned(&[
        row(["nodes", "keys", "paper 99th", "ours", "paper most", "ours"]),
        vec![
            load.nodes.to_string(),
            load.keys.to_string(),
            format!("{:.1}", load.paper_p99_by_mean),
            format!("{:.1}", load.p99_by_mean),
            format!("{:.1}", load.paper_max_by_mean),
            format!("{:.1}", load.max_by_mean),
        ],
    ])
}

fn failure_table(found: &[FailureLine]) -> Vec<String> {
    let names = ["failed", "paper path", "ours", "paper timeouts", "ours", "lookups", "failed"];
    let mut rows = vec![row(names)];
    rows.extend(found.iter().map(|line| {
        vec![
            format!("{} %", line.killed_percent),
            maybe(line.paper_path),
            format!("{:.2}", line.path),
            maybe(line.paper_timeouts),
            format!("{:.2}", line.timeouts),
            line.lookups.to_string(),
            line.failed.to_string(),
        ]
    }));
    aligned(&rows)
}

fn churn_table(found: &[ChurnLine]) -> Vec<String> {
    let names =
        ["joins/s", "paper path", "ours", "paper failed/10000", "ours", "lookups", "failed"];
    let mut rows = vec![row(names)];
    rows.extend(found.iter().map(|line| {
        let failed = line.failed as f64 * 10_000.0 / line.lookups.max(1) as f64;
        vec![
            format!("{:.2}", line.rate),
            format!("{:.2}", line.paper_path),
            format!("{:.2}", line.path),
            format!("{:.0}", line.paper_failed_of_10000),
            format!("{failed:.0}"),
            line.lookups.to_string(),
            line.failed.to_string(),
        ]
    }));
    aligned(&rows)
}

fn row<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

/// Rows with their cells in columns, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(text, width)| format!("{text:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use std::sync::Arc;

    fn told(json: bool) -> String {
        let arguments = SimulateArguments { nodes: 20, kill: 15, seed: 7, lookups: 30, json };
        let (output, answers, _) = captured::output(true);
        let outcome = simulate(&arguments, &Console::new(Arc::new(output))).unwrap();
        assert_eq!(outcome, Outcome::Done);
        answers.text()
    }

    #[test]
    fn the_papers_stand_beside_what_was_found_and_a_seed_tells_the_same_again() {
        let people = told(false);
        assert_eq!(people, told(false));
        for part in ["Path length", "2.09", "half log2 N", "15 %", "Table II", "0.40"] {
            assert!(people.contains(part), "{part}: {people}");
        }
        let found: serde_json::Value = serde_json::from_str(&told(true)).unwrap();
        assert_eq!(found["paths"].as_array().unwrap().len(), 3);
        assert_eq!(found["paths"][0]["paper_mean"], 1.72);
        assert_eq!(found["failures"][2]["killed_percent"], 15);
        assert_eq!(found["churn"][0]["nodes"], 20);
    }
}
