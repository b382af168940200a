//! Both commands, from their options to their end.

use crate::cli::arguments::transfer::{
    Allocate, DownloadArguments, NetworkArguments, SeedArguments,
};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::folder::{check_folder, other_folder};
use crate::cli::outcome::Outcome;
use crate::cli::signals::{Signal, Signals};
use crate::cli::torrent_file;
use crate::cli::transfer::choice::Choice;
use crate::cli::transfer::event::Event;
use crate::cli::transfer::start::{start, warn_without_route};
use crate::cli::transfer::teller::Teller;
use crate::cli::transfer::watch::{Goal, Step, Watch};
use crate::client::{AddTorrent, Client, Mode, RateLimits, TorrentHandle, place_of};
use crate::metainfo::Metainfo;
use crate::storage::Allocation;
use crossbeam_channel::{after, never, select, tick};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is to be done.
struct Transfer<'a> {
    /// What is wanted.
    goal: Goal,
    /// Of which torrent.
    metainfo: Arc<Metainfo>,
    /// The folder named with `--dir`.
    folder: &'a Path,
    /// What the client is told about it.
    mode: Mode,
    /// When to give up.
    timeout: Option<Duration>,
    /// How to reach others.
    network: &'a NetworkArguments,
    /// Which files are wanted, if not all are.
    choice: Option<Choice>,
    /// Whether pieces are fetched in order.
    in_order: bool,
}

/// Downloads.
pub(crate) fn download(
    arguments: &DownloadArguments,
    console: &Console,
) -> Result<Outcome, Failure> {
    let allocation = match arguments.allocate {
        Allocate::Sparse => Allocation::Sparse,
        Allocate::Full => Allocation::Full,
    };
    let metainfo = Arc::new(torrent_file::read(&arguments.torrent)?);
    let choice = Choice::of(&metainfo, &arguments.files)?;
    if let Some(choice) = choice.as_ref().filter(|_| !arguments.network.json) {
        console.output.talk(&choice.words());
    }
    let transfer = Transfer {
        goal: if arguments.seed { Goal::DownloadAndSeed } else { Goal::Download },
        metainfo,
        folder: &arguments.dir,
        mode: Mode::Download { allocation, flush: arguments.flush },
        timeout: arguments.timeout,
        network: &arguments.network,
        choice,
        in_order: arguments.sequential,
    };
    transfer.run(console)
}

/// Seeds.
pub(crate) fn seed(arguments: &SeedArguments, console: &Console) -> Result<Outcome, Failure> {
    let metainfo = Arc::new(torrent_file::read(&arguments.torrent)?);
    check_folder(&arguments.dir)?;
    let transfer = Transfer {
        goal: Goal::Seed,
        metainfo,
        folder: &arguments.dir,
        mode: Mode::Seed,
        timeout: arguments.timeout,
        network: &arguments.network,
        choice: None,
        in_order: false,
    };
    transfer.run(console)
}

