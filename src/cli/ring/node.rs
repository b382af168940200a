//! `cuerda node`: a node of a ring until Ctrl-C.

use crate::chord::contact::{Contact, Family};
use crate::chord::settings::Settings;
use crate::cli::arguments::ring::NodeArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::out::Output;
use crate::cli::outcome::Outcome;
use crate::cli::ring::key::settings;
use crate::cli::ring::outside::explain;
use crate::cli::ring::told::{Event, ToldStatus, tell};
use crate::cli::signals::Signals;
use crate::client::ring::{NodeStatus, Ring, RingNotice, RingOptions};
use crossbeam_channel::{never, select, tick};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a node may take to say how it is.
const STATUS_PATIENCE: Duration = Duration::from_secs(2);

/// Is a node.
pub(crate) fn node(arguments: &NodeArguments, console: &Console) -> Result<Outcome, Failure> {
    // Until the node has left, so that a second Ctrl-C ends what hangs.
    let signals = console.signals()?;
    let settings = Settings {
        periods: arguments.periods.periods(),
        ..settings(&arguments.identity, &console.output)?
    };
    let ring = Ring::start(RingOptions {
        listen: arguments.listen.clone(),
        bootstrap: arguments.bootstrap.clone(),
        state: arguments.state.clone(),
        settings,
        ..RingOptions::default()
    })
    .map_err(|error| explain(&error))?;
    let teller = Teller { output: &console.output, json: arguments.json };
    teller.listening(ring.listening());
    let result = watch(arguments, &ring, &signals, &teller);
    let stopped = ring.stop();
    if stopped.threads_left > 0 {
        log::warn!("threads did not end in time: {}", stopped.names.join(", "));
    }
    teller.tell(&Event::Stopped);
    result
}

/// Tells what happens until its end.
fn watch(
    arguments: &NodeArguments,
    ring: &Ring,
    signals: &Signals,
    teller: &Teller<'_>,
) -> Result<Outcome, Failure> {
    let ticks = arguments.status.map_or_else(never, tick);
    let handle = ring.handle();
    let mut listening = ring.listening().to_vec();
    loop {
        select! {
            recv(signals.first()) -> _ => return Ok(Outcome::Done),
            recv(ring.notices()) -> notice => match notice {
                Ok(notice) => teller.notice(notice, &mut listening),
                Err(_) => {
                    let failure = Failure::new("the ring node has failed");
                    return Err(failure.advise("please report this as a bug"));
                }
            },
            recv(ticks) -> _ => {
                for status in handle.status(STATUS_PATIENCE).unwrap_or_default() {
                    teller.tell(&Event::Status(Box::new(ToldStatus::from(&status))));
                    teller.talk(&sentence(&status));
                }
            }
        }
        if arguments.json && !teller.output.is_heard() {
            return Ok(Outcome::Unheard);
        }
    }
}

/// Tells it, as JSON or in words.
struct Teller<'a> {
    /// Where.
    output: &'a Output,
    /// Whether as JSON.
    json: bool,
}

impl Teller<'_> {
    /// Tells programs.
    fn tell(&self, event: &Event) {
        if self.json {
            tell(self.output, event);
        }
    }

    /// Tells people.
    fn talk(&self, words: &str) {
        if !self.json {
            self.output.talk(words);
        }
    }

    /// The node listens.
    fn listening(&self, addresses: &[SocketAddr]) {
        let place = |address: &SocketAddr| Contact::new(*address).id.to_string();
        let places: Vec<String> = addresses.iter().map(place).collect();
        for (address, place) in addresses.iter().zip(&places) {
            self.talk(&format!("listening on UDP {address}, place {place}"));
            if !self.json {
                self.output.answer(address.to_string().as_bytes());
            }
        }
        self.tell(&Event::Listening { addresses: addresses.to_vec(), places });
    }

    /// Something happened.
    fn notice(&self, notice: RingNotice, listening: &mut [SocketAddr]) {
        let of_family = |family: Family| {
            let found = listening.iter().find(|address| Family::of(**address) == family);
            found.copied()
        };
        match notice {
            RingNotice::Joined(family) => {
                let Some(address) = of_family(family) else { return };
                self.tell(&Event::Joined { address });
                self.talk(&format!("part of a ring as {address}"));
            }
            RingNotice::Alone(family) => {
                let Some(address) = of_family(family) else { return };
                self.tell(&Event::Alone { address });
                self.talk("nobody answered, so this is a ring of its own; looking for the others");
            }
            RingNotice::Moved(address) => {
                let same = |old: &&mut SocketAddr| old.is_ipv4() == address.is_ipv4();
                if let Some(old) = listening.iter_mut().find(same) {
                    *old = address;
                }
                self.tell(&Event::Moved { address });
            }
            RingNotice::Changed(_) => {}
        }
    }
}

/// How a node is, in a sentence.
fn sentence(status: &NodeStatus) -> String {
    let NodeStatus { nodes, keys, records, traffic, .. } = status;
    let neighbor = |contact: Option<&Contact>| {
        contact.map_or_else(|| "nobody".to_owned(), |contact| contact.address.to_string())
    };
    let after = neighbor(status.successors.first());
    let before = neighbor(status.predecessors.first());
    format!(
        "about {}, before {after}, after {before}, {} with {}, {} in, {} out",
        human::count(*nodes, "node"),
        human::count(*keys as u64, "key"),
        human::count(*records as u64, "record"),
        human::size(traffic.bytes_in),
        human::size(traffic.bytes_out),
    )
}
