//! `cuerda create`: makes a torrent, tells its info-hash.

use crate::cli::arguments::create::CreateArguments;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::human;
use crate::cli::out::Output;
use crate::cli::outcome::Outcome;
use crate::cli::torrent_file;
use crate::cli::work::{Job, Worked};
use crate::kit::clock::unix_seconds;
use crate::layout::LayoutError;
use crate::metainfo::{self, CreateError, CreateOptions, Created, Magnet, Progress, SkipReason};
use std::path::Path;

/// Makes the torrent.
pub(super) fn create(arguments: CreateArguments, console: &Console) -> Result<Outcome, Failure> {
    let CreateArguments { path, output: target, force, .. } = &arguments;
    torrent_file::check_free(target, *force)?;
    check_not_inside(target, path)?;
    let (source, options) = (path.clone(), options(&arguments));
    let progress = Progress::default();
    let watched = progress.clone();
    let job = Job {
        name: "create",
        progress: &|| (watched.hashed(), watched.total()),
        stop: &|| watched.stop(),
    };
    let created = job.run(console, move || metainfo::create(&source, &options, &progress))?;
    let created = match created {
        Worked::Done(created) => created.map_err(|error| explain(&error, path))?,
        Worked::Interrupted(signal) => return Ok(Outcome::Interrupted(signal)),
    };
    torrent_file::write(target, &created.torrent, *force)?;
    tell(&created, &console.output);
    Ok(Outcome::Done)
}

/// What the maker of torrents wants to know.
fn options(arguments: &CreateArguments) -> CreateOptions {
    CreateOptions {
        piece_length: arguments.piece_length,
        trackers: arguments.announce.iter().map(|url| vec![url.clone()]).collect(),
        private: arguments.private,
        comment: arguments.comment.clone(),
        created_by: Some(concat!("cuerda/", env!("CARGO_PKG_VERSION")).to_owned()),
        creation_date: i64::try_from(unix_seconds()).ok(),
        threads: None,
    }
}

/// Refuses to replace a file that the torrent is made of: it would not match any more.
fn check_not_inside(target: &Path, source: &Path) -> Result<(), Failure> {
    let (Ok(old), Ok(content)) = (target.canonicalize(), source.canonicalize()) else {
        return Ok(());
    };
    if old.starts_with(content) {
        return Err(Failure::new("the old torrent is part of what the new one is made of")
            .at(target.display())
            .advise("move it away, or write elsewhere"));
    }
    Ok(())
}

/// The failure, with the place where its text does not have it, and what to do about it.
fn explain(error: &CreateError, source: &Path) -> Failure {
    let place = source.display().to_string();
    let failure = Failure::new(error);
    let failure = if error.to_string().contains(&place) { failure } else { failure.at(place) };
    match advice(error) {
        Some(advice) => failure.advise(advice),
        None => failure,
    }
}

/// What to do about it; nothing if the text says it.
fn advice(error: &CreateError) -> Option<&'static str> {
    match error {
        CreateError::Io { .. } => Some("check its name, and that you may read it"),
        CreateError::NotContent(_) => Some("name a file or a folder of files"),
        CreateError::NoName(_) => Some("name a folder in it"),
        CreateError::TooDeep(_) | CreateError::TooManyFiles => Some("make several torrents"),
        CreateError::Changed(_) => Some("wait until nobody writes to it"),
        CreateError::PieceLength(_) => Some("give another --piece-length, or none"),
        CreateError::Layout(LayoutError::Empty) => Some("a torrent needs a file with content"),
        CreateError::Layout(_) => Some("give a larger --piece-length, or make several torrents"),
        CreateError::Bencode(_) | CreateError::Unreadable(_) => Some("please report this as a bug"),
        CreateError::Thread => Some("`ulimit -a` tells the limits of this shell"),
        CreateError::Tracker(_) | CreateError::Stopped => None,
    }
}

/// Tells what was made, and what of the folder is not in it.
fn tell(created: &Created, output: &Output) {
    for skipped in &created.skipped {
        let reason = match skipped.reason {
            SkipReason::Symlink => "a symbolic link",
            SkipReason::Special => "neither a file nor a folder",
            SkipReason::EmptyFolder => "a folder without files",
            SkipReason::Records => "what cuerda remembers of torrents",
        };
        output.warn(&format!("left out, {reason}: {}", skipped.path.display()));
    }
    for altered in &created.altered {
        let path = altered.path.display();
        output.warn(&format!("will be called {} by others: {path}", altered.read_as));
    }
    let metainfo = &created.metainfo;
    let layout = &metainfo.layout;
    if !layout.piece_length().is_power_of_two() {
        let length = layout.piece_length();
        output.warn(&format!("pieces of {length} bytes: some clients take only powers of two"));
    }
    output.talk(&format!(
        "{}: {} in {}, {} of {}",
        metainfo.name,
        human::size(layout.total_length()),
        human::count(metainfo.files.len() as u64, "file"),
        human::count(u64::from(layout.piece_count()), "piece"),
        human::size(u64::from(layout.piece_length())),
    ));
    output.talk(&Magnet::from(metainfo).to_string());
    output.answer(created.info_hash().to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::out::captured;
    use std::fs;

    #[test]
    fn the_hash_is_alone_on_standard_output_and_warnings_are_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "content").unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("link")).unwrap();
        let options = CreateOptions::default();
        let created = metainfo::create(folder.path(), &options, &Progress::default()).unwrap();
        let (output, answers, talk) = captured::output(false);
        tell(&created, &output);
        assert_eq!(answers.text(), format!("{}\n", created.info_hash()));
        assert!(talk.text().contains("a symbolic link: ") && talk.text().contains("/link"));
        assert!(talk.text().contains("\nmagnet:?xt=urn:btih:"), "{}", talk.text());
        assert!(talk.text().contains("7 B in 1 file, 1 piece of 16.0 KiB"), "{}", talk.text());
    }

    #[test]
    fn a_torrent_that_would_contain_its_predecessor_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("old.torrent");
        assert_eq!(check_not_inside(&inside, folder.path()), Ok(()));
        fs::write(&inside, "old").unwrap();
        assert!(check_not_inside(&inside, folder.path()).is_err());
        assert!(check_not_inside(&inside, &inside).is_err());
    }

    #[test]
    fn an_error_names_its_place_once() {
        let text = explain(&CreateError::NotContent("/x".into()), Path::new("/x")).to_string();
        assert_eq!(text.matches("/x").count(), 1, "{text}");
        let text = explain(&CreateError::Stopped, Path::new("/x")).to_string();
        assert_eq!(text.matches("/x").count(), 1, "{text}");
    }
}
