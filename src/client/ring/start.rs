//! Starting the threads of a ring node, and ending them again.

use super::address::settle;
use super::handle::RingHandle;
use super::options::{RingOptions, RingStartError};
use crate::chord::contact::Family;
use crate::chord::rhythm::Rhythm;
use crate::chord::settings::Settings;
use crate::client::start::Stopped;
use crate::kit::clock::{Clock, unix_time};
use crate::kit::mailbox::{Mailbox, mailbox};
use crate::kit::random::Random;
use crate::kit::thread::{Census, Joined, Thread, spawn};
use crate::limits::{
    BEATS_MAX, CLIENT_STOP_DEADLINE, CONTACTS_ASKED_MAX, RENEWALS_MAX, RING_LEAVE_TIME,
    RING_NOTICES_MAX, RING_ORDERS_MAX, RING_WITHDRAW_TIME, THREAD_STACK, TORRENTS_MAX,
};
use crate::storage::contacts;
use crate::threads::chord_listen::body::{ChordListener, ListenParts, STOP};
use crate::threads::chord_listen::socket::bind;
use crate::threads::chord_listen::words::{RingNotice, RingOrder};
use crate::threads::chord_save;
use crate::threads::chord_stabilize::{Drum, Stabilizer, Waiting};
use crossbeam_channel::{Receiver, bounded};
use mio::net::UdpSocket;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

const _: () = {
    assert!(RENEWALS_MAX >= TORRENTS_MAX, "every torrent can be announced");
    let last_words = RING_WITHDRAW_TIME.as_millis() + RING_LEAVE_TIME.as_millis();
    assert!(last_words < CLIENT_STOP_DEADLINE.as_millis(), "who stops has time for its last words");
};

/// A running node of the ring, one for each address family. It has to be [stopped](Ring::stop);
/// merely dropping it leaves its threads to the end of the process.
#[derive(Debug)]
pub struct Ring {
    /// Gives orders.
    handle: RingHandle,
    /// Where it listens.
    listening: Vec<SocketAddr>,
    /// What people may want to know.
    notices: Receiver<RingNotice>,
    /// Counts the threads that have not ended.
    census: Census,
    /// The threads.
    threads: Vec<Thread>,
}

impl Ring {
    /// Starts the threads. A client (see [`Settings::client`]) has no `chord-stabilize`.
    pub fn start(options: RingOptions) -> Result<Self, RingStartError> {
        options.settings.check().map_err(RingStartError::Settings)?;
        let clock = Clock::start();
        let (secret, seed) = chance()?;
        let saved = read_saved(options.state.as_ref());
        let bootstrap = way_in(&options.bootstrap, saved, seed);
        let sockets = bind_all(&options.listen, &bootstrap)?;
        let listening: Vec<SocketAddr> = sockets.iter().map(|(_, address)| *address).collect();
        let epoch = unix_time().saturating_sub(clock.now().since(crate::kit::clock::Time::ZERO));
        let epoch_micros = u64::try_from(epoch.as_micros()).unwrap_or(u64::MAX);
        let settings = Arc::new(Settings { epoch_micros, ..options.settings });

        let (orders, letters) = mailbox(RING_ORDERS_MAX);
        let (notices_in, notices) = bounded(RING_NOTICES_MAX);
        let mut starting =
            Starting { census: Census::default(), threads: Vec::new(), orders, clock };
        let saver = options.state.map(|path| starting.saver(path)).transpose()?;
        let drum = if settings.client {
            None
        } else {
            Some(starting.stabilizer(&listening, &settings, seed)?)
        };
        let listener = ChordListener::new(ListenParts {
            sockets,
            settings,
            bootstrap,
            renewal_period: options.renewal_period,
            secret,
            letters,
            clock,
            drum,
            saver,
            notices: notices_in,
        });
        // When this fails, the mailboxes of the other threads are gone, so they end.
        let listener = listener.map_err(RingStartError::System)?;
        starting.start("chord-listen", move || listener.run())?;
        let Starting { census, threads, orders, .. } = starting;
        let handle = RingHandle { orders, families: listening.len(), clock };
        Ok(Self { handle, listening, notices, census, threads })
    }

    /// The handle that gives orders to it.
    pub fn handle(&self) -> RingHandle {
        self.handle.clone()
    }

    /// The addresses that are listened on, with the ports that were found.
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// What people may want to know. Who does not read misses some.
    pub fn notices(&self) -> &Receiver<RingNotice> {
        &self.notices
    }

    /// Tells it to stop, and waits for nothing: for who has other things to stop meanwhile.
    pub fn leave(&self) {
        self.handle.orders.set_state(STOP, 0);
    }

