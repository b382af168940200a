//! The options of `cuerda download` and `cuerda seed`.

use crate::cli::arguments::files::{FileTerms, file_terms};
use crate::cli::arguments::rates::rate;
use crate::cli::arguments::values::{
    peer_address, peers_max, seconds, tracker_address, upload_slots,
};
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// Download a torrent's files.
#[derive(Debug, Args)]
pub(crate) struct DownloadArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,
    /// The folder to put the torrent's file or folder into; what is there already is checked and
    /// kept
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Only these files, between commas: numbers as `cuerda info` tells them (2, 5-9, 12-),
    /// patterns (*.mkv, extras/), sizes (>1G, <=10M), !TERM to leave some out; may be given again
    /// [default: all]
    #[arg(long, value_name = "LIST", value_parser = file_terms, allow_hyphen_values = true)]
    pub(crate) files: Vec<FileTerms>,
    /// Fetch in order, to watch or listen meanwhile; slower for everybody [default: rarest first]
    #[arg(long)]
    pub(crate) sequential: bool,
    /// Stay after the last piece and give to others until Ctrl-C [default: off]
    #[arg(long)]
    pub(crate) seed: bool,
    /// Give up when not all is there after this many seconds [default: never]
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// How files take their space: sparse, as they are written; or full, all at once, so that a
    /// full disk shows at the start
    #[arg(long, value_name = "HOW", value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) allocate: Allocate,
    /// Have everything on the medium before it counts as complete, in case of a power cut; the
    /// system does so in its own time [default: off]
    #[arg(long)]
    pub(crate) flush: bool,
    /// How to reach others and what to tell.
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
}

/// Give files to others.
#[derive(Debug, Args)]
pub(crate) struct SeedArguments {
    /// The torrent file
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,
    /// The folder that holds the torrent's file or folder; none of them is changed
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Stop after this many seconds [default: at Ctrl-C]
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// How to reach others and what to tell.
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
}

/// What `download` and `seed` have in common.
#[derive(Debug, Args)]
pub(crate) struct NetworkArguments {
    /// TCP port to take peers on, on all addresses; 0 for any that is free [default: 6881, or
    /// another if that is taken]
    #[arg(long, value_name = "P")]
    pub(crate) port: Option<u16>,
    /// Address of a peer to connect to, as 192.0.2.7:6881, with brackets around an IPv6 one; may
    /// be given again [default: none]
    #[arg(long, value_name = "IP:PORT", value_parser = peer_address)]
    pub(crate) peer: Vec<SocketAddr>,
    /// Do not announce to the torrent's trackers [default: off]
    #[arg(long)]
    pub(crate) no_trackers: bool,
    /// Address of one more tracker to announce to, http://, https:// or udp://; may be given again
    /// [default: none]
    #[arg(long, value_name = "URL", value_parser = tracker_address)]
    pub(crate) tracker: Vec<String>,
    /// Certificates (PEM) of the authorities that https:// trackers are to be signed by, instead of
    /// those that browsers trust
    #[arg(long, value_name = "FILE")]
    pub(crate) tracker_ca: Option<PathBuf>,
    /// Most peers given to at once, besides one by chance
    #[arg(long, value_name = "N", default_value_t = crate::limits::UPLOAD_SLOTS,
          value_parser = upload_slots)]
    pub(crate) upload_slots: usize,
    /// Most peers connected at once [default: 10000, or what the limit of open files allows]
    #[arg(long, value_name = "N", value_parser = peers_max)]
    pub(crate) max_peers: Option<usize>,
    /// Most bytes sent in a second, as 500K, 1.5M or 10Mbit; K, M and G are powers of 1024
    /// [default: no limit]
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) limit_up: Option<NonZeroU64>,
    /// Most bytes received in a second [default: no limit]
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) limit_down: Option<NonZeroU64>,
    /// Tell what happens as one JSON object a line [default: off]
    #[arg(long)]
    pub(crate) json: bool,
}

/// How files take their space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Allocate {
    /// As they are written
    #[default]
    Sparse,
    /// All at once, so that a full disk shows at the start
    Full,
}

#[cfg(test)]
mod tests {
    use crate::cli::arguments::commands::Command;
    use crate::cli::arguments::commands::tests::command as parse;

    #[test]
    fn a_download_takes_peers_of_both_families() {
        let line = "download a.torrent --dir d --port 7000 --peer 127.0.0.1:1 --peer [::1]:2";
        let Ok(Command::Download(download)) = parse(line) else { panic!("no download") };
        assert_eq!(download.network.port, Some(7000));
        let expected = ["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()];
        assert_eq!(download.network.peer, expected);
        assert_eq!(download.network.upload_slots, crate::limits::UPLOAD_SLOTS);
    }

    #[test]
    fn wrong_values_are_wrong_usage() {
        for wrong in [
            "download a --dir d --peer nonsense",
            "download a --dir d --peer 127.0.0.1",
            "download a --dir d --port 65536",
            "download a --dir d --timeout soon",
            "download a --dir d --timeout 0",
            "download a --dir d --allocate later",
            "download a --dir d --max-peers 0",
            "download a --dir d --tracker wss://a/announce",
            "download a --dir d --tracker udp://a/announce",
            "download a --dir d --tracker http://",
            "download a --dir d --limit-up fast",
            "seed a --dir d --limit-down 0",
            "download a --dir d --files 0",
            "download a --dir d --files 1,",
            "seed a --dir d --files 1",
            "seed a --dir d --timeout 0",
            "seed a --dir d --flush",
            "seed a --dir d --upload-slots 99999999",
        ] {
            let error = parse(wrong).expect_err(wrong);
            assert_eq!(error.exit_code(), 2, "{wrong}");
        }
    }
}
