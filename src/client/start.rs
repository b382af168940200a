//! Starting all threads of a client, and ending them again: none survives its client.

use crate::client::options::{ClientOptions, StartError};
use crate::connection::toll::{RateLimits, Throttle};
use crate::id::PeerId;
use crate::kit::buffers::BufferPool;
use crate::kit::clock::{Clock, Time};
use crate::kit::mailbox::{Letters, Mailbox, mailbox};
use crate::kit::thread::{Census, Joined, Thread, cores, spawn, telling_panic};
use crate::limits::{
    ACTIVE_PIECES_MAX, ANNOUNCES_MAX, ARRIVALS_MAX, CHECK_JOBS_AHEAD, CHOKER_WORDS_MAX,
    CLIENT_STOP_DEADLINE, DISK_ORDERS_PER_TORRENT, HERALD_WORDS_MAX, NOTICES_MAX, OPEN_FILES_MAX,
    OPTIMISTIC_SLOTS, PEERS_MAX, POOL_BUFFERS_MAX, READ_BUFFER, STOP_DEADLINE, THREAD_STACK,
    TORRENTS_MAX,
};
use crate::storage::FileTable;
use crate::swarm::choker::{Choker, Slots};
use crate::swarm::event::{Control, Event};
use crate::swarm::machine::{Options, Swarm};
use crate::swarm::order::Notice;
use crate::threads::accept::{Acceptor, STOP, listen};
use crate::threads::arrivals::Arrivals;
use crate::threads::assets::AssetDesk;
use crate::threads::bus::{Bus, bus};
use crate::threads::choker::{ChokerPost, ChokerThread};
use crate::threads::discover::body::{Discover, DiscoverOrder, DiscoverParts};
use crate::threads::herald::HeraldPost;
use crate::threads::main_loop::{MainLoop, kind_name};
use crate::threads::peer::PeerContext;
use crate::threads::routes::{Posts, Routes};
use crate::threads::spawn::Spawner;
use crate::threads::tracker::network::Network;
use crate::threads::tracker::ourselves::Ourselves;
use crate::threads::watchdog::Pulse;
use crate::threads::{disk, hash, herald, watchdog};
use crossbeam_channel::{Receiver, Sender, bounded};
use mio::net::TcpListener;
use std::io;
use std::net::SocketAddr;

/// A running client. It has to be [stopped](Client::stop); merely dropping it leaves its threads
/// to the end of the process.
#[derive(Debug)]
pub struct Client {
    /// Where control events go.
    pub(super) bus: Bus,
    /// Where torrents wait for the main thread.
    pub(super) desk: AssetDesk,
    /// Open files of all torrents.
    pub(super) files: FileTable,
    /// Where all chance comes from.
    pub(super) seed: u64,
    /// Peers at most.
    pub(super) peers_max: usize,
    /// Limits of speed of all torrents together.
    throttle: Throttle,
    /// What time it is.
    pub(super) clock: Clock,
    /// What people may want to know.
    notices: Receiver<Notice>,
    /// Where it listens.
    listening: Vec<SocketAddr>,
    /// Ends the accept thread.
    accept: Mailbox<()>,
    /// Has `discover` say last words and end.
    discover: Mailbox<DiscoverOrder>,
    /// Ends the watchdog, when it is dropped.
    watchdog: Mailbox<()>,
    /// Counts the threads that have not ended.
    census: Census,
    /// The threads that are there from the start.
    threads: Vec<Thread>,
}

/// How stopping went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Threads that did not end in time; 0 unless the disk or the kernel holds one.
    pub threads_left: usize,
    /// The names of those among them that are there from the start; peers' are in the log.
    pub names: Vec<String>,
}

/// The threads while they are being started.
struct Starting {
    /// Counts them.
    census: Census,
    /// Those that run.
    threads: Vec<Thread>,
    /// What time it is.
    clock: Clock,
    /// Where main is told to end.
    bus: Bus,
    /// Where accept is told to end.
    accept: Mailbox<()>,
    /// Where discover is told to end.
    discover: Mailbox<DiscoverOrder>,
}

impl Starting {
    /// Starts a thread without which no torrent can go on: should it end in a panic, the main
    /// thread is told.
    fn start(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), StartError> {
        let (name, bus) = (name.into(), self.bus.clone());
        let thread: Box<str> = name.as_str().into();
        let tell = move || {
            // A main thread that is gone has nothing to fail any more.
            let _ = bus.publish(Event::Broken { thread });
        };
        self.start_untold(name, telling_panic(body, tell))
    }

