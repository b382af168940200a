//! Percent-encoding (RFC 3986): bytes in a text that some characters may not stand in.

use std::fmt::Write;

/// The bytes of a text in which `%41` is one byte. A `%` without two digits stands for itself.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| after.first_chunk::<2>().and_then(pair)).flatten();
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    bytes
}

/// The text with all escaped but letters, digits, `-._~` and what is in `kept`.
pub(super) fn encode(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || kept.as_bytes().contains(&byte);
        if plain {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The byte of two hexadecimal digits.
fn pair(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_read_in_any_case_and_others_stand_for_themselves() {
        assert_eq!(decode("a%2Fb%2f%c3%A9"), "a/b/é".as_bytes());
        for plain in ["%", "%4", "%zz", "100%", "%+1", "%%%"] {
            assert_eq!(decode(plain), plain.as_bytes());
        }
        assert_eq!(decode("%%41"), b"%A");
    }

    #[test]
    fn only_harmless_characters_stay() {
        assert_eq!(encode("a b/é&=:~", ":"), "a%20b%2F%C3%A9%26%3D:~");
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in "\\PC{0,40}") {
            prop_assert_eq!(decode(&encode(&text, "")), text.as_bytes());
        }
    }
}
