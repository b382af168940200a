//! Patterns of file names: `*` for anything within a name, `**` for anything at all, `?` for one
//! character. Brackets mean themselves, since names of torrents are full of them.

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// This character.
    Is(char),
    /// Any one character but a slash.
    One,
    /// Any characters but slashes.
    Name,
    /// Any characters.
    Path,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    /// Its parts.
    parts: Vec<Part>,
    /// Whether it is for a path; otherwise for the name behind the last slash.
    whole: bool,
}

impl Glob {
    /// Reads a pattern; any text is one. A backslash takes away the meaning of what follows, and a
    /// slash at the end means all that is in the folder.
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            parts.push(match next {
                '\\' => Part::Is(rest.next().unwrap_or('\\')),
                '?' => Part::One,
                '*' if rest.next_if_eq(&'*').is_some() => Part::Path,
                '*' => Part::Name,
                other => Part::Is(other),
            });
        }
        if text.ends_with('/') {
            parts.push(Part::Path);
        }
        Self { whole: text.contains('/'), parts }
    }

    /// Whether it fits a path as the torrent has it, with or without the torrent's own folder.
    /// Cost: the length of the pattern times that of the path.
    pub(super) fn fits(&self, path: &str) -> bool {
        if !self.whole {
            return self.fits_text(path.rsplit('/').next().unwrap_or(path));
        }
        let inside = path.split_once('/').map_or(path, |(_, inside)| inside);
        self.fits_text(path) || self.fits_text(inside)
    }

    fn fits_text(&self, text: &str) -> bool {
        // Which beginnings of the pattern fit what was read so far.
        let mut fits = vec![false; self.parts.len() + 1];
        fits[0] = true;
        self.skip_empty(&mut fits);
        for character in text.chars() {
            let mut next = vec![false; fits.len()];
            for (at, part) in self.parts.iter().enumerate().filter(|(at, _)| fits[*at]) {
                match part {
                    Part::Is(wanted) => next[at + 1] |= *wanted == character,
                    Part::One => next[at + 1] |= character != '/',
                    Part::Name => next[at] |= character != '/',
                    Part::Path => next[at] = true,
                }
            }
            fits = next;
            self.skip_empty(&mut fits);
        }
        fits.last().copied().unwrap_or(false)
    }

    /// What stands for any characters stands for none, too.
    fn skip_empty(&self, fits: &mut [bool]) {
        for (at, part) in self.parts.iter().enumerate() {
            let any = matches!(part, Part::Name | Part::Path);
            fits[at + 1] |= any && fits[at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names_and_paths() {
        for (pattern, path, expected) in [
            ("*.mkv", "show/s1/a.mkv", true),
            ("*.mkv", "a.mkv", true),
            ("*.mkv", "show/a.mkv.txt", false),
            ("a?c", "x/abc", true),
            ("a?c", "x/ac", false),
            ("s1/*", "show/s1/a.mkv", true),
            ("show/s1/*", "show/s1/a.mkv", true),
            ("s1/*", "show/s1/deep/a.mkv", false),
            ("s1/**", "show/s1/deep/a.mkv", true),
            ("s1/", "show/s1/deep/a.mkv", true),
            ("s1", "show/s1/a.mkv", false),
            ("[x] a", "t/[x] a", true),
            ("a\\*", "t/a*", true),
            ("a\\*", "t/ab", false),
            ("**", "any/thing", true),
            ("*", "", true),
            ("año/*é*", "t/año/café.txt", true),
        ] {
            assert_eq!(Glob::new(pattern).fits(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_take_no_more_time_than_their_number() {
        let pattern = Glob::new(&"*a".repeat(100));
        assert!(!pattern.fits(&format!("{}b", "a".repeat(2_000))));
    }
}
