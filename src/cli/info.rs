//! `cuerda info`: tells what a torrent or a magnet link contains, and if wanted what its trackers
//! know of it, to people or as JSON.

use crate::cli::arguments::info::InfoArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use crate::cli::scrape::ToldTracker;
use crate::cli::sheet::Sheet;
use crate::cli::{human, link, scrape, torrent_file, tree};
use crate::metainfo::{FileEntry, FileKind, Magnet, Metainfo};
use serde::Serialize;

/// Tells the torrent or the link, and what trackers know of it if that is wanted.
pub(super) fn info(arguments: &InfoArguments, console: &Console) -> Result<Outcome, Failure> {
    let InfoArguments { source, json, .. } = arguments;
    let answer = if let Some(magnet) = torrent_file::magnet(source) {
        let magnet = magnet?;
        let tiers: Vec<_> = magnet.trackers.iter().map(|url| vec![url.clone()]).collect();
        let asked = match scrape::ask(arguments, magnet.info_hash, &tiers, console)? {
            Ok(asked) => asked,
            Err(signal) => return Ok(Outcome::Interrupted(signal)),
        };
        if *json {
            as_json(&link::Told::new(&magnet, asked))?
        } else {
            link::words(&magnet, asked.as_deref())
        }
    } else {
        let metainfo = torrent_file::read(source)?;
        let (hash, tiers) = (metainfo.info_hash, &metainfo.trackers);
        let asked = match scrape::ask(arguments, hash, tiers, console)? {
            Ok(asked) => asked,
            Err(signal) => return Ok(Outcome::Interrupted(signal)),
        };
        let told = Told { scrape: asked, ..Told::new(&metainfo) };
        if *json { as_json(&told)? } else { words(&metainfo, &told).join("\n") }
    };
    console.output.answer(answer.as_bytes());
    Ok(Outcome::Done)
}

/// One JSON object.
fn as_json(told: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(told).map_err(|error| Failure::new(format!("cannot write JSON: {error}")))
}

/// A torrent as JSON. Names of fields are a promise.
#[derive(Serialize)]
struct Told<'a> {
    /// Name of the file or the outermost folder.
    name: &'a str,
    /// 40 hexadecimal digits.
    info_hash: String,
    /// The torrent as a magnet link.
    magnet: String,
    /// Bytes of all files but pads.
    length: u64,
    /// Bytes of a piece.
    piece_length: u32,
    /// Number of pieces.
    pieces: u32,
    /// Whether peers may come from the trackers only.
    private: bool,
    /// Addresses in their tiers.
    trackers: &'a [Vec<String>],
    /// Free text.
    comment: Option<&'a str>,
    /// The program that made it.
    created_by: Option<&'a str>,
    /// Seconds since 1970.
    creation_date: Option<i64>,
    /// The files but for pads.
    files: Vec<ToldFile<'a>>,
    /// What trackers know of it, if they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    scrape: Option<Vec<ToldTracker>>,
}

/// A file as JSON.
#[derive(Serialize)]
struct ToldFile<'a> {
    /// Its number for `--files`, from 1.
    number: usize,
    /// Its position in the torrent, pads counted, from 0 (as BEP 53 counts).
    index: usize,
    /// Where it lies under the folder of the download.
    path: &'a str,
    /// Length in bytes.
    length: u64,
    /// Whether it is a program.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    executable: bool,
    /// What it points to, if it is a symbolic link.
    #[serde(skip_serializing_if = "Option::is_none")]
    symlink: Option<&'a str>,
}

impl<'a> Told<'a> {
    /// What is told of this torrent.
    fn new(metainfo: &'a Metainfo) -> Self {
        let files = metainfo.files.iter().enumerate().filter_map(|(index, file)| {
            let symlink = match &file.kind {
                FileKind::Pad => return None,
                FileKind::Regular => None,
                FileKind::Symlink(target) => Some(target.as_str()),
            };
            let path = file.path.as_str();
            let FileEntry { length, executable, .. } = *file;
            Some(ToldFile { number: 0, index, path, length, executable, symlink })
        });
        let mut files: Vec<_> = files.collect();
        files.iter_mut().zip(1..).for_each(|(file, number)| file.number = number);
        Self {
            name: &metainfo.name,
            info_hash: metainfo.info_hash.to_string(),
            magnet: Magnet::from(metainfo).to_string(),
            length: metainfo.content_length(),
            piece_length: metainfo.layout.piece_length(),
            pieces: metainfo.layout.piece_count(),
            private: metainfo.private,
            trackers: &metainfo.trackers,
            comment: metainfo.comment.as_deref(),
            created_by: metainfo.created_by.as_deref(),
            creation_date: metainfo.creation_date,
            files,
            scrape: None,
        }
    }
}

