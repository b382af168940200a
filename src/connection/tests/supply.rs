//! How the main thread is asked for work.

use super::scene::Scene;
use crate::connection::event::{Answer, Command, Event};
use crate::limits::WINDOW_START;
use crate::wire::message::Message;

#[test]
fn who_is_told_of_work_asks_for_it() {
    let mut scene = Scene::unchoked(true, 4, 4);
    scene.answer(Answer::Wait);
    scene.turn();
    let asked = scene.events();
    assert!(asked.is_empty(), "an idle peer has asked already: {asked:?}");
    scene.order(Command::Work);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Want { idle: true, .. }]));
}

#[test]
fn who_is_told_of_work_and_is_choked_passes_and_asks_later() {
    let mut scene = Scene::unchoked(true, 4, 4);
    scene.answer(Answer::Wait);
    scene.hear(&Message::Choke);
    scene.order(Command::Work);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Pass]));
    scene.turn();
    assert!(scene.events().is_empty(), "once");
    scene.hear(&Message::Unchoke);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Want { .. }]));
}

#[test]
fn the_search_goes_on_until_a_candidate_is_granted_or_none_is_left() {
    let mut scene = Scene::unchoked(true, 3, 1);
    scene.shared.taken.insert(1);
    let mut proposed = Vec::new();
    scene.answer(Answer::NothingNear);
    while let [Event::Candidate { piece, .. }] = scene.events()[..] {
        proposed.push(piece.get());
        scene.answer(Answer::Denied);
    }
    assert_eq!(proposed, [0, 2]);
    scene.turn();
    assert!(scene.events().is_empty());
}

#[test]
fn work_that_appears_during_the_question_is_asked_for_after_it() {
    let mut scene = Scene::unchoked(true, 4, 4);
    scene.order(Command::Work);
    scene.answer(Answer::Wait);
    scene.turn();
    let [Event::Want { .. }] = scene.events()[..] else { panic!("it forgot") };
}

#[test]
fn who_runs_low_asks_before_running_dry_and_once_more_when_idle() {
    let mut scene = Scene::unchoked(true, 4, 16);
    let blocks = WINDOW_START;
    scene.grant(0, (1 << blocks) - 1);
    scene.answer(Answer::Granted);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Want { idle: false, .. }]));
    scene.answer(Answer::Wait);
    (0..blocks - 1).for_each(|block| scene.store(0, block));
    scene.turn();
    assert!(scene.events().is_empty());
    scene.store(0, blocks - 1);
    scene.turn();
    assert!(matches!(scene.events()[..], [Event::Stored { .. }, Event::Want { idle: true, .. }]));
}

#[test]
fn a_choked_peer_proposes_its_allowed_pieces_one_after_the_other_and_no_more() {
    let mut scene = Scene::new(true, 3, 1, &[]);
    scene.hear(&Message::HaveAll);
    for piece in [2, 0] {
        scene.hear(&Message::AllowedFast(piece));
    }
    let mut proposed = Vec::new();
    scene.turn();
    scene.events().retain(|event| matches!(event, Event::Candidate { .. }));
    for _ in 0..10 {
        scene.answer(Answer::Denied);
        scene.turn();
        proposed.extend(scene.events().iter().filter_map(|event| match event {
            Event::Candidate { piece, .. } => Some(piece.get()),
            _ => None,
        }));
    }
    assert_eq!(proposed, [0], "after 2; a refusal is not asked about again");
}
