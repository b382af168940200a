//! Tests of the store: any order of records gives the same, parts find differences, bounds hold.

use super::*;
use proptest::prelude::*;

fn seconds(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn any_record() -> impl Strategy<Value = Record> {
    (0_u8..20, 1_u16..6, 0_u32..4, any::<bool>(), 1_u16..3_000).prop_map(
        |(key, port, sequence, gone, lease)| Record {
            key: RingId([key.wrapping_mul(13); 20]),
            address: ([127, 0, 0, 1], port).into(),
            flags: Flags { gone, ..Flags::default() },
            sequence,
            lease,
        },
    )
}

fn any_arc() -> impl Strategy<Value = Arc> {
    (any::<u8>(), any::<u8>())
        .prop_map(|(begin, end)| Arc { begin: RingId([begin; 20]), end: RingId([end; 20]) })
}

/// All records of an arc, fetched page by page.
fn all(store: &Store, arc: Arc, bytes: usize) -> Vec<Record> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = store.records(seconds(0), arc, after, (bytes, 6));
        after = page.last().map(|last| (last.key, last.address));
        found.extend(page);
        if !more {
            return found;
        }
    }
}

const WHOLE: Arc = Arc { begin: RingId([7; 20]), end: RingId([7; 20]) };

proptest! {
    #[test]
    fn records_merge_in_any_order_to_the_same(
        records in prop::collection::vec(any_record(), 0..60).prop_shuffle(), seed: u64,
    ) {
        let mut shuffled = records.clone();
        crate::kit::random::Random::new(seed).shuffle(&mut shuffled);
        shuffled.extend(&records[..records.len() / 2]);
        let (mut one, mut other) = (Store::new(true), Store::new(true));
        records.iter().for_each(|record| { one.put(seconds(0), record).unwrap(); });
        shuffled.iter().for_each(|record| { other.put(seconds(0), record).unwrap(); });
        prop_assert_eq!(all(&one, WHOLE, 900), all(&other, WHOLE, 900));
        prop_assert_eq!(one.digests(WHOLE), other.digests(WHOLE));
        prop_assert_eq!(one.len(), all(&one, WHOLE, 900).len());
    }

    #[test]
    fn pages_give_every_record_of_an_arc_once(
        records in prop::collection::vec(any_record(), 0..60), arc in any_arc(),
        bytes in 40_usize..200,
    ) {
        let mut store = Store::new(true);
        records.iter().for_each(|record| { store.put(seconds(0), record).unwrap(); });
        let mut paged = all(&store, arc, bytes);
        let mut expected = all(&store, WHOLE, 100_000);
        expected.retain(|record| arc.holds(record.key));
        paged.sort_by_key(|record| (record.key, record.address));
        expected.sort_by_key(|record| (record.key, record.address));
        prop_assert_eq!(paged, expected);
    }

    #[test]
    fn the_parts_that_differ_hold_the_records_that_do(
        records in prop::collection::vec(any_record(), 0..60), extra in any_record(),
        arc in any_arc(),
    ) {
        let mut one = Store::new(true);
        records.iter().for_each(|record| { one.put(seconds(0), record).unwrap(); });
        let mut other = one.clone();
        let news = other.put(seconds(0), &extra).unwrap();
        let (a, b) = (one.digests(arc), other.digests(arc));
        for part in 0..16 {
            let sub = part_of(arc, part);
            let is_there = part == 15 || sub.begin != sub.end;
            let holds = arc.holds(extra.key) && is_there && sub.holds(extra.key);
            if a[part] != b[part] {
                prop_assert!(news && holds, "part {} of {:?} differs", part, arc);
            }
        }
        prop_assert_eq!(a != b, news && arc.holds(extra.key));
    }
}

#[test]
fn what_has_gone_or_run_out_is_not_told() {
    let mut store = Store::new(true);
    let record = Record {
        key: RingId([1; 20]),
        address: ([127, 0, 0, 1], 5).into(),
        flags: Flags::default(),
        sequence: 1,
        lease: 100,
    };
    store.put(seconds(0), &record).unwrap();
    assert_eq!(store.peers(seconds(99), record.key, (10, 40), 0).1, 1);
    assert_eq!(store.peers(seconds(100), record.key, (10, 40), 0).1, 0);
    let gone = Record { sequence: 2, flags: Flags { gone: true, ..Flags::default() }, ..record };
    assert_eq!(store.put(seconds(1), &gone), Ok(true));
    assert_eq!(store.put(seconds(2), &record), Ok(false), "an older record does not come back");
    let (told, there) = store.peers(seconds(3), record.key, (10, 40), 0);
    assert_eq!((told.len(), told[0].sequence, told[0].flags.gone, there), (1, 2, true, 0));
    store.expire(seconds(700));
    assert!(store.is_empty() && store.key_count() == 0);
}

#[test]
fn one_source_cannot_fill_a_key_of_an_open_ring() {
    let mut store = Store::new(true);
    let record = |ip: [u8; 4], port| Record {
        key: RingId([1; 20]),
        address: (ip, port).into(),
        flags: Flags::default(),
        sequence: 1,
        lease: 100,
    };
    let put = |store: &mut Store, ip| {
        (1..=50).filter(|port| store.put(seconds(0), &record(ip, *port)).is_ok()).count()
    };
    assert_eq!(put(&mut store, [8, 8, 8, 8]), PORTS_PER_SOURCE_MAX);
    assert_eq!(put(&mut store, [10, 0, 0, 1]), 50, "private addresses are exempt");
}

#[test]
fn those_who_have_gone_last_are_told_first_and_leave_room_for_the_others() {
    let mut store = Store::new(false);
    let key = RingId([1; 20]);
    for port in 1..=100_u16 {
        let gone = port > 50;
        store
            .put(
                seconds(port.into()),
                &Record {
                    key,
                    address: ([127, 0, 0, 1], port).into(),
                    flags: Flags { gone, ..Flags::default() },
                    sequence: 1,
                    lease: 600,
                },
            )
            .unwrap();
    }
    let (told, there) = store.peers(seconds(200), key, (100, 40), 7);
    assert_eq!((told.len(), there), (40, 50));
    let gone: Vec<u16> = told.iter().filter(|p| p.flags.gone).map(|p| p.address.port()).collect();
    assert_eq!(gone, (91..=100).rev().collect::<Vec<u16>>());
    assert!(told[..10].iter().all(|peer| peer.flags.gone), "cut answers keep them");
    assert_eq!(store.peers(seconds(200), key, (5, 40), 7).0.len(), 15);
}

#[test]
fn one_source_has_only_so_many_records_and_forgotten_ones_do_not_count() {
    let mut store = Store::new(true);
    let record = |ip: [u8; 4], key: u32| {
        let mut place = [0; 20];
        place[..4].copy_from_slice(&key.to_be_bytes());
        Record {
            key: RingId(place),
            address: (ip, 1).into(),
            flags: Flags::default(),
            sequence: 1,
            lease: 100,
        }
    };
    let put = |store: &mut Store, at, ip| {
        (0..1_000).filter(|key| store.put(seconds(at), &record(ip, *key)).is_ok()).count()
    };
    assert_eq!(put(&mut store, 0, [8, 8, 8, 8]), RECORDS_PER_SOURCE_MAX as usize);
    assert_eq!(put(&mut store, 0, [8, 8, 8, 9]), RECORDS_PER_SOURCE_MAX as usize);
    store.expire(seconds(200));
    assert_eq!(put(&mut store, 200, [8, 8, 8, 8]), RECORDS_PER_SOURCE_MAX as usize);
}
