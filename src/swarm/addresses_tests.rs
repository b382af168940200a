//! Addresses: when they are dialed, forgotten and found again.

use super::*;

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[test]
fn when_all_others_are_forgotten_what_a_person_named_stays() {
    let mut book = AddressBook::default();
    book.found(address(1));
    book.named(address(2));
    book.named(address(3));
    assert_eq!((book.take_next(), book.take_next()), (Some(address(1)), Some(address(2))));
    book.forget_found();
    assert_eq!((book.take_next(), book.take_next(), book.len()), (Some(address(3)), None, 2));
    assert_eq!(book.ended(address(1), true), None, "nobody knows it");
    assert!(book.ended(address(2), true).is_some(), "it was being dialed");
    assert!(book.found(address(1)), "it may be found again");
}

#[test]
fn an_address_is_dialed_once_however_often_it_is_found() {
    let mut book = AddressBook::default();
    assert!(book.found(address(1)));
    assert!(!book.found(address(1)));
    assert_eq!(book.take_next(), Some(address(1)));
    assert!(!book.found(address(1)), "it is being dialed");
    assert_eq!(book.take_next(), None);
}

fn fail(book: &mut AddressBook, address: SocketAddr, times: u32) {
    for _ in 0..times {
        book.ended(address, true);
    }
}

fn many(first: u32, count: usize) -> impl Iterator<Item = SocketAddr> {
    let ip = |number| std::net::Ipv4Addr::from(0x0a00_0001 + number);
    (first..first + count as u32).map(move |number| SocketAddr::from((ip(number), 1)))
}

#[test]
fn failures_make_the_pause_longer_up_to_a_bound() {
    let mut book = AddressBook::default();
    book.named(address(1));
    let pauses: Vec<_> = (0..12).map(|_| book.ended(address(1), true).unwrap()).collect();
    assert_eq!(pauses[0], REDIAL_PAUSE_MIN);
    assert_eq!(pauses[1], REDIAL_PAUSE_MIN * 2);
    assert_eq!(pauses[11], REDIAL_PAUSE_MAX);
    book.lasted(address(1));
    assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MIN));
}

#[test]
fn an_address_that_always_fails_is_forgotten_and_can_be_found_again() {
    let mut book = AddressBook::default();
    book.found(address(1));
    fail(&mut book, address(1), DIAL_FAILURES_MAX - 1);
    assert_eq!(book.len(), 1);
    assert_eq!(book.ended(address(1), true), None);
    assert!(book.is_empty());
    book.take_next();
    book.retry(address(1));
    assert!(!book.is_waiting(), "it is nobody now");
    assert!(book.found(address(1)));
    assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MIN));
}

#[test]
fn a_connection_that_lasted_makes_up_for_failures() {
    let mut book = AddressBook::default();
    book.found(address(1));
    fail(&mut book, address(1), DIAL_FAILURES_MAX - 1);
    book.lasted(address(1));
    assert!(book.ended(address(1), true).is_some());
}

#[test]
fn what_a_person_named_is_tried_for_ever() {
    let mut book = AddressBook::default();
    book.found(address(1));
    book.named(address(1));
    fail(&mut book, address(1), 1_000);
    assert_eq!(book.ended(address(1), true), Some(REDIAL_PAUSE_MAX));
}

#[test]
fn a_full_book_has_room_for_another_in_place_of_one_that_fails_or_is_useless() {
    let mut book = AddressBook::default();
    many(0, ADDRESSES_PER_TORRENT_MAX).for_each(|address| assert!(book.found(address)));
    let new: Vec<_> = many(10_000, 4).collect();
    assert!(!book.found(new[0]), "all may be good");
    let old: Vec<_> = many(0, 3).collect();
    book.ended(old[0], false);
    fail(&mut book, old[1], DIAL_FAILURES_DOUBT);
    fail(&mut book, old[2], DIAL_FAILURES_DOUBT);
    book.lasted(old[2]);
    assert!(book.found(new[0]) && book.found(new[1]));
    assert!(!book.found(new[2]), "the third is good again");
    assert_eq!(book.len(), ADDRESSES_PER_TORRENT_MAX);
    assert_eq!(book.ended(old[1], true), None, "it is forgotten");
    assert!(book.ended(old[2], true).is_some());
}

#[test]
fn an_address_that_was_forgotten_and_found_again_is_dialed_once() {
    let mut book = AddressBook::default();
    many(0, ADDRESSES_PER_TORRENT_MAX).for_each(|address| assert!(book.found(address)));
    while book.take_next().is_some() {}
    let known: Vec<_> = many(0, 2).collect();
    let new: Vec<_> = many(50_000, 1).collect();
    fail(&mut book, known[0], DIAL_FAILURES_DOUBT);
    assert!(book.found(new[0]), "the first is forgotten; its next try is still to come");
    fail(&mut book, known[1], DIAL_FAILURES_DOUBT);
    assert!(book.found(known[0]));
    book.retry(known[0]);
    assert_eq!([book.take_next(), book.take_next()], [Some(new[0]), Some(known[0])]);
    assert_eq!(book.take_next(), None);
}

#[test]
fn an_address_whose_host_is_full_is_tried_again_for_as_long_as_that_is_so() {
    let mut book = AddressBook::default();
    assert!(book.found(address(1)));
    for _ in 0..2 * DIAL_FAILURES_MAX {
        assert_eq!(book.take_next(), Some(address(1)));
        assert_eq!(book.postponed(address(1)), REDIAL_PAUSE_MIN);
        book.retry(address(1));
    }
    assert!(book.is_waiting());
}

#[test]
fn years_of_bad_addresses_leave_nothing_behind() {
    let mut book = AddressBook::default();
    for address in many(0, 20 * ADDRESSES_PER_TORRENT_MAX) {
        assert!(book.found(address));
        assert_eq!(book.take_next(), Some(address));
        let SocketAddr::V4(v4) = address else { unreachable!("made above") };
        if v4.ip().octets()[3].is_multiple_of(2) {
            book.ended(address, false);
        } else {
            fail(&mut book, address, DIAL_FAILURES_MAX);
        }
    }
    assert!(book.len() <= ADDRESSES_PER_TORRENT_MAX);
    assert!(book.doubtful.len() <= ADDRESSES_PER_TORRENT_MAX);
    assert!(book.queue.is_empty());
}

#[test]
fn a_useless_address_is_not_dialed_again() {
    let mut book = AddressBook::default();
    book.found(address(1));
    book.take_next();
    assert_eq!(book.ended(address(1), false), None);
    assert!(!book.found(address(1)));
    book.retry(address(1));
    assert!(!book.is_waiting());
}

#[test]
fn what_nobody_can_be_is_refused() {
    let mut book = AddressBook::default();
    for bad in ["0.0.0.0:5", "1.2.3.4:0", "224.0.0.1:5", "255.255.255.255:5", "[ff02::1]:5"] {
        assert!(!book.found(bad.parse().unwrap()), "{bad}");
    }
}

#[test]
fn the_book_has_an_end() {
    let mut book = AddressBook::default();
    for number in 0..ADDRESSES_PER_TORRENT_MAX as u32 + 10 {
        book.found(SocketAddr::from((std::net::Ipv4Addr::from(0x0a00_0001 + number), 1)));
    }
    assert_eq!(book.len(), ADDRESSES_PER_TORRENT_MAX);
}
