//! The simulated world: one queue of everything that will happen, and virtual time that jumps from
//! one to the next. All chance comes from one seed, so the same plan gives the same history.

use crate::client::Client;
use crate::content::Content;
use crate::end::{End, Letter};
use crate::plan::{Plan, Silence, millis};
use cuerda::connection::reason::CloseReason;
use cuerda::kit::clock::Time;
use cuerda::kit::random::Random;
use cuerda::layout::PieceIndex;
use cuerda::limits::{CHOKE_ROUND, HERALD_PAUSE};
use cuerda::swarm::event::{Control, DiskEvent, Event};
use cuerda::swarm::evidence::Evidence;
use cuerda::swarm::state::{ActiveKey, PeerKey, TorrentKey};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

/// What will happen.
#[derive(Debug)]
pub(crate) enum What {
    /// A client begins.
    Come(usize),
    /// A client is gone.
    Vanish(usize),
    /// A client's main loop has a turn.
    Main(usize),
    /// An end has a turn.
    End(usize),
    /// Somebody dials.
    Dial { end: usize, torrent: TorrentKey, to: usize },
    /// The one who dialed learns that there is nobody.
    NoAnswer(usize),
    /// Bytes reach an end.
    Bytes(usize, Vec<u8>),
    /// The end of the stream reaches an end.
    Ended(usize),
    /// A client's line is free again.
    LineFree(usize),
    /// A client's disk thread is done.
    Prepared(usize, TorrentKey),
    /// A torrent's verified pieces are recorded.
    Saved(usize, TorrentKey),
    /// A client's disk thread has looked whether there is room again.
    Probed(usize, TorrentKey),
    /// A client's disk thread has found the files of a complete torrent in their places.
    Settled(usize, TorrentKey),
    /// A client's hash thread is done with a piece.
    Hashed(usize, HashJob),
    /// A client's hash thread is done with looking.
    Checked { client: usize, torrent: TorrentKey, first: u32, count: u32 },
    /// The choker's round.
    Choker(usize),
    /// A slot is free before it.
    Fill(usize),
    /// The herald wakes peers.
    Herald(usize),
    /// A client changes its mind about everybody.
    Flap(usize),
}

/// A piece to be compared with its hash.
#[derive(Debug)]
pub(crate) struct HashJob {
    pub(crate) torrent: TorrentKey,
    pub(crate) active: ActiveKey,
    pub(crate) piece: PieceIndex,
    pub(crate) evidence: Option<Arc<Evidence>>,
}

/// When.
struct Entry(Time, u64, What);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// The world.
pub(crate) struct World {
    /// What it is made of.
    pub(crate) plan: Plan,
    /// What time it is.
    pub(crate) now: Time,
    /// All chance.
    pub(crate) random: Random,
    /// What will happen.
    queue: BinaryHeap<Reverse<Entry>>,
    /// Things put into the queue so far: what is due at one time happens in this order.
    sequence: u64,
    /// A number that depends on everything that happened.
    pub(crate) trace: u64,
    /// Things that happened.
    pub(crate) steps: u64,
    /// Torrents.
    pub(crate) contents: Vec<Content>,
    /// Clients.
    pub(crate) clients: Vec<Client>,
    /// Ends of connections, closed ones too.
    pub(crate) ends: Vec<End>,
    /// Orders that waited in the fullest mailbox there was.
    pub(crate) fullest_mailbox: usize,
}

