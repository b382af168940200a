//! The schedule, one decision at a time.

use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{
    ANNOUNCE_HUNGRY_PAUSE, ANNOUNCE_INTERVAL_MAX, ANNOUNCE_INTERVAL_MIN, TRACKER_PAUSE_MAX,
    TRACKER_PAUSE_MIN,
};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, Retry};
use crate::tracker::schedule::{Due, Rule, Schedule};
use crate::tracker::url::TrackerUrl;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn tiers(tiers: &[&[&str]]) -> Vec<Vec<Arc<TrackerUrl>>> {
    let url =
        |host: &&str| Arc::new(TrackerUrl::parse(&format!("http://{host}/announce")).unwrap());
    tiers.iter().map(|tier| tier.iter().map(url).collect()).collect()
}

fn schedule(hosts: &[&[&str]], rule: Rule) -> Schedule {
    let mut schedule = Schedule::new(&tiers(hosts), rule, Random::new(3));
    schedule.start(at(0), false);
    schedule
}

pub(super) fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

pub(super) fn reply(interval: u32) -> AnnounceReply {
    AnnounceReply { interval: Some(interval), ..AnnounceReply::default() }
}

/// Everything that is due now.
fn due(schedule: &mut Schedule, now: Time) -> Vec<Due> {
    std::iter::from_fn(|| schedule.due(now, false)).collect()
}

/// Hosts and events of what is due now.
fn words(due: &[Due]) -> Vec<(&str, AnnounceEvent)> {
    due.iter().map(|due| (due.url.host(), due.event)).collect()
}

#[test]
fn started_goes_out_at_once_to_one_tracker_of_each_tier() {
    let mut waiting = Schedule::new(&tiers(&[&["a"]]), Rule::EveryTier, Random::new(1));
    assert!(waiting.due(at(5), true).is_none(), "before it began");
    assert_eq!(waiting.deadline(), None);
    let mut schedule = schedule(&[&["a"], &["b", "c"], &["d"]], Rule::EveryTier);
    let now = due(&mut schedule, at(0));
    assert_eq!(now.len(), 3);
    assert!(now.iter().all(|due| due.event == AnnounceEvent::Started));
    assert_eq!((now[0].url.host(), now[2].url.host()), ("a", "d"));
    assert!(due(&mut schedule, at(99)).is_empty(), "all are under way");
}

#[test]
fn dead_trackers_keep_no_place_from_those_that_were_never_asked() {
    let names: Vec<String> = (0..40).map(|number| format!("t{number}")).collect();
    let names: Vec<[&str; 1]> = names.iter().map(|name| [name.as_str()]).collect();
    let hosts: Vec<&[&str]> = names.iter().map(<[&str; 1]>::as_slice).collect();
    let mut schedule = schedule(&hosts, Rule::EveryTier);
    let mut asked = Vec::new();
    // Sixteen at a time, of which each is silent for longer than its first pause.
    for round in 0..5 {
        let places = || schedule.due(at(45 * round), false);
        let under_way: Vec<Due> = std::iter::from_fn(places).take(16).collect();
        for due in under_way {
            asked.push(due.url.host().to_owned());
            schedule.failed(at(45 * (round + 1)), due.tracker, Retry::AsUsual);
        }
    }
    let first: std::collections::BTreeSet<&String> = asked[..40].iter().collect();
    assert_eq!(first.len(), 40, "each once before any again: {asked:?}");
}

#[test]
fn a_private_torrent_uses_one_tracker_and_falls_back_on_the_next_tier() {
    let mut schedule = schedule(&[&["a"], &["b"]], Rule::OneAlone);
    let first = due(&mut schedule, at(0));
    assert_eq!(words(&first), [("a", AnnounceEvent::Started)]);
    schedule.failed(at(1), first[0].tracker, Retry::AsUsual);
    let second = due(&mut schedule, at(1));
    assert_eq!(words(&second), [("b", AnnounceEvent::Started)]);
    schedule.answered(at(1), second[0].tracker, &reply(1800));
    assert!(!first[0].switches && !second[0].switches, "none was in use before");
}

#[test]
fn a_private_torrent_leaves_its_tracker_only_when_that_fails() {
    let mut schedule = schedule(&[&["a"], &["b"]], Rule::OneAlone);
    let a = due(&mut schedule, at(0));
    schedule.failed(at(0), a[0].tracker, Retry::AsUsual);
    let b = due(&mut schedule, at(0));
    schedule.answered(at(0), b[0].tracker, &reply(1800));
    // The first tier would come first again, but this one works.
    let again = due(&mut schedule, at(3000));
    assert_eq!(words(&again), [("b", AnnounceEvent::Regular)]);
    assert!(!again[0].switches);
    schedule.failed(at(3000), again[0].tracker, Retry::AsUsual);
    let other = due(&mut schedule, at(3000));
    assert_eq!(words(&other), [("a", AnnounceEvent::Started)]);
    assert!(other[0].switches);
    schedule.answered(at(3000), other[0].tracker, &reply(1800));
    schedule.completed(at(3001));
    let told = due(&mut schedule, at(3001));
    assert_eq!(words(&told), [("a", AnnounceEvent::Completed)]);
    schedule.stop();
    assert!(due(&mut schedule, at(3002)).iter().all(|due| !due.switches));
}

