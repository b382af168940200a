//! What strangers may send to a live node: it goes on, keeps its memory, and others are served.

use crate::processes::{becomes_right, number, ring, tell};
use crate::scene::{DEPTH, client, finish, hash, look_up, stop};
use cuerda::chord::codec::encode;
use cuerda::chord::contact::Contact;
use cuerda::chord::message::{
    Announce, Answer, Body, Fault, Flags, Message, Query, Record, Standing,
};
use cuerda::chord::neighborhood::Arc;
use cuerda::chord::ring_id::RingId;
use cuerda::chord::settings::Settings;
use cuerda::client::ring::{Outcome, Role};
use cuerda::kit::random::Random;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Datagrams sent between two looks whether the node is still there: what its socket surely holds.
const CHUNK: u32 = 100;
/// Growth of the node's memory that is noise of the allocator, in KiB.
const NOISE: u64 = 2 * 1024;

/// Sends what no honest node sends.
struct Stranger {
    /// Addresses to send from.
    sockets: Vec<UdpSocket>,
    /// Whom to.
    victim: SocketAddr,
    /// Decides.
    random: Random,
    /// Sent before, to be sent again.
    old: Vec<Vec<u8>>,
}

impl Stranger {
    /// A stranger of many addresses.
    fn new(victim: SocketAddr) -> Stranger {
        let address = |number: u8| Ipv4Addr::new(127, 66, number / 8, number + 1);
        let socket = |number| UdpSocket::bind((address(number), 0)).expect("a socket");
        let sockets: Vec<UdpSocket> = (0..32).map(socket).collect();
        Stranger { sockets, victim, random: Random::new(66), old: Vec::new() }
    }

    fn send(&mut self) {
        let bytes = self.make();
        let chosen = self.random.below(self.sockets.len() as u32) as usize;
        // A datagram that the system refuses to carry does no harm.
        let _ = self.sockets[chosen].send_to(&bytes, self.victim);
    }

    /// One datagram.
    fn make(&mut self) -> Vec<u8> {
        match self.random.below(10) {
            0 => {
                let length = self.random.below(1_500) as usize;
                self.bytes(length)
            }
            1 => b"l".repeat(self.random.below(1_400) as usize),
            2 => b"d1:a".repeat(self.random.below(350) as usize),
            3 => vec![b'i'; 1_401 + self.random.below(8_000) as usize],
            4 => {
                let mut bytes = self.message();
                bytes.truncate(self.random.below(bytes.len() as u32) as usize);
                bytes
            }
            5 => {
                let mut bytes = self.message();
                let place = self.random.below(bytes.len() as u32) as usize;
                bytes[place] ^= 1 << self.random.below(8);
                bytes
            }
            6 if !self.old.is_empty() => {
                self.old[self.random.below(self.old.len() as u32) as usize].clone()
            }
            _ => {
                let bytes = self.message();
                if self.old.len() < 1_000 {
                    self.old.push(bytes.clone());
                }
                bytes
            }
        }
    }

    /// A well-formed message that lies.
    fn message(&mut self) -> Vec<u8> {
        let transaction = std::array::from_fn(|_| self.random.below(256) as u8);
        let body = match self.random.below(4) {
            0 => Body::Answer(Box::new(self.answer())),
            1 => Body::Fault(Fault::NotResponsible, Box::new(self.answer())),
            _ => Body::Query {
                query: self.query(),
                cookie: (self.random.below(2) == 0)
                    .then(|| std::array::from_fn(|_| self.random.below(256) as u8)),
                client: self.random.below(2) == 0,
            },
        };
        encode(&Message { transaction, body }, Settings::default().tag(), 0)
    }

    fn query(&mut self) -> Query {
        let arc = Arc { begin: self.place(), end: self.place() };
        let key = self.place();
        match self.random.below(11) {
            0 => Query::Ping,
            1 => Query::FindSuccessor { target: key, dead: self.contacts(8) },
            2 => Query::GetNeighbors,
            3 => Query::Notify { former: self.contacts(1).pop() },
            4 => Query::Leave { successors: self.contacts(24), predecessors: self.contacts(10) },
            5 => Query::GetPeers { info_hash: hash(self.random.below(8)), most: 999 },
            6 => Query::AnnouncePeer(Announce {
                info_hash: hash(self.random.below(8)),
                port: Some(self.random.below(65_536) as u16),
                flags: Flags::from_bits(self.random.below(256) as u8),
                sequence: u32::MAX,
                lease: u16::MAX,
            }),
            7 => Query::Sync { arc, digests: None, learner: Some(7) },
            8 => Query::Activate { arc, view: self.contacts(5), olds: vec![1, 2] },
            9 => Query::Fetch { arc, after: None },
            _ => Query::Transfer {
                records: vec![Record {
                    key,
                    address: self.victim,
                    flags: Flags::default(),
                    sequence: u32::MAX,
                    lease: u16::MAX,
                }],
            },
        }
    }