/// A torrent in words, line by line.
fn words(metainfo: &Metainfo, told: &Told<'_>) -> Vec<String> {
    let mut sheet = Sheet::default();
    sheet.say("name", told.name);
    sheet.say("info-hash", &told.info_hash);
    sheet.say("size", &format!("{} ({} bytes)", human::size(told.length), told.length));
    let piece_length = human::size(u64::from(told.piece_length));
    sheet.say("pieces", &format!("{} of {piece_length}", told.pieces));
    sheet
        .say("private", if told.private { "yes, peers come from the trackers only" } else { "no" });
    sheet.say("trackers", &tiers(told.trackers));
    sheet.say("comment", told.comment.unwrap_or_default());
    sheet.say("created by", told.created_by.unwrap_or_default());
    sheet.say("created", &told.creation_date.map(human::date).unwrap_or_default());
    sheet.say("magnet", &told.magnet);
    sheet.say("scrape", &scrape::words(told.scrape.as_deref()));
    sheet.say("files", &told.files.len().to_string());
    let mut lines = sheet.lines();
    lines.push(String::new());
    lines.extend(tree::lines(&metainfo.files));
    lines
}

/// The tiers, one a line; numbered when there are several.
fn tiers(tiers: &[Vec<String>]) -> String {
    match tiers {
        [] => "none".to_owned(),
        [only] => only.join(", "),
        several => {
            let numbered = several.iter().zip(1..);
            let lines =
                numbered.map(|(tier, number)| format!("tier {number}: {}", tier.join(", ")));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A torrent of two files and a pad.
    fn torrent() -> Metainfo {
        let hash = "h".repeat(20);
        let text = format!(
            "d8:announce8:http://a13:announce-listll8:http://a7:udp://bel8:http://cee\
             7:comment7:one\ntwo13:creation datei0e4:infod5:filesl\
             d6:lengthi5e4:pathl1:xeed4:attr1:p6:lengthi3e4:pathl4:.pad1:3ee\
             d4:attr1:x6:lengthi8e4:pathl1:d1:yeee4:name1:n12:piece lengthi16384e\
             6:pieces20:{hash}7:privatei1eee"
        );
        Metainfo::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn json_has_stable_names() {
        let json = serde_json::to_value(Told::new(&torrent())).unwrap();
        let expected = serde_json::json!({
            "name": "n",
            "info_hash": torrent().info_hash.to_string(),
            "magnet": format!(
                "magnet:?xt=urn:btih:{}&dn=n&xl=13&tr=http%3A%2F%2Fa&tr=udp%3A%2F%2Fb\
                 &tr=http%3A%2F%2Fc",
                torrent().info_hash
            ),
            "length": 13,
            "piece_length": 16384,
            "pieces": 1,
            "private": true,
            "trackers": [["http://a", "udp://b"], ["http://c"]],
            "comment": "one\ntwo",
            "created_by": null,
            "creation_date": 0,
            "files": [
                {"number": 1, "index": 0, "path": "n/x", "length": 5},
                {"number": 2, "index": 2, "path": "n/d/y", "length": 8, "executable": true},
            ],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn words_leave_out_what_is_not_there() {
        let torrent = torrent();
        let text = words(&torrent, &Told::new(&torrent)).join("\n");
        assert!(text.contains("comment      one\n             two\n"), "{text}");
        let trackers = "trackers     tier 1: http://a, udp://b\n             tier 2: http://c\n";
        assert!(text.contains(trackers), "{text}");
        assert!(text.contains("magnet       magnet:?xt=urn:btih:"), "{text}");
        assert!(text.contains("created      1970-01-01 00:00:00 UTC\n"), "{text}");
        assert!(text.contains("size         13 B (13 bytes)\n"), "{text}");
        assert!(!text.contains("created by") && !text.contains(".pad"), "{text}");
        assert!(!text.contains("scrape"), "{text}");
    }
}