#[test]
fn a_lower_tier_s_tracker_is_told_of_completion_at_once() {
    let mut schedule = schedule(&[&["a"], &["b"]], Rule::OneAlone);
    let a = due(&mut schedule, at(0));
    schedule.failed(at(0), a[0].tracker, Retry::AsUsual);
    let b = due(&mut schedule, at(0));
    schedule.answered(at(0), b[0].tracker, &reply(1800));
    schedule.completed(at(60));
    assert_eq!(words(&due(&mut schedule, at(60))), [("b", AnnounceEvent::Completed)]);
}

#[test]
fn tiers_are_shuffled() {
    let first = |seed| {
        let mut schedule =
            Schedule::new(&tiers(&[&["a", "b", "c"]]), Rule::EveryTier, Random::new(seed));
        schedule.start(at(0), false);
        schedule.due(at(0), false).unwrap().url.host().to_owned()
    };
    let hosts: std::collections::BTreeSet<String> = (0..40).map(first).collect();
    assert_eq!(hosts.len(), 3);
}

#[test]
fn the_tracker_that_answers_moves_to_the_front_of_its_tier() {
    let mut schedule = schedule(&[&["a", "b", "c"]], Rule::EveryTier);
    let first = due(&mut schedule, at(0));
    schedule.failed(at(0), first[0].tracker, Retry::AsUsual);
    let second = due(&mut schedule, at(0));
    assert_ne!(first[0].url, second[0].url);
    schedule.answered(at(0), second[0].tracker, &reply(600));
    let third = due(&mut schedule, at(700));
    assert_eq!((&third[0].url, third[0].event), (&second[0].url, AnnounceEvent::Regular));
}

#[test]
fn trackers_that_fail_are_asked_less_and_less() {
    let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
    let mut now = at(0);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let asked = due(&mut schedule, now);
        let pause = schedule.failed(now, asked[0].tracker, Retry::AsUsual).unwrap();
        assert!(due(&mut schedule, now).is_empty());
        assert_eq!(schedule.deadline(), Some(now + pause));
        pauses.push(pause);
        now = now + pause;
    }
    assert!(pauses[0] >= TRACKER_PAUSE_MIN && pauses[1] >= TRACKER_PAUSE_MIN * 2);
    assert!(pauses[11] >= TRACKER_PAUSE_MAX && pauses[11] <= TRACKER_PAUSE_MAX * 2);
    let asked = due(&mut schedule, now);
    schedule.answered(now, asked[0].tracker, &reply(60));
    let later = now + Duration::from_secs(90);
    let asked = due(&mut schedule, later);
    let pause = schedule.failed(later, asked[0].tracker, Retry::AsUsual).unwrap();
    assert!(pause < TRACKER_PAUSE_MIN * 2, "an answer forgives: {pause:?}");
}

#[test]
fn a_tracker_may_ask_for_a_longer_pause_or_for_none_ever() {
    let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    let hour = Duration::from_secs(3600);
    assert_eq!(schedule.failed(at(0), asked[0].tracker, Retry::After(hour)), Some(hour));
    let asked = due(&mut schedule, at(3600));
    assert_eq!(schedule.failed(at(3600), asked[0].tracker, Retry::Never), None);
    assert_eq!(schedule.deadline(), None);
    assert!(due(&mut schedule, at(9_999_999)).is_empty());
}

#[test]
fn intervals_are_kept_within_bounds_and_scattered() {
    for (told, least, most) in [
        (0, 1800, 1930),
        (1, ANNOUNCE_INTERVAL_MIN.as_secs(), 33),
        (900, 900, 960),
        (u32::MAX, ANNOUNCE_INTERVAL_MAX.as_secs(), ANNOUNCE_INTERVAL_MAX.as_secs() * 17 / 16),
    ] {
        let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
        let asked = due(&mut schedule, at(0));
        schedule.answered(at(0), asked[0].tracker, &reply(told));
        assert!(due(&mut schedule, at(least - 1)).is_empty(), "{told} early");
        assert_eq!(due(&mut schedule, at(most)).len(), 1, "{told} late");
    }
}

#[test]
fn a_minimum_interval_is_never_undercut() {
    let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    let answer = AnnounceReply { min_interval: Some(1200), ..reply(600) };
    schedule.answered(at(0), asked[0].tracker, &answer);
    assert!(schedule.due(at(1199), true).is_none());
    assert!(schedule.due(at(1300), true).is_some());
}

