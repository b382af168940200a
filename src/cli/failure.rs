//! A failure as a person reads it, in one line: what failed, where, and what to do about it.

use std::fmt;

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What failed.
    what: String,
    /// With which file, address or folder; nothing if `what` names it.
    place: Option<String>,
    /// What to do about it; nothing if `what` says it or nobody knows.
    advice: Option<String>,
}

impl Failure {
    /// A failure whose text says all there is.
    pub(super) fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), place: None, advice: None }
    }

    /// The same, at this place.
    pub(super) fn at(self, place: impl fmt::Display) -> Self {
        Self { place: Some(place.to_string()), ..self }
    }

    /// The same, with this advice.
    pub(super) fn advise(self, advice: impl fmt::Display) -> Self {
        Self { advice: Some(advice.to_string()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for part in [&self.place, &self.advice].into_iter().flatten() {
            write!(f, ": {part}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_where_and_what_to_do() {
        let failure = Failure::new("cannot read the torrent").at("a.torrent");
        assert_eq!(failure.to_string(), "cannot read the torrent: a.torrent");
        let advised = failure.advise("check its name");
        assert_eq!(advised.to_string(), "cannot read the torrent: a.torrent: check its name");
    }
}
