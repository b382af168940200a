//! What is made of each notice, tick and signal. Knows no client, no clock and no channel: the
//! figures and the time come in, what is to be told and how it ends comes out.

use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::transfer::event::{Event, Figures};
use crate::cli::transfer::meter::Meter;
use crate::client::Progress;
use crate::kit::clock::Time;
use crate::swarm::order::Notice;
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
            complete: false,
            events: Vec::new(),
        }
    }

    /// The same with another advice for a seed that lacks pieces, if there is one.
    pub(super) fn advise(self, advice: Option<String>) -> Self {
        Self { advice: advice.unwrap_or(self.advice), ..self }
    }

    /// Whether every piece is there.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// What is to be told since the last call.
    pub(super) fn drain(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The client says something.
    pub(super) fn notice(&mut self, notice: Notice, now: Time, progress: &Progress) -> Step {
        match notice {
            Notice::Checked { owned, .. } => return self.checked(owned, progress.pieces_total),
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

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Time, progress: &Progress) -> Step {
        // A notice is dropped when thousands wait; the figures are always there.
        if progress.pieces == progress.pieces_total && !self.complete && self.goal != Goal::Seed {
            return self.completed(now, progress);
        }
        let down = self.received.read(now, progress.downloaded);
        let up = self.given.read(now, progress.uploaded);
        self.events.push(Event::Progress(Figures::new(progress, down, up)));
        Step::Go
    }

    /// The user's time is over.
    pub(super) fn timeout(&self, after: Duration, progress: &Progress) -> Step {
        if self.complete {
            return Step::Go;
        }
        let (pieces, total) = (progress.pieces, progress.pieces_total);
        let peers = human::count(u64::from(progress.peers), "peer");
        let text =
            format!("gave up after {} s with {pieces} of {total} pieces, {peers}", after.as_secs());
        let failure = Failure::new(text).at(self.folder.display());
        Step::Fail(failure.advise("the same command goes on from there"))
    }

    /// Somebody asked to stop.
    pub(super) fn stopped(&mut self, now: Time, progress: &Progress) {
        if progress.pieces == progress.pieces_total && self.goal != Goal::Seed {
            self.completed(now, progress);
        }
        self.events.push(Event::Stopped {
            pieces: progress.pieces,
            pieces_total: progress.pieces_total,
            downloaded: progress.downloaded,
            uploaded: progress.uploaded,
        });
    }

    /// What was on the disk is known.
    fn checked(&mut self, pieces: u32, pieces_total: u32) -> Step {
        self.events.push(Event::Checked { pieces, pieces_total });
        if self.goal != Goal::Seed || pieces == pieces_total {
            return Step::Go;
        }
        let missing = pieces_total.saturating_sub(pieces);
        let text = format!("{missing} of {pieces_total} pieces are missing or damaged");
        Step::Fail(Failure::new(text).at(self.folder.display()).advise(&self.advice))
    }

    /// Every piece is there.
    fn completed(&mut self, now: Time, progress: &Progress) -> Step {
        if !self.complete {
            self.complete = true;
            self.events.push(Event::Complete {
                path: self.path.to_string_lossy().into_owned(),
                length: progress.total,
                downloaded: progress.downloaded,
                seconds: (now - self.began).as_secs_f64(),
            });
        }
        if self.goal == Goal::Download { Step::End } else { Step::Go }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::state::TorrentKey;

    const HALF: Progress = Progress {
        pieces: 2,
        pieces_total: 4,
        verified: 20,
        total: 40,
        downloaded: 20,
        uploaded: 5,
        wasted: 0,
        checked: 4,
        peers: 1,
        seeds: 0,
        bad_pieces: 0,
    };
    const WHOLE: Progress = Progress { pieces: 4, verified: 40, downloaded: 40, ..HALF };

    fn watch(goal: Goal) -> Watch {
        Watch::new(goal, "d".into(), "d/n".into(), Time::ZERO)
    }

    fn complete() -> Notice {
        Notice::Complete(TorrentKey::from_bits(0))
    }

    fn checked(owned: u32) -> Notice {
        Notice::Checked { torrent: TorrentKey::from_bits(0), owned }
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_download_ends_with_its_last_piece_and_a_seed_stays() {
        for (goal, step) in
            [(Goal::Download, Step::End), (Goal::DownloadAndSeed, Step::Go), (Goal::Seed, Step::Go)]
        {
            let mut watch = watch(goal);
            assert_eq!(watch.notice(complete(), at(2), &WHOLE), step, "{goal:?}");
            let expected =
                Event::Complete { path: "d/n".into(), length: 40, downloaded: 40, seconds: 2.0 };
            assert_eq!(watch.drain(), [expected]);
            assert!(watch.is_complete());
        }
    }

    #[test]
    fn completion_is_told_once_and_also_when_its_notice_is_lost() {
        let mut watch = watch(Goal::DownloadAndSeed);
        assert_eq!(watch.tick(at(1), &WHOLE), Step::Go);
        assert_eq!(watch.notice(complete(), at(2), &WHOLE), Step::Go);
        let told = watch.drain();
        assert!(matches!(told.as_slice(), [Event::Complete { .. }]), "{told:?}");
    }

    #[test]
    fn a_seed_that_lacks_pieces_fails_and_a_download_does_not() {
        let Step::Fail(failure) = watch(Goal::Seed).notice(checked(3), at(1), &HALF) else {
            panic!("no failure")
        };
        let text = failure.to_string();
        assert!(text.starts_with("1 of 4 pieces are missing or damaged: d: "), "{text}");
        assert!(text.contains("cuerda download"), "{text}");
        assert_eq!(watch(Goal::Download).notice(checked(3), at(1), &HALF), Step::Go);
        assert_eq!(watch(Goal::Seed).notice(checked(4), at(1), &WHOLE), Step::Go);
    }

    #[test]
    fn a_timeout_ends_what_is_not_done() {
        let mut watch = watch(Goal::DownloadAndSeed);
        let Step::Fail(failure) = watch.timeout(Duration::from_secs(5), &HALF) else {
            panic!("no failure")
        };
        let text = failure.to_string();
        assert!(text.starts_with("gave up after 5 s with 2 of 4 pieces, 1 peer: d: "), "{text}");
        assert!(!text.contains("complete"), "{text}");
        watch.notice(complete(), at(6), &WHOLE);
        assert_eq!(watch.timeout(Duration::from_secs(5), &WHOLE), Step::Go);
    }

    #[test]
    fn what_is_stopped_after_its_last_piece_is_complete() {
        let mut stopped = watch(Goal::Download);
        stopped.stopped(at(1), &HALF);
        assert!(!stopped.is_complete());
        stopped.stopped(at(1), &WHOLE);
        assert!(stopped.is_complete());
    }

    #[test]
    fn rates_come_from_what_has_grown() {
        let mut watch = watch(Goal::Download);
        watch.tick(at(2), &Progress { downloaded: 1000, uploaded: 0, ..HALF });
        let told = watch.drain();
        let Some(Event::Progress(figures)) = told.last() else { panic!("{told:?}") };
        assert_eq!((figures.download_rate, figures.upload_rate), (500, 0));
    }

    #[test]
    fn what_the_client_cannot_do_is_a_failure() {
        let message = "cannot write to \"d/n\": no space left on the disk".into();
        let notice = Notice::Failed { torrent: TorrentKey::from_bits(0), message };
        let Step::Fail(failure) = watch(Goal::Download).notice(notice, at(1), &HALF) else {
            panic!("no failure")
        };
        assert!(failure.to_string().contains("no space left"));
    }
}