    /// Starts a thread that nobody is told of should it panic: `main`, whose end closes the
    /// notices, which tells everybody.
    fn start_untold(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), StartError> {
        let thread = spawn(&self.census, name, THREAD_STACK, body).map_err(StartError::System)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Ends those that run already; all mailboxes but `accept`'s and `discover`'s are gone or with
    /// main.
    fn unwind(self) {
        let deadline = self.clock.now() + CLIENT_STOP_DEADLINE;
        tell_to_end(&self.bus, &self.accept, &self.discover);
        join_all(self.threads, self.clock, deadline);
    }
}

/// Tells main, accept and discover to end. Main's end closes the mailboxes of the others. Trackers
/// and peers are taken leave of at the same time.
fn tell_to_end(bus: &Bus, accept: &Mailbox<()>, discover: &Mailbox<DiscoverOrder>) {
    // There is room for this word.
    let _ = discover.post(DiscoverOrder::Stop);
    // A main thread that is gone already needs no order to go; one that is stuck gets none.
    if bus.publish_within(Event::Control(Control::Stop), STOP_DEADLINE) == Ok(false) {
        log::error!("the main thread takes no more events, not even the one to stop");
    }
    accept.set_state(STOP, 0);
}

/// Joins threads that were told to end; the names of those that do not in time.
fn join_all(threads: Vec<Thread>, clock: Clock, deadline: Time) -> Vec<String> {
    let mut late = Vec::new();
    for thread in threads {
        let name = thread.name().to_owned();
        match thread.join_by(clock, deadline) {
            Joined::Well => {}
            Joined::Panicked => log::error!("thread {name} ended in a panic, which is a bug"),
            Joined::Late => late.push(name),
        }
    }
    late
}

impl Client {
    /// Starts all threads.
    pub fn start(options: ClientOptions) -> Result<Self, StartError> {
        Self::start_counted(options, Census::default())
    }

    /// Starts all threads, counted there; if one is refused, ends the others again.
    pub(super) fn start_counted(
        options: ClientOptions,
        census: Census,
    ) -> Result<Self, StartError> {
        let (bus, events) = bus();
        let (accept, accept_letters) = mailbox(1);
        // Three words of each torrent, one of each announce, and that it is over.
        let (discover, discover_letters) = mailbox(3 * TORRENTS_MAX + ANNOUNCES_MAX + 1);
        let letters = (accept_letters, discover_letters);
        let (threads, clock) = (Vec::new(), Clock::start());
        let mut starting = Starting { census, threads, clock, bus, accept, discover };
        match Self::assemble(options, &mut starting, events, letters) {
            Ok(client) => Ok(client),
            Err(error) => {
                starting.unwind();
                Err(error)
            }
        }
    }

    /// Starts one thread after the other. After an error some run.
    fn assemble(
        options: ClientOptions,
        starting: &mut Starting,
        events: Receiver<Event>,
        (accept_letters, discover_letters): (Letters<()>, Letters<DiscoverOrder>),
    ) -> Result<Self, StartError> {
        let (our_id, seed) = identity(options.seed)?;
        let (bus, clock) = (starting.bus.clone(), starting.clock);
        let (listeners, listening) = listen_on(&options.listen)?;
        let arrivals = Arrivals::default();
        let acceptor = Acceptor::new(listeners, arrivals.clone(), bus.clone(), accept_letters)
            .map_err(StartError::System)?;

        let (notices_in, notices) = bounded(NOTICES_MAX);
        let desk = AssetDesk::default();
        let throttle = Throttle::new(options.limits);
        let context = PeerContext {
            bus: bus.clone(),
            throttle: throttle.clone(),
            clock,
            pool: BufferPool::new(READ_BUFFER, POOL_BUFFERS_MAX),
            our_id,
            our_port: listening.first().map(SocketAddr::port),
            client_name: options.client_name,
        };
        let slots = Slots { regular: options.upload_slots, optimistic: OPTIMISTIC_SLOTS };
        let roots = options.tracker_roots.clone();
        starting.discover(DiscoverParts {
            letters: discover_letters,
            back: starting.discover.clone(),
            bus: bus.clone(),
            clock,
            network: Network { client_name: options.client_name, roots },
            ourselves: Ourselves { peer_id: our_id, listening: listening.clone() },
            seed,
        })?;
        let posts = starting.workers(context, arrivals, Choker::new(slots, seed), notices_in)?;
        let pulse = Pulse::default();
        let main = MainLoop {
            events,
            swarm: Swarm::new(Options {
                our_id,
                peers_max: options.peers_max,
                upload_slots: options.upload_slots as u32,
                seed,
            }),
            routes: Routes::new(posts, desk.clone()),
            clock,
            pulse: pulse.clone(),
        };
        starting.start_untold("main", move || main.run())?;
        starting.start("accept", move || acceptor.run())?;
        let watchdog = starting.watchdog(pulse)?;
        Ok(Self {
            bus,
            desk,
            files: FileTable::new(OPEN_FILES_MAX),
            seed,
            peers_max: options.peers_max,
            throttle,
            clock,
            notices,
            listening,
            accept: starting.accept.clone(),
            discover: starting.discover.clone(),
            watchdog,
            census: starting.census.clone(),
            threads: std::mem::take(&mut starting.threads),
        })
    }

