//! Tests of the scanner: what each mode takes and refuses, and that no input makes it panic.

use super::*;
use proptest::prelude::*;
use serde_bencode::value::Value;
use std::collections::HashMap;

const STRICT: ScanLimits = ScanLimits::WIRE.strict();
const LENIENT: ScanLimits = ScanLimits::WIRE;

fn whole(bytes: &[u8], limits: ScanLimits) -> bool {
    scan(bytes, limits).is_ok_and(|found| found.consumed == bytes.len())
}

fn unexpected(offset: usize, expected: &'static str) -> Result<Scan, BencodeError> {
    Err(BencodeError::Unexpected { offset, expected })
}

#[test]
fn both_modes_take_canonical_values() {
    for bytes in ["i0e", "i-1e", "i9223372036854775807e", "i-9223372036854775808e", "0:", "3:abc"]
        .into_iter()
        .chain(["le", "de", "lli1eedee", "d0:i1e1:ai2e2:aale1:bdee"])
    {
        assert!(whole(bytes.as_bytes(), STRICT), "{bytes}");
        assert!(whole(bytes.as_bytes(), LENIENT), "{bytes}");
    }
}

#[test]
fn only_lenient_takes_what_old_software_wrote() {
    for bytes in
        ["i03e", "i-0e", "i-03e", "i00e", "03:abc", "00:", "d1:bi1e1:ai2ee", "d1:a0:1:a0:e"]
    {
        assert!(!whole(bytes.as_bytes(), STRICT), "{bytes}");
        assert!(whole(bytes.as_bytes(), LENIENT), "{bytes}");
    }
}

#[test]
fn no_mode_takes_what_is_malformed() {
    for bytes in
        ["", "i", "ie", "i-e", "i+5e", "i 5e", "i5", "i1.0e", "i--1e", "i9223372036854775808e"]
            .into_iter()
            .chain([
                "i-9223372036854775809e",
                "i99999999999999999999999e",
                "e",
                "x",
                "-1:a",
                "+1:a",
            ])
            .chain([
                "1",
                "1:",
                "5:abc",
                "3;abc",
                "99999999999999999999999:",
                "18446744073709551615:",
            ])
            .chain([
                "l",
                "li1e",
                "d",
                "d1:a",
                "d1:ae",
                "di1ei1ee",
                "dlei1ee",
                "d1:ai1e",
                "d1:ai1e1:be",
            ])
    {
        assert!(scan(bytes.as_bytes(), STRICT).is_err(), "{bytes}");
        assert!(scan(bytes.as_bytes(), LENIENT).is_err(), "{bytes}");
    }
}

#[test]
fn errors_point_at_the_byte() {
    assert_eq!(scan(b"li1e-e", STRICT), unexpected(4, "a value"));
    assert_eq!(scan(b"d1:ai1e1:ai2ee", STRICT), unexpected(7, "each key once"));
    assert_eq!(scan(b"d1:bi1e1:ai2ee", STRICT), unexpected(7, "keys in ascending order"));
    assert_eq!(scan(b"li12x", STRICT), unexpected(4, "a digit or the end of the integer"));
    let ended = BencodeError::Ended { offset: 5, expected: "all bytes of a string" };
    assert_eq!(scan(b"l9:ab", STRICT), Err(ended));
    assert_eq!(scan(b"", STRICT), Err(BencodeError::Ended { offset: 0, expected: "a value" }));
}

#[test]
fn limits_hold_to_the_last_one() {
    let limits = ScanLimits { depth: 3, tokens: 4, mode: Mode::Strict };
    assert_eq!(scan(b"llleee", limits).unwrap().depth, 3);
    assert_eq!(scan(b"lllleeee", limits), Err(BencodeError::TooDeep { offset: 3, limit: 3 }));
    assert_eq!(scan(b"d0:lei", limits).unwrap_err(), scan(b"d0:lei", STRICT).unwrap_err());
    assert_eq!(scan(b"l0:0:0:e", limits).unwrap().tokens, 4);
    let over = BencodeError::TooManyTokens { offset: 7, limit: 4 };
    assert_eq!(scan(b"l0:0:0:0:e", limits), Err(over));
}

