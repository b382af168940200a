//! Tests of one lookup: who is asked, when another is asked besides, and when it ends.

use super::*;
use std::time::Duration;

fn contact(byte: u8) -> Contact {
    Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
}

fn millis(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

fn closer(bytes: &[u8]) -> Answer {
    Answer { closer: Some(bytes.iter().copied().map(contact).collect()), ..Answer::default() }
}

fn lookup(first: &[u8]) -> Lookup {
    let first: Vec<Contact> = first.iter().copied().map(contact).collect();
    Lookup::new(Time::ZERO, contact(1).id, RingId([100; 20]), &first, 2)
}

#[test]
fn the_nearest_two_are_asked_and_a_third_when_one_is_late() {
    let mut lookup = lookup(&[10, 50, 90, 1]);
    for byte in [90, 50] {
        assert_eq!(lookup.step(millis(0)), Step::Ask(contact(byte)));
        lookup.asked(contact(byte).id, millis(200 + u64::from(byte)));
    }
    assert_eq!(lookup.step(millis(1)), Step::Wait(millis(250)));
    assert_eq!(lookup.step(millis(250)), Step::Ask(contact(10)));
    lookup.asked(contact(10).id, millis(450));
    assert_eq!(lookup.step(millis(300)), Step::Wait(lookup.deadline));
    assert_eq!(lookup.answered(contact(50), &closer(&[60, 40, 101, 95])), None);
    assert_eq!(lookup.step(millis(300)), Step::Ask(contact(95)), "40 and 101 lead away");
    for byte in [90, 10] {
        lookup.failed(contact(byte).id);
    }
    assert_eq!(lookup.dead(), [contact(90), contact(10)]);
}

#[test]
fn it_ends_with_any_list_that_covers_the_place() {
    let mut lookup = lookup(&[90]);
    lookup.asked(contact(90).id, millis(100));
    let successors = Some([105, 110, 3].map(contact).to_vec());
    let answer = Answer { successors: successors.clone(), ..Answer::default() };
    assert_eq!(lookup.answered(contact(90), &answer), successors);
    let own = Answer { first: true, successors: Some(vec![]), ..Answer::default() };
    assert_eq!(lookup.answered(contact(102), &own), Some(vec![contact(102)]));
}

#[test]
fn it_gives_up_when_nobody_is_left_or_time_is() {
    assert_eq!(lookup(&[]).step(Time::ZERO), Step::Fail);
    let mut lookup = lookup(&[90]);
    lookup.asked(contact(90).id, millis(100));
    lookup.answered(contact(90), &closer(&[]));
    assert_eq!(lookup.step(millis(5)), Step::Fail);
    let fresh = self::lookup(&[90]);
    assert_eq!(fresh.step(fresh.deadline), Step::Fail);
}

#[test]
fn answers_cannot_make_it_ask_or_remember_without_end() {
    let mut lookup = lookup(&[2]);
    let mut asked = 0;
    while let Step::Ask(next) = lookup.step(Time::ZERO) {
        lookup.asked(next.id, Time::ZERO);
        let nearer = (0..200).map(|low| {
            let mut bytes = [99; 20];
            (bytes[10], bytes[11]) = (asked as u8, low);
            Contact { id: RingId(bytes), address: ([9, 9, 9, low], 1 + asked as u16).into() }
        });
        lookup.answered(next, &Answer { closer: Some(nearer.collect()), ..Answer::default() });
        assert!(lookup.pool.len() <= LOOKUP_POOL_MAX);
        asked += 1;
    }
    assert_eq!(asked, LOOKUP_REQUESTS_MAX);
}
