//! A tiny ring whose time and network are in the hands of the test: any datagram may arrive next,
//! and time passes only when the test says so.

use cuerda::chord::input::{Command, Event, Input, Output};
use cuerda::chord::message::Standing;
use cuerda::chord::node::state::Node;
use cuerda::chord::settings::{RingTag, Settings};
use cuerda::kit::clock::Time;
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Messages that one step may cause before it counts as a loop.
const MESSAGES_MAX: usize = 2_000;
/// A datagram on its way.
pub(crate) type Flying = (SocketAddr, SocketAddr, Vec<u8>);

/// A tiny ring in one state.
#[derive(Clone)]
pub(crate) struct Ring {
    pub(crate) settings: Arc<Settings>,
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Option<Node>>,
    pub(crate) flying: VecDeque<Flying>,
    /// Nodes that found nobody and look for other rings: they take turns to merge, too.
    pub(crate) merging: BTreeSet<usize>,
    /// What came of commands, of all nodes.
    pub(crate) events: Vec<Event>,
    /// How it came about.
    pub(crate) story: Vec<String>,
}

/// The address of a place.
pub(crate) fn address(index: usize) -> SocketAddr {
    ([10, 0, 0, 1 + index as u8], 7_000).into()
}

impl Ring {
    /// Places without nodes.
    pub(crate) fn new(places: usize, settings: Settings) -> Self {
        let nodes = (0..places).map(|_| None).collect();
        Self {
            settings: Arc::new(settings),
            now: Time::ZERO + Duration::from_secs(1),
            nodes,
            flying: VecDeque::new(),
            merging: BTreeSet::new(),
            events: Vec::new(),
            story: Vec::new(),
        }
    }

    pub(crate) fn tag(&self) -> RingTag {
        self.settings.tag()
    }

    /// Starts a node that joins through others, or begins a ring.
    pub(crate) fn begin(&mut self, index: usize, via: &[usize]) {
        let secret = [index as u8 + 1; 32];
        self.nodes[index] = Some(Node::new(address(index), Arc::clone(&self.settings), secret));
        let bootstrap = via.iter().map(|via| address(*via)).collect();
        self.give(index, Input::Command(0, Command::Join(bootstrap)));
    }

    /// Gives a node something.
    pub(crate) fn give(&mut self, index: usize, input: Input<'_>) {
        let Some(node) = self.nodes[index].as_mut() else { return };
        let mut out = Vec::new();
        node.handle(self.now, input, &mut out);
        assert_eq!(node.fault(), None, "{:?}", self.story);
        for output in out {
            match output {
                Output::Send { to, bytes } => self.flying.push_back((address(index), to, bytes)),
                Output::Event(Event::Merging) => {
                    self.merging.insert(index);
                }
                Output::Event(event @ (Event::Peers { .. } | Event::Done { .. })) => {
                    self.events.push(event);
                }
                Output::Event(_) => {}
            }
        }
    }

    /// One of the datagrams on their way arrives.
    pub(crate) fn arrive(&mut self, which: usize) {
        let Some((from, to, bytes)) = self.flying.remove(which) else { return };
        if let Some(index) = (0..self.nodes.len()).find(|index| address(*index) == to) {
            self.give(index, Input::Datagram { from, bytes: &bytes });
        }
    }

    /// Lets everything arrive, in order.
    pub(crate) fn deliver(&mut self) {
        for _ in 0..MESSAGES_MAX {
            if self.flying.is_empty() {
                return;
            }
            self.arrive(0);
        }
        panic!("no end of messages: {:?}", self.story);
    }

    /// Lets everything arrive, and questions to those who have crashed be given up.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MESSAGES_MAX {
            self.deliver();
            let waiting = |node: &Option<Node>| {
                let joining = |node: &Node| node.standing() == Standing::Joining;
                node.as_ref().is_some_and(|node| node.calls_waiting() > 0 || joining(node))
            };
            let due = self.nodes.iter().flatten().filter_map(Node::deadline).min();
            let (Some(due), true) = (due, self.nodes.iter().any(waiting)) else { return };
            self.pass_to(due);
        }
        panic!("questions are never given up: {:?}", self.story);
    }

    /// Time passes, and what is due happens.
    pub(crate) fn pass_to(&mut self, time: Time) {
        self.now = self.now.max(time);
        for index in 0..self.nodes.len() {
            let due = self.nodes[index].as_ref().and_then(Node::deadline);
            if due.is_some_and(|due| due <= self.now) {
                self.give(index, Input::Deadline);
            }
        }
    }

    /// The members of the ring, by place.
    pub(crate) fn members(&self) -> Vec<(usize, &Node)> {
        let members = self.nodes.iter().enumerate();
        let members = members.filter_map(|(index, node)| Some((index, node.as_ref()?)));
        members.filter(|(_, node)| node.standing() == Standing::Member).collect()
    }
}
