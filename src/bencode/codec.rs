//! Typed values from and to bencode (BEP 3). Everything read has passed [`scan`] first, and
//! everything written passes it too, strictly.

use super::error::BencodeError;
use super::scan::{ScanLimits, scan};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads the value that the bytes are; nothing may follow it.
pub fn from_bytes<T: DeserializeOwned>(
    bytes: &[u8],
    limits: ScanLimits,
) -> Result<T, BencodeError> {
    let consumed = scan(bytes, limits)?.consumed;
    if consumed < bytes.len() {
        return Err(BencodeError::Trailing { offset: consumed });
    }
    typed(bytes)
}

/// Reads the value at the start of the bytes and tells its length in bytes: `ut_metadata` (BEP 9)
/// puts data right behind a dictionary.
pub fn from_prefix<T: DeserializeOwned>(
    bytes: &[u8],
    limits: ScanLimits,
) -> Result<(T, usize), BencodeError> {
    let consumed = scan(bytes, limits)?.consumed;
    Ok((typed(&bytes[..consumed])?, consumed))
}

/// Writes a value: keys sorted, numbers canonical. Fails for what bencode cannot say, such as
/// a number of more than 63 bits, and for a value nested deeper than torrents may be.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, BencodeError> {
    let bytes = serde_bencode::to_bytes(value).map_err(|error| BencodeError::shape(&error))?;
    let limits = ScanLimits { tokens: usize::MAX, ..ScanLimits::TORRENT.strict() };
    match scan(&bytes, limits)?.consumed {
        consumed if consumed == bytes.len() => Ok(bytes),
        offset => Err(BencodeError::Trailing { offset }),
    }
}

/// Turns bytes that the scanner passed into a value.
fn typed<T: DeserializeOwned>(scanned: &[u8]) -> Result<T, BencodeError> {
    serde_bencode::from_bytes(scanned).map_err(|error| BencodeError::shape(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bencode::Dict;
    use serde::Deserialize;
    use serde_bytes::ByteBuf;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Word {
        #[serde(rename = "msg_type")]
        kind: u8,
        name: Option<ByteBuf>,
    }

    fn word(bytes: &[u8]) -> Result<Word, BencodeError> {
        from_bytes(bytes, ScanLimits::WIRE)
    }

    #[test]
    fn reads_back_what_it_writes_with_sorted_keys() {
        let value = Word { kind: 2, name: Some(ByteBuf::from(b"\xff\x00")) };
        let bytes = to_bytes(&value).unwrap();
        assert_eq!(bytes, b"d8:msg_typei2e4:name2:\xff\x00e");
        assert_eq!(word(&bytes), Ok(value));
    }

    #[test]
    fn bytes_behind_the_value_are_refused_or_left() {
        let bytes = b"d8:msg_typei1eeDATA";
        assert_eq!(word(bytes), Err(BencodeError::Trailing { offset: 15 }));
        let (value, consumed) = from_prefix::<Word>(bytes, ScanLimits::WIRE).unwrap();
        assert_eq!((value.kind, &bytes[consumed..]), (1, b"DATA".as_slice()));
    }

    #[test]
    fn a_nested_bomb_never_reaches_the_recursive_parser() {
        for bomb in [b"l".repeat(100_000), b"d1:x".repeat(100_000), b"d8:ignored_d1:x".repeat(999)]
        {
            assert!(matches!(word(&bomb), Err(BencodeError::TooDeep { .. })), "{bomb:?}");
        }
    }

    #[test]
    fn the_deepest_value_allowed_fits_the_smallest_stack() {
        let census = crate::kit::thread::Census::default();
        let body = || {
            let limits = ScanLimits::TORRENT;
            let deep = ["d1:x".repeat(limits.depth), "0:".into(), "e".repeat(limits.depth)];
            let value = from_bytes::<serde_bencode::value::Value>(deep.concat().as_bytes(), limits);
            assert!(value.is_ok());
        };
        let thread = crate::kit::thread::spawn(&census, "deep", crate::limits::PEER_STACK, body);
        assert!(thread.unwrap().join());
    }

    #[test]
    fn wrong_types_and_missing_keys_are_one_short_printable_error() {
        for bytes in [b"de".as_slice(), b"li1ee", b"d8:msg_typei-1ee", b"d8:msg_typei256ee"] {
            assert!(matches!(word(bytes), Err(BencodeError::Shape { .. })), "{bytes:?}");
        }
        let text = format!("d8:msg_type{}:{}e", 5000, "\x07".repeat(5000));
        let BencodeError::Shape { reason } = word(text.as_bytes()).unwrap_err() else { panic!() };
        assert!(reason.len() <= 200 && !reason.contains('\x07'), "{reason}");
    }

    #[test]
    fn numbers_that_could_not_be_read_back_are_not_written() {
        assert!(to_bytes(&u64::MAX).is_err());
        assert_eq!(to_bytes(&i64::MIN).unwrap(), b"i-9223372036854775808e");
    }

    #[test]
    fn a_key_of_any_bytes_does_not_hide_the_others() {
        let bytes = b"d2:\xff\xfei1e8:msg_typei1e1:\x80d1:\x81lee4:name1:ae";
        assert!(word(bytes).is_err(), "a derived struct alone takes text keys only");
        let read: Result<Dict<Word>, _> = from_bytes(bytes, ScanLimits::WIRE);
        assert_eq!(read.unwrap().0, Word { kind: 1, name: Some(ByteBuf::from(b"a")) });
    }

    #[test]
    fn a_dictionary_type_refuses_other_values() {
        for bytes in [b"le".as_slice(), b"i1e", b"0:", b"d4:name1:ae"] {
            let read: Result<Dict<Word>, _> = from_bytes(bytes, ScanLimits::WIRE);
            assert!(matches!(read, Err(BencodeError::Shape { .. })), "{bytes:?}");
        }
    }
}
