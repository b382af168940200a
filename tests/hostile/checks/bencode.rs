//! Bencode: whatever the scanner passes can be read, and what it passes strictly has one spelling.

use cuerda::bencode::{BencodeError, Scan, ScanLimits, from_prefix, scan, to_bytes};
use serde_bencode::value::Value;

/// Checks both modes and both sets of limits.
pub(crate) fn check(bytes: &[u8]) {
    for limits in [ScanLimits::WIRE, ScanLimits::TORRENT] {
        let lenient = scan(bytes, limits);
        let strict = scan(bytes, limits.strict());
        if strict.is_ok() {
            assert_eq!(strict, lenient, "what is strictly right is right");
        }
        if let Ok(found) = &lenient {
            check_found(bytes, found, limits);
        } else {
            assert_eq!(from_prefix::<Value>(bytes, limits).err(), lenient.err());
        }
        if let Ok(found) = &strict {
            let (value, _) = read(bytes, limits).expect("the scanner passed it");
            let again = to_bytes(&value).expect("it was read, so it can be written");
            assert_eq!(again, bytes[..found.consumed], "strict bencode has one spelling");
        }
    }
}

/// What the scanner says must be true of the bytes.
fn check_found(bytes: &[u8], found: &Scan, limits: ScanLimits) {
    assert!(found.consumed <= bytes.len());
    assert!(found.depth <= limits.depth && found.tokens <= limits.tokens);
    let (_, consumed) = read(bytes, limits).expect("the scanner passed it");
    assert_eq!(consumed, found.consumed);
    if let Some(info) = &found.info {
        let inner = scan(&bytes[info.clone()], limits).expect("a value in a value");
        assert_eq!(inner.consumed, info.len());
    }
}

fn read(bytes: &[u8], limits: ScanLimits) -> Result<(Value, usize), BencodeError> {
    from_prefix(bytes, limits)
}
