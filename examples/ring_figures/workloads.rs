//! The workloads, each with what the papers found and what is demanded.

use crate::Set;
use crate::page::Page;
use cuerda::chord::settings::Settings;
use cuerda::simulator::study::balance::keys_per_node;
use cuerda::simulator::study::churn::{Churn, Churned, churn, paper_settings};
use cuerda::simulator::study::failures::{Blow, failures};
use cuerda::simulator::study::latency::{Setting, latency};
use cuerda::simulator::study::paper;
use cuerda::simulator::study::paths::paths;
use cuerda::simulator::study::recovery::{merge, recovery};
use std::error::Error;
use std::time::Duration;

/// How a workload ends.
pub(crate) type Ended = Result<(), Box<dyn Error>>;
/// A workload.
type Workload = fn(Set, &mut Page) -> Ended;

/// All of them, in the order of the page.
pub(crate) const ALL: [(&str, Workload); 8] = [
    // First: memory that earlier workloads gave back would hide what nodes take.
    ("scale", crate::scale::scale),
    ("path length", path_length),
    ("load", load),
    ("failures", simultaneous),
    ("mass failure and repair", mass_failure),
    ("churn", come_and_go),
    ("latency", latencies),
    ("merge", merging),
];

fn path_length(set: Set, page: &mut Page) -> Ended {
    let (seeds, sizes) = set.choose((2, 10), (10, 12));
    page.say("## W1: path length\n");
    page.say(&format!(
        "Demand: within 3 % of the paper from 128 nodes on; shares among 4,096 nodes within 0.01. \
         Lists of one, one request at a time, nothing remembered. {seeds} seeds. Small rings \
         differ: the paper counts no path shorter than one step.\n"
    ));
    let (mut rows, mut ours, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (nodes, mean, (low, high)) in paper::PATHS.iter().copied().take(sizes) {
        let lookups = set.choose(4_000, nodes * 20);
        let found: Vec<_> = (1..=seeds).map(|seed| paths(seed, nodes, lookups)).collect();
        let own = found.iter().map(|paths| paths.steps.mean).sum::<f64>() / found.len() as f64;
        let wrong: usize = found.iter().map(|paths| paths.wrong).sum();
        let off = 100.0 * (own / mean - 1.0);
        let kept = if nodes < 128 { "-" } else { verdict(off.abs() <= 3.0) };
        ours.push(((nodes as f64).log2(), own));
        rows.push(vec![
            nodes.to_string(),
            format!("{mean:.2} ({low}, {high})"),
            format!("{own:.2} ({}, {})", found[0].steps.p1, found[0].steps.p99),
            format!("{off:+.1} %"),
            wrong.to_string(),
            kept.to_owned(),
        ]);
        if nodes == 4_096 {
            let share = |steps: usize| {
                let one = found.iter().map(|paths| paths.shares.get(steps).unwrap_or(&0.0));
                one.sum::<f64>() / found.len() as f64
            };
            shares = (0..=12).map(|steps| (steps as f64, share(steps))).collect();
        }
    }
    let names = ["nodes", "paper (1st, 99th)", "ours", "off", "wrong owner", "demand"];
    page.table(&names, &rows);
    let paper_line = paper::PATHS.iter().map(|(nodes, mean, _)| ((*nodes as f64).log2(), *mean));
    let half = (3..=14).map(|log| (f64::from(log), f64::from(log) / 2.0)).collect();
    let lines = [
        ("cuerda".to_owned(), ours),
        ("paper".to_owned(), paper_line.collect()),
        ("half log2 N".to_owned(), half),
    ];
    page.figure("paths", "Path length", ("log2 of the nodes", "steps"), &lines)?;
    let paper_shares: Vec<(f64, f64)> =
        (1..).map(f64::from).zip(paper::PATHS_OF_4096.iter().copied()).collect();
    let off = paper_shares.iter().map(|(steps, share)| (shares[*steps as usize].1 - share).abs());
    let off = off.fold(0.0, f64::max);
    page.say(&format!("Greatest difference of a share: {off:.4}: {}.\n", verdict(off <= 0.01)));
    let lines = [("cuerda".to_owned(), shares), ("paper".to_owned(), paper_shares)];
    page.figure("shares", "Path lengths among 4,096 nodes", ("steps", "share"), &lines)
}

fn load(set: Set, page: &mut Page) -> Ended {
    let (seeds, keys) = set.choose((3, 500_000), (20, 1_000_000));
    page.say("## W2: load\n");
    let found: Vec<_> = (1..=seeds).map(|seed| keys_per_node(seed, 10_000, keys)).collect();
    let mean = |value: &dyn Fn(usize) -> f64| {
        (0..found.len()).map(value).sum::<f64>() / found.len() as f64
    };
    let p99 = mean(&|index| found[index].p99 / found[index].mean);
    let max = mean(&|index| found[index].max / found[index].mean);
    page.say(&format!("10,000 nodes, {keys} keys, {seeds} seeds; there are no virtual nodes.\n"));
    page.table(
        &["by the mean", "paper", "ours", "demand"],
        &[
            vec![
                "99th percentile".into(),
                "4.6".into(),
                format!("{p99:.2}"),
                format!("4.6 to 4.8: {}", verdict((4.55..4.85).contains(&p99))),
            ],
            vec!["most".into(), "9.1".into(), format!("{max:.1}"), "-".into()],
        ],
    );
    Ok(())
}

fn simultaneous(set: Set, page: &mut Page) -> Ended {
    let (seeds, lookups) = set.choose((2, 1_000), (10, 10_000));
    page.say("## W3: failed at once, nothing mended\n");
    page.say(&format!(
        "1,000 nodes, lists of 20, {seeds} seeds of {lookups} lookups. The path counts the \
         owner, as the paper's table does. Demand: all succeed; path at most the paper's + 5 %; \
         timeouts at half at most 6.5; waits one after another at most 3 with two requests in \
         flight. Whether the paper's figure counts the owner is our reading of its formula; \
         without it our path is one shorter. Why lookups fail is not traced yet: most are answered \
         with nodes of which none is the right living one.\n"
    ));
    let (mut rows, mut lines) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for (percent, paper_path, paper_timeouts) in paper::FAILURES {
        let run = |parallel| {
            let blow = Blow { nodes: 1_000, successors: 20, parallel, percent };
            let found = (1..=seeds).map(|seed| failures(seed, blow, lookups));
            found.collect::<Vec<_>>()
        };
        let (one, two) = (run(1), run(2));
        let mean = |value: Vec<f64>| value.iter().sum::<f64>() / value.len() as f64;
        let path = mean(one.iter().map(|found| found.steps.mean + 1.0).collect());
        let timeouts = mean(one.iter().map(|found| found.timeouts.mean).collect());
        let waits = mean(two.iter().map(|found| found.waits.mean).collect());
        let failed: usize = one.iter().map(|found| found.failed).sum();
        let empty: usize = one.iter().map(|found| found.empty).sum();
        let kept = failed == 0 && path <= paper_path * 1.05 && timeouts <= 6.5 && waits <= 3.0;
        let x = f64::from(percent);
        lines[0].push((x, path));
        lines[1].push((x, timeouts));
        lines[2].push((x, paper_timeouts));
        rows.push(vec![
            format!("{percent} %"),
            format!("{paper_path:.2}"),
            format!("{path:.2}"),
            format!("{paper_timeouts:.2}"),
            format!("{timeouts:.2}"),
            format!("{waits:.2}"),
            format!("{failed} of {}", seeds as usize * lookups),
            empty.to_string(),
            verdict(kept).to_owned(),
        ]);
    }
    let names = [
        "failed",
        "paper path",
        "ours",
        "paper timeouts",
        "ours",
        "waits, two at a time",
        "lookups failed",
        "found nobody",
        "demand",
    ];
    page.table(&names, &rows);
    let names = ["path", "timeouts", "timeouts of the paper"];
    let lines: Vec<_> = names.map(str::to_owned).into_iter().zip(lines).collect();
    let axes = ("per cent of the nodes that failed", "mean of a lookup");
    page.figure("failures", "Lookups after simultaneous failures", axes, &lines)
}

fn mass_failure(set: Set, page: &mut Page) -> Ended {
    let (nodes, seeds, keys) = set.choose((500, 3, 200), (10_000, 100, 1_000));
    page.say("## W4: half of the nodes crash, and the ring mends itself\n");
    page.say(&format!(
        "{nodes} nodes, {keys} keys announced before. Demand: lookups begun at once 99.9 % right \
         within 5 s; right (predecessor and the first n) within 30 s, all lists within 90 s; \
         keys of which nothing is found at most 1.2 × 2⁻⁵ = 3.75 % (all five replicas dead); \
         none after one more announce. A read without a quorum counts as nothing found.\n"
    ));
    let (mut rows, mut lines, mut sums) = (Vec::new(), Vec::new(), (0, 0, 0, 0));
    for seed in 1..=seeds {
        let found = recovery(seed, nodes, 50, 200, keys);
        sums = (
            sums.0 + found.right,
            sums.1 + found.lookups,
            sums.2 + found.lost,
            sums.3 + found.lost_for_good,
        );
        if seed <= 3 {
            lines.push((format!("seed {seed}"), found.course.clone()));
        }
        rows.push(vec![
            seed.to_string(),
            format!("{} of {}", found.right, found.lookups),
            found.isolated.to_string(),
            time(found.right_after),
            time(found.ideal_after),
            format!("{} of {}", found.lost, found.keys),
            found.lost_for_good.to_string(),
        ]);
    }
    let names =
        ["seed", "right at once", "isolated", "right", "ideal", "keys lost", "after announce"];
    page.table(&names, &rows);
    let (right, lost) = (
        100.0 * sums.0 as f64 / sums.1 as f64,
        100.0 * sums.2 as f64 / (seeds as usize * keys) as f64,
    );
    page.say(&format!(
        "In all: {right:.2} % right at once ({}), {lost:.2} % of the keys lost ({}), {} after one \
         more announce ({}).\n",
        verdict(right >= 99.9),
        verdict(lost <= 3.75),
        sums.3,
        verdict(sums.3 == 0)
    ));
    let axes = ("seconds after the crash", "per cent with the right successor");
    page.figure("recovery", "Half of the nodes crash", axes, &lines)
}

fn come_and_go(set: Set, page: &mut Page) -> Ended {
    let (time, rate) = set.choose((150, 4.0), (7_200, 2.0));
    page.say("## W5, W6: lookups while nodes come and go\n");
    page.say(&format!(
        "{time} s, {rate} lookups a second, one seed. Failed: the first living node found owned \
         the place at no moment since the lookup began. The arc still has its replicas then, so \
         a read need not fail.\n"
    ));
    let run = |settings: &Settings, nodes, per_second, crash| {
        let time = Duration::from_secs(time);
        let settings = settings.clone();
        churn(1, &Churn { settings, nodes, rate: per_second, crash, lookups: rate, time })
    };
    let failed = |found: &Churned| found.failed as f64 / found.lookups.max(1) as f64;
    let (mut rows, mut lines) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for index in set.choose(vec![0, 3, 7], (0..8).collect::<Vec<_>>()) {
        let (per_second, path, _, paper_failed) = paper::CHURN[index];
        let like = run(&paper_settings(), 1_000, per_second, false);
        let ours = run(&Settings::default(), 1_000, per_second, false);
        lines[0].push((per_second, paper_failed));
        lines[1].push((per_second, failed(&like) * 1e4));
        lines[2].push((per_second, failed(&ours) * 1e4));
        rows.push(vec![
            format!("{per_second:.2} leave"),
            format!("{path:.2}; {paper_failed}"),
            format!("{:.2}; {:.0}", like.steps.mean + 1.0, failed(&like) * 1e4),
            format!("{:.2}; {:.0}", ours.steps.mean + 1.0, failed(&ours) * 1e4),
            format!("{:.0} B/s, {:.1}/s", ours.bytes, ours.datagrams),
        ]);
    }
    for (per_second, part) in set.choose(&paper::CRASHES[3..], &paper::CRASHES[..]) {
        let ours = run(&Settings::default(), 500, *per_second, true);
        rows.push(vec![
            format!("{per_second:.2} crash (500)"),
            format!("-; {:.0}", part * 1e4),
            "-".into(),
            format!("{:.2}; {:.0}", ours.steps.mean + 1.0, failed(&ours) * 1e4),
            format!("{:.0} B/s, {:.1}/s", ours.bytes, ours.datagrams),
        ]);
    }
    let names = [
        "joins a second, as many",
        "paper: path; failed of 10,000",
        "its settings",
        "our defaults",
        "each node sends",
    ];
    page.table(&names, &rows);
    let names = ["paper", "its settings", "our defaults"];
    let lines: Vec<_> = names.map(str::to_owned).into_iter().zip(lines).collect();
    let axes = ("joins and leaves a second", "failed of 10,000 lookups");
    page.figure("churn", "Lookups while nodes come and go", axes, &lines)
}

fn latencies(set: Set, page: &mut Page) -> Ended {
    let lookups = set.choose(1_000, 10_000);
    page.say("## W8: latency\n");
    page.say(&format!(
        "Round trips log-normal with a median of 80 ms (sigma 0.6), 2 % of the datagrams lost, 256 \
         contacts remembered, our defaults, one seed of {lookups} lookups and reads. Demand: found \
         p50 ≤ 160 ms, p95 ≤ 320 ms, p99 ≤ 500 ms, ≤ 5 requests; first peer p95 ≤ 450 ms; quorum \
         p95 ≤ 600 ms; found with a tenth dead p95 ≤ 450 ms.\n"
    ));
    let mut rows = Vec::new();
    for nodes in set.choose(vec![1_000], vec![1_000, 10_000]) {
        for dead_percent in [0, 10] {
            let setting = Setting { nodes, remembered: 256, dead_percent, rate: 50 };
            let found = latency(1, setting, lookups);
            let limits = if dead_percent == 0 { [0.16, 0.32, 0.5] } else { [9.0, 0.45, 9.0] };
            let find = found.find;
            let quick = find.p50 <= limits[0] && find.p95 <= limits[1] && find.p99 <= limits[2];
            let reads = found.first_peer.p95 <= 0.45 && found.read.p95 <= 0.6;
            let kept = quick && (dead_percent > 0 || reads && found.requests.mean <= 5.0);
            let ms = |seconds: f64| format!("{:.0}", seconds * 1e3);
            rows.push(vec![
                nodes.to_string(),
                format!("{dead_percent} %"),
                format!("{} / {} / {}", ms(find.p50), ms(find.p95), ms(find.p99)),
                format!("{:.1}", found.requests.mean),
                ms(found.first_peer.p95),
                ms(found.read.p95),
                format!("{}, {}", found.failed, found.incomplete),
                verdict(kept).to_owned(),
            ]);
        }
    }
    let names = [
        "nodes",
        "dead",
        "found p50 / p95 / p99, ms",
        "requests",
        "first peer p95",
        "quorum p95",
        "failed finds, reads",
        "demand",
    ];
    page.table(&names, &rows);
    Ok(())
}

fn merging(set: Set, page: &mut Page) -> Ended {
    let (nodes, seeds, cut) = set.choose((100, 2, 300), (1_000, 10, 600));
    page.say("## W9: a ring cut in two\n");
    page.say(&format!(
        "{nodes} nodes, halves by chance, {cut} s apart. Demand: halves right ≤ 60 s after the \
         cut, one ideal ring ≤ 120 s after the heal.\n"
    ));
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let found = merge(seed, nodes, Duration::from_secs(cut));
        let within = |after: Option<f64>, most| after.is_some_and(|after| after <= most);
        let kept = within(found.halves_after, 60.0) && within(found.ideal_after, 120.0);
        rows.push(vec![
            seed.to_string(),
            found.rings.to_string(),
            time(found.halves_after),
            time(found.ideal_after),
            verdict(kept).to_owned(),
        ]);
        lines.push((format!("seed {seed}"), found.course));
    }
    page.table(&["seed", "rings", "halves right", "one ideal ring", "demand"], &rows);
    let axes = ("seconds after the heal", "per cent with the right successor");
    page.figure("merge", "Two rings become one", axes, &lines)
}

pub(crate) fn verdict(kept: bool) -> &'static str {
    if kept { "met" } else { "**not met**" }
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds:.0} s"))
}
