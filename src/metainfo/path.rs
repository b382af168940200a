//! Relative paths made of names that strangers chose, so that every file system takes them and
//! none leads out of the folder it is put in.
//!
//! Names are altered rather than refused, always in the same way, on every system alike (but for
//! the few characters that only Windows forbids):
//!
//! - bytes that are not UTF-8 become U+FFFD; separators (`/`, `\`), NUL, control characters and
//!   marks that reverse the direction of text become `_`
//! - a name that ends in a dot or space ends in `_` instead; so `.` becomes `_` and `..` `._`
//! - device names of Windows (`CON`, `nul.txt`) and whatever some file system takes for the name of
//!   the folder for resume records get a `_` in front; an empty name becomes `_`
//! - a name too long is cut at a character's border and keeps its extension
//! - folders too deep or too long a path lose the folders next to the file
//!
//! Telling two files of one name apart is the work of `names`.

use crate::limits::{
    NAME_EXTENSION_MAX, NAME_LENGTH_MAX, NAME_SUFFIX_MAX, PATH_DEPTH_MAX, PATH_LENGTH_MAX,
};
use std::fmt;
use std::path::{Path, PathBuf};

/// Characters that only Windows forbids in a name; elsewhere they are common and harmless.
const FORBIDDEN_HERE: &[char] =
    if cfg!(windows) { &['<', '>', ':', '"', '|', '?', '*'] } else { &[] };

/// Folder beside a torrent's files that holds what is known of them; no torrent may write there, or
/// it could forge what is known of another.
pub const RESUME_FOLDER: &str = ".cuerda";

/// Names of devices on Windows, with any extension; `COM` and `LPT` take a digit.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// A relative path whose parts are all safe: it stays inside the folder it is joined to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafePath(Box<str>);

impl SafePath {
    /// The path with these names from the outermost folder to the file, each made safe.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::join(&fit(names.into_iter().map(safe_name).collect()))
    }

    /// The path of parts that are safe already.
    pub(super) fn join(parts: &[String]) -> Self {
        Self(parts.join("/").into_boxed_str())
    }

    /// The path as text, with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names from the outermost folder to the file; at least one.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Where this path lies under a folder.
    pub fn under(&self, folder: &Path) -> PathBuf {
        let mut path = folder.to_owned();
        path.extend(self.parts());
        path
    }
}

impl fmt::Display for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that every file system takes, made from any bytes; safe names stay as they are.
pub(super) fn safe_name(bytes: &[u8]) -> String {
    let mut name = String::from_utf8_lossy(bytes).replace(unsafe_character, "_");
    if is_device(&name) || is_ours(&name) {
        name.insert(0, '_');
    }
    if name.len() > NAME_LENGTH_MAX {
        let (stem, extension) = split_extension(&name);
        name = format!("{}{extension}", cut(stem, NAME_LENGTH_MAX - extension.len()));
    }
    if name.ends_with(['.', ' ']) {
        name.pop();
        name.push('_');
    }
    if name.is_empty() { "_".to_owned() } else { name }
}

/// Drops the folders next to the file until the path fits the limits, also when every part should
/// get a suffix. A path without names becomes `_`.
pub(super) fn fit(mut parts: Vec<String>) -> Vec<String> {
    if parts.is_empty() {
        parts.push("_".to_owned());
    }
    let room = |part: &String| part.len() + 1 + NAME_SUFFIX_MAX;
    let mut length: usize = parts.iter().map(room).sum();
    while parts.len() > 2 && (parts.len() > PATH_DEPTH_MAX || length > PATH_LENGTH_MAX) {
        length -= room(&parts.remove(parts.len() - 2));
    }
    parts
}

/// A name in its parts: all up to the last dot, and the rest if it looks like an extension.
pub(super) fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= NAME_EXTENSION_MAX => name.split_at(dot),
        Some(_) | None => (name, ""),
    }
}

