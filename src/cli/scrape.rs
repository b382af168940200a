//! `cuerda info --scrape`: what the trackers of a torrent know of it, in words or as JSON.

use crate::cli::arguments::info::InfoArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::roots::roots;
use crate::cli::signals::Signal;
use crate::client::{Scrape, Scraped};
use crate::id::InfoHash;
use crossbeam_channel::select;
use serde::Serialize;

/// What one tracker says. Names of fields are a promise.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ToldTracker {
    /// Its address without path and query, which may hold the user's key.
    tracker: String,
    /// Peers that have everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    seeders: Option<u32>,
    /// Peers that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    leechers: Option<u32>,
    /// How often somebody completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<u32>,
    /// Why it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// Asks all trackers, if that is wanted. A signal ends the waiting.
pub(super) fn ask(
    arguments: &InfoArguments,
    hash: InfoHash,
    tiers: &[Vec<String>],
    console: &Console,
) -> Result<Result<Option<Vec<ToldTracker>>, Signal>, Failure> {
    if !arguments.scrape {
        return Ok(Ok(None));
    }
    let roots = roots(arguments.tracker_ca.as_deref())?;
    let signals = console.signals()?;
    let mut scrape = Scrape::start(hash, tiers, roots).map_err(|error| {
        Failure::new(&error).advise("`ulimit -a` tells the limits of this shell")
    })?;
    let trackers = human::count(scrape.count() as u64, "tracker");
    console.output.talk(&format!("asking {trackers}"));
    loop {
        select! {
            recv(scrape.answers()) -> answer => match answer {
                Ok(answer) => scrape.take(answer),
                Err(_) => break,
            },
            recv(signals.first()) -> signal => if let Ok(signal) = signal {
                // Threads that wait for trackers end with the process.
                return Ok(Err(signal));
            },
        }
    }
    Ok(Ok(Some(scrape.finish().into_iter().map(ToldTracker::new).collect())))
}

impl ToldTracker {
    /// What is told of this answer.
    fn new(scraped: Scraped) -> Self {
        let Scraped { tracker, figures } = scraped;
        match figures {
            Ok(figures) => Self {
                tracker,
                seeders: Some(figures.seeders),
                leechers: Some(figures.leechers),
                completed: Some(figures.completed),
                failure: None,
            },
            Err(reason) => Self {
                tracker,
                seeders: None,
                leechers: None,
                completed: None,
                failure: Some(reason.into()),
            },
        }
    }

    /// In words.
    fn words(&self) -> String {
        let Self { tracker, seeders, leechers, completed, failure } = self;
        if let Some(reason) = failure {
            return format!("{tracker} fails: {reason}");
        }
        let count = |number: &Option<u32>, word| human::count(number.unwrap_or(0).into(), word);
        let (seeders, leechers) = (count(seeders, "seeder"), count(leechers, "downloader"));
        format!("{tracker}: {seeders}, {leechers}, completed {}", count(completed, "time"))
    }
}

/// A line for each tracker; nothing if none was to be asked.
pub(super) fn words(told: Option<&[ToldTracker]>) -> String {
    match told {
        None => String::new(),
        Some([]) => "there are no trackers to ask".to_owned(),
        Some(told) => told.iter().map(ToldTracker::words).collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::announce::ScrapeFigures;

    fn told(figures: Result<ScrapeFigures, Box<str>>) -> ToldTracker {
        ToldTracker::new(Scraped { tracker: "udp://a:1".to_owned(), figures })
    }

    #[test]
    fn figures_and_failures_have_words_and_json() {
        let good = told(Ok(ScrapeFigures { seeders: 1, completed: 12, leechers: 0 }));
        let bad = told(Err("no answer in 20 s".into()));
        let expected = "udp://a:1: 1 seeder, 0 downloaders, completed 12 times\n\
                        udp://a:1 fails: no answer in 20 s";
        let json = serde_json::json!([
            {"tracker": "udp://a:1", "seeders": 1, "leechers": 0, "completed": 12},
            {"tracker": "udp://a:1", "failure": "no answer in 20 s"},
        ]);
        assert_eq!(serde_json::to_value([&good, &bad]).unwrap(), json);
        assert_eq!(words(Some(&[good, bad])), expected);
        assert_eq!(words(None), "");
        assert!(words(Some(&[])).contains("no trackers"));
    }
}
