//! The tracker addresses of a torrent (BEP 3, BEP 12): tiers of URLs, of which the usable remain.
//!
//! Shuffling a tier and moving a working tracker to its front belong to who announces.

use super::raw::RawTiers;
use crate::limits::{TRACKER_URL_MAX, TRACKERS_MAX};
use std::collections::HashSet;

/// Kinds of addresses that can be announced to.
const SCHEMES: [&str; 3] = ["http://", "https://", "udp://"];

/// The usable tiers: those of `announce-list`, or `announce` alone if none of them is usable.
pub(super) fn tiers(announce: Option<&[u8]>, list: Option<RawTiers>) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
    let mut kept_tiers: Vec<Vec<String>> = Vec::new();
    for tier in list.map_or_else(Vec::new, |list| list.0) {
        let urls = tier.iter().filter_map(|bytes| usable(bytes));
        let kept: Vec<String> =
            urls.filter(|url| seen.len() < TRACKERS_MAX && seen.insert(url.clone())).collect();
        if !kept.is_empty() {
            kept_tiers.push(kept);
        }
    }
    if kept_tiers.is_empty() {
        kept_tiers.extend(announce.and_then(usable).map(|url| vec![url]));
    }
    kept_tiers
}

/// The address as text, if one can announce to it: of a known scheme, with a host, printable.
pub(super) fn usable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let rest = SCHEMES.iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })?;
    let host_follows = rest.chars().next().is_some_and(|c| !matches!(c, '/' | '?' | '#' | ':'));
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte >= 0x80)
        && !text.chars().any(char::is_control);
    (host_follows && printable && text.len() <= TRACKER_URL_MAX).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tiers: &[&[&str]]) -> Option<RawTiers> {
        let tiers = tiers.iter();
        Some(RawTiers(
            tiers.map(|tier| tier.iter().map(|url| url.as_bytes().to_vec()).collect()).collect(),
        ))
    }

    #[test]
    fn announce_counts_only_without_a_usable_list() {
        let announce = Some(b"http://a/announce".as_slice());
        assert_eq!(tiers(announce, list(&[&["udp://b:1"]])), [["udp://b:1"]]);
        assert_eq!(tiers(announce, list(&[&[""], &["nonsense"], &[]])), [["http://a/announce"]]);
        assert_eq!(tiers(announce, None), [["http://a/announce"]]);
        assert!(tiers(None, None).is_empty());
    }

    #[test]
    fn repeated_addresses_keep_their_first_place() {
        let found = tiers(None, list(&[&["http://a", "udp://b"], &["udp://b"], &["http://c"]]));
        assert_eq!(found, [vec!["http://a", "udp://b"], vec!["http://c"]]);
    }

    #[test]
    fn addresses_that_cannot_be_announced_to_are_left_out() {
        for bad in ["", "http://", "http:///x", "udp://:80", "wss://a", "ftp://a", "http://a b"]
            .into_iter()
            .chain(["http://a\x1b[2J", "http://a\r\nHost:b", "http://a\u{85}b"])
        {
            assert_eq!(usable(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(usable(b"\xff"), None);
        assert_eq!(usable(b" HTTP://a/x\n").as_deref(), Some("HTTP://a/x"));
        assert_eq!(usable(format!("http://{}", "a".repeat(5000)).as_bytes()), None);
    }

    #[test]
    fn a_flood_of_trackers_is_cut() {
        let many: Vec<_> = (0..1000).map(|i| format!("http://a/{i}").into_bytes()).collect();
        let found = tiers(None, Some(RawTiers(vec![many])));
        assert_eq!(found.concat().len(), TRACKERS_MAX);
    }
}
