//! Whole lives of torrents against trackers that answer, fail, refuse and hang by chance, in
//! virtual time: what must hold at every step.

use super::schedule::{at, tiers};
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{ANNOUNCE_INTERVAL_MIN, TRACKER_PAUSE_MIN};
use crate::tracker::announce::{AnnounceEvent, AnnounceReply, Retry};
use crate::tracker::schedule::{Due, Rule, Schedule};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

/// What a tracker has heard.
#[derive(Debug, Default)]
struct Heard {
    /// When it was spoken to last.
    last: Option<Time>,
    /// What it heard and answered.
    events: Vec<AnnounceEvent>,
    /// When it failed last, if it has not answered since.
    failed: Option<Time>,
}

/// One life: seconds until the torrent is complete, and until the end.
fn live(seed: u64, rule: Rule, complete_at: u64, end: u64) {
    let hosts = tiers(&[&["a", "b", "c"], &["d"], &["e", "f"]]);
    let mut chance = Random::new(seed);
    let mut schedule = Schedule::new(&hosts, rule, Random::new(seed ^ 1));
    let mut heard: HashMap<String, Heard> = HashMap::new();
    let mut under_way: Vec<(Time, Due)> = Vec::new();
    let mut now = at(0);
    let mut complete = false;
    schedule.start(now, false);
    while now < at(end) {
        if !complete && now >= at(complete_at) {
            complete = true;
            schedule.completed(now);
        }
        while let Some(due) = schedule.due(now, chance.below(2) == 0) {
            asked(&mut heard, &due, now, complete);
            under_way.push((now + Duration::from_millis(u64::from(chance.below(90_000))), due));
        }
        let lanes = if rule == Rule::OneAlone { 1 } else { 3 };
        assert!(under_way.len() <= lanes, "one tracker of each lane at a time");
        let answers = under_way.iter().map(|(at, _)| *at);
        let next = answers.chain(schedule.deadline()).min().expect("something is always to come");
        assert!(next >= now, "time goes on");
        now = next.max(now);
        while let Some(place) = under_way.iter().position(|(at, _)| *at <= now) {
            let (_, due) = under_way.swap_remove(place);
            settle(&mut schedule, &mut heard, &due, now, &mut chance);
        }
    }
    for heard in heard.values() {
        let count = |event| heard.events.iter().filter(|&&told| told == event).count();
        assert!(count(AnnounceEvent::Started) <= 1 && count(AnnounceEvent::Completed) <= 1);
        assert!(heard.events.first().is_none_or(|&first| first == AnnounceEvent::Started));
    }
}

/// A tracker is asked: was it time?
fn asked(heard: &mut HashMap<String, Heard>, due: &Due, now: Time, complete: bool) {
    let heard = heard.entry(due.url.host().to_owned()).or_default();
    if let Some(failed) = heard.failed {
        assert!(now.since(failed) >= TRACKER_PAUSE_MIN, "asked too soon after it failed");
    } else if let Some(last) = heard.last
        && due.event == AnnounceEvent::Regular
    {
        assert!(now.since(last) >= ANNOUNCE_INTERVAL_MIN, "asked too soon after it answered");
    }
    assert!(due.event != AnnounceEvent::Completed || complete);
    assert_ne!(due.event, AnnounceEvent::Stopped);
}

/// What was asked is answered, refused or lost.
fn settle(
    schedule: &mut Schedule,
    heard: &mut HashMap<String, Heard>,
    due: &Due,
    now: Time,
    chance: &mut Random,
) {
    let heard = heard.entry(due.url.host().to_owned()).or_default();
    if chance.below(3) > 0 {
        let interval = Some(chance.next_u64() as u32 % 5_000);
        let min_interval = Some(chance.below(100)).filter(|_| chance.below(2) == 0);
        let reply = AnnounceReply { interval, min_interval, ..AnnounceReply::default() };
        schedule.answered(now, due.tracker, &reply);
        heard.events.push(due.event);
        (heard.last, heard.failed) = (Some(now), None);
    } else {
        let retries = [Retry::AsUsual, Retry::After(Duration::from_secs(77))];
        let pause = schedule.failed(now, due.tracker, retries[chance.below(2) as usize]);
        assert!(pause.is_some_and(|pause| pause >= TRACKER_PAUSE_MIN));
        heard.failed = Some(now);
    }
}

proptest! {
    #[test]
    fn lives_of_torrents_keep_the_rules(
        seed: u64,
        private: bool,
        complete_at in 0_u64..40_000,
        end in 0_u64..80_000,
    ) {
        let rule = if private { Rule::OneAlone } else { Rule::EveryTier };
        live(seed, rule, complete_at, end);
    }
}
