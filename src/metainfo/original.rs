//! What a torrent itself calls its files, where the safe path is another.
//!
//! Whoever made the torrent has them under those names, and no others know it: so an original is
//! only ever used for a file that is there already. It stays in its folder, whatever its bytes, and
//! never leads to where the records of torrents are.

use super::path::{SafePath, is_ours};
use std::collections::HashSet;

/// Names from the outermost folder to the file, as the torrent has them.
pub(super) type Original = Box<[Vec<u8>]>;

/// The original names of files, given with their safe paths; none where they are the same, are no
/// path of this system, or lead to another file of the torrent.
pub(super) fn originals<'a>(
    files: impl Iterator<Item = (Vec<&'a [u8]>, &'a SafePath)> + Clone,
) -> Vec<Option<Original>> {
    let is_altered = |names: &[&[u8]], path: &SafePath| {
        !names.iter().copied().eq(path.parts().map(str::as_bytes))
    };
    if !files.clone().any(|(names, path)| is_altered(&names, path)) {
        return Vec::new();
    }
    let mut taken: HashSet<Vec<u8>> =
        files.clone().map(|(_, path)| path.as_str().as_bytes().to_vec()).collect();
    let original = |(names, path): (Vec<&[u8]>, &SafePath)| {
        let lawful = names.iter().all(|name| is_name(name));
        let usable = lawful && is_altered(&names, path) && taken.insert(names.join(&b'/'));
        usable.then(|| names.iter().map(|name| name.to_vec()).collect())
    };
    files.map(original).collect()
}

/// Whether bytes are a name in a folder that a torrent may use.
fn is_name(bytes: &[u8]) -> bool {
    !matches!(bytes, b"" | b"." | b"..")
        && !bytes.iter().any(|byte| matches!(byte, b'/' | 0))
        && !is_ours(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&[&[u8]], &str)], expected: &[Option<&[&[u8]]>]) {
        let paths: Vec<SafePath> = files
            .iter()
            .map(|(_, path)| SafePath::new(path.split('/').map(str::as_bytes)))
            .collect();
        let pairs = files.iter().zip(&paths).map(|((names, _), path)| (names.to_vec(), path));
        let found = originals(pairs);
        let expected: Vec<Option<Original>> = expected
            .iter()
            .map(|names| names.map(|names| names.iter().map(|name| name.to_vec()).collect()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_was_altered_has_an_original() {
        check(&[(&[b"n", b"a"], "n/a")], &[]);
        check(
            &[(&[b"n", b"a\xff"], "n/a\u{fffd}"), (&[b"n", b"b"], "n/b")],
            &[Some(&[b"n", b"a\xff"]), None],
        );
    }

    #[test]
    fn no_two_files_have_one_original_and_none_has_anothers_path() {
        check(
            &[(&[b"n", b"a"], "n/a"), (&[b"n", b"a"], "n/a (2)"), (&[b"n", b"A"], "n/A (3)")],
            &[None, None, Some(&[b"n", b"A"])],
        );
        check(
            &[(&[b"n", b"x\xff"], "n/x\u{fffd}"), (&[b"n", b"x\xff"], "n/x\u{fffd} (2)")],
            &[Some(&[b"n", b"x\xff"]), None],
        );
    }

    #[test]
    fn what_leads_to_our_records_is_no_original() {
        let names: [&[u8]; 5] =
            [b".cuerda", b".CUERDA", b".cuerda.", "\u{200d}.cuerda".as_bytes(), b"CUERDA~1"];
        for name in names {
            check(&[(&[name, b"x.resume"], "_.cuerda/x.resume")], &[None]);
            check(&[(&[b"n", name, b"x"], "n/_.cuerda/x")], &[None]);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_no_original() {
        let names: [&[u8]; 6] = [b"..", b".", b"", b"a/b", b"/etc", b"a\0"];
        for name in names {
            check(&[(&[b"n", name], "n/_")], &[None]);
            check(&[(&[name, b"a"], "_/a")], &[None]);
        }
    }
}
