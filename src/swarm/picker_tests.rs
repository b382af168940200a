//! Tests of the picker: after any changes its order is exact, and picking is bounded.

use super::*;
use proptest::prelude::*;

const PEERS: u32 = 6;

fn check(picker: &mut Picker, availability: &[u32], parked: &[bool]) {
    for (piece, &count) in availability.iter().enumerate() {
        assert_eq!(picker.availability(piece as u32), count, "also of pieces that wait");
    }
    let mut random = Random::new(1);
    picker.rarest(0, &mut random, |_| false);
    assert!(picker.late.is_empty(), "who asks for the order waits for nothing");
    for (at, &piece) in picker.order.iter().enumerate() {
        assert_eq!(picker.place[piece as usize].position, at as u32);
        let key = picker.place[piece as usize].key as usize;
        assert!((picker.start[key]..picker.start[key + 1]).contains(&(at as u32)));
    }
    for piece in 0..availability.len() {
        assert_eq!(picker.availability(piece as u32), availability[piece]);
        assert_eq!(picker.is_open(piece as u32), !parked[piece]);
    }
    let open = parked.iter().filter(|parked| !**parked).count();
    assert_eq!(picker.open_count(), open as u32);
}

#[derive(Debug, Clone)]
enum Step {
    Increase(usize),
    Decrease(usize),
    Word(u64),
    WordGone(u64),
    Park(usize),
}

fn step(pieces: usize) -> impl Strategy<Value = Step> {
    (0..5_u8, 0..pieces, any::<u64>()).prop_map(|(kind, piece, bits)| match kind {
        0 => Step::Increase(piece),
        1 => Step::Decrease(piece),
        2 => Step::Word(bits),
        3 => Step::WordGone(bits),
        _ => Step::Park(piece),
    })
}

/// Those of a word's pieces that may change so.
fn those(bits: u64, pieces: usize, may: impl Fn(usize) -> bool) -> u64 {
    (0..pieces.min(64)).filter(|&at| bits >> at & 1 == 1 && may(at)).map(|at| 1 << at).sum()
}

proptest! {
    #[test]
    fn the_rarest_open_piece_is_found_after_any_changes(
        pieces in 1_usize..40,
        seed: u64,
        steps in proptest::collection::vec(step(40), 0..200),
        looks in proptest::collection::vec(any::<bool>(), 0..200),
    ) {
        let mut random = Random::new(seed);
        let mut picker = Picker::new(pieces as u32, PEERS, &mut random);
        let (mut availability, mut parked) = (vec![0; pieces], vec![false; pieces]);
        let mut looked = looks.into_iter().cycle();
        for step in steps {
            match step {
                Step::Increase(piece) if piece < pieces && availability[piece] < PEERS => {
                    availability[piece] += 1;
                    picker.increase(piece as u32);
                }
                Step::Decrease(piece) if piece < pieces && availability[piece] > 0 => {
                    availability[piece] -= 1;
                    picker.decrease_word(piece as u32 / 64, 1 << (piece % 64));
                }
                Step::Word(bits) => {
                    let bits = those(bits, pieces, |piece| availability[piece] < PEERS);
                    picker.increase_word(0, bits);
                    (0..pieces.min(64)).for_each(|at| availability[at] += (bits >> at & 1) as u32);
                }
                Step::WordGone(bits) => {
                    let bits = those(bits, pieces, |piece| availability[piece] > 0);
                    picker.decrease_word(0, bits);
                    (0..pieces.min(64)).for_each(|at| availability[at] -= (bits >> at & 1) as u32);
                }
                Step::Park(piece) if piece < pieces => {
                    parked[piece] = true;
                    picker.park(piece as u32);
                }
                Step::Increase(_) | Step::Decrease(_) | Step::Park(_) => {}
            }
            if looked.next() == Some(false) {
                continue;
            }
            check(&mut picker, &availability, &parked);
            let open = |piece: usize| !parked[piece];
            let rarest = (0..pieces).filter(|&p| open(p)).map(|p| availability[p]).min();
            let picked = picker.rarest(u32::MAX, &mut random, |_| true);
            prop_assert_eq!(picked.map(|piece| availability[piece as usize]), rarest);
            let odd = (0..pieces)
                .filter(|&p| open(p) && p % 2 == 1)
                .map(|p| availability[p])
                .min();
            let picked = picker.rarest(u32::MAX, &mut random, |piece| piece % 2 == 1);
            prop_assert_eq!(picked.map(|piece| availability[piece as usize]), odd);
        }
    }
}

#[test]
fn no_more_probes_than_allowed() {
    let mut random = Random::new(1);
    let mut picker = Picker::new(1_000, PEERS, &mut random);
    let asked = std::cell::Cell::new(0);
    let none = picker.rarest(64, &mut random, |_| {
        asked.set(asked.get() + 1);
        false
    });
    assert_eq!((none, asked.get()), (None, 64));
}

#[test]
fn equally_rare_pieces_are_picked_in_another_order_by_another_seed() {
    let first = |seed| {
        let mut random = Random::new(seed);
        let mut picker = Picker::new(1_000, PEERS, &mut random);
        picker.rarest(64, &mut random, |_| true)
    };
    assert!((1..20).any(|seed| first(seed) != first(0)));
}

#[test]
fn in_order_the_lowest_open_piece_comes_first() {
    let mut picker = Picker::new(300, PEERS, &mut Random::new(1));
    picker.park(0);
    let mut picker = picker.in_order();
    picker.increase(7);
    assert_eq!(picker.first(64, |_| true), Some(1));
    (1..250).for_each(|piece| picker.park(piece));
    assert_eq!(picker.first(64, |_| true), Some(250));
    assert_eq!(picker.first(64, |piece| piece > 260), Some(261));
    assert_eq!(picker.first(5, |piece| piece > 260), None, "only so many are tried");
}
