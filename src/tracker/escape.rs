//! Percent-encoding of any bytes, as an info-hash in a URL needs it (RFC 3986).

/// Digits of an escape. Upper case is what RFC 3986 asks for.
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Appends the bytes; all but letters, digits and `-._~` become `%XX`.
pub fn encode_into(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            escape_into(out, byte);
        }
    }
}

/// Appends one byte as `%XX`.
pub fn escape_into(out: &mut String, byte: u8) {
    out.push('%');
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from(DIGITS[usize::from(digit)]));
    }
}

/// The bytes that a text stands for; nothing for a `%` without two digits. A `+` is a plus: nobody
/// writes spaces into announces, and info-hashes may hold 0x2B.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        out.push(if byte == b'%' {
            let mut digit = || char::from(*rest.next()?).to_digit(16);
            (digit()? * 16 + digit()?) as u8
        } else {
            byte
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unreserved_bytes_stay_and_all_others_are_escaped() {
        let mut out = String::new();
        encode_into(&mut out, b"aZ09-._~ %\x00\xff+&");
        assert_eq!(out, "aZ09-._~%20%25%00%FF%2B%26");
    }

    #[test]
    fn broken_escapes_are_refused() {
        for text in ["%", "%4", "%zz", "a%2"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(decode(b"%aB%00+"), Some(vec![0xab, 0, b'+']));
    }

    proptest! {
        #[test]
        fn any_bytes_read_back(bytes: Vec<u8>) {
            let mut out = String::new();
            encode_into(&mut out, &bytes);
            prop_assert_eq!(decode(out.as_bytes()), Some(bytes));
        }
    }
}
