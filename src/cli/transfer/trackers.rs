//! What people are told of trackers: that one fails, once for each reason; that it answers, when it
//! does for the first time or again; and no more lines than anybody reads.

use crate::cli::human;
use crate::cli::transfer::event::Event;
use crate::limits::TRACKER_LINES_MAX;
use std::collections::HashMap;

/// What was told of trackers so far.
#[derive(Debug, Default)]
pub(super) struct TrackerTalk {
    /// Of each tracker, why it failed or what it warned of; nothing when it simply works.
    last: HashMap<String, Option<String>>,
    /// Lines told.
    lines: u32,
}

impl TrackerTalk {
    /// A line about this event, if it is about a tracker and news.
    pub(super) fn words(&mut self, event: &Event, terminal: bool) -> Option<String> {
        let (tracker, state, line) = news(event, terminal)?;
        if self.last.get(tracker) == Some(&state) || self.lines > TRACKER_LINES_MAX {
            return None;
        }
        self.last.insert(tracker.clone(), state);
        self.lines += 1;
        if self.lines > TRACKER_LINES_MAX {
            return Some("no more is said of trackers (--json tells all)".to_owned());
        }
        Some(line)
    }
}

/// The tracker that an event is about, what is new of it, and a line about that.
fn news(event: &Event, terminal: bool) -> Option<(&String, Option<String>, String)> {
    if let Event::TrackerAnswered { tracker, peers, warning, .. } = event {
        let peers = human::count(u64::from(*peers), "peer");
        let mut line = format!("tracker {}: {peers}", said(tracker, terminal));
        if let Some(warning) = warning {
            line = format!("{line}; it warns: {}", said(warning, terminal));
        }
        return Some((tracker, warning.clone(), line));
    }
    let Event::TrackerFailed { tracker, reason, retry_in } = event else { return None };
    let again = match retry_in {
        Some(seconds) => format!("next try in {seconds} s"),
        None => "it wants no more tries".to_owned(),
    };
    let (shown, reason_shown) = (said(tracker, terminal), said(reason, terminal));
    let line = format!("tracker {shown} fails: {reason_shown}; {again}");
    Some((tracker, Some(reason.clone()), line))
}

/// A tracker's words, or its name. Scripts wait for the word "complete", so no tracker may say it
/// to them.
fn said(text: &str, terminal: bool) -> &str {
    let misleading = !terminal && text.to_lowercase().contains("complete");
    if misleading { "(words that scripts wait for; --json tells them)" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(tracker: &str, reason: &str) -> Event {
        let (tracker, reason) = (tracker.to_owned(), reason.to_owned());
        Event::TrackerFailed { tracker, reason, retry_in: Some(30) }
    }

    fn answered(tracker: &str) -> Event {
        let (seeders, leechers, warning) = (None, None, None);
        Event::TrackerAnswered { tracker: tracker.to_owned(), peers: 3, seeders, leechers, warning }
    }

    #[test]
    fn a_reason_is_told_once_until_something_changes() {
        let mut talk = TrackerTalk::default();
        let first = talk.words(&failed("udp://a:1", "no answer in 45 s"), false).unwrap();
        assert_eq!(first, "tracker udp://a:1 fails: no answer in 45 s; next try in 30 s");
        assert_eq!(talk.words(&failed("udp://a:1", "no answer in 45 s"), false), None);
        assert!(talk.words(&failed("udp://b:1", "no answer in 45 s"), false).is_some());
        let works = talk.words(&answered("udp://a:1"), false);
        assert_eq!(works.as_deref(), Some("tracker udp://a:1: 3 peers"));
        assert_eq!(talk.words(&answered("udp://a:1"), false), None);
        assert!(talk.words(&failed("udp://a:1", "no answer in 45 s"), false).is_some());
    }

    #[test]
    fn many_lines_come_to_an_end() {
        let mut talk = TrackerTalk::default();
        let told = (0..1000).filter_map(|number| {
            talk.words(&failed("http://a", &format!("reason {number}")), false)
        });
        assert_eq!(told.count(), TRACKER_LINES_MAX as usize + 1);
    }

    #[test]
    fn no_tracker_says_the_word_that_scripts_wait_for() {
        let mut talk = TrackerTalk::default();
        let line = talk.words(&failed("http://a", "Complete: 5 MiB"), false).unwrap();
        assert!(!line.to_lowercase().contains("complete"), "{line}");
        assert!(talk.words(&failed("http://b", "complete"), true).unwrap().contains("complete"));
    }
}
