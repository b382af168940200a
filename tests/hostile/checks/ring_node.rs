//! A node of the ring among nodes that say whatever the bytes say: its state stays sound, it does
//! not talk without end, nobody is flooded through it, and all that it says is a message.

use cuerda::chord::codec::{decode, encode};
use cuerda::chord::contact::{Contact, Family};
use cuerda::chord::input::{Command, Input, Output, Turn};
use cuerda::chord::message::{
    Announce, Answer, Body, Cookie, Fault, Flags, Message, Peer, Query, Record, Standing,
    Transaction,
};
use cuerda::chord::neighborhood::Arc as RingArc;
use cuerda::chord::node::state::Node;
use cuerda::chord::ring_id::RingId;
use cuerda::chord::settings::Settings;
use cuerda::id::InfoHash;
use cuerda::kit::clock::Time;
use cuerda::limits::{AMPLIFICATION_MAX, DATAGRAM_MAX, HOLDINGS_MAX};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Things that happen in one run.
const HAPPENINGS_MAX: usize = 200;
/// Datagrams that one thing may cause: an announce at several learners, an acquisition of several
/// arcs.
const REPLIES_MAX: usize = 600;

/// The bytes say what happens, one after the other.
pub(crate) fn check(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut table = Table::new(script.byte());
    for _ in 0..HAPPENINGS_MAX {
        if script.0.is_empty() {
            return;
        }
        table.happen(&mut script);
    }
}

/// Bytes that are read as numbers; 0 when there are none left.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn raw(&mut self, length: usize) -> Vec<u8> {
        let (raw, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        raw.to_vec()
    }

    /// One of the few nodes that there are.
    fn address(&mut self) -> SocketAddr {
        let byte = self.byte();
        let net = if byte & 16 == 0 { 10 } else { 20 };
        ([net, 0, byte & 3, byte & 15], u16::from(byte >> 6) + 1).into()
    }

    fn contact(&mut self) -> Contact {
        Contact::new(self.address())
    }

    fn contacts(&mut self, most: usize) -> Vec<Contact> {
        let count = usize::from(self.byte()) % (most + 1);
        (0..count).map(|_| self.contact()).collect()
    }

    /// A place: of a node, just before one, or any.
    fn place(&mut self) -> RingId {
        match self.byte() % 4 {
            0 => self.contact().id,
            1 => self.contact().id.before(),
            2 => RingId([self.byte(); 20]),
            _ => RingId::of_key(InfoHash([self.byte() % 4; 20])),
        }
    }

    fn arc(&mut self) -> RingArc {
        RingArc { begin: self.place(), end: self.place() }
    }

    fn flags(&mut self) -> Flags {
        Flags::from_bits(self.byte())
    }

    fn info_hash(&mut self) -> InfoHash {
        InfoHash([self.byte() % 4; 20])
    }

    fn record(&mut self) -> Record {
        Record {
            key: self.place(),
            address: self.address(),
            flags: self.flags(),
            sequence: self.number(),
            lease: u16::from(self.byte()) * 20,
        }
    }

    fn query(&mut self) -> Query {
        match self.byte() % 12 {
            0 => Query::Ping,
            1 => Query::FindSuccessor { target: self.place(), dead: self.contacts(8) },
            2 => Query::GetNeighbors,
            3 => Query::Notify { former: self.contacts(1).first().copied() },
            4 => Query::Leave { successors: self.contacts(24), predecessors: self.contacts(10) },
            5 => Query::GetPeers { info_hash: self.info_hash(), most: self.byte().into() },
            6 => Query::AnnouncePeer(Announce {
                info_hash: self.info_hash(),
                port: (self.byte() & 1 == 1).then(|| self.byte().into()),
                flags: self.flags(),
                sequence: self.number(),
                lease: u16::from(self.byte()) * 20,
            }),
            7 => Query::Sync {
                arc: self.arc(),
                digests: (self.byte() & 1 == 1).then(|| Box::new([self.byte().into(); 16])),
                learner: (self.byte() & 1 == 1).then(|| self.byte().into()),
            },
            8 => Query::Activate {
                arc: self.arc(),
                view: self.contacts(9),
                olds: (0..self.byte() % 4).map(|_| self.number()).collect(),
            },
            9 => Query::Fetch { arc: self.arc(), after: None },
            10 => {
                Query::Transfer { records: (0..self.byte() % 8).map(|_| self.record()).collect() }
            }
            _ => Query::Probe {
                target: self.contacts(1).first().map(|contact| contact.address),
                spared: self.contacts(8),
            },
        }
    }

    fn answer(&mut self, cookie: Cookie) -> Answer {
        let parts = self.number();
        let has = |bit: u32| parts & 1 << bit != 0;
        Answer {
            standing: has(0).then_some(Standing::Member),
            seen: has(1).then(|| self.address()),
            cookie: has(2).then_some(cookie),
            closer: has(3).then(|| self.contacts(8)),
            successors: has(4).then(|| self.contacts(24)),
            first: has(5),
            predecessors: has(6).then(|| self.contacts(10)),
            warm: has(7).then_some(has(8)),
            view: has(9).then(|| self.contacts(9)),
            peers: has(10).then(|| {
                let peers = 0..self.byte() % 8;
                let peer = |_| Peer {
                    address: self.address(),
                    flags: self.flags(),
                    sequence: self.byte().into(),
                };
                peers.map(peer).collect()
            }),
            total: has(11).then(|| self.number()),
            lease: has(12).then(|| self.byte().into()),
            differing: has(13).then(|| u16::from(self.byte()) << 8 | u16::from(self.byte())),
            records: (has(14) && !has(10))
                .then(|| (0..self.byte() % 8).map(|_| self.record()).collect()),
            more: has(15),
            until: has(16).then(|| self.place()),
            retry: has(17).then(|| self.byte().into()),
        }
    }
}