impl Transfer<'_> {
    /// Runs a client until it is done, fails, or is stopped.
    fn run(&self, console: &Console) -> Result<Outcome, Failure> {
        // Until the client has stopped, so that a second Ctrl-C ends what hangs.
        let signals = console.signals()?;
        let client = start(self.network, &console.output)?;
        warn_without_route(&self.network.peer, &console.output);
        let mut teller = Teller::new(&console.output, self.network.json);
        let result = self.watch(&client, &signals, console, &mut teller);
        let stopped = client.stop();
        if stopped.threads_left > 0 {
            let (count, names) = (stopped.threads_left, stopped.names.join(", "));
            log::warn!("{count} threads did not end in time: {names}");
        }
        if let Err(failure) = &result {
            teller.tell(&Event::Failed { message: failure.to_string() });
        }
        result
    }

    /// Adds the torrent and tells what happens until its end.
    fn watch(
        &self,
        client: &Client,
        signals: &Signals,
        console: &Console,
        teller: &mut Teller,
    ) -> Result<Outcome, Failure> {
        let clock = console.clock;
        let trackers = self.trackers(console);
        let handle = self.add(client, teller, trackers)?;
        let hint = other_folder(self.folder, &self.metainfo);
        let mut watch =
            Watch::new(self.goal, self.folder.to_owned(), self.path(), clock.now()).advise(hint);
        let ticks = tick(teller.pause());
        let deadline = self.timeout.map_or_else(never, after);
        loop {
            let mut stop: Option<Signal> = None;
            let step = select! {
                recv(client.notices()) -> notice => match notice {
                    Ok(notice) => watch.notice(notice, clock.now(), &handle.progress()),
                    Err(_) => Step::Fail(Failure::new("the main thread has failed")
                        .advise("please report this as a bug")),
                },
                recv(signals.first()) -> signal => {
                    stop = signal.ok();
                    watch.stopped(clock.now(), &handle.progress());
                    Step::End
                }
                recv(ticks) -> _ => {
                    watch.tick(clock.now(), &handle.progress(), handle.failure())
                }
                recv(deadline) -> _ => {
                    let after = self.timeout.unwrap_or_default();
                    watch.timeout(after, clock.now(), &handle.progress())
                }
            };
            for event in watch.drain() {
                teller.tell(&event);
                if matches!(event, Event::Complete { .. }) {
                    self.answer(console);
                }
            }
            match (step, stop) {
                // Who is to tell what happens, and is not heard, is of no use.
                (Step::Go, _) if self.network.json && !console.output.is_heard() => {
                    return Ok(Outcome::Unheard);
                }
                (Step::Go, _) => {}
                (Step::Fail(failure), _) => return Err(failure),
                (Step::End, Some(signal)) if !watch.is_done() => {
                    return Ok(Outcome::Interrupted(signal));
                }
                (Step::End, _) => return Ok(Outcome::Done),
            }
        }
    }

    /// Adds the torrent to the client.
    fn add(
        &self,
        client: &Client,
        teller: &mut Teller,
        trackers: Vec<Vec<String>>,
    ) -> Result<TorrentHandle, Failure> {
        teller.tell(&Event::Listening { addresses: client.listening().to_vec() });
        let metainfo = self.metainfo.clone();
        teller.tell(&Event::Added {
            info_hash: metainfo.info_hash.to_string(),
            name: metainfo.name.clone(),
            length: metainfo.layout.total_length(),
            pieces: metainfo.layout.piece_count(),
        });
        let (root, peers) = (self.folder.to_owned(), self.network.peer.clone());
        let torrent = AddTorrent {
            metainfo,
            root,
            mode: self.mode,
            peers,
            trackers,
            limits: RateLimits::default(),
            files: self.choice.as_ref().map(|choice| choice.files.clone()),
            in_order: self.in_order,
        };
        client.add(torrent).map_err(Failure::new)
    }

    /// Where to announce: the torrent's tiers, then each tracker of the command line as a tier of
    /// its own. Peers of a private torrent come from its own trackers alone (BEP 27).
    fn trackers(&self, console: &Console) -> Vec<Vec<String>> {
        let mut tiers = Vec::new();
        if !self.network.no_trackers {
            tiers.clone_from(&self.metainfo.trackers);
        }
        if !self.metainfo.private {
            tiers.extend(self.network.tracker.iter().map(|url| vec![url.clone()]));
        } else if !self.network.tracker.is_empty() {
            console.output.warn("this torrent is private: --tracker is left out");
        }
        tiers
    }

    /// Where the file or folder is or will be.
    fn path(&self) -> PathBuf {
        place_of(&self.metainfo, self.folder)
    }

    /// Tells scripts where a download is, when it is complete.
    fn answer(&self, console: &Console) {
        if self.goal != Goal::Seed && !self.network.json {
            console.output.answer(self.path().as_os_str().as_bytes());
        }
    }
}
