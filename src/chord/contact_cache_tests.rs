//! Tests of the contact cache: bounds, the nearest, and who is thought dead for how long.

use super::*;
use proptest::prelude::*;

fn contact(number: u16) -> Contact {
    Contact::new(([10, 0, (number >> 8) as u8, number as u8], 7000).into())
}

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

#[test]
fn waits_follow_the_measured_times() {
    let mut cache = ContactCache::new(RingId::default(), 8, true);
    let id = contact(1).id;
    assert_eq!((cache.timeout(id), cache.hedge(id)), (RTO_FIRST, HEDGE_UNKNOWN));
    for _ in 0..20 {
        cache.heard(seconds(1), contact(1), Some(Duration::from_millis(400)));
    }
    let wait = cache.timeout(id);
    assert!(wait >= Duration::from_millis(395) && wait < Duration::from_millis(420), "{wait:?}");
    cache.heard(seconds(1), contact(2), Some(Duration::from_micros(50)));
    assert_eq!((cache.timeout(contact(2).id), cache.hedge(contact(2).id)), (RTO_MIN, HEDGE_MIN));
}

#[test]
fn the_dead_are_asked_again_ever_more_rarely_until_they_answer() {
    let mut cache = ContactCache::new(RingId::default(), 8, true);
    let mut random = Random::new(1);
    cache.heard(seconds(0), contact(1), None);
    cache.failed(seconds(0), contact(1));
    let mut asks =
        |cache: &ContactCache, at| (0..20).any(|_| cache.any(seconds(at), &mut random).is_some());
    assert!(cache.is_dead(contact(1).id) && !asks(&cache, 59) && asks(&cache, 60));
    cache.failed(seconds(60), contact(1));
    assert!(!asks(&cache, 179) && asks(&cache, 180));
    assert!(cache.nearest_before(seconds(200), RingId([0xff; 20]), 8).is_empty());
    assert!(cache.heard(seconds(200), contact(1), None) && asks(&cache, 200));
    assert_eq!(cache.nearest_before(seconds(200), RingId([0xff; 20]), 8), [contact(1)]);
}

#[test]
fn one_subnet_cannot_fill_the_cache_of_an_open_ring() {
    let mut cache = ContactCache::new(RingId::default(), 100, true);
    for port in 1..50 {
        cache.heard(seconds(0), Contact::new(([8, 8, 8, 8], port).into()), None);
    }
    assert_eq!(cache.len(), CACHE_PER_SUBNET_MAX);
}

proptest! {
    #[test]
    fn it_finds_the_nearest_before_any_place_and_stays_within_its_bounds(
        me: u16, heard in prop::collection::vec((any::<u16>(), any::<bool>()), 0..60),
        place: u16, capacity in 1_usize..70,
    ) {
        let me = contact(me).id;
        let mut cache = ContactCache::new(me, capacity, true);
        for (at, (number, fails)) in heard.iter().enumerate() {
            let at = seconds(at as u64);
            let other = contact(*number);
            if *fails { cache.failed(at, other) } else { cache.heard(at, other, None); }
            prop_assert!(cache.len() <= capacity && !cache.known.contains_key(&me));
            let bands: u16 = cache.bands.iter().sum();
            prop_assert_eq!(usize::from(bands), cache.len());
            prop_assert_eq!(cache.dead, cache.known.values().filter(|k| k.dead.is_some()).count());
        }
        let place = contact(place).id;
        let before = cache.live().filter(|contact| contact.id.is_between(me, place));
        let mut expected: Vec<Contact> = before.collect();
        expected.sort_by_key(|contact| contact.id.distance_to(place));
        expected.truncate(5);
        prop_assert_eq!(cache.nearest_before(seconds(100), place, 5), expected);
    }
}
