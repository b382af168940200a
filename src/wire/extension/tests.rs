//! What the extension handshake takes, drops and writes.

use super::*;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn decode(text: &str) -> ExtensionHandshake {
    ExtensionHandshake::decode(text.as_bytes()).unwrap()
}

fn full() -> ExtensionHandshake {
    ExtensionHandshake {
        ids: ExtensionIds { metadata: Some(3), peer_exchange: Some(0) },
        port: Some(6881),
        client: Some("µTorrent 1.2".to_string()),
        your_ip: Some(Ipv4Addr::new(80, 4, 4, 100).into()),
        request_queue: Some(255),
        metadata_size: Some(31_235),
        upload_only: Some(true),
    }
}

#[test]
fn bytes_have_sorted_keys_and_only_what_is_said() {
    let expected = "d1:md11:ut_metadatai3e6:ut_pexi0ee13:metadata_sizei31235e1:pi6881e\
        4:reqqi255e11:upload_onlyi1e1:v13:µTorrent 1.26:yourip4:P\x04\x04de";
    assert_eq!(String::from_utf8(full().encode()).unwrap(), expected);
    assert_eq!(ExtensionHandshake::default().encode(), b"d1:mdee");
}

#[test]
fn every_key_is_optional_and_unknown_ones_are_ignored() {
    assert_eq!(decode("de"), ExtensionHandshake::default());
    let others = "d1:ei0e4:ipv44:aaaa1:md11:lt_donthavei7e6:ut_pexi2ee6:secretd1:xlee1:pi9ee";
    let expected = ExtensionHandshake {
        ids: ExtensionIds { metadata: None, peer_exchange: Some(2) },
        port: Some(9),
        ..ExtensionHandshake::default()
    };
    assert_eq!(decode(others), expected);
}

#[test]
fn unsorted_and_binary_keys_and_bytes_behind_the_dictionary_are_taken() {
    let bytes = b"d1:pi9e1:md6:ut_pexi1e2:\xff\xfei3eee...";
    let read = ExtensionHandshake::decode(bytes).unwrap();
    assert_eq!((read.port, read.ids.peer_exchange_id()), (Some(9), Some(1)));
}

#[test]
fn a_value_of_the_wrong_type_or_range_is_not_said_and_hides_no_other() {
    let wrong = [
        "1:pi0e",
        "1:pi-1e",
        "1:pi65536e",
        "1:p2:xx",
        "1:m4:text",
        "1:mle",
        "1:mi1e",
        "1:md6:ut_pexi256ee",
        "1:md6:ut_pexi-1ee",
        "1:md6:ut_pex1:1e",
        "4:reqqi0e",
        "4:reqqi-9e",
        "4:reqqle",
        "1:vi1e",
        "1:v0:",
        "1:v2:\x07\n",
        "6:yourip5:abcde",
        "6:youripi1e",
        "13:metadata_sizei0e",
        "13:metadata_sizei-1e",
        "13:metadata_sizei67108865e",
        "13:metadata_sizei9223372036854775807e",
        "11:upload_onlyde",
    ];
    for entry in wrong {
        let mut expected = ExtensionHandshake::default();
        assert_eq!(decode(&format!("d{entry}e")), expected, "{entry}");
        if !entry.starts_with("1:p") {
            expected.port = Some(7);
            assert_eq!(decode(&format!("d{entry}1:pi7ee")), expected, "{entry}");
        }
    }
}

#[test]
fn a_huge_request_queue_is_clamped() {
    assert_eq!(decode("d4:reqqi9223372036854775807ee").request_queue, Some(u32::MAX));
}

#[test]
fn a_client_name_is_bounded_and_cannot_steer_a_terminal() {
    let long = "n".repeat(5_000);
    let name = decode(&format!("d1:v5000:{long}e")).client.unwrap();
    assert_eq!(name.len(), CLIENT_NAME_MAX);
    assert_eq!(decode("d1:v6:\x1b[31mXe").client.as_deref(), Some("[31mX"));
}

#[test]
fn addresses_have_four_or_sixteen_bytes() {
    let address = |bytes: &[u8]| {
        let text = format!("d6:yourip{}:", bytes.len());
        ExtensionHandshake::decode(&[text.as_bytes(), bytes, b"e"].concat()).unwrap().your_ip
    };
    assert_eq!(address(&[127, 0, 0, 1]), Some(Ipv4Addr::LOCALHOST.into()));
    assert_eq!(address(&Ipv6Addr::LOCALHOST.octets()), Some(Ipv6Addr::LOCALHOST.into()));
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
    assert_eq!(address(&mapped), Some(Ipv4Addr::LOCALHOST.into()));
}

#[test]
fn an_extension_may_be_switched_off() {
    let ids = decode("d1:md11:ut_metadatai3e6:ut_pexi0eee").ids;
    assert_eq!((ids.metadata_id(), ids.peer_exchange_id()), (Some(3), None));
}

#[test]
fn what_is_no_dictionary_or_too_much_is_refused() {
    for bytes in ["", "i1e", "le", "3:abc", "d1:p", "d1:pi9e"] {
        let refused = ExtensionHandshake::decode(bytes.as_bytes());
        assert!(matches!(refused, Err(ExtensionError::Bencode(_))), "{bytes}: {refused:?}");
    }
    let long = vec![b'd'; EXTENSION_HANDSHAKE_MAX + 1];
    let refused = ExtensionHandshake::decode(&long);
    assert_eq!(refused, Err(ExtensionError::TooLong { length: long.len() }));
    let bomb = format!("d1:v{}e", "l".repeat(30_000));
    assert!(ExtensionHandshake::decode(bomb.as_bytes()).is_err());
    let crowd = format!("d1:vl{}ee", "le".repeat(30_000));
    assert!(ExtensionHandshake::decode(crowd.as_bytes()).is_err());
}

prop_compose! {
    fn any_handshake()(
        metadata: Option<u8>, peer_exchange: Option<u8>, port: Option<u16>,
        client in proptest::option::of("[a-zµ0-9. ]{1,30}"), v6: bool, ip: Option<u128>,
        reqq: Option<u32>, size in proptest::option::of(1..=TORRENT_FILE_MAX as u32),
        upload_only: Option<bool>,
    ) -> ExtensionHandshake {
        let address = |ip: u128| match v6 {
            // Such an address is never IPv4 in disguise.
            true => IpAddr::from((ip | 1 << 127).to_be_bytes()),
            false => IpAddr::from((ip as u32).to_be_bytes()),
        };
        ExtensionHandshake {
            ids: ExtensionIds { metadata, peer_exchange },
            port: port.filter(|&port| port != 0),
            client,
            your_ip: ip.map(address),
            request_queue: reqq.filter(|&count| count != 0),
            metadata_size: size,
            upload_only,
        }
    }
}

proptest! {
    #[test]
    fn reads_back_what_it_wrote(sent in any_handshake()) {
        prop_assert_eq!(ExtensionHandshake::decode(&sent.encode()), Ok(sent));
    }

    #[test]
    fn truncated_and_damaged_handshakes_never_panic(
        sent in any_handshake(), cut in 0_usize..200, at in 0_usize..200, byte: u8,
    ) {
        let mut bytes = sent.encode();
        prop_assert!(ExtensionHandshake::decode(&bytes[..cut.min(bytes.len() - 1)]).is_err());
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = ExtensionHandshake::decode(&bytes);
    }
}