/// The longest start of the text that has at most this many bytes.
pub(super) fn cut(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a character does not belong in a name.
fn unsafe_character(character: char) -> bool {
    character.is_control()
        || matches!(character, '/' | '\\' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || FORBIDDEN_HERE.contains(&character)
}

/// Whether a file system could take the name for that of the folder for resume records: some ignore
/// case, dots and spaces at the end, or characters that cannot be seen, and some have a short name
/// (`CUERDA~1`) for each long one.
pub(super) fn is_ours(name: &str) -> bool {
    let seen: String = name.chars().filter(|&character| !is_unseen(character)).collect();
    let plain = seen.trim_end_matches(['.', ' ']);
    let stem = RESUME_FOLDER.trim_start_matches('.');
    let short = plain.get(..stem.len()).zip(plain.get(stem.len()..)).is_some_and(|(begin, end)| {
        let number = end.strip_prefix('~').unwrap_or_default();
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        begin.eq_ignore_ascii_case(stem) && digits
    });
    short || plain.eq_ignore_ascii_case(RESUME_FOLDER)
}

/// Whether a character shows nothing, so that file systems that fold names leave it out
/// (`Default_Ignorable_Code_Point` of Unicode).
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether Windows takes the name for a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ');
    let numbered = stem.get(..3).zip(stem.get(3..)).is_some_and(|(device, number)| {
        let digit = ["\u{b9}", "\u{b2}", "\u{b3}"].contains(&number)
            || (number.len() == 1 && number.as_bytes().iter().all(u8::is_ascii_digit));
        digit && (device.eq_ignore_ascii_case("COM") || device.eq_ignore_ascii_case("LPT"))
    });
    numbered || DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Component;

    fn path(names: &[&[u8]]) -> String {
        SafePath::new(names.iter().copied()).to_string()
    }

    fn is_safe(path: &SafePath) -> bool {
        let names: Vec<_> = path.parts().collect();
        let on_disk = path.under(Path::new(""));
        path.as_str().len() <= PATH_LENGTH_MAX
            && names.len() <= PATH_DEPTH_MAX
            && on_disk.components().count() == names.len()
            && on_disk.components().all(|part| matches!(part, Component::Normal(_)))
            && names.iter().all(|name| {
                (1..=NAME_LENGTH_MAX).contains(&name.len())
                    && !name.contains(unsafe_character)
                    && !name.ends_with(['.', ' '])
                    && !is_device(name)
            })
    }

    #[test]
    fn ordinary_names_stay() {
        for name in ["a", "a b.txt", ".hidden", "Vol. 1", "né.mkv", "日本語", "a:b", "(2)", "CONS"]
        {
            assert_eq!(path(&[name.as_bytes()]), name);
        }
        assert_eq!(path(&[b"a", b"b", b"c.d"]), "a/b/c.d");
    }

    #[test]
    fn no_form_of_traversal_survives() {
        for (names, safe) in [
            (&[b"..".as_slice(), b"..", b"etc", b"passwd"] as &[&[u8]], "._/._/etc/passwd"),
            (&[b"../../etc/passwd"], ".._.._etc_passwd"),
            (&[b"..\\..\\windows"], ".._.._windows"),
            (&[b"/etc/passwd"], "_etc_passwd"),
            (&[b"/", b"x"], "_/x"),
            (&[b"", b"", b"x"], "_/_/x"),
            (&[b".", b"x"], "_/x"),
            (&[b"... ", b". ."], "..._/. _"),
            (&[b"a\0b", b"\x1b[2J"], "a_b/_[2J"),
            (&[b"..\xff"], "..\u{fffd}"),
            (&[b"..\xc0\xaf.."], "..\u{fffd}\u{fffd}._"),
            (&["gnp.\u{202e}exe".as_bytes()], "gnp._exe"),
            (&[b"\\\\server\\share"], "__server_share"),
            (&[], "_"),
        ] {
            assert_eq!(path(names), safe);
        }
    }

    #[test]
    fn device_names_of_windows_are_altered() {
        for name in ["CON", "con", "nul.txt", "Aux.tar.gz", "com1", "LPT9.x", "COM\u{b9}", "nul .a"]
        {
            assert_eq!(path(&[name.as_bytes()]), format!("_{name}"));
        }
        for name in ["console", "com", "com10", "lptx", "xcon"] {
            assert_eq!(path(&[name.as_bytes()]), name);
        }
    }

    #[test]
    fn no_torrent_reaches_the_folder_of_resume_records() {
        for name in [".cuerda", ".CUERDA", ".cu\u{200c}erda", "\u{feff}.cuerda", "cuerda~1"] {
            assert_eq!(path(&[name.as_bytes(), b"x"]), format!("_{name}/x"));
        }
        assert_eq!(path(&[b".cuerda. .", b".Cuerda "]), "_.cuerda. _/_.Cuerda_");
        for name in [".cuerda2", "cuerda", "cuerda~", "cuerda~1x", "a.cuerda"] {
            assert_eq!(path(&[name.as_bytes()]), name);
        }
    }

    #[test]
    fn long_names_keep_extension_and_whole_characters() {
        let name = safe_name(format!("{}.mkv", "é".repeat(200)).as_bytes());
        assert!(name.ends_with("é.mkv") && name.len() == 254, "{name}");
        assert_eq!(safe_name(&b"x".repeat(300)).len(), 255);
        let dots = safe_name(format!("a{}", ".".repeat(300)).as_bytes());
        assert!(dots.len() <= 255 && dots.ends_with('_'));
    }

    #[test]
    fn deep_and_long_paths_keep_root_and_file() {
        let deep =
            SafePath::new(std::iter::repeat_n(b"d".as_slice(), 500).chain([b"f".as_slice()]));
        assert_eq!(deep.parts().count(), PATH_DEPTH_MAX);
        assert!(deep.as_str().ends_with("/f"));
        let name = b"n".repeat(255);
        let long = SafePath::new(std::iter::repeat_n(name.as_slice(), 60).chain([b"f".as_slice()]));
        assert!(long.as_str().len() <= PATH_LENGTH_MAX && long.as_str().ends_with("/f"));
    }

    proptest! {
        #[test]
        fn any_names_make_a_safe_path(
            names in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..300),
                    "[./\\\\ a:\u{e9}]{0,6}".prop_map(String::into_bytes),
                    "(CON|nul|com1|LPT0)[. ]{0,2}[a-z]{0,3}".prop_map(String::into_bytes),
                ],
                0..20,
            )
        ) {
            let safe = SafePath::new(names.iter().map(Vec::as_slice));
            prop_assert!(is_safe(&safe), "{safe}");
            let again = SafePath::new(safe.parts().map(str::as_bytes));
            prop_assert_eq!(again, safe);
        }
    }
}
