//! `cuerda info`: tells what a torrent contains, to people or as JSON.

use crate::cli::arguments::info::InfoArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::outcome::Outcome;
use crate::cli::{human, torrent_file, tree};
use crate::metainfo::{FileKind, Metainfo};
use serde::Serialize;

/// Width of the column of headings.
const HEADING_WIDTH: usize = 13;

/// Tells the torrent.
pub(super) fn info(arguments: &InfoArguments, console: &Console) -> Result<Outcome, Failure> {
    let metainfo = torrent_file::read(&arguments.torrent)?;
    if arguments.json {
        let json = serde_json::to_vec(&Told::new(&metainfo))
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}")))?;
        console.output.answer(&json);
    } else {
        console.output.answer(words(&metainfo).join("\n").as_bytes());
    }
    Ok(Outcome::Done)
}

/// A torrent as JSON. Names of fields are a promise.
#[derive(Serialize)]
struct Told<'a> {
    /// Name of the file or the outermost folder.
    name: &'a str,
    /// 40 hexadecimal digits.
    info_hash: String,
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
}

/// A file as JSON.
#[derive(Serialize)]
struct ToldFile<'a> {
    /// Its number for `--files`, from 1.
    number: usize,
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
        let files = metainfo.files.iter().filter_map(|file| {
            let symlink = match &file.kind {
                FileKind::Pad => return None,
                FileKind::Regular => None,
                FileKind::Symlink(target) => Some(target.as_str()),
            };
            let path = file.path.as_str();
            Some(ToldFile {
                number: 0,
                path,
                length: file.length,
                executable: file.executable,
                symlink,
            })
        });
        let mut files: Vec<_> = files.collect();
        files.iter_mut().zip(1..).for_each(|(file, number)| file.number = number);
        Self {
            name: &metainfo.name,
            info_hash: metainfo.info_hash.to_string(),
            length: files.iter().map(|file| file.length).sum(),
            piece_length: metainfo.layout.piece_length(),
            pieces: metainfo.layout.piece_count(),
            private: metainfo.private,
            trackers: &metainfo.trackers,
            comment: metainfo.comment.as_deref(),
            created_by: metainfo.created_by.as_deref(),
            creation_date: metainfo.creation_date,
            files,
        }
    }
}

/// A torrent in words, line by line.
fn words(metainfo: &Metainfo) -> Vec<String> {
    let told = Told::new(metainfo);
    let mut lines = Vec::new();
    let mut say = |heading: &str, text: &str| {
        // A text of more lines keeps its column.
        for (index, line) in text.lines().enumerate() {
            let heading = if index == 0 { heading } else { "" };
            lines.push(format!("{heading:<HEADING_WIDTH$}{line}"));
        }
    };
    say("name", told.name);
    say("info-hash", &told.info_hash);
    say("size", &format!("{} ({} bytes)", human::size(told.length), told.length));
    let piece_length = human::size(u64::from(told.piece_length));
    say("pieces", &format!("{} of {piece_length}", told.pieces));
    say("private", if told.private { "yes, peers come from the trackers only" } else { "no" });
    match told.trackers {
        [] => say("trackers", "none"),
        tiers => say(
            "trackers",
            &tiers.iter().map(|tier| tier.join(", ")).collect::<Vec<_>>().join("\n"),
        ),
    }
    say("comment", told.comment.unwrap_or_default());
    say("created by", told.created_by.unwrap_or_default());
    say("created", &told.creation_date.map(human::date).unwrap_or_default());
    say("files", &told.files.len().to_string());
    lines.push(String::new());
    lines.extend(tree::lines(&metainfo.files));
    lines
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
            "length": 13,
            "piece_length": 16384,
            "pieces": 1,
            "private": true,
            "trackers": [["http://a", "udp://b"], ["http://c"]],
            "comment": "one\ntwo",
            "created_by": null,
            "creation_date": 0,
            "files": [
                {"number": 1, "path": "n/x", "length": 5},
                {"number": 2, "path": "n/d/y", "length": 8, "executable": true},
            ],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn words_leave_out_what_is_not_there() {
        let text = words(&torrent()).join("\n");
        assert!(text.contains("comment      one\n             two\n"), "{text}");
        assert!(text.contains("trackers     http://a, udp://b\n             http://c\n"), "{text}");
        assert!(text.contains("created      1970-01-01 00:00:00 UTC\n"), "{text}");
        assert!(text.contains("size         13 B (13 bytes)\n"), "{text}");
        assert!(!text.contains("created by") && !text.contains(".pad"), "{text}");
    }
}
