//! The datagrams of the ring: whatever is read is written and read again as the same message, of
//! either family of addresses; and nothing that anybody makes up is sealed with a key.

use cuerda::chord::codec::{decode, encode};
use cuerda::chord::contact::Family;
use cuerda::chord::message::Message;
use cuerda::chord::seal::{KEY_LENGTH, RingKey, Seals};
use cuerda::kit::clock::Time;

/// The ring of the corpus.
const RING: [u8; 4] = *b"ring";

/// The bytes are one datagram, and a key file.
pub(crate) fn check(bytes: &[u8]) {
    for family in [Family::V4, Family::V6] {
        if let Ok(message) = decode(bytes, RING, family) {
            check_message(&message, family);
        }
    }
    let mut seals = Seals::new(RingKey::new([7; KEY_LENGTH]), [1; 8]);
    assert_eq!(seals.open(Time::ZERO, 0, bytes), None, "nobody guesses a seal");
    if let Ok(key) = RingKey::read(bytes) {
        assert_eq!(RingKey::read(key.to_file().as_bytes()), Ok(key));
    }
}

fn check_message(message: &Message, family: Family) {
    let written = encode(message, RING, 0);
    match decode(&written, RING, family) {
        Ok(again) => assert_eq!(again, *message),
        Err(error) => panic!("{message:?} was read, but not as it is written: {error}"),
    }
    let padded = encode(message, RING, 400);
    assert!(padded.len() >= written.len());
    let again = decode(&padded, RING, family);
    assert_eq!(again.as_ref(), Ok(message), "padding says nothing");
}
