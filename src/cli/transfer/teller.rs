//! Tells what happens: to people as talk and progress on standard error, to programs as one JSON
//! object a line on standard output.
//!
//! Scripts wait for the word "complete", so nothing says it earlier: not the name of the torrent
//! either, except on a terminal.

use crate::cli::gauge::Gauge;
use crate::cli::human;
use crate::cli::out::Output;
use crate::cli::transfer::event::{Event, Figures};
use crate::cli::transfer::trackers::TrackerTalk;
use std::sync::Arc;
use std::time::Duration;

/// How often progress is told as JSON.
const JSON_PAUSE: Duration = Duration::from_secs(1);

/// Tells what happens.
pub(super) struct Teller {
    /// Where.
    output: Arc<Output>,
    /// Whether as JSON.
    json: bool,
    /// Shows progress to people.
    gauge: Gauge,
    /// What is told of trackers.
    trackers: TrackerTalk,
    /// The line of progress that was shown last.
    last: String,
    /// Whether completion was told.
    complete: bool,
}

impl Teller {
    /// Somebody who tells it there, as JSON or in words.
    pub(super) fn new(output: &Arc<Output>, json: bool) -> Self {
        let gauge = Gauge::new(output);
        let trackers = TrackerTalk::default();
        let (output, last) = (output.clone(), String::new());
        Self { output, json, gauge, trackers, last, complete: false }
    }

    /// How often progress wants to be told.
    pub(super) fn pause(&self) -> Duration {
        if self.json { JSON_PAUSE } else { self.gauge.pause() }
    }

    /// Tells one thing.
    pub(super) fn tell(&mut self, event: &Event) {
        self.complete |= matches!(event, Event::Complete { .. });
        if self.json {
            // Numbers, texts and lists always become JSON.
            if let Ok(line) = serde_json::to_vec(event) {
                self.output.answer(&line);
            }
        } else if let Event::Progress(figures) = event {
            // People are told that it is complete rather than the last figures before.
            if figures.pieces < figures.pieces_total || self.complete {
                self.show(figures);
            }
        } else if let Event::DiskFull { message, retry_seconds } = event {
            // Somebody has to make room, so this is told also to who wants no talk.
            self.output.warn(&format!("{message}; trying again every {retry_seconds} s"));
        } else if let Some(words) = self.trackers.words(event, self.gauge.is_bar()) {
            self.output.talk(&words);
        } else if let Some(words) = words(event, self.gauge.is_bar()) {
            self.output.talk(&words);
        }
    }

    /// Shows progress, unless it would be the same line again.
    fn show(&mut self, figures: &Figures) {
        let (done, total, words) = progress(figures);
        if self.gauge.is_bar() || words != self.last {
            self.gauge.show(done, total, words.clone());
            self.last = words;
        }
    }
}

/// An event in words; nothing if people need not know. Names only on a terminal.
fn words(event: &Event, terminal: bool) -> Option<String> {
    Some(match event {
        Event::Listening { addresses } if addresses.is_empty() => return None,
        Event::Listening { addresses } => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("listening on {}", addresses.join(" and "))
        }
        Event::Added { name, length, pieces, .. } => {
            let name = if terminal { format!("{name}: ") } else { String::new() };
            let pieces = human::count(u64::from(*pieces), "piece");
            format!("{name}{} in {pieces}", human::size(*length))
        }
        Event::Checked { pieces, pieces_total, pieces_checked: 0 } => {
            format!("known from before: {pieces} of {pieces_total} pieces are good")
        }
        Event::Checked { pieces, pieces_total, .. } => {
            format!("checked what was there: {pieces} of {pieces_total} pieces are good")
        }
        Event::DiskHasRoom => "the disk has room again, going on".to_owned(),
        Event::BadPiece { piece } => format!("piece {piece} failed its hash, fetching it again"),
        Event::Complete { length, downloaded: 0, .. } => {
            format!("complete: all {} were there", human::size(*length))
        }
        Event::Complete { length, downloaded, seconds, .. } => {
            let rate = human::rate((*downloaded as f64 / seconds.max(0.001)) as u64);
            let time = human::took(Duration::try_from_secs_f64(*seconds).unwrap_or_default());
            let (length, received) = (human::size(*length), human::size(*downloaded));
            if length == received {
                format!("complete: {length} in {time}, {rate}")
            } else {
                format!("complete: {length}, received {received} in {time}, {rate}")
            }
        }
        Event::Stopped { checking: true, .. } => {
            "stopped before what is there was checked; the same command begins again".to_owned()
        }
        Event::Stopped { pieces, pieces_total, uploaded, .. } => {
            let given = human::size(*uploaded);
            if pieces == pieces_total {
                format!("stopped after giving {given}")
            } else {
                format!(
                    "stopped with {pieces} of {pieces_total} pieces; \
                     the same command goes on from there"
                )
            }
        }
        // Trackers have words of their own; the failure itself is told at the program's end; peers
        // are in the log.
        Event::Progress(_)
        | Event::DiskFull { .. }
        | Event::PeerJoined { .. }
        | Event::PeerLeft { .. }
        | Event::TrackerAnswered { .. }
        | Event::TrackerFailed { .. }
        | Event::Failed { .. } => return None,
    })
}