#[test]
fn bombs_end_at_the_limits() {
    let deep = scan(&b"l".repeat(1 << 20), LENIENT);
    assert!(matches!(deep, Err(BencodeError::TooDeep { offset: 16, .. })));
    let wide = [b"l".as_slice(), &b"le".repeat(1 << 20)].concat();
    assert!(matches!(scan(&wide, LENIENT), Err(BencodeError::TooManyTokens { .. })));
}

#[test]
fn the_span_of_info_is_its_raw_bytes() {
    let bytes = b"d1:ad4:infoi1ee4:infod1:bi03e1:a0:e1:z4:infoe";
    let found = scan(bytes, LENIENT).unwrap();
    assert_eq!(found.info.map(|span| &bytes[span]), Some(b"d1:bi03e1:a0:e".as_slice()));
    assert_eq!(scan(b"d4:infoi7ee", STRICT).unwrap().info, Some(7..10));
    for none in ["le", "l4:infoi1ee", "d1:ad4:infoi1eee", "d1:a4:infoe", "4:info"] {
        assert_eq!(scan(none.as_bytes(), STRICT).unwrap().info, None, "{none}");
    }
}

#[test]
fn a_second_info_is_refused_in_both_modes() {
    let bytes = b"d4:infode4:infodee";
    assert_eq!(scan(bytes, LENIENT), unexpected(9, "the key `info` only once"));
    assert!(scan(bytes, STRICT).is_err());
}

#[test]
fn bytes_after_the_value_are_not_looked_at() {
    assert_eq!(scan(b"i1e\xff\xff", STRICT).unwrap().consumed, 3);
}

/// Any bencode value of modest size.
fn value() -> impl Strategy<Value = Value> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..8);
    let leaf = prop_oneof![any::<i64>().prop_map(Value::Int), bytes.prop_map(Value::Bytes)];
    leaf.prop_recursive(6, 48, 6, |inner| {
        let key = prop_oneof![Just(b"info".to_vec()), proptest::collection::vec(any::<u8>(), 0..5)];
        let entries = proptest::collection::vec((key, inner.clone()), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Value::List),
            entries.prop_map(|entries| Value::Dict(entries.into_iter().collect::<HashMap<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_bencode_writes_strict_takes(value in value()) {
        let bytes = serde_bencode::to_bytes(&value).unwrap();
        prop_assert!(whole(&bytes, STRICT));
        prop_assert!(whole(&bytes, LENIENT));
    }

    #[test]
    fn mutated_input_never_panics_and_what_passes_parses(
        value in value(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = serde_bencode::to_bytes(&value).unwrap();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        for limits in [STRICT, LENIENT] {
            if let Ok(found) = scan(&bytes, limits) {
                let parsed = serde_bencode::from_bytes::<Value>(&bytes[..found.consumed]);
                prop_assert!(parsed.is_ok(), "{parsed:?}");
                if let Some(info) = found.info {
                    let inner = scan(&bytes[info.clone()], limits).unwrap();
                    prop_assert_eq!(inner.consumed, info.len());
                }
            }
        }
        if scan(&bytes, STRICT).is_ok() {
            prop_assert_eq!(scan(&bytes, LENIENT), scan(&bytes, STRICT));
        }
    }

    #[test]
    fn text_made_of_bencode_letters_never_panics(text in "[0-9ilde:\\-]{0,40}") {
        for limits in [STRICT, LENIENT] {
            if let Ok(found) = scan(text.as_bytes(), limits) {
                let bytes = &text.as_bytes()[..found.consumed];
                prop_assert!(serde_bencode::from_bytes::<Value>(bytes).is_ok());
            }
        }
    }
}
