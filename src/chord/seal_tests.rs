//! Tests of seals: who has the key is heard, once, and nobody else.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

const CLOCK: u32 = 1_700_000_000;

fn seals(key: u8, session: u8) -> Seals {
    Seals::new(RingKey::new([key; KEY_LENGTH]), [session; SESSION_LENGTH])
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

#[test]
fn what_was_sealed_with_the_key_is_taken_once() {
    let (mut a, mut b) = (seals(1, 1), seals(1, 2));
    let datagram = a.seal(CLOCK, b"hello".to_vec());
    assert_eq!(datagram.len(), 5 + SEAL_LENGTH);
    assert_eq!(b.open(at(0), CLOCK, &datagram), Some(&b"hello"[..]));
    assert_eq!(b.open(at(0), CLOCK, &datagram), None, "a copy");
    assert_eq!(seals(2, 2).open(at(0), CLOCK, &datagram), None, "another key");
    assert_eq!((b.refused().repeated, b.refused().strange), (1, 0));
}

#[test]
fn clocks_may_differ_a_little_and_old_copies_are_untimely() {
    let datagram = seals(1, 1).seal(CLOCK, Vec::new());
    let most = CLOCK_DIFFERENCE_MAX.as_secs() as u32;
    for (clock, taken) in [
        (CLOCK + most, true),
        (CLOCK - most, true),
        (CLOCK + most + 1, false),
        (CLOCK - most - 1, false),
    ] {
        let mut other = seals(1, 2);
        assert_eq!(other.open(at(0), clock, &datagram).is_some(), taken, "{clock}");
        assert_eq!(other.refused().untimely, u64::from(!taken));
    }
}

#[test]
fn datagrams_may_overtake_each_other_but_not_come_twice() {
    let (mut a, mut b) = (seals(1, 1), seals(1, 2));
    let mut sent: Vec<Vec<u8>> = (0..500).map(|_| a.seal(CLOCK, Vec::new())).collect();
    sent[..].reverse();
    // The last ones come in any order; much older ones are not told apart from copies.
    let taken = sent.iter().filter(|datagram| b.open(at(0), CLOCK, datagram).is_some()).count();
    assert_eq!(taken, COUNTS_KEPT);
    assert!(sent.iter().all(|datagram| b.open(at(0), CLOCK, datagram).is_none()));
    assert!(b.open(at(0), CLOCK, &a.seal(CLOCK, Vec::new())).is_some());
}

#[test]
fn sessions_that_are_over_make_room_and_a_full_table_forgets_nobody() {
    let mut node = seals(1, 1);
    let session = |number: usize| {
        let mut session = [0; SESSION_LENGTH];
        session[..4].copy_from_slice(&(number as u32).to_be_bytes());
        Seals::new(RingKey::new([1; KEY_LENGTH]), session)
    };
    let first = session(0).seal(CLOCK, Vec::new());
    assert!(node.open(at(0), CLOCK, &first).is_some());
    for number in 1..SESSIONS_MAX + 10 {
        let datagram = session(number).seal(CLOCK, Vec::new());
        let taken = node.open(at(1), CLOCK, &datagram).is_some();
        assert_eq!(taken, number < SESSIONS_MAX);
    }
    assert!(node.open(at(1), CLOCK, &first).is_none());
    assert_eq!(node.sessions(), SESSIONS_MAX);
    let later = CLOCK_DIFFERENCE_MAX.as_secs() * 2 + 2;
    let clock = CLOCK + later as u32;
    assert!(node.open(at(later), clock, &session(9_999).seal(clock, Vec::new())).is_some());
    assert_eq!(node.sessions(), 1);
    assert!(node.open(at(later), clock, &first).is_none(), "forgotten, and untimely");
}

#[test]
fn a_session_that_has_counted_to_the_end_becomes_another_one() {
    let (mut a, mut b) = (seals(1, 1), seals(1, 2));
    a.count = u32::MAX - 1;
    for _ in 0..3 {
        assert!(b.open(at(0), CLOCK, &a.seal(CLOCK, Vec::new())).is_some());
    }
    assert_eq!((b.sessions(), a.count), (2, 2));
}

proptest! {
    #[test]
    fn whatever_is_altered_is_strange(
        payload in prop::collection::vec(any::<u8>(), 0..100), bit in 0_u8..8,
        place: prop::sample::Index, length: prop::sample::Index,
    ) {
        let mut datagram = seals(1, 1).seal(CLOCK, payload);
        let mut other = seals(1, 2);
        let cut = length.index(datagram.len());
        prop_assert_eq!(other.open(at(0), CLOCK, &datagram[..cut]), None);
        let place = place.index(datagram.len());
        datagram[place] ^= 1_u8 << bit;
        prop_assert_eq!(other.open(at(0), CLOCK, &datagram), None);
        prop_assert_eq!(other.refused().strange, 2);
    }

    #[test]
    fn any_bytes_are_a_key_file_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RingKey::read(&bytes);
    }
}

#[test]
fn key_files_are_read_as_written_and_bad_ones_are_told_apart() {
    let key = RingKey::new(std::array::from_fn(|index| index as u8 * 7));
    assert_eq!(RingKey::read(key.to_file().as_bytes()), Ok(key.clone()));
    let digits = "0aF9".repeat(16);
    assert!(RingKey::read(format!("\n# x\r\n  {digits} \r\n\n").as_bytes()).is_ok());
    let read = |text: &str| RingKey::read(text.as_bytes());
    assert_eq!(read("# only\n"), Err(KeyError::Missing));
    assert_eq!(read(&format!("{digits}\n{digits}\n")), Err(KeyError::Several));
    assert_eq!(read(&digits[1..]), Err(KeyError::Length { digits: 63 }));
    assert_eq!(read(&digits.replace('a', "g")), Err(KeyError::NotHexadecimal));
    assert_eq!(RingKey::read(&[0xff; 64]), Err(KeyError::NotText));
    let long = vec![b'#'; KEY_FILE_MAX + 1];
    assert_eq!(RingKey::read(&long), Err(KeyError::TooLong { length: KEY_FILE_MAX + 1 }));
    assert!(!format!("{key:?}").contains('7'), "a key is in no log");
    assert!(RingKey::is_exposed(0o644) && !RingKey::is_exposed(0o100_600));
}