    /// Withdraws what is kept announced, leaves the ring, saves the contacts, and joins the
    /// threads, all in bounded time.
    pub fn stop(self) -> Stopped {
        self.leave();
        let Self { handle, census, threads, .. } = self;
        let deadline = handle.clock.now() + CLIENT_STOP_DEADLINE;
        let mut names = Vec::new();
        for thread in threads.into_iter().rev() {
            let name = thread.name().to_owned();
            match thread.join_by(handle.clock, deadline) {
                Joined::Well => {}
                Joined::Panicked => log::error!("thread {name} ended in a panic, which is a bug"),
                Joined::Late => names.push(name),
            }
        }
        Stopped { threads_left: census.living(), names }
    }
}

/// The threads while they are being started.
struct Starting {
    /// Counts them.
    census: Census,
    /// Those that run.
    threads: Vec<Thread>,
    /// Where orders for the node go.
    orders: Mailbox<RingOrder>,
    /// What time it is.
    clock: Clock,
}

impl Starting {
    fn start(
        &mut self,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), RingStartError> {
        let thread =
            spawn(&self.census, name, THREAD_STACK, body).map_err(RingStartError::System)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Starts the thread that saves contacts; it ends when its mailbox is dropped.
    fn saver(&mut self, path: PathBuf) -> Result<Mailbox<Vec<SocketAddr>>, RingStartError> {
        let (saver, letters) = mailbox(2);
        self.start("chord-save", move || chord_save::run(&letters, &path))?;
        Ok(saver)
    }

    /// Starts the thread of the rhythm; it ends when its mailbox is dropped.
    fn stabilizer(
        &mut self,
        listening: &[SocketAddr],
        settings: &Settings,
        seed: u64,
    ) -> Result<Drum, RingStartError> {
        let (beats, letters) = mailbox(BEATS_MAX);
        let waiting = Waiting::default();
        let (orders, clock) = (self.orders.clone(), self.clock);
        let rhythm = |(index, address): (usize, &SocketAddr)| {
            let rhythm = Rhythm::new(clock.now(), settings.periods, seed ^ index as u64);
            (Family::of(*address), rhythm)
        };
        let rhythms = listening.iter().enumerate().map(rhythm).collect();
        let drum = Drum::new(beats, waiting.clone());
        let stabilizer = Stabilizer { letters, orders, waiting, clock, rhythms };
        self.start("chord-stabilize", move || stabilizer.run())?;
        Ok(drum)
    }
}

/// A secret and a seed from the system's source of chance.
fn chance() -> Result<([u8; 32], u64), RingStartError> {
    let (mut secret, mut seed) = ([0; 32], [0; 8]);
    getrandom::fill(&mut secret).map_err(|_| RingStartError::Random)?;
    getrandom::fill(&mut seed).map_err(|_| RingStartError::Random)?;
    Ok((secret, u64::from_ne_bytes(seed)))
}

/// What was saved by an earlier run. A file that cannot be used costs the memory, not the node.
fn read_saved(path: Option<&PathBuf>) -> Vec<SocketAddr> {
    let Some(path) = path else { return Vec::new() };
    contacts::read(path).unwrap_or_else(|error| {
        log::warn!("the ring's contacts in {} are not used: {error}", path.display());
        Vec::new()
    })
}

/// Whom to ask for the way in: everybody who was named, and some of those remembered.
fn way_in(named: &[SocketAddr], mut saved: Vec<SocketAddr>, seed: u64) -> Vec<SocketAddr> {
    Random::new(seed).shuffle(&mut saved);
    saved.retain(|address| !named.contains(address) && address.port() != 0);
    saved.truncate(CONTACTS_ASKED_MAX);
    named.iter().copied().chain(saved).collect()
}

/// Opens the sockets. A second address with port 0 takes the port of the first, so that both
/// families have the same.
fn bind_all(
    listen: &[SocketAddr],
    others: &[SocketAddr],
) -> Result<Vec<(UdpSocket, SocketAddr)>, RingStartError> {
    let families: Vec<Family> = listen.iter().map(|address| Family::of(*address)).collect();
    match families[..] {
        [_] => {}
        [first, second] if first != second => {}
        _ => return Err(RingStartError::Families),
    }
    let mut sockets: Vec<(UdpSocket, SocketAddr)> = Vec::new();
    for address in listen {
        let mut settled = settle(*address, others)
            .map_err(|error| RingStartError::NoAddress { address: *address, error })?;
        if let Some((_, first)) = sockets.first().filter(|_| settled.port() == 0) {
            settled.set_port(first.port());
        }
        let opened = bind(settled).and_then(|socket| {
            let local = socket.local_addr()?;
            Ok((socket, local))
        });
        sockets.push(opened.map_err(|error| RingStartError::Listen { address: settled, error })?);
    }
    Ok(sockets)
}
