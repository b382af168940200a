//! What `cuerda node --json` and `cuerda ring --json` tell. Names of fields are a promise.

use crate::cli::out::Output;
use crate::client::ring::{Flags, NodeStatus, Standing, Walked};
use serde::Serialize;
use std::net::SocketAddr;

/// Something that happens.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The node listens.
    Listening {
        /// Where.
        addresses: Vec<SocketAddr>,
        /// Its places on the circle, 40 hexadecimal digits each.
        places: Vec<String>,
    },
    /// The node is part of a ring.
    Joined {
        /// Its address.
        address: SocketAddr,
    },
    /// Nobody answered, so the node has begun a ring; it goes on looking for the others.
    Alone {
        /// Its address.
        address: SocketAddr,
    },
    /// The node is seen at another address and joins anew.
    Moved {
        /// The address.
        address: SocketAddr,
    },
    /// How the node is.
    Status(Box<ToldStatus>),
    /// The node has left.
    Stopped,
    /// The place of a key was found.
    Found {
        /// The nodes that follow it, the first one first, as far as the node knew that answered.
        nodes: Vec<SocketAddr>,
        /// Answers that led nearer to them.
        hops: u32,
        /// Requests that it took to find them.
        requests: u32,
    },
    /// Peers were found.
    Peers {
        /// The peers; one that has left or changed is told again.
        peers: Vec<ToldPeer>,
    },
    /// It is over.
    Done {
        /// Whether enough replicas agreed.
        complete: bool,
        /// How many acknowledged or answered.
        replies: usize,
        /// How many were needed.
        needed: usize,
        /// How many there are.
        replicas: usize,
    },
}

/// A peer.
#[derive(Debug, Serialize)]
pub(super) struct ToldPeer {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// Whether it has all pieces.
    pub(super) seeder: bool,
    /// Whether it has left, after it was told as one that is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
}

impl From<&(SocketAddr, Flags)> for ToldPeer {
    fn from((address, flags): &(SocketAddr, Flags)) -> Self {
        Self { address: *address, seeder: flags.seeder, gone: flags.gone }
    }
}

/// How a node is.
#[derive(Debug, Serialize)]
pub(super) struct ToldStatus {
    /// Its address.
    address: SocketAddr,
    /// Its place on the circle, 40 hexadecimal digits.
    place: String,
    /// `client`, `joining`, `member` or `leaving`.
    standing: &'static str,
    /// About how many nodes the ring has.
    nodes: u64,
    /// Those that follow, the nearest first.
    successors: Vec<SocketAddr>,
    /// Those before, the nearest first.
    predecessors: Vec<SocketAddr>,
    /// Fingers known beyond the successors.
    fingers: usize,
    /// Contacts remembered.
    contacts: usize,
    /// Keys of which it holds records.
    keys: usize,
    /// Records over all keys.
    records: usize,
    /// Arcs held.
    arcs: usize,
    /// Arcs of those whose records are complete.
    arcs_complete: usize,
    /// Questions that wait for an answer.
    calls: usize,
    /// Datagrams read, and their bytes.
    datagrams_in: u64,
    /// See `datagrams_in`.
    bytes_in: u64,
    /// Datagrams sent, and their bytes.
    datagrams_out: u64,
    /// See `datagrams_out`.
    bytes_out: u64,
    /// Whether nodes that it never asked can reach it, if that is known.
    reachable: Option<bool>,
    /// Datagrams of strangers that a closed ring's node did not take in.
    strange: u64,
    /// The same of those whose clock differs too much, and of old copies.
    untimely: u64,
    /// The same of copies.
    repeated: u64,
    /// Datagrams too long to be of the ring.
    too_long: u64,
    /// Datagrams that the system did not take.
    unsent: u64,
}

impl From<&NodeStatus> for ToldStatus {
    fn from(status: &NodeStatus) -> Self {
        let addresses = |contacts: &[crate::chord::contact::Contact]| {
            contacts.iter().map(|contact| contact.address).collect()
        };
        let traffic = status.traffic;
        Self {
            address: status.me.address,
            place: status.me.id.to_string(),
            standing: standing(status.standing),
            nodes: status.nodes,
            successors: addresses(&status.successors),
            predecessors: addresses(&status.predecessors),
            fingers: status.fingers,
            contacts: status.contacts,
            keys: status.keys,
            records: status.records,
            arcs: status.arcs,
            arcs_complete: status.arcs_complete,
            calls: status.calls,
            datagrams_in: traffic.datagrams_in,
            bytes_in: traffic.bytes_in,
            datagrams_out: traffic.datagrams_out,
            bytes_out: traffic.bytes_out,
            reachable: status.reachable,
            strange: status.refused.strange,
            untimely: status.refused.untimely,
            repeated: status.refused.repeated,
            too_long: traffic.too_long,
            unsent: traffic.unsent,
        }
    }
}

/// Where a node stands, in a word.
fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Client => "client",
        Standing::Joining => "joining",
        Standing::Member => "member",
        Standing::Leaving => "leaving",
    }
}

/// A whole ring, as `cuerda ring status --json` tells it.
#[derive(Debug, Serialize)]
pub(super) struct ToldRing {
    /// Whether all nodes that answered agree on one ring.
    ideal: bool,
    /// Whether there are more nodes than were visited.
    cut: bool,
    /// The nodes, by place.
    nodes: Vec<ToldNode>,
    /// Addresses that somebody names and that did not answer as members.
    silent: Vec<SocketAddr>,
}

/// A node of it.
#[derive(Debug, Serialize)]
struct ToldNode {
    /// Its address.
    address: SocketAddr,
    /// Its place on the circle, 40 hexadecimal digits.
    place: String,
    /// Keys of which it holds records, if it says.
    keys: Option<u32>,
    /// Those that follow, the nearest first, as it says.
    successors: Vec<SocketAddr>,
    /// Those before, the nearest first, as it says.
    predecessors: Vec<SocketAddr>,
    /// What it says and the others do not bear out, in words.
    faults: Vec<String>,
}

impl ToldRing {
    /// What is told of a walk, if lists should have so many entries.
    pub(super) fn new(walked: &Walked, depth: usize) -> Self {
        let nodes = walked.nodes.iter().enumerate().map(|(index, (contact, visit))| ToldNode {
            address: contact.address,
            place: contact.id.to_string(),
            keys: visit.keys,
            successors: visit.successors.iter().map(|node| node.address).collect(),
            predecessors: visit.predecessors.iter().map(|node| node.address).collect(),
            faults: walked.faults(index, depth),
        });
        Self {
            ideal: walked.is_ideal(depth),
            cut: walked.cut,
            nodes: nodes.collect(),
            silent: walked.silent.iter().map(|node| node.address).collect(),
        }
    }
}

/// Writes an object as a line.
pub(super) fn tell(output: &Output, told: &impl Serialize) {
    // Numbers, texts and lists always become JSON.
    if let Ok(line) = serde_json::to_vec(told) {
        output.answer(&line);
    }
}
