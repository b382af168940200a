//! What is told and how it ends, notice by notice.

use super::*;
use crate::swarm::state::TorrentKey;
use std::ffi::OsStr;

const HALF: Progress = Progress {
    pieces: 2,
    pieces_total: 4,
    verified: 20,
    total: 40,
    downloaded: 20,
    uploaded: 5,
    wasted: 0,
    checked: 4,
    trusted: 0,
    disk_full: false,
    peers: 1,
    seeds: 0,
    bad_pieces: 0,
    complete: false,
};
const WHOLE: Progress =
    Progress { pieces: 4, verified: 40, downloaded: 40, complete: true, ..HALF };

fn watch(goal: Goal) -> Watch {
    Watch::new(goal, "d".into(), "d/n".into(), Time::ZERO)
}

fn complete() -> Notice {
    Notice::Complete(TorrentKey::from_bits(0))
}

fn checked(owned: u32) -> Notice {
    Notice::Checked { torrent: TorrentKey::from_bits(0), owned }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

#[test]
fn a_download_ends_with_its_last_piece_and_a_seed_stays() {
    for (goal, step) in
        [(Goal::Download, Step::End), (Goal::DownloadAndSeed, Step::Go), (Goal::Seed, Step::Go)]
    {
        let mut watch = watch(goal);
        assert_eq!(watch.notice(complete(), at(2), &WHOLE), step, "{goal:?}");
        let told = watch.drain();
        let [Event::Progress(figures), complete] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((figures.verified, figures.length), (40, 40), "who draws a bar sees it full");
        let (path, path_hex) = ("d/n".into(), None);
        let expected = Event::Complete { path, path_hex, length: 40, downloaded: 40, seconds: 2.0 };
        assert_eq!(*complete, expected);
        assert!(watch.is_done());
    }
}

#[test]
fn completion_is_told_once_and_also_when_its_notice_is_lost() {
    let mut watch = watch(Goal::DownloadAndSeed);
    assert_eq!(watch.tick(at(1), &WHOLE, None), Step::Go);
    assert_eq!(watch.notice(complete(), at(2), &WHOLE), Step::Go);
    let told = watch.drain();
    assert!(matches!(told.as_slice(), [Event::Progress(_), Event::Complete { .. }]), "{told:?}");
}

#[test]
fn a_seed_that_lacks_pieces_fails_and_a_download_does_not() {
    let Step::Fail(failure) = watch(Goal::Seed).notice(checked(3), at(1), &HALF) else {
        panic!("no failure")
    };
    let text = failure.to_string();
    assert!(text.starts_with("1 of 4 pieces are missing or damaged: d: "), "{text}");
    assert!(text.contains("cuerda download"), "{text}");
    assert_eq!(watch(Goal::Download).notice(checked(3), at(1), &HALF), Step::Go);
    assert_eq!(watch(Goal::Seed).notice(checked(4), at(1), &WHOLE), Step::Go);
}

#[test]
fn a_timeout_ends_what_is_not_done() {
    let mut watch = watch(Goal::DownloadAndSeed);
    let Step::Fail(failure) = watch.timeout(Duration::from_secs(5), at(5), &HALF) else {
        panic!("no failure")
    };
    let text = failure.to_string();
    assert!(text.starts_with("gave up after 5 s with 2 of 4 pieces, 1 peer: d: "), "{text}");
    assert!(!text.contains("complete"), "{text}");
    watch.notice(complete(), at(6), &WHOLE);
    assert_eq!(watch.timeout(Duration::from_secs(5), at(6), &WHOLE), Step::Go);
}

#[test]
fn a_timeout_after_the_last_piece_is_no_failure_though_nobody_has_told_yet() {
    for (goal, step) in [(Goal::Download, Step::End), (Goal::DownloadAndSeed, Step::Go)] {
        let mut watch = watch(goal);
        assert_eq!(watch.timeout(Duration::from_secs(5), at(5), &WHOLE), step, "{goal:?}");
        assert!(
            matches!(watch.drain()[..], [Event::Progress(_), Event::Complete { .. }])
                && watch.is_done()
        );
    }
}

#[test]
fn what_is_stopped_after_its_last_piece_is_complete() {
    let mut stopped = watch(Goal::Download);
    stopped.stopped(at(1), &HALF);
    assert!(!stopped.is_done());
    stopped.stopped(at(1), &WHOLE);
    assert!(stopped.is_done());
}

#[test]
fn rates_come_from_what_has_grown() {
    let mut watch = watch(Goal::Download);
    watch.tick(at(2), &Progress { downloaded: 1000, uploaded: 0, ..HALF }, None);
    let told = watch.drain();
    let Some(Event::Progress(figures)) = told.last() else { panic!("{told:?}") };
    assert_eq!((figures.download_rate, figures.upload_rate), (500, 0));
}

#[test]
fn pieces_alone_are_not_complete_before_the_files_were_found() {
    let pieces = Progress { complete: false, ..WHOLE };
    let mut watch = watch(Goal::Download);
    assert_eq!(watch.tick(at(1), &pieces, None), Step::Go);
    watch.stopped(at(1), &pieces);
    assert!(!watch.is_done());
}

#[test]
fn a_failure_is_seen_though_its_notice_is_lost() {
    let step = watch(Goal::Download).tick(at(1), &WHOLE, Some("the disk is full"));
    assert_eq!(step, Step::Fail(Failure::new("the disk is full")));
}

#[test]
fn a_seed_has_done_nothing_before_its_check_and_all_after_it() {
    let second = Duration::from_secs(1);
    let begun = Progress { checked: 1, pieces: 1, ..HALF };
    let mut watch = watch(Goal::Seed);
    let Step::Fail(failure) = watch.timeout(second, at(1), &begun) else { panic!("no failure") };
    assert!(failure.to_string().contains("before what is there was checked"), "{failure}");
    watch.stopped(at(1), &begun);
    assert!(matches!(watch.drain()[..], [Event::Stopped { checking: true, .. }]));
    assert!(!watch.is_done());
    watch.notice(checked(4), at(2), &WHOLE);
    assert!(watch.is_done());
    watch.drain();
    assert_eq!(watch.timeout(second, at(3), &WHOLE), Step::End);
    assert!(matches!(watch.drain()[..], [Event::Stopped { checking: false, .. }]));
}

#[test]
fn what_the_client_cannot_do_is_a_failure() {
    let message = "cannot write to \"d/n\": no space left on the disk".into();
    let notice = Notice::Failed { torrent: TorrentKey::from_bits(0), message };
    let Step::Fail(failure) = watch(Goal::Download).notice(notice, at(1), &HALF) else {
        panic!("no failure")
    };
    assert!(failure.to_string().contains("no space left"));
}

#[test]
fn a_path_that_is_no_utf_8_is_told_whole() {
    let path = OsStr::from_bytes(b"d/\xfe");
    let mut watch = Watch::new(Goal::Download, "d".into(), path.into(), Time::ZERO);
    watch.notice(complete(), at(1), &WHOLE);
    let told = watch.drain().pop();
    let Some(Event::Complete { path, path_hex, .. }) = told else { panic!("{told:?}") };
    assert_eq!((path.as_str(), path_hex.as_deref()), ("d/\u{fffd}", Some("642ffe")));
}

#[test]
fn who_gives_up_while_the_disk_is_full_is_told_so() {
    let full = Progress { disk_full: true, ..HALF };
    for (progress, expected) in [(full, true), (HALF, false)] {
        let step = watch(Goal::Download).timeout(Duration::from_secs(5), at(5), &progress);
        let Step::Fail(failure) = step else { panic!("{step:?}") };
        let text = failure.to_string();
        assert_eq!(text.contains("the disk is full"), expected, "{text}");
        assert_eq!(text.contains("free some space"), expected, "{text}");
    }
}