impl World {
    /// A world in which nothing has happened.
    pub(crate) fn new(plan: Plan) -> Self {
        let mut random = Random::new(plan.seed);
        let torrents = plan.torrents.iter().enumerate();
        let contents: Vec<Content> = torrents
            .map(|(number, torrent)| {
                Content::new(number as u64, torrent.piece_length, torrent.length)
            })
            .collect();
        let clients = plan.clients.iter().enumerate().map(|(index, client)| {
            Client::new(index, client.clone(), &contents, random.next_u64())
        });
        let clients = clients.collect();
        let mut world = Self {
            now: Time::ZERO,
            random,
            queue: BinaryHeap::new(),
            sequence: 0,
            trace: 0xcbf2_9ce4_8422_2325,
            steps: 0,
            contents,
            clients,
            ends: Vec::new(),
            fullest_mailbox: 0,
            plan,
        };
        for index in 0..world.clients.len() {
            let plan = world.clients[index].plan.clone();
            world.after(plan.comes, What::Come(index));
            if let Some((when, _)) = plan.vanishes {
                world.after(when, What::Vanish(index));
            }
        }
        world
    }

    /// Puts something into the queue.
    pub(crate) fn after(&mut self, delay: Duration, what: What) {
        self.sequence += 1;
        self.queue.push(Reverse(Entry(self.now + delay, self.sequence, what)));
    }

    /// A short random while: what passes before a thread that was woken runs. Now and then it is a
    /// long one, as on a busy machine, so that words cross.
    pub(crate) fn moment(&mut self) -> Duration {
        let most = if self.random.below(16) == 0 { 40_000 } else { 300 };
        Duration::from_micros(u64::from(self.random.below(most)))
    }

    /// The next thing happens. False when nothing ever will.
    pub(crate) fn step(&mut self) -> bool {
        let Some(Reverse(Entry(at, _, what))) = self.queue.pop() else { return false };
        self.now = at;
        self.steps += 1;
        self.note(at.as_nanos());
        self.happen(what);
        true
    }

