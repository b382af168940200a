//! What happens to a torrent, as `--json` tells it. Names of events and fields are a promise.

use crate::client::Progress;
use crate::tracker::report::{Report, ReportOutcome};
use serde::Serialize;
use std::net::SocketAddr;

/// Something that happened; one JSON object with the name of the variant as `event`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// Peers can connect.
    Listening {
        /// Where.
        addresses: Vec<SocketAddr>,
    },
    /// The torrent was taken on.
    Added {
        /// 40 hexadecimal digits.
        info_hash: String,
        /// Name of the file or the outermost folder.
        name: String,
        /// Bytes of all files.
        length: u64,
        /// Number of pieces.
        pieces: u32,
    },
    /// What was on the disk has been compared with the torrent.
    Checked {
        /// Pieces that are good.
        pieces: u32,
        /// Number of pieces.
        pieces_total: u32,
        /// Pieces that were read for that; the others were known from an earlier run.
        pieces_checked: u32,
    },
    /// The disk is full: nothing is fetched until there is room.
    DiskFull {
        /// What and where.
        message: String,
        /// Seconds between two looks whether there is room.
        retry_seconds: u64,
    },
    /// The disk has room again.
    DiskHasRoom,
    /// How far it is, once a second.
    Progress(Figures),
    /// A peer has joined.
    PeerJoined {
        /// Where it is.
        address: SocketAddr,
    },
    /// A peer has left, or could not be reached.
    PeerLeft {
        /// Where it was.
        address: SocketAddr,
        /// Why, in words.
        reason: String,
    },
    /// A tracker answered an announce.
    TrackerAnswered {
        /// Which tracker, without what may be secret in its address.
        tracker: String,
        /// Addresses of peers that it gave.
        peers: u32,
        /// Peers that have everything, if it says.
        seeders: Option<u32>,
        /// Other peers, if it says.
        leechers: Option<u32>,
        /// What it wants people to read.
        warning: Option<String>,
    },
    /// A tracker refused or could not be reached.
    TrackerFailed {
        /// Which tracker, without what may be secret in its address.
        tracker: String,
        /// Why.
        reason: String,
        /// Seconds until it is tried again; nothing if it is not.
        retry_in: Option<u64>,
    },
    /// A piece failed its hash and is fetched again.
    BadPiece {
        /// Its number.
        piece: u32,
    },
    /// Every piece is verified, and the files are where they should be.
    Complete {
        /// Where the file or folder is; U+FFFD stands for what is no UTF-8.
        path: String,
        /// The bytes of the path in hexadecimal digits, if it is no UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_hex: Option<String>,
        /// Bytes of all files.
        length: u64,
        /// Payload bytes received for it.
        downloaded: u64,
        /// Seconds since the start.
        seconds: f64,
    },
    /// It cannot go on.
    Failed {
        /// What, where, and what to do.
        message: String,
    },
    /// It was stopped by a signal, or its time is over.
    Stopped {
        /// Pieces that are there.
        pieces: u32,
        /// Number of pieces.
        pieces_total: u32,
        /// Payload bytes received.
        downloaded: u64,
        /// Payload bytes given.
        uploaded: u64,
        /// Whether what is on the disk was still being compared, so that nothing is known of it.
        #[serde(skip)]
        checking: bool,
    },
}

impl Event {
    /// How an announce went.
    pub(super) fn of_tracker(report: Report) -> Self {
        let tracker = report.tracker.into_string();
        match report.outcome {
            ReportOutcome::Answered { peers, seeders, leechers, warning } => {
                let warning = warning.map(str::into_string);
                Self::TrackerAnswered { tracker, peers, seeders, leechers, warning }
            }
            ReportOutcome::Failed { reason, again } => {
                let retry_in = again.map(|again| again.as_secs());
                Self::TrackerFailed { tracker, reason: reason.into_string(), retry_in }
            }
        }
    }
}

/// How far a torrent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    /// Pieces verified.
    pub(super) pieces: u32,
    /// Number of pieces.
    pub(super) pieces_total: u32,
    /// Pieces compared with the disk at the start.
    pub(super) pieces_checked: u32,
    /// Pieces known to be good at the start without reading them.
    pub(super) pieces_trusted: u32,
    /// Whether nothing is fetched because the disk is full.
    pub(super) disk_full: bool,
    /// Bytes verified.
    pub(super) verified: u64,
    /// Bytes of all files.
    pub(super) length: u64,
    /// Payload bytes received, wasted ones too.
    pub(super) downloaded: u64,
    /// Payload bytes given.
    pub(super) uploaded: u64,
    /// Payload bytes received for nothing.
    pub(super) wasted: u64,
    /// Bytes received per second of late.
    pub(super) download_rate: u64,
    /// Bytes given per second of late.
    pub(super) upload_rate: u64,
    /// Seconds until all is there, if that can be told.
    pub(super) seconds_left: Option<u64>,
    /// Connected peers.
    pub(super) peers: u32,
    /// Connected peers that have everything.
    pub(super) seeds: u32,
    /// Pieces that failed their hash.
    pub(super) bad_pieces: u32,
}

