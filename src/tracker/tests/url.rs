//! Addresses of trackers: what is kept, mended, refused and never shown.

use crate::tracker::url::{Scheme, TrackerUrl, UrlError};
use proptest::prelude::*;

fn url(text: &str) -> TrackerUrl {
    TrackerUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parameters_of_the_address_are_kept() {
    for (text, expected) in [
        ("http://a/announce", "http://a/announce?x=1"),
        ("http://a/announce?key=%aB", "http://a/announce?key=%aB&x=1"),
        ("http://a/announce?key=1&", "http://a/announce?key=1&x=1"),
        ("http://a/announce?", "http://a/announce?x=1"),
        ("HTTPS://A:443", "https://a/?x=1"),
        ("http://a:80?k", "http://a/?k&x=1"),
        ("http://[::1]:6969/announce#part", "http://[::1]:6969/announce?x=1"),
        ("http://me:pass@a/announce", "http://me:pass@a/announce?x=1"),
        ("http://a/sp ace/\"é\"", "http://a/sp%20ace/%22%C3%A9%22?x=1"),
    ] {
        assert_eq!(url(text).with_parameters("x=1"), expected, "{text}");
    }
}

#[test]
fn what_nobody_can_connect_to_is_refused() {
    for (text, expected) in [
        ("", UrlError::Scheme),
        ("wss://a/announce", UrlError::Scheme),
        ("a/announce", UrlError::Scheme),
        ("http:///announce", UrlError::Host),
        ("http://:80/announce", UrlError::Host),
        ("http://bü.example/announce", UrlError::Host),
        ("http://[::1/announce", UrlError::Host),
        ("http://[::g]/announce", UrlError::Host),
        ("http://[::1]x/announce", UrlError::Host),
        ("udp://me@a:1", UrlError::Host),
        ("http://a:0/announce", UrlError::Port),
        ("http://a:65536/announce", UrlError::Port),
        ("http://a:+80/announce", UrlError::Port),
        ("udp://a/announce", UrlError::Port),
        ("http://a/\r\nHost: b", UrlError::Control),
    ] {
        assert_eq!(TrackerUrl::parse(text), Err(expected), "{text}");
    }
    assert_eq!(TrackerUrl::parse(&format!("http://{}", "a".repeat(3000))), Err(UrlError::TooLong));
}

#[test]
fn neither_keys_nor_passwords_are_shown() {
    let secret = url("http://me:secret@tracker.example:6969/secret/announce?key=secret");
    assert_eq!(secret.to_string(), "http://tracker.example:6969");
    assert_eq!(format!("{secret:?}"), "http://tracker.example:6969");
}

#[test]
fn a_udp_address_gives_path_and_query_for_bep_41() {
    let address = url("udp://tracker.example:1337/announce?key=1");
    assert_eq!((address.scheme(), address.port()), (Scheme::Udp, 1337));
    assert_eq!(address.path_and_query(), "/announce?key=1");
    assert_eq!(url("udp://a:1").path_and_query(), "");
}

#[test]
fn scrape_is_where_bep_48_says() {
    for (text, expected) in [
        ("http://a/announce", Some("http://a/scrape?h")),
        ("http://a/x/announce.php?k=v", Some("http://a/x/scrape.php?k=v&h")),
        ("http://a/announce?x=2/4", Some("http://a/scrape?x=2/4&h")),
        ("http://a/a", None),
        ("http://a/x/announce/y", None),
        ("http://a", None),
    ] {
        let scrape = url(text).scrape().map(|url| url.with_parameters("h"));
        assert_eq!(scrape.as_deref(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = TrackerUrl::parse(&text);
    }

    #[test]
    fn what_is_read_is_a_url_of_ascii_without_blanks(tail in "\\PC{0,40}") {
        if let Ok(address) = TrackerUrl::parse(&format!("http://host/{tail}")) {
            let whole = address.with_parameters("x=1");
            prop_assert!(whole.bytes().all(|byte| byte.is_ascii_graphic()), "{}", whole);
            prop_assert_eq!(TrackerUrl::parse(&whole).unwrap().with_parameters("x=1"),
                            format!("{whole}&x=1"));
        }
    }
}
