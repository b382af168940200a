//! How `--files` is read: numbers as `cuerda info` tells them, patterns of names, sizes.

use crate::cli::arguments::glob::Glob;
use crate::cli::arguments::values::size;
use std::cmp::Ordering;
use std::fmt;
use std::ops::RangeInclusive;

/// One occurrence of the option: terms between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileTerms(pub(crate) Vec<FileTerm>);

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileTerm {
    /// As it was written.
    text: String,
    /// Whether it takes files out.
    pub(crate) excludes: bool,
    /// Which files it means.
    means: Means,
}

/// Which files a term means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Means {
    /// Those with these numbers.
    Numbers(RangeInclusive<usize>),
    /// Those with such a name.
    Names(Glob),
    /// Those of such a size.
    Sizes {
        /// How the size compares.
        order: Ordering,
        /// Whether that size itself counts.
        equal: bool,
        /// The size in bytes.
        bytes: u64,
    },
}

/// The terms of a list. A comma in a name is written with a backslash before it.
pub(super) fn file_terms(text: &str) -> Result<FileTerms, String> {
    let terms: Result<Vec<_>, _> = split(text).iter().map(|text| FileTerm::new(text)).collect();
    terms.map(FileTerms)
}

impl FileTerm {
    fn new(text: &str) -> Result<Self, String> {
        let (excludes, meant) = match text.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, text),
        };
        if meant.is_empty() {
            return Err("expected a number, a pattern or a size between commas".to_owned());
        }
        let means = match sizes(meant) {
            Some(sizes) => sizes?,
            None => match numbers(meant) {
                Some(numbers) => Means::Numbers(numbers?),
                None => Means::Names(Glob::new(meant)),
            },
        };
        Ok(Self { text: text.to_owned(), excludes, means })
    }

    /// Whether it means this file.
    pub(crate) fn fits(&self, number: usize, path: &str, length: u64) -> bool {
        match &self.means {
            Means::Numbers(numbers) => numbers.contains(&number),
            Means::Names(glob) => glob.fits(path),
            Means::Sizes { order, equal, bytes } => {
                let found = length.cmp(bytes);
                found == *order || *equal && found == Ordering::Equal
            }
        }
    }
}

impl fmt::Display for FileTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The texts between commas, without blanks around them.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in text.chars() {
        if character == ',' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// `>1G`, `<=10M`; none if it is no comparison.
fn sizes(text: &str) -> Option<Result<Means, String>> {
    let order = match text.chars().next()? {
        '>' => Ordering::Greater,
        '<' => Ordering::Less,
        _ => return None,
    };
    let rest = text.get(1..)?;
    let equal = rest.starts_with('=');
    let bytes = size(rest.strip_prefix('=').unwrap_or(rest));
    Some(bytes.map(|bytes| Means::Sizes { order, equal, bytes }))
}

/// `3`, `3-7`, `3-`; none if it is no number.
fn numbers(text: &str) -> Option<Result<RangeInclusive<usize>, String>> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = match text.split_once('-') {
        None => (text, text),
        Some((first, "")) => (first, ""),
        Some((first, last)) => (first, last),
    };
    if first.is_empty() || !digits(first) || !digits(last) {
        return None;
    }
    let wrong = || format!("expected numbers from 1 up, the smaller one first, not {text:?}");
    let range =
        first.parse().ok().zip(if last.is_empty() { Some(usize::MAX) } else { last.parse().ok() });
    Some(match range {
        Some((first, last)) if 0 < first && first <= last => Ok(first..=last),
        Some(_) | None => Err(wrong()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers of those files that one of the terms means.
    fn meant(text: &str) -> Vec<usize> {
        let files = [("t/a.mkv", 2 << 30), ("t/b, c.txt", 10), ("t/d/e.mkv", 1 << 20), ("t/7", 0)];
        let FileTerms(terms) = file_terms(text).unwrap();
        let fits = |number: usize, (path, length): (&str, u64)| {
            terms.iter().any(|term| term.fits(number, path, length))
        };
        (1..=4).filter(|&number| fits(number, files[number - 1])).collect()
    }

    #[test]
    fn terms_mean_numbers_names_and_sizes() {
        for (text, expected) in [
            ("1", vec![1]),
            ("2-3", vec![2, 3]),
            ("3-", vec![3, 4]),
            ("1,4", vec![1, 4]),
            (" 1 , 2 ", vec![1, 2]),
            ("*.mkv", vec![1, 3]),
            ("d/", vec![3]),
            (">1G", vec![1]),
            (">=1M", vec![1, 3]),
            ("<11", vec![2, 4]),
            ("<=10,3", vec![2, 3, 4]),
            ("b\\, c.txt", vec![2]),
            ("\\7", vec![4]),
            ("9", vec![]),
        ] {
            assert_eq!(meant(text), expected, "{text}");
        }
        let FileTerms(terms) = file_terms("!*.txt,1").unwrap();
        assert_eq!(terms.iter().map(|term| term.excludes).collect::<Vec<_>>(), [true, false]);
        assert_eq!(terms[0].to_string(), "!*.txt");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in
            ["", ",", "1,", "0", "0-3", "5-2", ">", ">much", "<=-1", "!", "99999999999999999999"]
        {
            assert!(file_terms(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            if let Ok(FileTerms(terms)) = file_terms(&text) {
                terms.iter().for_each(|term| { term.fits(1, "a/b", 5); });
            }
        }
    }
}