    fn answer(&mut self) -> Answer {
        Answer {
            standing: Some(Standing::Member),
            successors: Some(self.contacts(24)),
            predecessors: Some(self.contacts(10)),
            closer: Some(self.contacts(8)),
            warm: Some(true),
            ..Answer::default()
        }
    }

    fn contacts(&mut self, most: u32) -> Vec<Contact> {
        let count = self.random.below(most + 1);
        (0..count)
            .map(|_| {
                let [a, b, c, d] = self.random.below(u32::MAX).to_be_bytes();
                let port = 1 + self.random.below(65_535) as u16;
                Contact::new(([127, a | 1, b ^ c, d | 1], port).into())
            })
            .collect()
    }

    fn place(&mut self) -> RingId {
        RingId(std::array::from_fn(|_| self.random.below(256) as u8))
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.random.below(256) as u8).collect()
    }
}

/// A pinger: the node has taken in what came before its answer.
struct Pinger {
    socket: UdpSocket,
    victim: SocketAddr,
}

impl Pinger {
    fn new(victim: SocketAddr) -> Pinger {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        Pinger { socket, victim }
    }

    /// Pings until there is an answer; the ping itself may be lost in the crowd.
    fn wait(&self, number: u32) {
        let transaction = number.to_be_bytes();
        let body = Body::Query { query: Query::Ping, cookie: None, client: true };
        let ping = encode(&Message { transaction, body }, Settings::default().tag(), 0);
        for _ in 0..20 {
            self.socket.send_to(&ping, self.victim).expect("sent");
            let mut room = [0; 1_400];
            while let Ok(length) = self.socket.recv(&mut room) {
                if room[..length].windows(4).any(|window| window == transaction) {
                    return;
                }
            }
        }
        panic!("the node does not answer any more");
    }
}

/// Datagrams that the system dropped because the socket at this port held too many.
fn dropped(port: u16) -> u64 {
    let table = std::fs::read_to_string("/proc/net/udp").expect("the system's table of sockets");
    let end = format!(":{port:04X}");
    let line = table
        .lines()
        .find(|line| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&end)));
    let drops = line.and_then(|line| line.split_whitespace().last());
    drops.and_then(|drops| drops.parse().ok()).expect("a figure")
}

/// A process's memory in KiB.
fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn hostile_datagrams_cost_a_node_neither_its_life_nor_memory_nor_its_service() {
    let count = number("RING_HOSTILE", 100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let mut nodes = ring(5, folder.path());
    let victim = nodes[2].address;
    let id = nodes[2].running.id();
    let outside = client(nodes[0].address);
    let handle = outside.handle();
    let clock = handle.clock();
    becomes_right(&handle, victim, (5, DEPTH), Duration::from_secs(30));
    let call = handle.announce(hash(1), Some(7_001), Role::Leecher).expect("a node");
    assert!(matches!(finish(call).1[..], [Outcome::Counted { complete: true, .. }]));
    let (mut stranger, pinger) = (Stranger::new(victim), Pinger::new(victim));
    let (mut before, mut slowest) = (0, Duration::ZERO);
    for chunk in 0..count / CHUNK {
        (0..CHUNK).for_each(|_| stranger.send());
        pinger.wait(0x7000_0000 | chunk << 2);
        if chunk == count / CHUNK / 4 {
            before = memory(id);
        }
        if chunk % 20 == 0 {
            let began = clock.now();
            let (_, complete) = look_up(&handle, hash(1));
            assert!(complete, "a lookup among hostile datagrams found no quorum");
            slowest = slowest.max(clock.now().since(began));
        }
    }
    let after = memory(id);
    tell(&format!("{count} hostile datagrams: {before} KiB, then {after} KiB"));
    let lost = dropped(victim.port());
    assert!(lost < u64::from(count) / 100, "{lost} datagrams never reached the node");
    tell(&format!("the slowest lookup meanwhile took {slowest:?}"));
    assert!(after <= before + NOISE, "memory grew from {before} to {after} KiB");
    assert!(slowest < Duration::from_secs(2), "a lookup took {slowest:?}");
    becomes_right(&handle, victim, (5, DEPTH), Duration::from_secs(30));
    for node in &mut nodes {
        assert_eq!(node.running.ended(), None, "a node has ended");
        assert!(!node.running.err().contains("panicked"), "{}", node.running.err());
    }
    stop(outside);
}
