//! Tests of the choker: rounds over made-up samples.

use super::*;
use crate::kit::slab::Key;
use std::time::Duration;

const SLOTS: Slots = Slots { regular: 2, optimistic: 1 };

fn sample(peer: u64, downloaded: u64) -> Sample {
    Sample {
        peer: Key::from_bits(peer),
        torrent: Key::from_bits(0),
        seeding: false,
        piece_length: 1 << 20,
        downloaded,
        uploaded: 0,
        interested: true,
        wanted: false,
        snubbing: false,
    }
}

fn choker(peers: u64) -> Choker {
    let mut choker = Choker::new(SLOTS, 1);
    (0..peers).for_each(|peer| choker.joined(Time::ZERO, Key::from_bits(peer)));
    choker
}

fn unchoked(changes: &[Change]) -> Vec<u64> {
    let mut peers: Vec<_> =
        changes.iter().filter(|c| c.unchoke).map(|c| c.peer.to_bits()).collect();
    peers.sort_unstable();
    peers
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

#[test]
fn those_who_gave_most_and_one_lucky_peer_get_slots() {
    let mut choker = choker(6);
    let mut samples: Vec<_> = (0..6).map(|peer| sample(peer, peer * 1_000)).collect();
    let chosen = unchoked(&choker.round(at(10), &mut samples));
    assert_eq!(chosen.len(), 3);
    assert!(chosen.contains(&5) && chosen.contains(&4));
}

#[test]
fn merit_is_what_came_since_the_last_round() {
    let mut choker = choker(3);
    let mut slots: Vec<_> = vec![sample(0, 9_000), sample(1, 5_000), sample(2, 0)];
    choker.round(at(10), &mut slots);
    let mut next = vec![sample(0, 9_000), sample(1, 6_000), sample(2, 7_000)];
    next.iter_mut().for_each(|s| s.interested = true);
    choker.slots = Slots { regular: 2, optimistic: 0 };
    let changes = choker.round(at(20), &mut next);
    assert!(changes.contains(&Change { peer: Key::from_bits(0), unchoke: false }));
}

#[test]
fn who_wants_nothing_or_snubs_gets_no_regular_slot() {
    let mut choker = choker(2);
    choker.slots = Slots { regular: 2, optimistic: 0 };
    let mut samples = vec![sample(0, 5_000), sample(1, 5_000)];
    samples[0].interested = false;
    samples[1].snubbing = true;
    assert_eq!(choker.round(at(10), &mut samples), []);
}

#[test]
fn the_lucky_peer_stays_for_three_rounds() {
    let mut choker = choker(20);
    let mut lucky_of = |round: u64| {
        let mut samples: Vec<_> = (0..20).map(|peer| sample(peer, 0)).collect();
        choker.round(at(round * 10), &mut samples);
        let lucky: Vec<u64> =
            (0..20).filter(|&peer| choker.rows[&Key::from_bits(peer)].optimistic).collect();
        assert_eq!(lucky.len(), 1);
        lucky[0]
    };
    let seen: Vec<_> = (0..12).map(&mut lucky_of).collect();
    assert!(seen.chunks(3).all(|three| three.iter().all(|peer| *peer == three[0])), "{seen:?}");
}

#[test]
fn a_seeds_slots_go_round() {
    let mut choker = choker(6);
    choker.slots = Slots { regular: 2, optimistic: 0 };
    let mut sent = [0_u64; 6];
    let mut served = std::collections::BTreeSet::new();
    for round in 1..60 {
        let mut samples: Vec<_> = (0..6)
            .map(|peer| Sample { seeding: true, uploaded: sent[peer as usize], ..sample(peer, 0) })
            .collect();
        choker.round(at(round * 10), &mut samples);
        for peer in 0..6 {
            if choker.rows[&Key::from_bits(peer)].unchoked {
                served.insert(peer);
                sent[peer as usize] += 5 << 20;
            }
        }
    }
    assert_eq!(served.len(), 6, "everybody had a turn");
}

#[test]
fn peers_that_take_nothing_do_not_keep_a_seeds_slots() {
    let mut choker = choker(6);
    choker.slots = Slots { regular: 2, optimistic: 0 };
    let mut served = std::collections::BTreeSet::new();
    for round in 1..60 {
        let seeding = |peer| Sample { seeding: true, ..sample(peer, 0) };
        let mut samples: Vec<_> = (0..6).map(seeding).collect();
        choker.round(at(round * 10), &mut samples);
        served.extend((0..6).filter(|&peer| choker.rows[&Key::from_bits(peer)].unchoked));
    }
    assert_eq!(served.len(), 6, "everybody had a turn");
}

#[test]
fn a_free_slot_is_filled_between_rounds() {
    let mut choker = choker(4);
    choker.slots = Slots { regular: 2, optimistic: 0 };
    let mut samples: Vec<_> = (0..4).map(|peer| sample(peer, 0)).collect();
    let first = unchoked(&choker.round(at(10), &mut samples));
    choker.left(Key::from_bits(first[0]));
    let mut rest: Vec<_> = (0..4).filter(|p| *p != first[0]).map(|p| sample(p, 0)).collect();
    assert_eq!(unchoked(&choker.fill(at(12), &mut rest)).len(), 1);
}

#[test]
fn who_is_idle_longest_is_spared_first_and_who_is_of_use_never() {
    let mut choker = choker(4);
    let idle = |peer| Sample { interested: false, ..sample(peer, 0) };
    let mut samples = vec![idle(0), idle(1), sample(2, 0), Sample { wanted: true, ..idle(3) }];
    samples[0].downloaded = 1;
    choker.round(at(10), &mut samples);
    assert_eq!(choker.spare(at(59), &samples), None, "not yet");
    assert_eq!(choker.spare(at(60), &samples), Some(Key::from_bits(1)));
    choker.left(Key::from_bits(1));
    assert_eq!(choker.spare(at(69), &samples), None, "the other moved bytes until 10");
    assert_eq!(choker.spare(at(70), &samples), Some(Key::from_bits(0)));
    choker.left(Key::from_bits(0));
    assert_eq!(choker.spare(at(600), &samples), None);
}
