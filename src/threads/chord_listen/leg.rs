//! One node and its socket: what comes in goes to the node, what the node sends goes out.

use crate::chord::contact::{Contact, Family};
use crate::chord::input::{Event, Input, Output};
use crate::chord::node::state::Node;
use crate::chord::renewals::Renewals;
use crate::chord::settings::Settings;
use crate::kit::clock::Time;
use crate::limits::{DATAGRAM_READ_MAX, DATAGRAMS_PER_TURN};
use crate::threads::chord_listen::socket::{Read, Room, read};
use crate::threads::chord_listen::words::{NodeStatus, Traffic};
use mio::net::UdpSocket;
use std::net::SocketAddr;
use std::sync::Arc;

/// A node and its socket.
pub(super) struct Leg {
    /// Which of the two rings.
    pub family: Family,
    /// The socket.
    pub socket: UdpSocket,
    /// The node.
    pub node: Node,
    /// What its users keep announced.
    pub renewals: Renewals,
    /// Whether the socket may have something to read.
    pub readable: bool,
    /// What cookies and chance follow from.
    secret: [u8; 32],
    /// The ring.
    settings: Arc<Settings>,
    /// What came and went.
    traffic: Traffic,
    /// What the node wants done; kept for its memory.
    out: Vec<Output>,
}

impl Leg {
    /// A node that will be seen at `address`, and whose socket that is.
    pub(super) fn new(
        socket: UdpSocket,
        address: SocketAddr,
        settings: Arc<Settings>,
        (secret, renewals): ([u8; 32], Renewals),
    ) -> Self {
        Self {
            family: Family::of(address),
            socket,
            node: Node::new(address, settings.clone(), secret),
            renewals,
            secret,
            settings,
            readable: true,
            traffic: Traffic::default(),
            out: Vec::new(),
        }
    }

    /// Begins anew as a node that is seen at another address.
    pub(super) fn renew(&mut self, address: SocketAddr) {
        self.node = Node::new(address, self.settings.clone(), self.secret);
    }

    /// Gives the node something, sends what it wants sent, and adds what it tells to `events`.
    pub(super) fn give(&mut self, now: Time, input: Input<'_>, events: &mut Vec<Event>) {
        self.node.handle(now, input, &mut self.out);
        for output in self.out.drain(..) {
            match output {
                Output::Event(event) => events.push(event),
                Output::Send { to, bytes } => match self.socket.send_to(&bytes, to) {
                    Ok(length) => {
                        self.traffic.datagrams_out += 1;
                        self.traffic.bytes_out += length as u64;
                    }
                    Err(error) => {
                        // The same as lost on the way: what matters is sent again.
                        self.traffic.unsent += 1;
                        log::debug!("a datagram to {to} was not taken: {error}");
                    }
                },
            }
        }
    }

    /// Reads what has come, but not for long: what is left makes the leg readable.
    pub(super) fn read(&mut self, now: Time, room: &mut Room, events: &mut Vec<Event>) {
        for _ in 0..DATAGRAMS_PER_TURN {
            match read(&self.socket, room) {
                Read::Nothing => {
                    self.readable = false;
                    return;
                }
                Read::TooLong => self.traffic.too_long += 1,
                Read::Datagram(from, length) => {
                    self.traffic.datagrams_in += 1;
                    self.traffic.bytes_in += length as u64;
                    let bytes = &room[..length.min(DATAGRAM_READ_MAX)];
                    self.give(now, Input::Datagram { from, bytes }, events);
                }
            }
        }
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Time> {
        [self.node.deadline(), self.renewals.deadline()].into_iter().flatten().min()
    }

    /// The contacts to be saved: up to a cache of them.
    pub(super) fn contacts(&self) -> impl Iterator<Item = SocketAddr> {
        self.node.contacts().live().map(|contact: Contact| contact.address)
    }

    /// How the node is.
    pub(super) fn status(&self) -> NodeStatus {
        let node = &self.node;
        let pieces = node.holdings().pieces();
        NodeStatus {
            me: node.me(),
            standing: node.standing(),
            successors: node.neighborhood().successors.entries().to_vec(),
            predecessors: node.neighborhood().predecessors.entries().to_vec(),
            fingers: node.fingers().entries().count(),
            contacts: node.contacts().len(),
            nodes: node.estimated_nodes(),
            keys: node.store().key_count(),
            records: node.store().len(),
            arcs: pieces.len(),
            arcs_complete: pieces.iter().filter(|piece| piece.warm).count(),
            calls: node.calls_waiting(),
            announced: self.renewals.len(),
            reachable: node.is_reachable(),
            refused: node.refused(),
            traffic: self.traffic,
        }
    }
}
