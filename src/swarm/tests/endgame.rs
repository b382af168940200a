//! Blocks that a second peer may be asked for.

use super::scene::{Scene, hash, woken};
use crate::connection::event::{Answer, Grant};
use crate::limits::{
    ENDGAME_BLOCKS_MAX, ENDGAME_PROBES_MAX, GRANTS_PER_REQUEST_MAX, SEGMENT_PROBES_MAX,
};
use crate::swarm::state::PeerKey;

const SEGMENTS: usize = 20;

/// A piece of twenty segments of which one peer holds every block, and a peer with nothing to do.
fn held() -> (Scene, PeerKey, PeerKey, Vec<Grant>) {
    let mut scene = Scene::new(1, 64 * SEGMENTS as u32);
    let (slow, idle) = (scene.seed(1), scene.seed(2));
    let mut grants = Vec::new();
    while grants.len() < SEGMENTS {
        let (more, _) = scene.want(slow, 64 * GRANTS_PER_REQUEST_MAX as u32);
        grants.extend(more);
    }
    assert!(grants.iter().all(|grant| grant.blocks == u64::MAX));
    (scene, slow, idle, grants)
}

#[test]
fn blocks_of_any_segment_of_a_long_piece_are_shared() {
    for lone in [0, 1, SEGMENTS / 2, SEGMENTS - 1] {
        let (mut scene, slow, idle, grants) = held();
        for (segment, grant) in grants.iter().enumerate() {
            let blocks = if segment == lone { u64::MAX >> 1 } else { u64::MAX };
            scene.store(slow, grant, blocks);
        }
        let (shared, answer) = scene.want_idle(idle, 4);
        assert_eq!(answer, Answer::Granted, "segment {lone}");
        let [grant] = &shared[..] else { panic!("{shared:?}") };
        assert_eq!((grant.segment as usize, grant.blocks), (lone, 1 << 63));
    }
}

#[test]
fn segments_that_do_not_fit_now_are_not_looked_at_every_time() {
    let (mut scene, _, idle, grants) = held();
    let claimed = SEGMENT_PROBES_MAX as usize + 4;
    for grant in &grants[..claimed] {
        (0..64).for_each(|bit| assert!(grant.claims.win(1 << bit)));
    }
    assert_eq!(scene.want_idle(idle, 4).1, Answer::Wait, "those are being written");
    let (shared, answer) = scene.want_idle(idle, 4);
    assert_eq!((shared.len(), answer), (1, Answer::Granted));
    assert!(shared[0].segment as usize >= claimed);
}

#[test]
fn no_block_is_shared_twice() {
    let (mut scene, _, idle, _) = held();
    let third = scene.seed(3);
    let mut shared: Vec<(u32, u64)> = Vec::new();
    loop {
        let peer = if shared.len().is_multiple_of(2) { idle } else { third };
        let (grants, answer) = scene.want_idle(peer, ENDGAME_BLOCKS_MAX);
        if answer == Answer::Wait {
            break;
        }
        for grant in grants {
            let before = shared.iter().filter(|(segment, _)| *segment == grant.segment);
            assert!(before.into_iter().all(|(_, blocks)| blocks & grant.blocks == 0));
            shared.push((grant.segment, grant.blocks));
        }
    }
    let blocks: u32 = shared.iter().map(|(_, blocks)| blocks.count_ones()).sum();
    assert_eq!(blocks as usize, 64 * SEGMENTS);
}

#[test]
fn pieces_far_behind_in_the_list_are_shared_too() {
    let count = ENDGAME_PROBES_MAX as u32 + 10;
    let mut scene = Scene::new(count, 1);
    let seed = scene.seed(1);
    let mut leases = Vec::new();
    while leases.len() < count as usize {
        leases.extend(scene.want(seed, 8).0);
    }
    let last = leases.pop().unwrap().piece.get();
    let idle = scene.peer_with(2, &[last]);
    assert_eq!(scene.want_idle(idle, 4).1, Answer::Wait, "too far for one question");
    let (active, _) = hash(&scene.store(seed, &leases[0], 1)).unwrap();
    assert_eq!(woken(&scene.good(active)), [idle], "it is told to ask again");
    assert_eq!(scene.want_idle(idle, 4).1, Answer::Granted);
}