impl Figures {
    /// The figures of this moment; rates in bytes per second.
    pub(super) fn new(progress: &Progress, download_rate: u64, upload_rate: u64) -> Self {
        let missing = progress.total.saturating_sub(progress.verified);
        Self {
            pieces: progress.pieces,
            pieces_total: progress.pieces_total,
            pieces_checked: progress.checked,
            pieces_trusted: progress.trusted,
            disk_full: progress.disk_full,
            verified: progress.verified,
            length: progress.total,
            downloaded: progress.downloaded,
            uploaded: progress.uploaded,
            wasted: progress.wasted,
            download_rate,
            upload_rate,
            seconds_left: (download_rate > 0).then(|| missing.div_ceil(download_rate)),
            peers: progress.peers,
            seeds: progress.seeds,
            bad_pieces: progress.bad_pieces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json, to_value};

    fn check(event: Event, expected: Value) {
        assert_eq!(to_value(event).unwrap(), expected);
    }

    fn complete(hex: Option<&str>) -> Event {
        let (path, path_hex) = ("d/n".to_owned(), hex.map(str::to_owned));
        Event::Complete { path, path_hex, length: 5, downloaded: 5, seconds: 1.5 }
    }

    #[test]
    fn json_has_stable_names() {
        let address: SocketAddr = "[::1]:6881".parse().unwrap();
        check(
            Event::Listening { addresses: vec![address] },
            json!({"event": "listening", "addresses": ["[::1]:6881"]}),
        );
        check(
            Event::Checked { pieces: 3, pieces_total: 4, pieces_checked: 2 },
            json!({"event": "checked", "pieces": 3, "pieces_total": 4, "pieces_checked": 2}),
        );
        check(
            Event::DiskFull { message: "no".to_owned(), retry_seconds: 10 },
            json!({"event": "disk_full", "message": "no", "retry_seconds": 10}),
        );
        check(Event::DiskHasRoom, json!({"event": "disk_has_room"}));
        check(
            Event::PeerJoined { address },
            json!({"event": "peer_joined", "address": "[::1]:6881"}),
        );
        check(
            Event::PeerLeft { address, reason: "gone".to_owned() },
            json!({"event": "peer_left", "address": "[::1]:6881", "reason": "gone"}),
        );
        check(
            Event::of_tracker(Report {
                tracker: "udp://a:1".into(),
                outcome: ReportOutcome::Answered {
                    peers: 2,
                    seeders: Some(1),
                    leechers: None,
                    warning: Some("w".into()),
                },
            }),
            json!({"event": "tracker_answered", "tracker": "udp://a:1", "peers": 2, "seeders": 1,
                   "leechers": null, "warning": "w"}),
        );
        let again = Some(std::time::Duration::from_secs(30));
        check(
            Event::of_tracker(Report {
                tracker: "udp://a:1".into(),
                outcome: ReportOutcome::Failed { reason: "no".into(), again },
            }),
            json!({"event": "tracker_failed", "tracker": "udp://a:1", "reason": "no",
                   "retry_in": 30}),
        );
        check(Event::BadPiece { piece: 7 }, json!({"event": "bad_piece", "piece": 7}));
        check(
            Event::Failed { message: "no".to_owned() },
            json!({"event": "failed", "message": "no"}),
        );
        check(
            Event::Stopped {
                pieces: 1,
                pieces_total: 2,
                downloaded: 3,
                uploaded: 4,
                checking: false,
            },
            json!({"event": "stopped", "pieces": 1, "pieces_total": 2, "downloaded": 3,
                   "uploaded": 4}),
        );
    }

    #[test]
    fn completion_has_stable_names() {
        check(
            complete(None),
            json!({"event": "complete", "path": "d/n", "length": 5, "downloaded": 5,
                   "seconds": 1.5}),
        );
        check(
            complete(Some("642f6e")),
            json!({"event": "complete", "path": "d/n", "path_hex": "642f6e", "length": 5,
                   "downloaded": 5, "seconds": 1.5}),
        );
    }

    #[test]
    fn progress_has_stable_names_and_no_time_left_when_nothing_comes() {
        let progress = Progress {
            pieces: 1,
            pieces_total: 4,
            verified: 10,
            total: 40,
            downloaded: 12,
            uploaded: 3,
            wasted: 2,
            checked: 4,
            trusted: 0,
            disk_full: false,
            peers: 2,
            seeds: 1,
            bad_pieces: 1,
            complete: false,
        };
        check(
            Event::Progress(Figures::new(&progress, 20, 5)),
            json!({"event": "progress", "pieces": 1, "pieces_total": 4, "pieces_checked": 4,
                   "pieces_trusted": 0, "disk_full": false,
                   "verified": 10, "length": 40, "downloaded": 12, "uploaded": 3, "wasted": 2,
                   "download_rate": 20, "upload_rate": 5, "seconds_left": 2, "peers": 2,
                   "seeds": 1, "bad_pieces": 1}),
        );
        assert_eq!(Figures::new(&progress, 0, 0).seconds_left, None);
    }
}
