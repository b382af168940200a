//! Tests of magnet links: every parameter, every refusal, and that what is read is what is printed.

use super::*;
use proptest::prelude::*;

const HASH: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

fn read(rest: &str) -> Magnet {
    format!("magnet:?xt=urn:btih:{HASH}{rest}").parse().unwrap()
}

fn refused(link: &str) -> MagnetError {
    link.parse::<Magnet>().unwrap_err()
}

#[test]
fn every_parameter_is_read() {
    let magnet = read(
        "&dn=%C3%A1rbol+of%20files&xl=1048576&tr=udp%3A%2F%2Fa%3A1&tr.1=http://b/x?y=1\
         &ws=https%3A%2F%2Fc%2Fd&x.pe=192.0.2.7:6881&x.pe=%5B2001:db8::7%5D:1&so=4-7,0,2",
    );
    let expected = Magnet {
        name: Some("árbol of files".to_owned()),
        length: Some(1_048_576),
        trackers: vec!["udp://a:1".to_owned(), "http://b/x?y=1".to_owned()],
        web_seeds: vec!["https://c/d".to_owned()],
        peers: vec!["192.0.2.7:6881".parse().unwrap(), "[2001:db8::7]:1".parse().unwrap()],
        selection: vec![0..=0, 2..=2, 4..=7],
        ..Magnet::new(HASH.parse().unwrap())
    };
    assert_eq!(magnet, expected);
}

#[test]
fn a_hash_is_hexadecimal_or_base32_of_either_case() {
    let bare = Magnet::new(HASH.parse().unwrap());
    // The same twenty bytes, converted by other software.
    let base32 = "YD764AGA77XABQH75YAMB77OADAP73QA";
    for hash in [HASH, &HASH.to_uppercase(), base32, &base32.to_lowercase()] {
        for start in ["magnet:?xt=urn:btih:", "MAGNET:?xt=URN:BTIH:", " magnet:?xt.1=urn:btih:"] {
            assert_eq!(format!("{start}{hash}").parse(), Ok(bare.clone()), "{start}{hash}");
        }
    }
}

#[test]
fn the_place_of_the_hash_does_not_matter_and_said_twice_is_said_once() {
    let link = format!("magnet:?dn=a&xt=urn:btih:{HASH}&xt=urn:btih:{HASH}");
    assert_eq!(link.parse::<Magnet>().unwrap().name.as_deref(), Some("a"));
}

#[test]
fn the_version_1_half_of_a_hybrid_is_used() {
    let two = "xt=urn:btmh:1220caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e";
    let hybrid = format!("magnet:?{two}&xt=urn:btih:{HASH}");
    assert_eq!(hybrid.parse(), Ok(Magnet::new(HASH.parse().unwrap())));
    assert_eq!(refused(&format!("magnet:?{two}")), MagnetError::VersionTwoOnly);
}

#[test]
fn what_names_no_torrent_is_refused() {
    for link in ["", "magnet", "magnet:", "http://a/?xt=urn:btih:00", "é".repeat(9).as_str()] {
        assert_eq!(refused(link), MagnetError::NotAMagnet, "{link}");
    }
    for link in ["magnet:?", "magnet:?dn=a", "magnet:?xt=urn:sha1:YNCKHTQC", "magnet:?xt"] {
        assert_eq!(refused(link), MagnetError::NoInfoHash, "{link}");
    }
    for hash in ["", "00", &HASH[1..], &"z".repeat(40), &"1".repeat(32), &"é".repeat(16)] {
        let link = format!("magnet:?xt=urn:btih:{hash}");
        assert_eq!(refused(&link), MagnetError::InfoHash, "{link}");
    }
    let two = format!("magnet:?xt=urn:btih:{HASH}&xt.2=urn:btih:{}", "0".repeat(40));
    assert_eq!(refused(&two), MagnetError::TwoInfoHashes);
}

#[test]
fn hints_of_no_use_are_left_out() {
    let bare = Magnet::new(HASH.parse().unwrap());
    for rest in [
        "&dn=",
        "&xl=-1",
        "&xl=many",
        "&tr=wss%3A%2F%2Fa",
        "&tr=http://a%0d%0aHost:b",
        "&ws=udp://a",
        "&x.pe=host:1",
        "&x.pe=192.0.2.7",
        "&x.pe=192.0.2.7:0",
        "&unknown=1",
        "&",
        "&&=&=&tr",
        "&x.pe=%ff",
        "&kt=words",
        "&mt=http%3A%2F%2Fa",
    ] {
        assert_eq!(read(rest), bare, "{rest}");
    }
}

#[test]
fn names_are_made_safe() {
    assert_eq!(read("&dn=..%2F..%2Fetc").name.as_deref(), Some(".._.._etc"));
    assert_eq!(read("&dn=a%00%1b[2Jb").name.as_deref(), Some("a__[2Jb"));
    assert_eq!(read("&dn=..").name.as_deref(), Some("._"));
    assert_eq!(read("&dn=%ff").name.as_deref(), Some("\u{fffd}"));
}

