//! `cuerda verify`: compares files with their torrent and tells what is wrong with which.

use crate::cli::arguments::verify::VerifyArguments;
use crate::cli::console::Console;
use crate::cli::damage::{Damage, Problem, assess};
use crate::cli::failure::Failure;
use crate::cli::folder::{check_folder, other_folder};
use crate::cli::outcome::Outcome;
use crate::cli::work::{Job, Worked};
use crate::cli::{human, torrent_file};
use crate::client::{self, Verdict, VerifyError, VerifyProgress};
use crate::metainfo::Metainfo;
use crate::storage::{ProblemKind, StorageErrorKind};
use serde::Serialize;
use std::sync::Arc;

/// Compares the files.
pub(super) fn verify(arguments: &VerifyArguments, console: &Console) -> Result<Outcome, Failure> {
    let metainfo = Arc::new(torrent_file::read(&arguments.torrent)?);
    check_folder(&arguments.dir)?;
    let progress = VerifyProgress::default();
    let watched = progress.clone();
    let layout = metainfo.layout.clone();
    let (piece_length, total) = (u64::from(layout.piece_length()), layout.total_length());
    let job = Job {
        name: "verify",
        progress: &|| (total.min(u64::from(watched.checked()) * piece_length), total),
        stop: &|| watched.stop(),
    };
    let (torrent, folder) = (metainfo.clone(), arguments.dir.clone());
    let verdict = job.run(console, move || client::verify(&torrent, &folder, &progress))?;
    let verdict = match verdict {
        Worked::Done(verdict) => verdict.map_err(|error| explain(&error))?,
        Worked::Interrupted(signal) => return Ok(Outcome::Interrupted(signal)),
    };
    let told = Told::new(&metainfo, &verdict);
    if arguments.json {
        let json = serde_json::to_vec(&told)
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}")))?;
        console.output.answer(&json);
        return Ok(if told.complete { Outcome::Done } else { Outcome::No });
    }
    for damage in &told.files {
        console.output.answer(damage.words().as_bytes());
    }
    if told.complete {
        let pieces = human::count(u64::from(told.pieces), "piece");
        console.output.talk(&format!("complete: {pieces}, {}", human::size(total)));
        return Ok(Outcome::Done);
    }
    let advice =
        other_folder(&arguments.dir, &metainfo).unwrap_or_else(|| told.advice(&verdict).to_owned());
    Err(told.failure().at(arguments.dir.display()).advise(advice))
}

/// The failure, with what to do about it where its text does not say it.
fn explain(error: &VerifyError) -> Failure {
    match error {
        VerifyError::Thread(_) => {
            Failure::new(error).advise("`ulimit -a` tells the limits of this shell")
        }
        VerifyError::Storage(_) | VerifyError::Stopped => Failure::new(error),
    }
}

/// The result as JSON. Names of fields are a promise.
#[derive(Serialize)]
struct Told<'a> {
    /// Name of the file or the outermost folder.
    name: &'a str,
    /// 40 hexadecimal digits.
    info_hash: String,
    /// Whether everything is there and right.
    complete: bool,
    /// Number of pieces.
    pieces: u32,
    /// Pieces that are missing or damaged.
    bad_pieces: u32,
    /// Files that are not as they should be.
    files: Vec<Damage>,
}

impl<'a> Told<'a> {
    /// What is told of this verdict.
    fn new(metainfo: &'a Metainfo, verdict: &Verdict) -> Self {
        let pieces = metainfo.layout.piece_count();
        Self {
            name: &metainfo.name,
            info_hash: metainfo.info_hash.to_string(),
            complete: verdict.is_complete(),
            pieces,
            bad_pieces: pieces - verdict.good.count(),
            files: assess(metainfo, verdict),
        }
    }

    /// What to do about it. What a download would refuse to touch is for the user to move.
    fn advice(&self, verdict: &Verdict) -> &'static str {
        let long = || self.files.iter().any(|file| matches!(file.problem, Problem::Long { .. }));
        let refused = verdict.files.iter().find_map(|found| match found.problem {
            ProblemKind::Refused(kind) => Some(kind),
            ProblemKind::Missing | ProblemKind::Length { .. } => None,
        });
        match refused.or_else(|| long().then_some(StorageErrorKind::TooLong)) {
            Some(kind) => kind.advice(),
            None => "`cuerda download` with the same arguments mends it",
        }
    }

    /// What to say when not everything is right.
    fn failure(&self) -> Failure {
        let files = human::count(self.files.len() as u64, "file");
        let verb = if self.files.len() == 1 { "is" } else { "are" };
        let (bad, pieces) = (self.bad_pieces, self.pieces);
        Failure::new(format!(
            "{files} {verb} not as the torrent says, {bad} of {pieces} pieces missing or damaged"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitfield::Bitfield;
    use crate::storage::FileProblem;

    #[test]
    fn json_has_stable_names() {
        let text = format!(
            "d4:infod6:lengthi5e4:name1:n12:piece lengthi4e6:pieces40:{}ee",
            "h".repeat(40)
        );
        let metainfo = Metainfo::parse(text.as_bytes()).unwrap();
        let problem = FileProblem { file: 0, problem: ProblemKind::Missing };
        let verdict = Verdict { good: Bitfield::new(2), files: vec![problem] };
        let told = Told::new(&metainfo, &verdict);
        let expected = serde_json::json!({
            "name": "n",
            "info_hash": metainfo.info_hash.to_string(),
            "complete": false,
            "pieces": 2,
            "bad_pieces": 2,
            "files": [{"path": "n", "length": 5, "problem": "missing"}],
        });
        assert_eq!(serde_json::to_value(&told).unwrap(), expected);
        assert!(told.failure().to_string().starts_with("1 file is not as the torrent says"));
    }
}
