//! What is made of each notice, tick and signal. Knows no client, no clock and no channel: the
//! figures and the time come in, what is to be told and how it ends comes out.

use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::transfer::event::{Event, Figures};
use crate::cli::transfer::meter::Meter;
use crate::client::Progress;
use crate::kit::clock::Time;
use crate::limits::DISK_FULL_PAUSE;
use crate::swarm::order::Notice;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

/// What is wanted of a torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// All its pieces.
    Download,
    /// All its pieces, then giving them to others.
    DownloadAndSeed,
    /// That what is here is given to others.
    Seed,
}

/// How watching goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It does.
    Go,
    /// All is done.
    End,
    /// It failed.
    Fail(Failure),
}

/// Watches one torrent.
pub(super) struct Watch {
    /// What is wanted.
    goal: Goal,
    /// The folder named with `--dir`.
    folder: PathBuf,
    /// Where the file or folder is or will be.
    path: PathBuf,
    /// What to do when a seed lacks pieces.
    advice: String,
    /// When it began.
    began: Time,
    /// Bytes received of late.
    received: Meter,
    /// Bytes given of late.
    given: Meter,
    /// Whether what was on the disk is known.
    checked: bool,
    /// Whether completion was told.
    complete: bool,
    /// What is to be told.
    events: Vec<Event>,
}

impl Watch {
    /// Watches a torrent whose file or folder is `path` in `folder`.
    pub(super) fn new(goal: Goal, folder: PathBuf, path: PathBuf, began: Time) -> Self {
        Self {
            goal,
            folder,
            path,
            advice: "`cuerda download` with the same arguments and --seed fetches them".to_owned(),
            began,
            received: Meter::new(began),
            given: Meter::new(began),
            checked: false,
            complete: false,
            events: Vec::new(),
        }
    }

    /// The same with another advice for a seed that lacks pieces, if there is one.
    pub(super) fn advise(self, advice: Option<String>) -> Self {
        Self { advice: advice.unwrap_or(self.advice), ..self }
    }

    /// Whether it did what was wanted, so that who stops it now interrupts nothing: a download
    /// is complete, a seed has checked what it gives.
    pub(super) fn is_done(&self) -> bool {
        self.complete || self.goal == Goal::Seed && self.checked
    }

