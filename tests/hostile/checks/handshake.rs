//! The opening handshake: a verdict, once given, stands whatever follows.

use cuerda::wire::handshake::{HANDSHAKE_LENGTH, Handshake};

/// Bytes that hold features, of which the unknown ones are not sent back.
const RESERVED: std::ops::Range<usize> = 20..28;

/// Reads every prefix of the bytes.
pub(crate) fn check(bytes: &[u8]) {
    let mut last = Ok(None);
    for length in 0..=bytes.len().min(2 * HANDSHAKE_LENGTH) {
        let read = Handshake::decode(&bytes[..length]);
        let hash = Handshake::peek_info_hash(&bytes[..length]);
        match (&last, &read) {
            (Ok(None), _) => {}
            (settled, now) => assert_eq!(settled, now, "the verdict at {length} bytes"),
        }
        assert_eq!(read.is_err(), hash.is_err());
        if let Ok(Some(handshake)) = &read {
            assert!(length >= HANDSHAKE_LENGTH);
            assert_eq!(hash, Ok(Some(handshake.info_hash)));
        }
        last = read;
    }
    if let Ok(Some(handshake)) = last {
        let again = handshake.encode();
        let fixed = |at: &usize| !RESERVED.contains(at);
        assert!((0..HANDSHAKE_LENGTH).filter(fixed).all(|at| again[at] == bytes[at]));
        assert_eq!(Handshake::decode(&again), Ok(Some(handshake)));
    }
}