#[test]
fn a_torrent_without_peers_asks_sooner() {
    let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    schedule.answered(at(0), asked[0].tracker, &reply(3600));
    let early = ANNOUNCE_HUNGRY_PAUSE.as_secs();
    assert_eq!(schedule.deadline(), Some(at(early)));
    assert!(schedule.due(at(early), false).is_none(), "it has peers");
    assert!(schedule.deadline().unwrap() > at(early), "or it would wake for nothing");
    assert!(schedule.due(at(2 * early), true).is_some());
}

#[test]
fn completed_is_said_once_to_who_saw_us_incomplete() {
    let mut schedule = schedule(&[&["a"], &["b"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    schedule.answered(at(0), asked[0].tracker, &reply(1800));
    schedule.completed(at(5));
    assert_eq!(words(&due(&mut schedule, at(5))), [("a", AnnounceEvent::Completed)]);
    schedule.answered(at(6), asked[0].tracker, &reply(1800));
    // The other said that something was missing when it was sent, and answers now.
    schedule.answered(at(7), asked[1].tracker, &reply(1800));
    assert_eq!(words(&due(&mut schedule, at(7))), [("b", AnnounceEvent::Completed)]);
    schedule.answered(at(8), asked[1].tracker, &reply(1800));
    let later = due(&mut schedule, at(3000));
    assert_eq!(words(&later), [("a", AnnounceEvent::Regular), ("b", AnnounceEvent::Regular)]);
}

#[test]
fn who_was_complete_at_the_start_never_says_completed() {
    let mut schedule = Schedule::new(&tiers(&[&["a"]]), Rule::EveryTier, Random::new(1));
    schedule.start(at(0), true);
    let asked = due(&mut schedule, at(0));
    schedule.answered(at(0), asked[0].tracker, &reply(1800));
    schedule.completed(at(1));
    assert!(due(&mut schedule, at(1)).is_empty());
    schedule.stop();
    assert_eq!(words(&due(&mut schedule, at(2))), [("a", AnnounceEvent::Stopped)]);
}

#[test]
fn last_words_go_to_who_knows_us_and_completed_comes_before_stopped() {
    let mut schedule = schedule(&[&["a"], &["b"], &["c"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    schedule.answered(at(0), asked[0].tracker, &reply(1800));
    schedule.failed(at(0), asked[1].tracker, Retry::AsUsual);
    // c has not answered.
    schedule.completed(at(1));
    schedule.stop();
    let last = due(&mut schedule, at(1));
    assert_eq!(words(&last), [("a", AnnounceEvent::Completed)]);
    schedule.answered(at(1), last[0].tracker, &reply(1800));
    // It answers after all, and now it knows us.
    schedule.answered(at(1), asked[2].tracker, &reply(1800));
    let last = due(&mut schedule, at(1));
    let expected = [("a", AnnounceEvent::Stopped), ("c", AnnounceEvent::Completed)];
    assert_eq!(words(&last), expected);
    schedule.answered(at(1), last[1].tracker, &reply(1800));
    assert_eq!(words(&due(&mut schedule, at(1))), [("c", AnnounceEvent::Stopped)]);
    assert!(due(&mut schedule, at(2)).is_empty(), "each is told once");
    assert_eq!(schedule.deadline(), None);
}

#[test]
fn what_was_cut_off_is_told_that_we_leave_if_it_knows_us() {
    let mut schedule = schedule(&[&["a"], &["b"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    schedule.answered(at(0), asked[0].tracker, &reply(60));
    let again = due(&mut schedule, at(100));
    assert_eq!(words(&again), [("a", AnnounceEvent::Regular)]);
    schedule.stop();
    assert!(due(&mut schedule, at(100)).is_empty(), "one is being talked to, one knows nothing");
    schedule.cut(again[0].tracker);
    schedule.cut(asked[1].tracker);
    assert_eq!(words(&due(&mut schedule, at(100))), [("a", AnnounceEvent::Stopped)]);
}

#[test]
fn a_tracker_id_is_sent_back_and_kept_until_another_comes() {
    let mut schedule = schedule(&[&["a"]], Rule::EveryTier);
    let asked = due(&mut schedule, at(0));
    let answer = AnnounceReply { tracker_id: Some(b"x"[..].into()), ..reply(60) };
    schedule.answered(at(0), asked[0].tracker, &answer);
    let asked = due(&mut schedule, at(90));
    assert_eq!(asked[0].tracker_id.as_deref(), Some(b"x".as_slice()));
    schedule.answered(at(90), asked[0].tracker, &reply(60));
    assert_eq!(due(&mut schedule, at(180))[0].tracker_id.as_deref(), Some(b"x".as_slice()));
}
