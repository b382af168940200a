//! Tests of the token bucket: time is a number, spenders are simulated.

use super::*;
use proptest::prelude::*;

const BLOCK: u64 = 16_384;

fn rate(bytes: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(bytes)
}

fn at(micros: u64) -> Time {
    Time::from_nanos(micros * 1_000)
}

/// One spender: asks again as soon as its ticket is due, but looks only now and then.
struct Spender {
    ticket: Option<Ticket>,
    looks_at: u64,
    spent: u64,
}

/// Lets spenders spend for so many microseconds; each wakes up to `late` too late. Returns what
/// each got and what was spent by the end of each tenth of a second.
fn spend(
    bucket: &Bucket,
    count: usize,
    micros: u64,
    late: impl Fn(u64) -> u64,
) -> (Vec<u64>, Vec<u64>) {
    let mut spenders: Vec<Spender> =
        (0..count).map(|_| Spender { ticket: None, looks_at: 0, spent: 0 }).collect();
    let mut sums = Vec::new();
    let (mut total, mut step) = (0, 0);
    loop {
        let index = (0..count).min_by_key(|&index| spenders[index].looks_at).unwrap();
        let spender = &mut spenders[index];
        let now = spender.looks_at;
        while sums.len() as u64 <= now / 100_000 {
            sums.push(total);
        }
        if now >= micros {
            return (spenders.iter().map(|spender| spender.spent).collect(), sums);
        }
        let ticket = spender.ticket.take().or_else(|| bucket.take(at(now), bucket.quantum()));
        let ticket = ticket.unwrap();
        step += 1;
        match bucket.wait(at(now), &ticket) {
            Some(wait) => {
                spender.looks_at = now + wait.as_micros() as u64 + 1 + late(step);
                spender.ticket = Some(ticket);
            }
            None => {
                spender.spent += bucket.quantum();
                total += bucket.quantum();
            }
        }
    }
}

#[test]
fn without_a_limit_nobody_needs_a_ticket() {
    let bucket = Bucket::new(None);
    assert_eq!(bucket.take(Time::ZERO, 1 << 40), None);
    assert_eq!(bucket.rate(), None);
}

#[test]
fn what_nobody_asked_for_is_saved_only_up_to_the_burst() {
    let bucket = Bucket::new(rate(1_000_000));
    let ticket = bucket.take(at(3_600_000_000), burst(1_000_000) + 1_000).unwrap();
    assert_eq!(bucket.wait(at(3_600_000_000), &ticket), Some(Duration::from_millis(1)));
}

#[test]
fn a_new_rate_holds_for_tickets_that_wait() {
    let bucket = Bucket::new(rate(1_000));
    let ticket = bucket.take(Time::ZERO, burst(1_000) + 1_000_000).unwrap();
    let before = bucket.wait(Time::ZERO, &ticket).unwrap();
    bucket.set_rate(Time::ZERO, rate(1_000_000));
    let after = bucket.wait(Time::ZERO, &ticket).unwrap();
    assert!(before.as_secs() >= 1_000 && after.as_secs() < 2, "{before:?} {after:?}");
    bucket.set_rate(Time::ZERO, None);
    assert_eq!(bucket.wait(Time::ZERO, &ticket), None);
    bucket.set_rate(at(1), rate(1_000_000));
    let next = bucket.take(at(1), 1_000).unwrap();
    assert_eq!(bucket.wait(at(1), &next), Some(Duration::from_millis(1)), "no debt, no savings");
}

#[test]
fn a_refund_is_for_who_comes_next() {
    let bucket = Bucket::new(rate(BLOCK));
    let first = bucket.take(Time::ZERO, BLOCK).unwrap();
    assert_eq!(bucket.wait(Time::ZERO, &first), Some(Duration::from_secs(1)));
    bucket.refund(BLOCK);
    let second = bucket.take(Time::ZERO, BLOCK).unwrap();
    assert_eq!(bucket.wait(Time::ZERO, &second), Some(Duration::from_secs(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_rate_is_reached_and_never_passed(
        bytes_per_second in 20_000_u64..200_000_000,
        count in 1_usize..60,
        late in 0_u64..5_000,
    ) {
        let bucket = Bucket::new(rate(bytes_per_second));
        let (shares, sums) =
            spend(&bucket, count, 10_000_000, |step| step.wrapping_mul(2_654_435_761) % (late + 1));
        let quantum = bucket.quantum();
        // What one may have waiting, come due and not yet spent.
        let slack = burst(bytes_per_second) + quantum * count as u64;
        for from in 0..sums.len() {
            for to in from..sums.len() {
                let earned = bytes_per_second * (to - from) as u64 / 10;
                prop_assert!(sums[to] - sums[from] <= earned + slack, "{from} to {to}");
            }
        }
        let spent: u64 = shares.iter().sum();
        prop_assert!(spent <= bytes_per_second * 10 + burst(bytes_per_second));
        prop_assert!(spent + quantum * count as u64 >= bytes_per_second * 95 / 10, "{spent}");
    }

    #[test]
    fn shares_are_equal_among_those_that_want_more(
        bytes_per_second in 20_000_u64..20_000_000,
        count in 2_usize..50,
    ) {
        let bucket = Bucket::new(rate(bytes_per_second));
        let (shares, _) = spend(&bucket, count, 20_000_000, |_| 900);
        let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        prop_assert!(most - least <= 3 * bucket.quantum() + most / 20, "{least} to {most}");
    }

    #[test]
    fn refunds_and_new_rates_never_make_more_than_was_earned(
        steps in proptest::collection::vec((0_u8..4, 1_u64..200_000, 0_u64..300_000), 1..200),
    ) {
        let mut now = 0;
        let (mut rate_now, mut earned, mut spent) = (1_000_000_u64, 0_u64, 0_u64);
        let bucket = Bucket::new(rate(rate_now));
        let mut waiting: Vec<(u64, Ticket)> = Vec::new();
        let mut largest_burst = burst(rate_now);
        for (kind, bytes, micros) in steps {
            now += micros;
            earned += rate_now * micros / 1_000_000 + 1;
            match kind {
                0 | 1 => waiting.push((bytes, bucket.take(at(now), bytes).unwrap())),
                2 if !waiting.is_empty() => {
                    let (bytes, _) = waiting.swap_remove(bytes as usize % waiting.len());
                    bucket.refund(bytes);
                }
                _ => {
                    rate_now = 1_000 + bytes * 10;
                    bucket.set_rate(at(now), rate(rate_now));
                    largest_burst = largest_burst.max(burst(rate_now));
                }
            }
            waiting.retain(|(bytes, ticket)| {
                let due = bucket.wait(at(now), ticket).is_none();
                spent += if due { *bytes } else { 0 };
                !due
            });
            prop_assert!(spent <= earned + largest_burst, "{spent} of {earned}");
        }
    }
}
