//! `cuerda ring lookup` and `cuerda ring announce`.

use crate::chord::ring_id::RingId;
use crate::cli::arguments::ring::{AnnounceArguments, LookupArguments, ViaArguments};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::outcome::Outcome;
use crate::cli::ring::outside::{gone, silence, start, stop};
use crate::cli::ring::told::{Event, ToldPeer, tell};
use crate::client::ring::{Flags, Outcome as Answered, RingCall, RingHandle, RingPeer, RingWord};
use crate::limits::OPERATION_TIME_MAX;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// A node gives up on its own after [`OPERATION_TIME_MAX`]; its last word has this much longer.
const GRACE: Duration = Duration::from_secs(2);

/// Prints the peers of a torrent.
pub(crate) fn lookup(arguments: &LookupArguments, console: &Console) -> Result<Outcome, Failure> {
    let ring = start(&arguments.via, &console.output)?;
    let asked = Asked { via: &arguments.via, console };
    let result = asked.look_up(&ring.handle(), arguments);
    stop(ring);
    result
}

/// Announces a peer.
pub(crate) fn announce(
    arguments: &AnnounceArguments,
    console: &Console,
) -> Result<Outcome, Failure> {
    let ring = start(&arguments.via, &console.output)?;
    let asked = Asked { via: &arguments.via, console };
    let address = ring.listening().first().map(|address| address.ip());
    let AnnounceArguments { seeder, gone: left, pingable, .. } = *arguments;
    let flags = Flags { seeder, gone: left, unpingable: !pingable };
    let call = ring.handle().announce_with(arguments.info_hash, Some(arguments.port), flags, false);
    let result = call.map_err(gone).and_then(|call| asked.finish(call, "acknowledged"));
    stop(ring);
    let outcome = result?;
    if let Some(ip) = address {
        let place = SocketAddr::new(ip, arguments.port);
        let verb = if left { "taken back" } else { "announced" };
        console.output.talk(&format!("{verb}: {place}"));
    }
    Ok(outcome)
}

/// Something asked of a ring.
struct Asked<'a> {
    /// Where the ring is.
    via: &'a ViaArguments,
    /// Where words go.
    console: &'a Console,
}

impl Asked<'_> {
    /// Tells who comes first at the place of the key, then the peers as they come.
    fn look_up(
        &self,
        handle: &RingHandle,
        arguments: &LookupArguments,
    ) -> Result<Outcome, Failure> {
        let place = RingId::of_key(arguments.info_hash);
        self.tell_place(handle.find(place).map_err(gone)?)?;
        self.finish(handle.lookup(arguments.info_hash).map_err(gone)?, "answered")
    }

    /// Tells who comes first at the place of a key.
    fn tell_place(&self, call: RingCall) -> Result<(), Failure> {
        let deadline = call.clock().now() + OPERATION_TIME_MAX + GRACE;
        let (_, outcomes) = call.wait(deadline);
        let Some((_, Answered::Found { nodes, hops, requests })) = outcomes.into_iter().next()
        else {
            return Err(silence(self.via.via));
        };
        let nodes: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
        if let Some(first) = nodes.first().filter(|_| !self.via.json) {
            let requests = human::count(requests.into(), "request");
            let nearer = format!("{hops} answered with nearer nodes");
            let words = format!("first at the torrent's place: {first}; {requests}, {nearer}");
            self.console.output.talk(&words);
        } else {
            tell(&self.console.output, &Event::Found { nodes, hops, requests });
        }
        Ok(())
    }

    /// Tells peers as they come, and how it went.
    fn finish(&self, mut call: RingCall, verb: &str) -> Result<Outcome, Failure> {
        let deadline = call.clock().now() + OPERATION_TIME_MAX + GRACE;
        let mut found = BTreeMap::new();
        while let Some(word) = call.next(deadline) {
            match word {
                RingWord::Peers { peers } => self.tell_peers(&peers, &mut found),
                RingWord::Done { outcome, .. } => {
                    let there = found.values().filter(|flags| !flags.gone).count();
                    return self.conclude(&outcome, verb, there);
                }
                RingWord::Visited { .. } | RingWord::Status(_) => {}
            }
        }
        Err(silence(self.via.via))
    }

    /// Tells peers; those that were told and have left since, to people only.
    fn tell_peers(&self, peers: &[RingPeer], found: &mut BTreeMap<SocketAddr, Flags>) {
        let output = &self.console.output;
        if self.via.json {
            tell(output, &Event::Peers { peers: peers.iter().map(ToldPeer::from).collect() });
        }
        for (address, flags) in peers {
            let before = found.insert(*address, *flags);
            let told = before.is_some_and(|flags| !flags.gone);
            if self.via.json || told != flags.gone {
                continue;
            }
            if flags.gone {
                output.talk(&format!("{address} has left"));
            } else {
                output.answer(address.to_string().as_bytes());
            }
        }
    }

    /// How it went.
    fn conclude(&self, outcome: &Answered, verb: &str, found: usize) -> Result<Outcome, Failure> {
        let Answered::Counted { complete, replies, replicas } = *outcome else {
            return Err(silence(self.via.via));
        };
        let quorum = self.via.identity.settings().quorum;
        let needed =
            if verb == "answered" { quorum.to_read(replicas) } else { quorum.to_write(replicas) };
        if self.via.json {
            tell(&self.console.output, &Event::Done { complete, replies, needed, replicas });
        }
        if !complete {
            let failure = Failure::new(format!(
                "{replies} of {replicas} replicas {verb}, {needed} are needed"
            ));
            return Err(failure
                .at(self.via.via)
                .advise("the ring is changing; try again in a few seconds"));
        }
        let peers = human::count(found as u64, "peer");
        let peers = if verb == "answered" { format!("; {peers}") } else { String::new() };
        let words = format!("{replies} of {replicas} replicas {verb}, {needed} are needed{peers}");
        self.console.output.talk(&words);
        Ok(Outcome::Done)
    }
}