/// Bytes done, bytes in all, and a line about it.
fn progress(figures: &Figures) -> (u64, u64, String) {
    let Figures { pieces, pieces_total, verified, length, .. } = *figures;
    let peers = human::count(u64::from(figures.peers), "peer");
    let up = human::rate(figures.upload_rate);
    if pieces == pieces_total {
        let given = human::size(figures.uploaded);
        return (length, length, format!("seeding to {peers}, up {up}, {given} given"));
    }
    let checked = figures.pieces_checked + figures.pieces_trusted;
    let checking = checked > 0 && checked < pieces_total;
    if checking && figures.downloaded == 0 {
        let words = format!("checking what is there, {checked} of {pieces_total} pieces");
        return (u64::from(checked), u64::from(pieces_total), words);
    }
    if figures.disk_full {
        let (part, whole) = (human::size(verified), human::size(length));
        return (verified, length, format!("{part} of {whole}, disk full, {peers}, up {up}"));
    }
    let left = figures.seconds_left.map(Duration::from_secs);
    let left = left.map_or_else(|| "-:--".to_owned(), human::time);
    let (part, whole) = (human::size(verified), human::size(length));
    let down = human::rate(figures.download_rate);
    let words = format!("{part} of {whole}, down {down}, up {up}, {peers}, {left} left");
    (verified, length, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use crate::client::Progress;

    /// Everything that can be told before a download is complete.
    fn early() -> Vec<Event> {
        let progress = Progress { pieces_total: 4, total: 4 << 20, checked: 4, ..<_>::default() };
        let (name, info_hash) = ("complete works".to_owned(), "0".repeat(40));
        vec![
            Event::Listening { addresses: vec!["127.0.0.1:1".parse().unwrap()] },
            Event::Added { info_hash, name, length: 4 << 20, pieces: 4 },
            Event::Checked { pieces: 0, pieces_total: 4, pieces_checked: 4 },
            Event::Progress(Figures::new(&progress, 1 << 20, 0)),
            Event::BadPiece { piece: 2 },
            stopped(false),
        ]
    }

    /// Stopped with nothing there.
    fn stopped(checking: bool) -> Event {
        Event::Stopped { pieces: 0, pieces_total: 4, downloaded: 0, uploaded: 0, checking }
    }

    #[test]
    fn who_is_stopped_while_checking_is_told_of_no_pieces() {
        let told = words(&stopped(true), false).unwrap();
        assert!(told.contains("before what is there was checked"), "{told}");
        assert!(!told.contains("pieces"), "{told}");
        assert!(words(&stopped(false), false).unwrap().contains("0 of 4 pieces"));
    }

    #[test]
    fn nothing_says_complete_before_it_is() {
        let (output, answers, talk) = captured::output(false);
        let mut teller = Teller::new(&Arc::new(output), false);
        early().iter().for_each(|event| teller.tell(event));
        assert!(!talk.text().to_lowercase().contains("complete"), "{}", talk.text());
        let whole = Progress { pieces: 4, pieces_total: 4, ..Progress::default() };
        teller.tell(&Event::Progress(Figures::new(&whole, 0, 0)));
        let (path, length, downloaded) = ("d/n".to_owned(), 4 << 20, 1 << 20);
        let (path_hex, seconds) = (None, 2.0);
        teller.tell(&Event::Complete { path, path_hex, length, downloaded, seconds });
        let last = "complete: 4.0 MiB, received 1.0 MiB in 2.0 s, 0.5 MiB/s\n";
        assert!(talk.text().ends_with(last), "{}", talk.text());
        assert!(!talk.text().contains("seeding"), "{}", talk.text());
        assert_eq!(answers.text(), "", "talk is no answer");
    }

    #[test]
    fn json_is_an_object_a_line_and_no_talk() {
        let (output, answers, talk) = captured::output(true);
        let mut teller = Teller::new(&Arc::new(output), true);
        early().iter().for_each(|event| teller.tell(event));
        assert_eq!(talk.text(), "");
        let text = answers.text();
        let names: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].clone())
            .collect();
        assert_eq!(names, ["listening", "added", "checked", "progress", "bad_piece", "stopped"]);
    }

    #[test]
    fn progress_tells_rates_peers_and_the_time_left() {
        let running = Progress {
            pieces: 1,
            pieces_total: 4,
            verified: 1 << 20,
            total: 4 << 20,
            peers: 1,
            ..Progress::default()
        };
        let told = progress(&Figures::new(&running, 1 << 20, 0));
        let words = "1.0 MiB of 4.0 MiB, down 1.0 MiB/s, up 0.0 MiB/s, 1 peer, 0:03 left";
        assert_eq!(told, (1 << 20, 4 << 20, words.to_owned()));
        let checking = Progress { pieces: 0, verified: 0, checked: 2, ..running };
        let told = progress(&Figures::new(&checking, 0, 0));
        assert_eq!(told, (2, 4, "checking what is there, 2 of 4 pieces".to_owned()));
        let whole = Progress { pieces: 4, verified: 4 << 20, uploaded: 1 << 20, ..running };
        let (done, total, words) = progress(&Figures::new(&whole, 0, 0));
        assert_eq!((done, total), (4 << 20, 4 << 20));
        assert_eq!(words, "seeding to 1 peer, up 0.0 MiB/s, 1.0 MiB given");
    }

    #[test]
    fn the_same_line_is_not_written_twice() {
        let (output, _, talk) = captured::output(false);
        let mut teller = Teller::new(&Arc::new(output), false);
        let figures = Figures::new(&Progress { pieces_total: 1, total: 1, ..<_>::default() }, 0, 0);
        teller.show(&figures);
        teller.show(&figures);
        assert_eq!(talk.text().lines().count(), 1);
    }
}