    /// Mixes a number into the trace.
    pub(crate) fn note(&mut self, number: u64) {
        self.trace = (self.trace ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }

    /// An end gets a turn soon.
    pub(crate) fn wake_end(&mut self, end: usize) {
        let moment = self.moment();
        self.turn_of_end(end, self.now + moment);
    }

    fn turn_of_end(&mut self, end: usize, at: Time) {
        let due = &mut self.ends[end].turn_at;
        if due.is_none_or(|due| at < due) {
            *due = Some(at);
            self.after(at.since(self.now), What::End(end));
        }
    }

    /// A main loop gets a turn soon.
    pub(crate) fn wake_main(&mut self, client: usize, at: Time) {
        let due = &mut self.clients[client].turn_at;
        if due.is_none_or(|due| at < due) {
            *due = Some(at);
            self.after(at.since(self.now), What::Main(client));
        }
    }

    /// Something is published.
    pub(crate) fn publish(&mut self, client: usize, event: Event) {
        self.clients[client].events.push_back(event);
        self.nudge(client);
    }

    /// Wakes a main loop for which events wait.
    pub(crate) fn nudge(&mut self, client: usize) {
        if !self.clients[client].events.is_empty() {
            let moment = self.moment();
            self.wake_main(client, self.now + moment);
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Come(client) => self.come(client),
            What::Vanish(client) => self.vanish(client),
            What::Main(client) => self.main_turn(client),
            What::End(end) => self.end_turn(end),
            What::Dial { end, torrent, to } => self.dial(end, torrent, to),
            What::NoAnswer(end) => self.no_answer(end),
            What::Bytes(end, bytes) => self.bytes(end, &bytes),
            What::Ended(end) => {
                self.ends[end].ended = true;
                self.wake_end(end);
            }
            What::LineFree(client) => {
                self.clients[client].line_busy = false;
                self.use_line(client);
            }
            What::Saved(client, torrent) => {
                self.publish(client, Event::Disk(DiskEvent::Saved(torrent)));
            }
            What::Prepared(client, torrent) => {
                let prepared = DiskEvent::Prepared { torrent, check: true };
                self.publish(client, Event::Disk(prepared));
            }
            What::Probed(client, torrent) => {
                let room = self.clients[client].probe();
                self.publish(client, Event::Disk(DiskEvent::Probed { torrent, room }));
            }
            What::Settled(client, torrent) => {
                self.publish(client, Event::Disk(DiskEvent::Settled { torrent }));
            }
            What::Hashed(client, job) => self.hashed(client, &job),
            What::Checked { client, torrent, first, count } => {
                self.checked(client, torrent, first, count);
            }
            What::Choker(client) => {
                self.clients[client].rechoke(self.now, true);
                self.nudge(client);
                self.after(CHOKE_ROUND, What::Choker(client));
            }
            What::Fill(client) => {
                self.clients[client].fill_due = false;
                self.clients[client].rechoke(self.now, false);
                self.nudge(client);
            }
            What::Herald(client) => self.herald(client),
            What::Flap(client) => self.flap(client),
        }
    }

    fn come(&mut self, client: usize) {
        self.clients[client].begin(&mut self.random);
        self.nudge(client);
        let first_round = millis(u64::from(self.random.below(10_000)));
        self.after(first_round, What::Choker(client));
        if let Some(pause) = self.clients[client].plan.flaps {
            self.after(pause, What::Flap(client));
        }
    }

    /// The client's process is killed: it says nothing any more.
    fn vanish(&mut self, client: usize) {
        self.clients[client].is_there = false;
        let silence = self.clients[client].plan.vanishes.map(|(_, silence)| silence);
        let ends: Vec<usize> = self.clients[client].ends.values().copied().collect();
        for end in ends {
            self.ends[end].close(CloseReason::Stopped, &mut self.clients[client]);
            if silence == Some(Silence::Closed) {
                self.end_stream(end);
            }
        }
    }

    /// Puts an order into the mailbox of a peer's thread.
    pub(crate) fn post(&mut self, client: usize, peer: PeerKey, letter: Letter) {
        let Some(&end) = self.clients[client].ends.get(&peer) else { return };
        if !self.ends[end].is_closed() {
            self.ends[end].post(letter);
            self.fullest_mailbox = self.fullest_mailbox.max(self.ends[end].waiting_orders());
            self.wake_end(end);
        }
    }

    fn end_turn(&mut self, end: usize) {
        if self.ends[end].turn_at != Some(self.now) {
            return;
        }
        self.ends[end].turn_at = None;
        let client = self.ends[end].client;
        if self.ends[end].is_closed() || !self.clients[client].is_there {
            return;
        }
        let (at, host) = (&mut self.ends[end], &mut self.clients[client]);
        let next = at.turn(self.now, host, &self.contents, &mut self.random);
        if let Some(next) = next {
            // A deadline that has passed would spin: time goes on by itself here.
            let next = next.max(self.now + Duration::from_micros(1));
            self.turn_of_end(end, next);
        } else if self.ends[end].is_closed() {
            self.end_stream(end);
        }
        self.nudge(client);
        self.send(end);
    }

    fn herald(&mut self, client: usize) {
        self.clients[client].news = false;
        let ends: Vec<usize> = self.clients[client].ends.values().copied().collect();
        for end in ends {
            let Some(torrent) = self.ends[end].open_torrent() else { continue };
            let length = self.clients[client].torrent(torrent).shared.have_log.len();
            if self.ends[end].told < length {
                self.ends[end].told = length;
                self.wake_end(end);
            }
        }
    }

    fn flap(&mut self, client: usize) {
        let Some(pause) = self.clients[client].plan.flaps else { return };
        let ends: Vec<usize> = self.clients[client].ends.values().copied().collect();
        for end in ends {
            self.ends[end].whim = Some(self.random.below(2) == 0);
            self.wake_end(end);
        }
        self.after(pause, What::Flap(client));
    }

    /// Everybody stops.
    pub(crate) fn stop(&mut self) {
        for client in 0..self.clients.len() {
            if self.clients[client].is_there {
                self.publish(client, Event::Control(Control::Stop));
            }
        }
    }

    /// Something to do for the herald.
    pub(crate) fn news(&mut self, client: usize) {
        if !std::mem::replace(&mut self.clients[client].news, true) {
            self.after(HERALD_PAUSE, What::Herald(client));
        }
    }
}
