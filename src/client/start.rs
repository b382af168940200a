//! Starting all threads of a client, and ending them again: none survives its client.

use crate::client::options::{ClientOptions, StartError};
use crate::connection::toll::{RateLimits, Throttle};
use crate::id::PeerId;
use crate::kit::buffers::BufferPool;
use crate::kit::clock::Clock;
use crate::kit::mailbox::{Mailbox, mailbox};
use crate::kit::thread::{Census, Thread, cores, spawn};
use crate::limits::{
    ACTIVE_PIECES_MAX, ARRIVALS_MAX, CHECK_JOBS_AHEAD, NOTICES_MAX, OPEN_FILES_MAX,
    OPTIMISTIC_SLOTS, PEERS_MAX, POOL_BUFFERS_MAX, READ_BUFFER, THREAD_STACK, TORRENTS_MAX,
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
use crate::threads::choker::ChokerThread;
use crate::threads::herald::NewsFlag;
use crate::threads::main_loop::{MainLoop, kind_name};
use crate::threads::peer::PeerContext;
use crate::threads::routes::{Posts, Routes};
use crate::threads::spawn::Spawner;
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
    /// Ends the watchdog, when it is dropped.
    watchdog: Mailbox<()>,
    /// Counts the threads that have not ended.
    census: Census,
    /// The threads that are there from the start.
    threads: Vec<Thread>,
}

/// How stopping went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Threads that did not end in time; 0 unless the disk or the kernel holds one.
    pub threads_left: usize,
}

/// The threads while they are being started.
struct Starting {
    /// Counts them.
    census: Census,
    /// Those that run.
    threads: Vec<Thread>,
}

impl Starting {
    fn start(
        &mut self,
        name: impl Into<String>,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), StartError> {
        let thread = spawn(&self.census, name, THREAD_STACK, body).map_err(StartError::System)?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Client {
    /// Starts all threads.
    pub fn start(options: ClientOptions) -> Result<Self, StartError> {
        let (our_id, seed) = identity(options.seed)?;
        let clock = Clock::start();
        let (bus, events) = bus();
        let (listeners, listening) = listen_on(&options.listen)?;
        let arrivals = Arrivals::default();
        let mut starting = Starting { census: Census::default(), threads: Vec::new() };

        let (accept, accept_letters) = mailbox(1);
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
        starting.start("main", move || main.run())?;
        starting.start("accept", move || acceptor.run())?;
        let (watchdog_box, watchdog_letters) = mailbox(1);
        starting.start("watchdog", move || {
            watchdog::run(&watchdog_letters, &pulse, clock, kind_name);
        })?;
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
            accept,
            watchdog: watchdog_box,
            census: starting.census,
            threads: starting.threads,
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

    /// Tells every peer to leave, waits for their last words, and joins all threads.
    pub fn stop(self) -> Stopped {
        let Self { bus, accept, watchdog, census, threads, .. } = self;
        // A main thread that is gone already needs no order to go.
        let _ = bus.publish(Event::Control(Control::Stop));
        accept.set_state(STOP, 0);
        drop(watchdog);
        for thread in threads {
            let name = thread.name().to_owned();
            if !thread.join() {
                log::error!("thread {name} ended in a panic, which is a bug");
            }
        }
        Stopped { threads_left: census.living() }
    }
}

impl Starting {
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
        let (disk, letters) = mailbox(TORRENTS_MAX);
        let disk_bus = bus.clone();
        self.start("disk", move || disk::run(&letters, &disk_bus))?;

        let (choker, letters) = mailbox(8 * PEERS_MAX);
        let choker_thread = ChokerThread::new(letters, bus, clock, choker_core);
        self.start("choker", move || choker_thread.run())?;

        let (herald, letters) = mailbox(2 * PEERS_MAX + 1);
        let news = NewsFlag::default();
        let heralds_news = news.clone();
        self.start("herald", move || herald::run(&letters, &heralds_news, clock))?;
        Ok(Posts { spawn, hash, disk, choker, herald, news, notices })
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
