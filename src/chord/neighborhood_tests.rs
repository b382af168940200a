//! Tests of replicas and arcs, among them against a circle that is known whole.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn contact(byte: u8) -> Contact {
    Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
}

/// The neighborhood of a node in an ideal ring.
fn ideal(nodes: &BTreeSet<u8>, me: u8, settings: &Settings) -> Neighborhood {
    let mut mine = Neighborhood::new(contact(me), settings);
    let mut clockwise: Vec<Contact> =
        nodes.range(me..).chain(nodes.range(..me)).copied().map(contact).collect();
    clockwise.remove(0);
    if let Some((first, rest)) = clockwise.split_first() {
        let tail: Vec<Contact> = rest.iter().copied().chain([contact(me)]).collect();
        mine.successors.adopt(*first, &tail, |_| false);
    }
    clockwise.reverse();
    if let Some((first, rest)) = clockwise.split_first() {
        let tail: Vec<Contact> = rest.iter().copied().chain([contact(me)]).collect();
        mine.predecessors.adopt(*first, &tail, |_| false);
    }
    mine
}

proptest! {
    #[test]
    fn nodes_of_an_ideal_ring_agree_on_replicas_and_divide_the_circle(
        nodes in prop::collection::btree_set(any::<u8>(), 1..40), key: u8,
        successors in 5_usize..10,
    ) {
        let settings = Settings { successors, ..Settings::default() };
        let expected: Vec<Contact> =
            nodes.range(key..).chain(nodes.range(..key)).take(5).copied().map(contact).collect();
        let key = RingId([key; 20]);
        for &node in &nodes {
            let mine = ideal(&nodes, node, &settings);
            if let Some(view) = mine.replicas_of(key) {
                prop_assert_eq!(&view, &expected);
            } else {
                prop_assert!(!expected.contains(&contact(node)));
            }
            let held = mine.arcs().iter().filter(|(arc, _)| arc.holds(key)).count();
            prop_assert_eq!(held, usize::from(expected.contains(&contact(node))));
            for (arc, view) in mine.arcs() {
                prop_assert_eq!(Some(view), mine.replicas_of(arc.end));
            }
        }
    }
}

#[test]
fn a_node_alone_holds_the_whole_circle() {
    let mine = Neighborhood::new(contact(7), &Settings::default());
    let whole = Arc { begin: contact(7).id, end: contact(7).id };
    assert_eq!(mine.arcs(), [(whole, vec![contact(7)])]);
    assert!(whole.holds(RingId([7; 20])) && whole.holds(RingId([8; 20])));
}

#[test]
fn a_subnet_counts_once_in_an_open_ring() {
    let at = |text: &str| Contact::new(text.parse().unwrap());
    let nodes = ["1.1.1.1:1", "1.1.1.2:1", "1.1.1.1:2", "2.2.2.2:1", "3.3.3.3:1"].map(at);
    assert_eq!(pick_replicas(&nodes, 3, true), [nodes[0], nodes[3], nodes[4]]);
    assert_eq!(pick_replicas(&nodes, 3, false), nodes[..3]);
    assert_eq!(pick_replicas(&nodes, 4, true), [nodes[0], nodes[3], nodes[4], nodes[1]]);
    let local = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1"].map(at);
    assert_eq!(pick_replicas(&local, 3, true), local);
}
