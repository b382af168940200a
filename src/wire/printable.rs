//! What to call a peer's program, from its peer id (BEP 20) or from what it says of itself.
//!
//! For people only: nothing may be decided by it, since anybody can say anything.

use crate::id::PeerId;

/// The programs met most often, by their letters in a peer id.
const CLIENTS: [(&[u8; 2], &str); 23] = [
    (b"AZ", "Vuze"),
    (b"BC", "BitComet"),
    (b"BI", "BiglyBT"),
    (b"BT", "BitTorrent"),
    (b"CU", "cuerda"),
    (b"DE", "Deluge"),
    (b"FL", "Flud"),
    (b"FW", "FrostWire"),
    (b"KT", "KTorrent"),
    (b"LT", "libtorrent"),
    (b"LW", "LimeWire"),
    (b"PI", "PicoTorrent"),
    (b"TL", "Tribler"),
    (b"TR", "Transmission"),
    (b"TX", "Tixati"),
    (b"UM", "µTorrent Mac"),
    (b"UT", "µTorrent"),
    (b"UW", "µTorrent Web"),
    (b"WW", "WebTorrent"),
    (b"XL", "Xunlei"),
    (b"lt", "rTorrent"),
    (b"qB", "qBittorrent"),
    (b"rQ", "rqbit"),
];

/// The client's name and version when the peer id has the Azureus form: `-qB4650-` is
/// "qBittorrent 4.6.5". Unknown letters stand for themselves.
pub fn client_name(peer_id: PeerId) -> Option<String> {
    let [b'-', first, second, version @ .., b'-'] = *peer_id.0.first_chunk::<8>()? else {
        return None;
    };
    let code = [first, second];
    if !code.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let name = CLIENTS.iter().find(|(letters, _)| **letters == code).map(|(_, name)| *name);
    let mut shown = name.map_or_else(|| code.map(char::from).iter().collect(), String::from);
    // Letters go on counting after 9: Deluge's 13F0 is 1.3.15.
    let numbers = version.map(|byte| char::from(byte).to_digit(36));
    let Some(last) = numbers.iter().rposition(|number| *number != Some(0)) else {
        return Some(shown);
    };
    for (position, number) in numbers.iter().enumerate().take(last.max(1) + 1) {
        shown.push(if position == 0 { ' ' } else { '.' });
        shown.push_str(&number.map_or_else(|| "?".to_string(), |number| number.to_string()));
    }
    Some(shown)
}

/// A stranger's text as it may be shown on a terminal, of at most `most` bytes: wrong UTF-8 is
/// replaced, and characters that steer the terminal or the direction of writing are left out.
pub(crate) fn printable(bytes: &[u8], most: usize) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        let wrong = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        for character in chunk.valid().chars().filter(|&c| !steers(c)).chain(wrong) {
            if shown.len() + character.len_utf8() > most {
                return shown;
            }
            shown.push(character);
        }
    }
    shown
}

/// Whether a character changes how others are shown, instead of showing itself.
fn steers(character: char) -> bool {
    let direction = matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    );
    character.is_control() || direction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(start: &[u8; 8]) -> Option<String> {
        let mut id = [b'x'; 20];
        id[..8].copy_from_slice(start);
        client_name(PeerId(id))
    }

    #[test]
    fn known_clients_have_names_and_versions() {
        let cases: [(&[u8; 8], &str); 6] = [
            (b"-qB4650-", "qBittorrent 4.6.5"),
            (b"-TR3000-", "Transmission 3.0"),
            (b"-DE13F0-", "Deluge 1.3.15"),
            (b"-CU0100-", "cuerda 0.1"),
            (b"-ZZ1234-", "ZZ 1.2.3.4"),
            (b"-ZZ1.34-", "ZZ 1.?.3.4"),
        ];
        for (start, expected) in cases {
            assert_eq!(name(start).as_deref(), Some(expected));
        }
    }

    #[test]
    fn other_forms_have_no_name() {
        for start in [b"M4-20-8-", b"-qB46500", b"-\x1b[4650-", b"--------"] {
            assert_eq!(name(start), None);
        }
    }

    #[test]
    fn shown_text_cannot_steer_a_terminal() {
        assert_eq!(printable(b"a\x1b[31mb\r\n\xffc", 64), "a[31mb\u{fffd}c");
        assert_eq!(printable("x\u{202e}y\u{9b}z".as_bytes(), 64), "xyz");
        assert_eq!(printable("µµ".as_bytes(), 3), "µ");
    }

    proptest! {
        #[test]
        fn shown_text_is_bounded_and_printable(bytes: Vec<u8>, most in 0_usize..80) {
            let shown = printable(&bytes, most);
            prop_assert!(shown.len() <= most && !shown.chars().any(steers));
        }

        #[test]
        fn every_peer_id_is_named_or_not_and_never_panics(id: [u8; 20], azureus: bool) {
            let mut id = id;
            if azureus {
                (id[0], id[7]) = (b'-', b'-');
            }
            let named = client_name(PeerId(id)).unwrap_or_default();
            prop_assert!(!named.chars().any(char::is_control));
        }
    }
}