#[test]
fn selections_are_put_in_order_or_refused() {
    assert_eq!(read("&so=9,1-3,2-5,6,8").selection, [1..=6, 8..=9]);
    for bad in ["", ",", "1,", "-", "1-", "-1", "3-1", "a", "+1", "1000000", "4294967296", "%ff"] {
        let link = format!("magnet:?xt=urn:btih:{HASH}&so={bad}");
        assert_eq!(refused(&link), MagnetError::Selection, "{bad}");
    }
}

#[test]
fn floods_are_cut() {
    let (mut trackers, mut peers) = (String::new(), String::new());
    for number in 0..1_000 {
        trackers += &format!("&tr=http://a/{number}&ws=http://w/{number}");
        peers += &format!("&x.pe=192.0.2.7:{}", number + 1);
    }
    let magnet = read(&trackers);
    assert_eq!(magnet.trackers.len(), TRACKERS_MAX);
    assert_eq!(magnet.web_seeds.len(), MAGNET_WEB_SEEDS_MAX);
    assert_eq!(read(&peers).peers.len(), MAGNET_PEERS_MAX);
    assert!(read(&"&tr=http://a".repeat(100)).trackers.len() == 1);
    let long = format!("magnet:?xt=urn:btih:{HASH}&dn={}", "a".repeat(MAGNET_LENGTH_MAX));
    assert_eq!(refused(&long), MagnetError::TooLong { length: long.len() });
}

#[test]
fn a_link_that_is_printed_can_always_be_read() {
    let url = format!("http://a/{}", "é".repeat(900));
    let trackers: Vec<_> = (0..TRACKERS_MAX).map(|number| format!("{url}{number}")).collect();
    let magnet = Magnet { trackers, ..Magnet::new(HASH.parse().unwrap()) };
    let printed = magnet.to_string();
    assert!(printed.len() <= MAGNET_LENGTH_MAX);
    let again: Magnet = printed.parse().unwrap();
    assert!(
        !again.trackers.is_empty() && again.trackers[..] == magnet.trackers[..again.trackers.len()]
    );
}

#[test]
fn a_torrent_has_a_link() {
    let text = format!(
        "d8:announce8:http://a13:announce-listll8:http://a7:udp://bel8:http://cee\
         4:infod6:lengthi5e4:name3:a b12:piece lengthi16384e6:pieces20:{}ee",
        "h".repeat(20)
    );
    let metainfo = Metainfo::parse(text.as_bytes()).unwrap();
    let printed = Magnet::from(&metainfo).to_string();
    let hash = metainfo.info_hash;
    let expected = format!(
        "magnet:?xt=urn:btih:{hash}&dn=a%20b&xl=5&tr=http%3A%2F%2Fa&tr=udp%3A%2F%2Fb\
         &tr=http%3A%2F%2Fc"
    );
    assert_eq!(printed, expected);
}

fn magnet() -> impl Strategy<Value = Magnet> {
    let url =
        |scheme: &'static str| "[a-z&=+%é]{1,8}".prop_map(move |rest| format!("{scheme}{rest}"));
    let range = (0_u32..50, 0_u32..3).prop_map(|(first, more)| first * 5..=first * 5 + more);
    let peer = any::<(std::net::IpAddr, u16)>().prop_map(|(ip, port)| (ip, port.max(1)).into());
    (
        any::<[u8; 20]>(),
        proptest::option::of("[a-zA-Z0-9 &=+%é._-]{1,12}[a-z]"),
        proptest::option::of(any::<u64>()),
        proptest::collection::hash_set(url("udp://"), 0..4),
        proptest::collection::hash_set(url("http://"), 0..4),
        proptest::collection::hash_set(peer, 0..4),
        proptest::collection::btree_map(range.clone().prop_map(|r| *r.start()), range, 0..4),
    )
        .prop_map(|(hash, name, length, trackers, web_seeds, peers, ranges)| {
            let mut selection: Vec<_> = ranges.into_values().collect();
            selection.sort_by_key(|range| *range.start());
            selection.dedup_by_key(|range| *range.start());
            Magnet {
                info_hash: InfoHash(hash),
                name,
                length,
                trackers: trackers.into_iter().collect(),
                web_seeds: web_seeds.into_iter().collect(),
                peers: peers.into_iter().collect(),
                selection,
            }
        })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(magnet in magnet()) {
        prop_assert_eq!(magnet.to_string().parse(), Ok(magnet));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", key in "(dn|xl|tr|ws|x\\.pe|so|xt)") {
        let _ = text.parse::<Magnet>();
        let _ = format!("magnet:?xt=urn:btih:{HASH}&{key}={text}").parse::<Magnet>();
    }
}