/// The node, and what it has said to whom.
struct Table {
    node: Node,
    settings: Arc<Settings>,
    now: Time,
    /// Questions of the node that wait, the last ones.
    asked: Vec<(SocketAddr, Transaction)>,
    /// The last cookie or token that it gave to each.
    given: BTreeMap<SocketAddr, Cookie>,
    /// Commands given.
    commands: u64,
}

impl Table {
    fn new(kind: u8) -> Self {
        let settings =
            Settings { client: kind & 1 == 1, test_network: kind & 2 == 2, ..Settings::default() };
        let settings = Arc::new(settings);
        let me = ([10, 0, 0, 200], 7_000).into();
        let node = Node::new(me, Arc::clone(&settings), [kind; 32]);
        let now = Time::ZERO + Duration::from_secs(1);
        let mut table =
            Self { node, settings, now, asked: Vec::new(), given: BTreeMap::new(), commands: 0 };
        let bootstrap = if kind & 4 == 4 { vec![([10, 0, 1, 1], 1).into()] } else { Vec::new() };
        table.give(Input::Command(0, Command::Join(bootstrap)), None);
        table
    }

    fn happen(&mut self, script: &mut Script<'_>) {
        match script.byte() % 8 {
            0 => {
                let (from, length) = (script.address(), usize::from(script.byte()) * 8);
                let bytes = script.raw(length);
                self.datagram(from, &bytes, false);
            }
            1 | 2 => {
                let from = script.address();
                let how = script.byte();
                let given = self.given.get(&from).copied();
                let cookie = given.filter(|_| how & 1 == 0);
                let query = script.query();
                let body = Body::Query { query, cookie, client: how & 6 == 6 };
                self.say(from, [how, 1, 2, 3], body, cookie.is_some());
            }
            3 | 4 => {
                let chosen = usize::from(script.byte());
                let Some((from, transaction)) = self.take_asked(chosen) else { return };
                let fault = script.byte();
                let answer = Box::new(script.answer([fault; 8]));
                let body = match fault % 8 {
                    0 => Body::Fault(Fault::from_code(200 + i64::from(fault)), answer),
                    _ => Body::Answer(answer),
                };
                self.say(from, transaction, body, true);
            }
            5 => {
                let pause = Duration::from_millis(u64::from(script.byte()) * 40);
                self.now = self.now + pause;
                self.give(Input::Deadline, None);
            }
            6 => {
                let turn = Turn::ALL[usize::from(script.byte()) % Turn::ALL.len()];
                self.give(Input::Turn(turn), None);
            }
            _ => {
                let command = match script.byte() % 8 {
                    0..=2 => Command::Lookup(script.info_hash()),
                    3..=5 => Command::Announce {
                        info_hash: script.info_hash(),
                        port: None,
                        flags: script.flags(),
                    },
                    6 => Command::FindSuccessor(script.place()),
                    _ => Command::Leave,
                };
                self.commands += 1;
                self.give(Input::Command(self.commands, command), None);
            }
        }
    }

    fn take_asked(&mut self, chosen: usize) -> Option<(SocketAddr, Transaction)> {
        let count = self.asked.len();
        (count > 0).then(|| self.asked.remove(chosen % count))
    }

    fn say(&mut self, from: SocketAddr, transaction: Transaction, body: Body, proven: bool) {
        let bytes = encode(&Message { transaction, body }, self.settings.tag(), 0);
        self.datagram(from, &bytes, proven);
    }

    fn datagram(&mut self, from: SocketAddr, bytes: &[u8], proven: bool) {
        let unproven = (!proven).then_some((from, bytes.len()));
        self.give(Input::Datagram { from, bytes }, unproven);
    }

    /// Gives the node something, and looks at what it makes of it.
    fn give(&mut self, input: Input<'_>, unproven: Option<(SocketAddr, usize)>) {
        let mut out = Vec::new();
        self.node.handle(self.now, input, &mut out);
        assert_eq!(self.node.fault(), None);
        assert!(self.node.holdings().pieces().len() <= HOLDINGS_MAX);
        let mut replies = 0;
        for output in &out {
            let Output::Send { to, bytes } = output else { continue };
            replies += 1;
            assert!(bytes.len() <= DATAGRAM_MAX, "{} bytes", bytes.len());
            let message = decode(bytes, self.settings.tag(), Family::V4);
            let message = message.expect("a node says only messages");
            match message.body {
                Body::Query { .. } => self.asked.push((*to, message.transaction)),
                Body::Answer(answer) | Body::Fault(_, answer) => {
                    if let Some((from, length)) = unproven
                        && from == *to
                    {
                        assert!(bytes.len() <= length * AMPLIFICATION_MAX, "it amplifies");
                    }
                    self.given.extend(answer.cookie.map(|cookie| (*to, cookie)));
                }
            }
        }
        assert!(replies <= REPLIES_MAX, "{replies} datagrams at once");
        let old = self.asked.len().saturating_sub(64);
        self.asked.drain(..old);
    }
}
