//! What a `tracker-N` thread is given, and its body.

use crate::kit::clock::Clock;
use crate::kit::mailbox::{Letters, Mailbox, mailbox};
use crate::limits::{ADDRESSES_PER_EVENT_MAX, TRACKER_TIMEOUT, UDP_PATIENCE};
use crate::swarm::addresses::is_dialable;
use crate::swarm::event::{Control, Event};
use crate::swarm::state::TorrentKey;
use crate::threads::bus::Bus;
use crate::threads::tracker::http;
use crate::threads::tracker::names::resolve;
use crate::threads::tracker::network::Network;
use crate::threads::tracker::ourselves::{Ourselves, our_end};
use crate::threads::tracker::outcome::{Failure, Memory, Outcome};
use crate::threads::tracker::udp::{Asking, CUT, ask};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, AnnounceRequest, Family};
use crate::tracker::udp_exchange::{Answer, Question};
use crate::tracker::url::{Scheme, TrackerUrl};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::Agent;

/// Set when the peers of the tracker before were told to leave, which is done once for all
/// families, before any peer of the new tracker is published.
pub type Switch = Arc<OnceLock<()>>;

/// One announce.
#[derive(Debug)]
pub struct Task {
    /// Of which torrent.
    pub torrent: TorrentKey,
    /// To whom.
    pub url: Arc<TrackerUrl>,
    /// Over which family.
    pub family: Family,
    /// If another tracker was in use whose peers are to be left: what the families share.
    pub switch: Option<Switch>,
    /// What is told.
    pub request: AnnounceRequest,
    /// What is remembered of the tracker.
    pub memory: Memory,
    /// How long it may take at most; usual times are shorter.
    pub patience: Duration,
    /// Names transactions.
    pub seed: u64,
}

/// How the tracker is reached.
#[derive(Debug)]
enum Way {
    /// Over HTTP.
    Http(Agent),
    /// Over UDP; the mailbox says when to give up.
    Udp(Letters<()>),
}

/// An announce with all that it needs.
#[derive(Debug)]
pub struct Job {
    /// What is to be done.
    task: Task,
    /// How.
    way: Way,
    /// Which addresses are ours.
    ourselves: Arc<Ourselves>,
    /// Where peers are published.
    bus: Bus,
    /// What time it is.
    clock: Clock,
}

/// Cuts an announce off that is under way.
#[derive(Debug)]
pub enum Cutter {
    /// Over HTTP. Looking up a name and connecting are not cut off, only bounded.
    Http(Agent),
    /// Over UDP.
    Udp(Mailbox<()>),
}

impl Cutter {
    /// Cuts it off.
    pub fn cut(self) {
        match self {
            Self::Http(agent) => agent.shutdown(),
            Self::Udp(mailbox) => mailbox.set_state(CUT, 0),
        }
    }
}

impl Task {
    /// A job of this task, and what cuts it off.
    pub fn prepare(
        mut self,
        network: &Network,
        ourselves: Arc<Ourselves>,
        bus: Bus,
        clock: Clock,
    ) -> (Job, Cutter) {
        let (way, cutter) = match self.url.scheme() {
            Scheme::Udp => {
                self.patience = self.patience.min(UDP_PATIENCE);
                let (mailbox, letters) = mailbox(1);
                (Way::Udp(letters), Cutter::Udp(mailbox))
            }
            Scheme::Http | Scheme::Https => {
                self.patience = self.patience.min(TRACKER_TIMEOUT);
                let agent = network.agent(self.family, self.patience);
                (Way::Http(agent.clone()), Cutter::Http(agent))
            }
        };
        (Job { task: self, way, ourselves, bus, clock }, cutter)
    }
}

impl Job {
    /// The thread's body.
    pub fn run(mut self) -> Outcome {
        let mut memory = self.task.memory;
        let result = self.announce(&mut memory).map(|mut reply| {
            let found = self.publish(&mut reply, &memory);
            (reply, found)
        });
        Outcome { memory, result }
    }

    fn announce(&mut self, memory: &mut Memory) -> Result<AnnounceReply, Failure> {
        let Task { url, family, request, patience, seed, .. } = &self.task;
        match &self.way {
            Way::Http(agent) => http::announce(agent, url, request, *patience),
            Way::Udp(letters) => {
                let (family, patience, seed) = (*family, *patience, *seed);
                let asking = Asking { url, family, patience, seed, letters };
                let path = url.path_and_query().into_bytes();
                let question = Question::Announce(Box::new(request.clone()), path);
                match ask(&asking, question, memory, self.clock)? {
                    Answer::Announced(reply) => Ok(reply),
                    Answer::Refused(reason) => {
                        Err(Failure::new(format!("the tracker says: {reason}")))
                    }
                    Answer::Scraped(_) => Err(Failure::new("the answer is to another question")),
                }
            }
        }
    }

    /// Publishes the peers of an answer that can be dialed, a few an event; tells how many.
    fn publish(&self, reply: &mut AnnounceReply, memory: &Memory) -> u32 {
        let peers = std::mem::take(&mut reply.peers);
        if self.task.request.event == AnnounceEvent::Stopped {
            return 0;
        }
        let near = self.near(reply.external_ip, memory);
        let others = peers.iter().filter(|peer| !self.ourselves.is_us(peer, &near));
        let addresses = others.map(|peer| peer.address).filter(|&address| is_dialable(address));
        let addresses: Vec<SocketAddr> = addresses.collect();
        let torrent = self.task.torrent;
        if let Some(switch) = &self.task.switch {
            // The other family's thread waits meanwhile, so that nobody it found is told to leave.
            switch.get_or_init(|| {
                let _ = self.bus.publish(Event::Control(Control::Part(torrent)));
            });
        }
        for chunk in addresses.chunks(ADDRESSES_PER_EVENT_MAX) {
            let found = Control::Found { torrent, addresses: chunk.into() };
            if self.bus.publish(Event::Control(found)).is_err() {
                break;
            }
        }
        addresses.len() as u32
    }

    /// Addresses that are ours as this announce shows.
    fn near(&self, told: Option<IpAddr>, memory: &Memory) -> Vec<IpAddr> {
        let tracker = memory.address.or_else(|| {
            let Task { url, family, .. } = &self.task;
            let addresses = resolve(url.host(), url.port(), *family).ok()?;
            addresses.first().copied()
        });
        tracker.and_then(our_end).into_iter().chain(told).collect()
    }
}
