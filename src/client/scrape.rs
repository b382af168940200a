//! Asking all trackers of a torrent for its figures, without a client: nothing is announced, no
//! port is opened.

use crate::client::options::{CLIENT_NAME, StartError};
use crate::id::InfoHash;
use crate::kit::clock::Clock;
use crate::kit::random::Random;
use crate::kit::thread::{Census, Thread, spawn};
use crate::limits::{ANNOUNCES_MAX, THREAD_STACK, TRACKERS_MAX};
use crate::threads::tracker::network::{Network, Roots};
use crate::threads::tracker::scrape::ScrapeTask;
use crate::tracker::announce::ScrapeFigures;
use crate::tracker::url::TrackerUrl;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Figures, or why there are none, and the place of their tracker among all.
pub type ScrapeAnswer = (usize, Result<ScrapeFigures, Box<str>>);

/// One tracker and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scraped {
    /// The tracker: its address without path and query, which may hold the user's key.
    pub tracker: String,
    /// Its figures of the torrent, or why there are none.
    pub figures: Result<ScrapeFigures, Box<str>>,
}

/// Trackers being asked.
#[derive(Debug)]
pub struct Scrape {
    /// The trackers, in the torrent's order. None has an answer yet.
    trackers: Vec<Scraped>,
    /// Answers, each with the place of its tracker; closed when all have come.
    answers: Receiver<ScrapeAnswer>,
    /// The threads that ask.
    threads: Vec<Thread>,
}

/// What the threads share.
struct Work {
    /// Whom to ask, each with the place of its answer.
    tasks: Vec<(usize, ScrapeTask)>,
    /// The next of them.
    next: AtomicUsize,
    /// What they share with announces.
    network: Network,
    /// What time it is.
    clock: Clock,
}

impl Scrape {
    /// Begins to ask these trackers about a torrent, many at a time, each in a thread of its own.
    /// `roots` is whom the certificates of HTTPS trackers may be signed by. Addresses that are none
    /// are answered for at once.
    pub fn start(
        info_hash: InfoHash,
        tiers: &[Vec<String>],
        roots: Roots,
    ) -> Result<Self, StartError> {
        let mut drawn = [0; 8];
        getrandom::fill(&mut drawn).map_err(|_| StartError::Random)?;
        let mut random = Random::new(u64::from_ne_bytes(drawn));
        let (mut trackers, mut tasks, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        let numbered = tiers.iter().zip(1..);
        let all = numbered.flat_map(|(tier, number)| tier.iter().map(move |text| (number, text)));
        for (tier, text) in all.take(TRACKERS_MAX).filter(|(_, text)| seen.insert(*text)) {
            // An address that is none is not shown: it may hold the user's key all the same.
            let (tracker, figures) = match TrackerUrl::parse(text) {
                Ok(url) => {
                    let (shown, seed) = (url.to_string(), random.next_u64());
                    tasks.push((trackers.len(), ScrapeTask { url, info_hash, seed }));
                    (shown, Err("no answer".into()))
                }
                Err(error) => (format!("of tier {tier}"), Err(error.to_string().into())),
            };
            trackers.push(Scraped { tracker, figures });
        }
        let (publish, answers) = bounded(TRACKERS_MAX);
        let network = Network { client_name: CLIENT_NAME, roots };
        let clock = Clock::start();
        let work = Arc::new(Work { tasks, next: AtomicUsize::new(0), network, clock });
        let threads = threads(&work, &publish)?;
        Ok(Self { trackers, answers, threads })
    }

    /// Answers as they come, each with the place of its tracker. It closes after the last one.
    pub fn answers(&self) -> &Receiver<ScrapeAnswer> {
        &self.answers
    }

    /// How many trackers there are.
    pub fn count(&self) -> usize {
        self.trackers.len()
    }

    /// Takes an answer.
    pub fn take(&mut self, (place, figures): ScrapeAnswer) {
        if let Some(tracker) = self.trackers.get_mut(place) {
            tracker.figures = figures;
        }
    }

    /// All trackers with their answers, once [`Self::answers`] is closed.
    pub fn finish(self) -> Vec<Scraped> {
        self.threads.into_iter().for_each(|thread| {
            thread.join();
        });
        self.trackers
    }
}

/// Starts the threads. Some are better than none when the system gives no more.
fn threads(work: &Arc<Work>, publish: &Sender<ScrapeAnswer>) -> Result<Vec<Thread>, StartError> {
    let census = Census::default();
    let mut threads = Vec::new();
    for number in 0..work.tasks.len().min(ANNOUNCES_MAX) {
        let (work, publish) = (Arc::clone(work), publish.clone());
        let body = move || ask_some(&work, &publish);
        match spawn(&census, format!("scrape-{number}"), THREAD_STACK, body) {
            Ok(thread) => threads.push(thread),
            Err(error) if threads.is_empty() => return Err(StartError::System(error)),
            Err(_) => break,
        }
    }
    Ok(threads)
}

/// The body of a thread: asks one tracker after the other, while there are some.
fn ask_some(work: &Work, publish: &Sender<ScrapeAnswer>) {
    while let Some((place, task)) = work.tasks.get(work.next.fetch_add(1, Ordering::Relaxed)) {
        let figures = task.run(&work.network, work.clock).map_err(|failure| failure.reason);
        if publish.send((*place, figures)).is_err() {
            // Nobody waits any more.
            return;
        }
    }
}