    /// What is to be told since the last call.
    pub(super) fn drain(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The client says something.
    pub(super) fn notice(&mut self, notice: Notice, now: Time, progress: &Progress) -> Step {
        match notice {
            Notice::Checked { owned, .. } => return self.checked(owned, progress),
            Notice::Complete(_) => return self.completed(now, progress),
            Notice::Refused(message) | Notice::Failed { message, .. } => {
                return Step::Fail(Failure::new(message));
            }
            Notice::PeerJoined { address, .. } => {
                log::info!("peer {address} joined");
                self.events.push(Event::PeerJoined { address });
            }
            Notice::PeerLeft { address, reason, .. } => {
                log::info!("peer {address} left: {reason}");
                self.events.push(Event::PeerLeft { address, reason: reason.to_string() });
            }
            Notice::DiskFull { message, .. } => {
                let (message, seconds) = (message.into(), DISK_FULL_PAUSE.as_secs());
                self.events.push(Event::DiskFull { message, retry_seconds: seconds });
            }
            Notice::DiskHasRoom(_) => self.events.push(Event::DiskHasRoom),
            Notice::Tracker { report, .. } => self.events.push(Event::of_tracker(*report)),
            Notice::BadPiece { piece, .. } => self.events.push(Event::BadPiece { piece }),
            Notice::Full { peers } => {
                log::warn!(
                    "all {peers} places for peers are taken, others are refused; \
                            --max-peers or the limits of the system bound them"
                );
            }
            Notice::Added(_) | Notice::Stopped => {}
        }
        Step::Go
    }

    /// Time has passed. A notice is dropped when thousands wait; the figures, and the reason why
    /// it cannot go on, are always there.
    pub(super) fn tick(&mut self, now: Time, progress: &Progress, failure: Option<&str>) -> Step {
        if let Some(message) = failure {
            return Step::Fail(Failure::new(message));
        }
        if progress.complete && !self.complete && self.goal != Goal::Seed {
            return self.completed(now, progress);
        }
        let down = self.received.read(now, progress.downloaded);
        let up = self.given.read(now, progress.uploaded);
        self.events.push(Event::Progress(Figures::new(progress, down, up)));
        Step::Go
    }

    /// The user's time is over: a seed ends, and so does what is not done.
    pub(super) fn timeout(&mut self, after: Duration, now: Time, progress: &Progress) -> Step {
        if self.goal == Goal::Seed && self.checked {
            self.stopped(now, progress);
            return Step::End;
        }
        if progress.complete && self.goal != Goal::Seed {
            // Also when the notice of it has not come yet.
            return self.completed(now, progress);
        }
        if self.is_checking(progress) {
            let seconds = after.as_secs();
            let failure = Failure::new(format!(
                "gave up after {seconds} s, before what is there was checked"
            ));
            let failure = failure.at(self.folder.display());
            return Step::Fail(failure.advise("give it more time with --timeout"));
        }
        let (pieces, total) = (progress.pieces, progress.pieces_total);
        let peers = human::count(u64::from(progress.peers), "peer");
        let seconds = after.as_secs();
        let (failure, advice) = if progress.disk_full {
            let failure = Failure::new(format!(
                "gave up after {seconds} s with {pieces} of {total} pieces, the disk is full"
            ));
            (failure, "free some space, and the same command goes on from there")
        } else {
            let failure = Failure::new(format!(
                "gave up after {seconds} s with {pieces} of {total} pieces, {peers}"
            ));
            (failure, "the same command goes on from there")
        };
        Step::Fail(failure.at(self.folder.display()).advise(advice))
    }

    /// Somebody asked to stop.
    pub(super) fn stopped(&mut self, now: Time, progress: &Progress) {
        if progress.complete && self.goal != Goal::Seed {
            self.completed(now, progress);
        }
        self.events.push(Event::Stopped {
            pieces: progress.pieces,
            pieces_total: progress.pieces_total,
            downloaded: progress.downloaded,
            uploaded: progress.uploaded,
            checking: self.is_checking(progress),
        });
    }

    /// Whether what is on the disk is being compared.
    fn is_checking(&self, progress: &Progress) -> bool {
        let begun = (1..progress.pieces_total).contains(&(progress.checked + progress.trusted));
        !self.checked && !self.complete && (self.goal == Goal::Seed || begun)
    }

    /// What was on the disk is known.
    fn checked(&mut self, pieces: u32, progress: &Progress) -> Step {
        self.checked = true;
        let pieces_total = progress.pieces_total;
        let pieces_checked = progress.checked;
        self.events.push(Event::Checked { pieces, pieces_total, pieces_checked });
        if self.goal != Goal::Seed || pieces == pieces_total {
            return Step::Go;
        }
        let missing = pieces_total.saturating_sub(pieces);
        let failure =
            Failure::new(format!("{missing} of {pieces_total} pieces are missing or damaged"));
        Step::Fail(failure.at(self.folder.display()).advise(&self.advice))
    }

    /// Every piece is there.
    fn completed(&mut self, now: Time, progress: &Progress) -> Step {
        if !self.complete {
            self.complete = true;
            // However quick it was, who draws a bar sees it full.
            let down = self.received.read(now, progress.downloaded);
            let up = self.given.read(now, progress.uploaded);
            self.events.push(Event::Progress(Figures::new(progress, down, up)));
            let hex = |path: &[u8]| path.iter().map(|byte| format!("{byte:02x}")).collect();
            let bytes = self.path.as_os_str().as_bytes();
            self.events.push(Event::Complete {
                path: self.path.to_string_lossy().into_owned(),
                path_hex: self.path.to_str().is_none().then(|| hex(bytes)),
                length: progress.total,
                downloaded: progress.downloaded,
                seconds: (now - self.began).as_secs_f64(),
            });
        }
        if self.goal == Goal::Download { Step::End } else { Step::Go }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