    /// The addresses that are listened on, with the ports that were found.
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Changes the limits of speed of all torrents together.
    pub fn set_limits(&self, limits: RateLimits) {
        self.throttle.set(self.clock.now(), limits);
    }

    /// What people may want to know. Who does not read misses some.
    pub fn notices(&self) -> &Receiver<Notice> {
        &self.notices
    }

    /// Tells every peer to leave, waits for their last words, and joins all threads. Threads that
    /// the disk or the kernel holds are waited for no longer than [`CLIENT_STOP_DEADLINE`].
    pub fn stop(self) -> Stopped {
        let Self { bus, accept, discover, watchdog, clock, census, threads, .. } = self;
        let deadline = clock.now() + CLIENT_STOP_DEADLINE;
        tell_to_end(&bus, &accept, &discover);
        drop(watchdog);
        let names = join_all(threads, clock, deadline);
        Stopped { threads_left: census.living(), names }
    }
}

impl Starting {
    /// Starts the thread that looks after the main thread; it ends when its mailbox is dropped.
    fn watchdog(&mut self, pulse: Pulse) -> Result<Mailbox<()>, StartError> {
        let (watchdog, letters) = mailbox(1);
        let clock = self.clock;
        self.start("watchdog", move || watchdog::run(&letters, &pulse, clock, kind_name))?;
        Ok(watchdog)
    }

    /// Starts the threads that take orders; returns their mailboxes.
    fn workers(
        &mut self,
        context: PeerContext,
        arrivals: Arrivals,
        choker_core: Choker,
        notices: Sender<Notice>,
    ) -> Result<Posts, StartError> {
        let (bus, clock) = (context.bus.clone(), context.clock);
        let (spawn, letters) = mailbox(3 * PEERS_MAX + ARRIVALS_MAX);
        let spawner = Spawner { letters, arrivals, context, census: self.census.clone() };
        self.start("spawn", move || spawner.run())?;

        let (hash, letters) = mailbox(ACTIVE_PIECES_MAX + CHECK_JOBS_AHEAD * TORRENTS_MAX);
        for number in 0..cores() {
            let (letters, bus) = (letters.clone(), bus.clone());
            self.start(format!("hash-{number}"), move || hash::run(&letters, &bus))?;
        }
        let (disk, letters) = mailbox(DISK_ORDERS_PER_TORRENT * TORRENTS_MAX);
        let disk_bus = bus.clone();
        self.start("disk", move || disk::run(&letters, &disk_bus))?;

        let (choker, letters) = mailbox(CHOKER_WORDS_MAX);
        let post = ChokerPost::default();
        let thread = ChokerThread::new((letters, post.clone()), bus, clock, choker_core);
        self.start("choker", move || thread.run())?;
        let choker = (choker, post);

        let (herald, letters) = mailbox(HERALD_WORDS_MAX);
        let post = HeraldPost::default();
        let shared = post.clone();
        self.start("herald", move || herald::run(&letters, &shared, clock))?;
        let herald = (herald, post);
        let discover = self.discover.clone();
        Ok(Posts { spawn, hash, disk, choker, herald, discover, notices })
    }

    /// Starts the thread that announces.
    fn discover(&mut self, parts: DiscoverParts) -> Result<(), StartError> {
        let discover = Discover::new(parts);
        self.start("discover", move || discover.run())
    }
}

/// Our peer id and the seed of all chance.
fn identity(seed: Option<u64>) -> Result<(PeerId, u64), StartError> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(|_| StartError::Random)?;
    let (mut id, mut drawn) = ([0; 12], [0; 8]);
    id.copy_from_slice(&random[..12]);
    drawn.copy_from_slice(&random[12..]);
    Ok((PeerId::ours(id), seed.unwrap_or(u64::from_ne_bytes(drawn))))
}

/// Opens the listening sockets. A second address with port 0 takes the port of the first, so that
/// both families have the same.
fn listen_on(addresses: &[SocketAddr]) -> Result<(Vec<TcpListener>, Vec<SocketAddr>), StartError> {
    let mut listeners = Vec::new();
    let mut listening: Vec<SocketAddr> = Vec::new();
    for &address in addresses {
        let mut address = address;
        if let Some(first) = listening.first().filter(|_| address.port() == 0) {
            address.set_port(first.port());
        }
        let opened = listen(address).and_then(|listener| {
            let local = listener.local_addr()?;
            Ok((listener, local))
        });
        match opened {
            Ok((listener, local)) => {
                listeners.push(listener);
                listening.push(local);
            }
            // A host without IPv6 is served by what it has.
            Err(error) if address.is_ipv6() && is_without_ipv6(&error) => {
                log::info!("no IPv6 here: {error}");
            }
            Err(error) => return Err(StartError::Listen { address, error }),
        }
    }
    Ok((listeners, listening))
}

fn is_without_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
