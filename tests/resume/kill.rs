//! `kill -9` at fifty points drawn from a seed.

use crate::scene::{LIMIT, Scene, last, number};
use crate::support::content::{Content, Empty};
use crate::support::wait;
use rustix::process::Signal;
use std::time::Duration;

/// Times that the download is killed.
const KILLS: u64 = 50;
/// Bytes a second of the line to the seed.
const RATE: u64 = 4 * 1024 * 1024;
/// A download is killed after at most this many bytes.
const RUN_MAX: u64 = 1_280 * 1024;
/// What a killed download may lose: blocks of unfinished pieces, and what its socket held.
const IN_FLIGHT: u64 = 192 * 1024;

/// A large file, and small ones that are finished long before the rest.
fn content() -> Content {
    let mut files = vec![("large", 26 * 1024 * 1024)];
    for number in 0..60 {
        files.push((&*format!("small/{number}").leak(), 100_000));
    }
    Content { name: "killed", files, piece_length: 32 * 1024 }
}

/// Numbers out of a seed (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn a_download_killed_fifty_times_is_right_and_fetches_nothing_finished_again() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2026);
    println!("SEED={seed}");
    let scene = Scene::new(content(), RATE);
    let copy = scene.desk.path("copy");
    let mut dice = Dice(seed | 1 << 40);
    let (mut verified, mut trusted) = (0, 0);
    for kill in 0..KILLS {
        let mut download = scene.download(&copy);
        if kill % 5 == 4 {
            // Wherever it is after some moments: starting, checking, fetching.
            let moments = Duration::from_millis(dice.below(250));
            wait::try_until(moments, || download.ended());
            download.signal(Signal::KILL);
        } else {
            scene.proxy.kill_after(dice.below(RUN_MAX), download.id());
        }
        wait::until("the download to be killed or done", LIMIT, || download.ended());
        scene.proxy.spare();
        let out = download.out();
        if last(&out, "checked").is_some() {
            let good = number(&out, "checked", "pieces");
            assert!(good >= verified, "kill {kill}: of {verified} finished pieces {good} are left");
            verified = good;
            let read = number(&out, "checked", "pieces_checked");
            trusted += number(&out, "checked", "pieces_total") - read;
        }
    }
    let killed_at = scene.proxy.delivered();
    scene.complete(&copy);
    scene.content.compare(&copy, Empty::Required).expect("a faithful copy");
    let (fetched, length) = (scene.proxy.delivered(), scene.content.length());
    println!("fetched {fetched} bytes for {length}, {killed_at} of them before the last kill");
    println!("{verified} pieces when it was killed last; {trusted} were trusted in all runs");
    assert!(killed_at > length / 4, "the kills came too early to show anything");
    assert!(fetched <= length + length / 50 + KILLS * IN_FLIGHT, "fetched {fetched} for {length}");
    assert!(trusted > 0, "finished files are trusted also after a kill");
}
