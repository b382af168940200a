//! Which files of a torrent the options of `--files` choose.

use crate::cli::arguments::files::FileTerms;
use crate::cli::failure::Failure;
use crate::cli::human;
use crate::metainfo::{FileKind, Metainfo};

/// A choice of files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Which files are wanted, in the torrent's order.
    pub(super) files: Box<[bool]>,
    /// Files wanted, and those there are, without pads.
    count: (usize, usize),
    /// Bytes of those wanted.
    bytes: u64,
}

impl Choice {
    /// The choice, if one is made: files that a term means, or all if every term takes some out,
    /// without those that are taken out. A term that means no file is an error: it is a slip.
    pub(super) fn of(metainfo: &Metainfo, options: &[FileTerms]) -> Result<Option<Self>, Failure> {
        let terms: Vec<_> = options.iter().flat_map(|FileTerms(terms)| terms).collect();
        if terms.is_empty() {
            return Ok(None);
        }
        let all = terms.iter().all(|term| term.excludes);
        let mut used = vec![false; terms.len()];
        let mut choice = Self { files: Box::default(), count: (0, 0), bytes: 0 };
        let mut files = vec![false; metainfo.files.len()];
        for (file, entry) in metainfo.files.iter().enumerate() {
            if entry.kind == FileKind::Pad {
                continue;
            }
            choice.count.1 += 1;
            let (mut chosen, mut excluded) = (all, false);
            for (term, used) in terms.iter().zip(&mut used) {
                if term.fits(choice.count.1, entry.path.as_str(), entry.length) {
                    *used = true;
                    chosen |= !term.excludes;
                    excluded |= term.excludes;
                }
            }
            if chosen && !excluded {
                files[file] = true;
                choice.count.0 += 1;
                choice.bytes += entry.length;
            }
        }
        let info = "`cuerda info` tells the files and their numbers";
        if let Some((term, _)) = terms.iter().zip(&used).find(|(_, used)| !**used) {
            let failure = Failure::new(format!("no file fits {:?}", term.to_string()));
            return Err(failure.at("--files").advise(info));
        }
        if choice.count.0 == 0 {
            return Err(Failure::new("no file is left by the terms that take some out")
                .at("--files")
                .advise(info));
        }
        choice.files = files.into();
        Ok(Some(choice))
    }

    /// The choice in words.
    pub(super) fn words(&self) -> String {
        let (wanted, all) = self.count;
        format!(
            "{wanted} of {} chosen, {}",
            human::count(all as u64, "file"),
            human::size(self.bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::commands::{Arguments, Command};
    use clap::Parser;

    /// A torrent of `n/x` (5 bytes), a pad, `n/d/y` (8 bytes) and `n/d/z` (1 byte).
    fn torrent() -> Metainfo {
        let text = format!(
            "d4:infod5:filesl\
             d6:lengthi5e4:pathl1:xeed4:attr1:p6:lengthi3e4:pathl4:.pad1:3ee\
             d6:lengthi8e4:pathl1:d1:yeed6:lengthi1e4:pathl1:d1:zeee\
             4:name1:n12:piece lengthi16384e6:pieces20:{}ee",
            "h".repeat(20)
        );
        Metainfo::parse(text.as_bytes()).unwrap()
    }

    fn choose(options: &[&str]) -> Result<Option<Choice>, Failure> {
        let line = ["cuerda", "download", "t", "--dir", "d"].into_iter();
        let options = options.iter().flat_map(|option| ["--files", option]);
        let arguments = Arguments::try_parse_from(line.chain(options)).unwrap();
        let Command::Download(download) = arguments.command else { panic!("no download") };
        Choice::of(&torrent(), &download.files)
    }

    #[test]
    fn terms_add_up_and_some_take_away() {
        for (options, expected) in [
            (vec!["1"], [true, false, false, false]),
            (vec!["2"], [false, false, true, false]),
            (vec!["1", "3"], [true, false, false, true]),
            (vec!["d/,!z"], [false, false, true, false]),
            (vec!["!x"], [false, false, true, true]),
            (vec![">4"], [true, false, true, false]),
        ] {
            let choice = choose(&options).unwrap().unwrap();
            assert_eq!(*choice.files, expected, "{options:?}");
        }
        assert_eq!(choose(&[]), Ok(None));
        assert_eq!(choose(&["1,2"]).unwrap().unwrap().words(), "2 of 3 files chosen, 13 B");
    }

    #[test]
    fn a_term_that_fits_nothing_is_told() {
        let told = choose(&["1,*.mkv"]).unwrap_err().to_string();
        assert!(told.contains("no file fits \"*.mkv\"") && told.contains("cuerda info"), "{told}");
        assert!(choose(&["4"]).is_err(), "there are three files without the pad");
        assert!(choose(&["x,!x"]).unwrap_err().to_string().contains("no file is left"));
    }
}
