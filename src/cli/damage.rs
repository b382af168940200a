//! Which files are to blame for what does not verify.
//!
//! A piece may hold the end of one file and the beginning of the next. When it fails and one of
//! them is missing or has another length, nothing is known of the other: it is `Unknown`, not
//! `Damaged`.

use crate::client::Verdict;
use crate::metainfo::Metainfo;
use crate::storage::ProblemKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Damage {
    /// Where it belongs, starting with the torrent's name.
    pub(super) path: String,
    /// Length in bytes that it should have.
    pub(super) length: u64,
    /// What is the matter.
    #[serde(flatten)]
    pub(super) problem: Problem,
}

/// What is the matter with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub(super) enum Problem {
    /// It is not there.
    Missing,
    /// It ends too early.
    Short {
        /// Bytes that it has.
        found: u64,
    },
    /// It is too long.
    Long {
        /// Bytes that it has.
        found: u64,
    },
    /// Something is there that cannot be used.
    Unusable {
        /// Why.
        reason: String,
    },
    /// Its bytes are not those of the torrent.
    Damaged {
        /// Pieces that failed.
        bad_pieces: u32,
    },
    /// It shares a piece with a file that has another problem.
    Unknown {
        /// Pieces that nothing is known of.
        bad_pieces: u32,
    },
}

impl Damage {
    /// In words.
    pub(super) fn words(&self) -> String {
        let path = &self.path;
        match &self.problem {
            Problem::Missing => format!("missing: {path}"),
            Problem::Short { found } => {
                format!("short, {found} of {} bytes: {path}", self.length)
            }
            Problem::Long { found } => {
                format!(
                    "longer than the torrent says, {found} bytes and not {}: {path}",
                    self.length
                )
            }
            Problem::Unusable { reason } => format!("unusable, {reason}: {path}"),
            Problem::Damaged { bad_pieces: 1 } => format!("damaged, 1 piece: {path}"),
            Problem::Damaged { bad_pieces } => format!("damaged, {bad_pieces} pieces: {path}"),
            Problem::Unknown { .. } => {
                format!("unknown, shares a piece with one of the others: {path}")
            }
        }
    }
}

/// What is wrong, file by file in the torrent's order. Cost: the files of each bad piece.
pub(super) fn assess(metainfo: &Metainfo, verdict: &Verdict) -> Vec<Damage> {
    let layout = &metainfo.layout;
    let mut found: BTreeMap<usize, Problem> = BTreeMap::new();
    for problem in &verdict.files {
        let length = layout.files().get(problem.file).map_or(0, |span| span.length);
        let kind = match problem.problem {
            ProblemKind::Missing => Problem::Missing,
            ProblemKind::Length { found } if found < length => Problem::Short { found },
            ProblemKind::Length { found } => Problem::Long { found },
            ProblemKind::Refused(kind) => Problem::Unusable { reason: kind.explain() },
        };
        found.insert(problem.file, kind);
    }
    let known: Vec<bool> = (0..layout.files().len()).map(|at| found.contains_key(&at)).collect();
    for piece in layout.pieces().filter(|piece| !verdict.good.has(piece.get())) {
        let files = || layout.runs(layout.whole(piece)).filter(|run| !run.pad).map(|run| run.file);
        let explained = files().any(|file| known[file]);
        for file in files().filter(|&file| !known[file]) {
            blame(&mut found, file, explained);
        }
    }
    let told = found.into_iter().filter_map(|(file, problem)| {
        let entry = metainfo.files.get(file)?;
        Some(Damage { path: entry.path.to_string(), length: entry.length, problem })
    });
    told.collect()
}

/// Counts a bad piece against a file: damage is certain if no other file explains the piece.
fn blame(found: &mut BTreeMap<usize, Problem>, file: usize, explained: bool) {
    let entry = found.entry(file).or_insert(Problem::Unknown { bad_pieces: 0 });
    let before = match entry {
        Problem::Unknown { bad_pieces } | Problem::Damaged { bad_pieces } => *bad_pieces,
        Problem::Missing
        | Problem::Short { .. }
        | Problem::Long { .. }
        | Problem::Unusable { .. } => return,
    };
    let (damaged, bad_pieces) = (matches!(entry, Problem::Damaged { .. }), before + 1);
    *entry = if damaged || !explained {
        Problem::Damaged { bad_pieces }
    } else {
        Problem::Unknown { bad_pieces }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitfield::Bitfield;
    use crate::storage::FileProblem;

    /// Pieces of 4 bytes; files `a` of 6, `b` of 2, a pad of 4, `c` of 4, `d` of 0.
    fn torrent() -> Metainfo {
        let file = |name: &str, length: u32, attr: &str| {
            format!("d{attr}6:lengthi{length}e4:pathl1:{name}ee")
        };
        let files = [
            file("a", 6, ""),
            file("b", 2, ""),
            file("p", 4, "4:attr1:p"),
            file("c", 4, ""),
            file("d", 0, ""),
        ];
        let text = format!(
            "d4:infod5:filesl{}e4:name1:n12:piece lengthi4e6:pieces80:{}ee",
            files.concat(),
            "h".repeat(80)
        );
        Metainfo::parse(text.as_bytes()).unwrap()
    }

    fn check(good: &[u32], files: &[(usize, ProblemKind)], expected: &[&str]) {
        let mut bits = Bitfield::new(4);
        good.iter().for_each(|&piece| {
            bits.insert(piece);
        });
        let problem = |&(file, problem): &(usize, ProblemKind)| FileProblem { file, problem };
        let verdict = Verdict { good: bits, files: files.iter().map(problem).collect() };
        let told = assess(&torrent(), &verdict);
        let told: Vec<String> = told.iter().map(Damage::words).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_good_has_no_damage() {
        check(&[0, 1, 2, 3], &[], &[]);
    }

    #[test]
    fn a_bad_piece_blames_its_files() {
        check(&[1, 2, 3], &[], &["damaged, 1 piece: n/a"]);
        check(&[2, 3], &[], &["damaged, 2 pieces: n/a", "damaged, 1 piece: n/b"]);
        check(&[0, 1, 2], &[], &["damaged, 1 piece: n/c"]);
    }

    #[test]
    fn the_neighbor_of_a_missing_file_is_unknown() {
        let missing = [(0, ProblemKind::Missing)];
        let unknown = "unknown, shares a piece with one of the others: n/b";
        check(&[2, 3], &missing, &["missing: n/a", unknown]);
    }

    #[test]
    fn lengths_and_empty_files_count() {
        let files = [
            (1, ProblemKind::Length { found: 1 }),
            (3, ProblemKind::Length { found: 9 }),
            (4, ProblemKind::Missing),
        ];
        let expected = [
            "short, 1 of 2 bytes: n/b",
            "longer than the torrent says, 9 bytes and not 4: n/c",
            "missing: n/d",
        ];
        check(&[0, 1, 2, 3], &files, &expected);
    }

    #[test]
    fn json_names_the_problem() {
        let damage =
            Damage { path: "n/a".to_owned(), length: 6, problem: Problem::Short { found: 2 } };
        let expected =
            serde_json::json!({"path": "n/a", "length": 6, "problem": "short", "found": 2});
        assert_eq!(serde_json::to_value(&damage).unwrap(), expected);
    }
}
