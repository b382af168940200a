//! Tests of one acquisition: whose records it waits for, and when it counts.

use super::*;

fn node(byte: u8) -> Contact {
    Contact { id: RingId([byte; 20]), address: ([127, 0, 0, byte], 1).into() }
}

fn view(bytes: &[u8]) -> Vec<Contact> {
    bytes.iter().copied().map(node).collect()
}

/// Node 9 comes to the replicas 1, 2, 3, of which 3 goes.
fn newcomer() -> Acquisition {
    let arc = Arc { begin: RingId([0; 20]), end: RingId([9; 20]) };
    let quorum = Quorum { replicas: 3, write: 2, read: 2 };
    Acquisition::new(node(9).id, arc, view(&[9, 1, 2]), Said::Nothing, quorum)
}

fn agreed(bytes: &[u8]) -> Said {
    Said::Agreed(view(bytes), true)
}

#[test]
fn a_newcomer_counts_when_a_majority_gave_its_records_and_took_the_view_over() {
    let mut acquisition = newcomer();
    assert_eq!(acquisition.next_step(), Next::Ask(view(&[1, 2])));
    acquisition.heard(node(1).id, agreed(&[1, 2, 3]));
    assert_eq!(acquisition.next_step(), Next::Ask(view(&[3])), "the old view names another");
    acquisition.fetching = 1;
    acquisition.heard(node(2).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(3).id, agreed(&[1, 2, 3]));
    assert_eq!(acquisition.next_step(), Next::Wait, "records are on their way");
    acquisition.fetching = 0;
    let olds = vec![hash_view(&view(&[1, 2, 3]))];
    assert_eq!(acquisition.next_step(), Next::Activate(view(&[1, 2, 3]), olds));
    acquisition.told(node(1).id, true);
    acquisition.told(node(3).id, false);
    assert_eq!(acquisition.next_step(), Next::Wait);
    acquisition.told(node(2).id, true);
    assert_eq!(acquisition.next_step(), Next::Done);
}

#[test]
fn a_view_that_no_majority_agrees_to_any_more_is_passed_over() {
    // Node 1 has missed that 2, 3 and 4 went on without it; 3 and 4 have died since.
    let mut acquisition = newcomer();
    acquisition.next_step();
    acquisition.heard(node(1).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(2).id, agreed(&[2, 3, 4]));
    assert_eq!(acquisition.next_step(), Next::Ask(view(&[3, 4])));
    acquisition.heard(node(3).id, agreed(&[2, 3, 4]));
    acquisition.heard(node(4).id, agreed(&[2, 3, 4]));
    let Next::Activate(told, olds) = acquisition.next_step() else { panic!("all were heard") };
    assert_eq!((told, olds.len()), (view(&[1, 2, 3, 4]), 2));
    // Node 1 does not take the new view over: alone it is no majority of the old one.
    acquisition.told(node(1).id, false);
    acquisition.told(node(2).id, true);
    acquisition.told(node(3).id, true);
    acquisition.told(node(4).id, false);
    assert_eq!(acquisition.next_step(), Next::Done);
}

#[test]
fn a_view_that_could_still_count_is_not_passed_over() {
    let mut acquisition = newcomer();
    acquisition.next_step();
    acquisition.heard(node(1).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(2).id, agreed(&[2, 3, 4]));
    acquisition.next_step();
    acquisition.heard(node(3).id, agreed(&[2, 3, 4]));
    acquisition.heard(node(4).id, agreed(&[2, 3, 4]));
    assert!(matches!(acquisition.next_step(), Next::Activate(..)));
    acquisition.told(node(1).id, true);
    acquisition.told(node(2).id, true);
    // Both have gone on to a view that is not known here, or back: they are a majority.
    acquisition.told(node(3).id, false);
    acquisition.told(node(4).id, false);
    assert_eq!(acquisition.next_step(), Next::Retry);
}

#[test]
fn members_that_overlapping_changes_have_divided_are_brought_together() {
    // Of the view 1, 2, 3 each was told another new one, and none of those has a majority.
    let mut acquisition = newcomer();
    acquisition.next_step();
    acquisition.heard(node(1).id, agreed(&[1, 2, 7]));
    acquisition.heard(node(2).id, agreed(&[2, 3, 8]));
    acquisition.next_step();
    acquisition.heard(node(3).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(7).id, Said::Agreed(view(&[1, 2, 7]), false));
    acquisition.heard(node(8).id, Said::Gone);
    let Next::Activate(told, olds) = acquisition.next_step() else { panic!("all were heard") };
    assert_eq!((told, olds.len()), (view(&[1, 2, 3, 7]), 3));
    for member in [1, 2, 3] {
        acquisition.told(node(member).id, true);
    }
    acquisition.told(node(7).id, false);
    assert_eq!(acquisition.next_step(), Next::Done, "7 alone makes up no majority");
}

#[test]
fn where_one_acknowledgement_is_enough_nobody_may_be_left() {
    let arc = Arc { begin: RingId([0; 20]), end: RingId([9; 20]) };
    let quorum = Quorum { replicas: 3, write: 1, read: 3 };
    let mut eager = Acquisition::new(node(9).id, arc, view(&[9, 1, 2]), Said::Nothing, quorum);
    eager.next_step();
    eager.heard(node(1).id, agreed(&[1, 2, 3]));
    eager.heard(node(2).id, agreed(&[1, 2, 3]));
    eager.next_step();
    eager.heard(node(3).id, agreed(&[1, 2, 3]));
    assert!(matches!(eager.next_step(), Next::Activate(..)));
    eager.told(node(1).id, true);
    eager.told(node(2).id, true);
    eager.told(node(3).id, false);
    assert_eq!(eager.next_step(), Next::Retry, "3 may still acknowledge alone");
}

#[test]
fn when_too_few_are_left_what_they_have_must_do() {
    let mut acquisition = newcomer();
    acquisition.next_step();
    acquisition.heard(node(1).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(2).id, Said::Gone);
    acquisition.next_step();
    acquisition.heard(node(3).id, Said::Gone);
    assert!(matches!(acquisition.next_step(), Next::Activate(told, _) if told == view(&[1])));
    acquisition.told(node(1).id, true);
    assert_eq!(acquisition.next_step(), Next::Done);
}

#[test]
fn a_view_that_changed_meanwhile_is_not_overruled() {
    let mut acquisition = newcomer();
    acquisition.next_step();
    acquisition.heard(node(1).id, agreed(&[1, 2, 3]));
    acquisition.heard(node(2).id, agreed(&[1, 2, 3]));
    acquisition.next_step();
    acquisition.heard(node(3).id, agreed(&[1, 2, 3]));
    assert!(matches!(acquisition.next_step(), Next::Activate(..)));
    acquisition.told(node(1).id, true);
    acquisition.told(node(2).id, false);
    acquisition.told(node(3).id, false);
    assert_eq!(acquisition.next_step(), Next::Retry);
}

#[test]
fn alone_it_counts_at_once() {
    let arc = Arc { begin: RingId([9; 20]), end: RingId([9; 20]) };
    let mut alone = Acquisition::new(node(9).id, arc, view(&[9]), Said::Nothing, Quorum::DEFAULT);
    assert_eq!(alone.next_step(), Next::Activate(Vec::new(), Vec::new()));
    assert_eq!(alone.next_step(), Next::Done);
}
