//! Asking one tracker for the figures of one torrent, without announcing anything (BEP 48 over
//! HTTP, BEP 15 over UDP).

use crate::id::InfoHash;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::mailbox;
use crate::limits::SCRAPE_PATIENCE;
use crate::threads::tracker::http;
use crate::threads::tracker::network::Network;
use crate::threads::tracker::outcome::{Failure, Memory};
use crate::threads::tracker::udp::{Asking, ask};
use crate::tracker::announce::{Family, ScrapeFigures};
use crate::tracker::udp_exchange::{Answer, Question};
use crate::tracker::url::{Scheme, TrackerUrl};
use std::net::IpAddr;
use std::time::Duration;

/// What is asked of whom.
#[derive(Debug, Clone)]
pub struct ScrapeTask {
    /// The tracker, as it is announced to.
    pub url: TrackerUrl,
    /// The torrent.
    pub info_hash: InfoHash,
    /// Names transactions.
    pub seed: u64,
}

impl ScrapeTask {
    /// Asks, and waits for the answer: [`SCRAPE_PATIENCE`] at most for all families that the host
    /// may have, which are tried one after the other. Only looking up its name may take longer.
    pub fn run(&self, network: &Network, clock: Clock) -> Result<ScrapeFigures, Failure> {
        let Some(url) = self.url.scrape() else {
            return Err(Failure::new("it has no address to ask for figures (BEP 48)"));
        };
        let begun = clock.now();
        let ask = |family, patience| self.ask(&url, family, network, (clock, begun + patience));
        match url.host().parse::<IpAddr>() {
            Ok(ip) => ask(Family::of(ip), SCRAPE_PATIENCE),
            // One that is silent leaves half of the time to the other.
            Err(_) => ask(Family::V4, SCRAPE_PATIENCE / 2).or_else(|first| {
                // What the host has no address for says less than any other reason.
                ask(Family::V6, SCRAPE_PATIENCE)
                    .map_err(|second| if first.absent { second } else { first })
            }),
        }
    }

    /// Asks over one family.
    fn ask(
        &self,
        url: &TrackerUrl,
        family: Family,
        network: &Network,
        (clock, deadline): (Clock, Time),
    ) -> Result<ScrapeFigures, Failure> {
        let patience = deadline.since(clock.now());
        if patience < Duration::from_millis(1) {
            return Err(Failure::new(format!("no answer in {} s", SCRAPE_PATIENCE.as_secs())));
        }
        match url.scheme() {
            Scheme::Http | Scheme::Https => {
                let agent = network.agent(family, patience);
                http::scrape(&agent, url, self.info_hash, patience)
            }
            Scheme::Udp => {
                // Nobody cuts it off: it ends by itself, and so does the process.
                let (_mailbox, letters) = mailbox(1);
                let asking = Asking { url, family, patience, seed: self.seed, letters: &letters };
                let question = Question::Scrape(self.info_hash);
                match ask(&asking, question, &mut Memory::default(), clock)? {
                    Answer::Scraped(figures) => Ok(figures),
                    Answer::Refused(reason) => {
                        Err(Failure::new(format!("the tracker says: {reason}")))
                    }
                    Answer::Announced(_) => Err(Failure::new("the answer is to another question")),
                }
            }
        }
    }
}
