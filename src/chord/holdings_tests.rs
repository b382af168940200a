//! Tests of the held arcs against a circle of single places.

use super::*;
use proptest::prelude::*;

fn place(byte: u8) -> RingId {
    RingId([byte; 20])
}

fn arc(begin: u8, end: u8) -> Arc {
    Arc { begin: place(begin), end: place(end) }
}

fn node(byte: u8) -> Contact {
    Contact { id: place(byte), address: ([127, 0, 0, byte], 1).into() }
}

proptest! {
    #[test]
    fn carving_changes_no_view_and_leaves_no_gap(
        steps in prop::collection::vec((any::<u8>(), any::<u8>(), 0_u8..3, any::<bool>()), 1..25),
    ) {
        let mut holdings = Holdings::default();
        let mut model: Vec<Option<(u8, bool)>> = vec![None; 256];
        for (begin, end, view, remove) in steps {
            let arc = arc(begin, end);
            let before: Vec<Option<(Vec<Contact>, bool)>> = (0..=255)
                .map(|key| holdings.of(place(key)).map(|p| (p.view.clone(), p.warm))).collect();
            prop_assert!(holdings.carve(arc));
            prop_assert_eq!(holdings.fault(), None);
            for key in 0..=255_u8 {
                let now = holdings.of(place(key)).map(|p| (p.view.clone(), p.warm));
                match &before[usize::from(key)] {
                    Some(before) => prop_assert_eq!(now.as_ref(), Some(before)),
                    None => prop_assert_eq!(now.is_some(), arc.holds(place(key))),
                }
            }
            if remove {
                holdings.remove(arc);
            } else {
                for piece in holdings.within(arc) {
                    (piece.view, piece.warm) = (vec![node(view)], true);
                }
            }
            for key in 0..=255_u8 {
                if arc.holds(place(key)) {
                    model[usize::from(key)] = (!remove).then_some((view, true));
                }
            }
            holdings.join();
            prop_assert_eq!(holdings.fault(), None);
            for key in 0..=255_u8 {
                let found = holdings.of(place(key)).map(|piece| {
                    (piece.view.first().map(|node| node.id.0[0]).unwrap_or(0), piece.warm)
                });
                prop_assert_eq!(found, model[usize::from(key)]);
            }
        }
    }

    #[test]
    fn the_beginning_of_an_arc_lies_in_one_piece(
        cuts in prop::collection::vec(any::<u8>(), 0..6), begin: u8, end: u8,
    ) {
        let mut holdings = Holdings::default();
        holdings.carve(arc(9, 9));
        for (index, pair) in cuts.windows(2).enumerate() {
            holdings.carve(arc(pair[0], pair[1]));
            holdings.within(arc(pair[0], pair[1])).for_each(|p| p.view = vec![node(index as u8)]);
        }
        let asked = arc(begin, end);
        let (piece, part) = holdings.beginning(asked).unwrap();
        prop_assert_eq!(part.begin, asked.begin);
        for key in 0..=255_u8 {
            if part.holds(place(key)) {
                prop_assert!(asked.holds(place(key)) && piece.arc.holds(place(key)));
            }
        }
    }
}

#[test]
fn one_change_of_an_arc_at_a_time() {
    let mut holdings = Holdings::default();
    holdings.carve(arc(0, 100));
    let later = Time::ZERO + LEARNER_TIME;
    assert!(holdings.learn(Time::ZERO, place(5), node(1), 7));
    assert!(holdings.learn(Time::ZERO, place(5), node(2), 7), "towards the same view");
    assert!(!holdings.learn(Time::ZERO, place(5), node(3), 8));
    assert!(holdings.learn(later, place(5), node(3), 8), "a silent learner blocks nothing");
    assert!(!holdings.learn(later, place(200), node(3), 8));
}
