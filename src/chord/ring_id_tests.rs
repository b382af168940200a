//! Tests of places and intervals, among them against plain arithmetic on a small circle.

use super::*;
use proptest::prelude::*;

/// A place made of one byte, so that tests can think of a circle of 256.
fn place(byte: u8) -> RingId {
    let mut bytes = [0; ID_LENGTH];
    bytes[0] = byte;
    RingId(bytes)
}

#[test]
fn a_node_lies_where_the_hash_of_its_address_does() {
    // printf '\x7f\x00\x00\x01\x1a\xe1' | sha1sum
    let id = RingId::of_address("127.0.0.1:6881".parse().unwrap());
    let mut bytes = vec![127, 0, 0, 1];
    bytes.extend(6881_u16.to_be_bytes());
    assert_eq!(id.0, <[u8; 20]>::from(Sha1::digest(&bytes)));
    assert_ne!(id, RingId::of_address("127.0.0.1:6882".parse().unwrap()));
    let six = RingId::of_address("[::1]:6881".parse().unwrap());
    assert_ne!(six, id);
}

#[test]
fn intervals_on_a_small_circle_are_what_walking_finds() {
    for begin in (0..=255).step_by(5) {
        for end in (0..=255).step_by(5) {
            let mut walked = [false; 256];
            let mut at = begin;
            loop {
                at = u8::wrapping_add(at, 1);
                if at == end {
                    break;
                }
                walked[usize::from(at)] = true;
            }
            for x in 0..=255_u8 {
                let inside = place(x).is_between(place(begin), place(end));
                assert_eq!(inside, walked[usize::from(x)], "{x} in ({begin}, {end})");
                let within = place(x).is_within(place(begin), place(end));
                assert_eq!(within, inside || x == end, "{x} in ({begin}, {end}]");
            }
        }
    }
}

#[test]
fn powers_and_bits() {
    let zero = RingId::default();
    for exponent in 0..RING_BITS {
        assert_eq!(zero.plus_power(exponent).highest_bit(), Some(exponent));
        assert_eq!(
            place(200).distance_to(place(200).plus_power(exponent)).highest_bit(),
            Some(exponent)
        );
    }
    assert_eq!(zero.highest_bit(), None);
    assert_eq!(zero.before(), RingId([0xff; 20]));
    assert_eq!(place(0x20).sixteenth(), place(0x02));
}

fn any_id() -> impl Strategy<Value = RingId> {
    // Mostly neighbors of a few places, so that equal and adjacent ones are met.
    (prop_oneof![Just([0_u8; 20]), Just([0xff; 20]), any::<[u8; 20]>()], -2_i8..3).prop_map(
        |(bytes, step)| {
            let one = RingId::default().plus_power(0);
            let mut id = RingId(bytes);
            for _ in 0..step.unsigned_abs() {
                id = if step < 0 { id.before() } else { id.plus(one) };
            }
            id
        },
    )
}

proptest! {
    #[test]
    fn every_other_place_is_on_exactly_one_side(a in any_id(), x in any_id(), b in any_id()) {
        if a != b && x != a && x != b {
            prop_assert!(x.is_between(a, b) != x.is_between(b, a));
        }
        prop_assert!(!a.is_between(a, b) && !b.is_between(a, b) || a == b);
        prop_assert_eq!(x.is_between(a, a), x != a);
    }

    #[test]
    fn nearer_by_distance_is_between(a in any_id(), x in any_id(), b in any_id()) {
        if x != a && b != a {
            let nearer = a.distance_to(x) < a.distance_to(b);
            prop_assert_eq!(nearer, x.is_between(a, b));
        }
        prop_assert_eq!(a.plus(a.distance_to(b)), b);
    }
}
