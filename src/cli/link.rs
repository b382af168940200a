//! What a magnet link says, in words or as JSON.

use crate::cli::human;
use crate::cli::scrape::{self, ToldTracker};
use crate::cli::sheet::Sheet;
use crate::metainfo::Magnet;
use serde::Serialize;
use std::net::SocketAddr;

/// A link as JSON. Names of fields are a promise; those that torrents have too are the same there.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    /// What to call it, if the link says so.
    name: Option<&'a str>,
    /// 40 hexadecimal digits.
    info_hash: String,
    /// The link as we write it.
    magnet: String,
    /// Bytes of all files, if the link says so.
    length: Option<u64>,
    /// Addresses, each a tier of its own.
    trackers: Vec<[&'a str; 1]>,
    /// Addresses of copies of the files.
    web_seeds: &'a [String],
    /// Peers to connect to.
    peers: &'a [SocketAddr],
    /// First and last position of each run of files to download; none for all files.
    selection: Vec<[u32; 2]>,
    /// What trackers know of it, if they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    scrape: Option<Vec<ToldTracker>>,
}

impl<'a> Told<'a> {
    /// What is told of this link, and what trackers said of it.
    pub(super) fn new(magnet: &'a Magnet, scrape: Option<Vec<ToldTracker>>) -> Self {
        Self {
            name: magnet.name.as_deref(),
            info_hash: magnet.info_hash.to_string(),
            magnet: magnet.to_string(),
            length: magnet.length,
            trackers: magnet.trackers.iter().map(|url| [url.as_str()]).collect(),
            web_seeds: &magnet.web_seeds,
            peers: &magnet.peers,
            selection: magnet.selection.iter().map(|run| [*run.start(), *run.end()]).collect(),
            scrape,
        }
    }
}

/// A link in words, and what trackers know of it.
pub(super) fn words(magnet: &Magnet, asked: Option<&[ToldTracker]>) -> String {
    let mut sheet = Sheet::default();
    sheet.say("name", magnet.name.as_deref().unwrap_or("not in the link"));
    sheet.say("info-hash", &magnet.info_hash.to_string());
    let size = magnet.length.map(|length| format!("{} ({length} bytes)", human::size(length)));
    sheet.say("size", size.as_deref().unwrap_or("not in the link"));
    let trackers = magnet.trackers.join("\n");
    sheet.say("trackers", if trackers.is_empty() { "none" } else { &trackers });
    sheet.say("web seeds", &magnet.web_seeds.join("\n"));
    let peers: Vec<_> = magnet.peers.iter().map(SocketAddr::to_string).collect();
    sheet.say("peers", &peers.join("\n"));
    let runs = magnet.selection.iter().map(|run| match (run.start(), run.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first} to {last}"),
    });
    sheet.say("chosen", &runs.collect::<Vec<_>>().join(", "));
    sheet.say("magnet", &magnet.to_string());
    sheet.say("scrape", &scrape::words(asked));
    sheet.say("files", "not in the link, only in the torrent");
    sheet.lines().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

    fn link(rest: &str) -> Magnet {
        format!("magnet:?xt=urn:btih:{HASH}{rest}").parse().unwrap()
    }

    #[test]
    fn json_has_stable_names() {
        let magnet = link("&dn=n&xl=5&tr=http://a&tr=udp://b&ws=http://w&x.pe=[::1]:2&so=0,2-4");
        let expected = serde_json::json!({
            "name": "n",
            "info_hash": HASH,
            "magnet": magnet.to_string(),
            "length": 5,
            "trackers": [["http://a"], ["udp://b"]],
            "web_seeds": ["http://w"],
            "peers": ["[::1]:2"],
            "selection": [[0, 0], [2, 4]],
        });
        assert_eq!(serde_json::to_value(Told::new(&magnet, None)).unwrap(), expected);
    }

    #[test]
    fn words_say_what_the_link_does_not_know() {
        let text = words(&link("&so=1,3-5"), None);
        assert!(text.contains("name         not in the link\n"), "{text}");
        assert!(text.contains("chosen       1, 3 to 5\n"), "{text}");
        assert!(!text.contains("peers"), "{text}");
        assert!(words(&link("&xl=1024"), None).contains("size         1.0 KiB (1024 bytes)\n"));
    }
}
