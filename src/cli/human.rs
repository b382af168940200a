//! Sizes, rates, times and dates as people read them. Pure.

use std::time::Duration;

/// Names of the powers of 1024 above the byte.
const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// First second of the year 1, counted from 1970.
const DATE_MIN: i64 = -62_135_596_800;
/// Last second of the year 9999, counted from 1970.
const DATE_MAX: i64 = 253_402_300_799;

/// A number of bytes: `0 B`, `16.0 KiB`, `1.5 GiB`.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // 1023.95 would show as 1024.0, so it already belongs to the next unit.
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Bytes per second, always in MiB so that figures compare at a glance: `0.3 MiB/s`.
pub(super) fn rate(bytes_per_second: u64) -> String {
    format!("{:.1} MiB/s", bytes_per_second as f64 / f64::from(1 << 20))
}

/// A length of time: `0:07`, `12:34`, `27:00:01`.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// How long something took: to a tenth of a second when it was quick.
pub(super) fn took(duration: Duration) -> String {
    if duration.as_secs() < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        time(duration)
    }
}

/// Time left for that many bytes at this rate; nothing if it does not move.
pub(super) fn time_left(bytes: u64, bytes_per_second: u64) -> Option<Duration> {
    (bytes_per_second > 0).then(|| Duration::from_secs(bytes.div_ceil(bytes_per_second)))
}

/// Per cent of a whole, rounded down: 100 only when it is whole.
pub(super) fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    (u128::from(part.min(whole)) * 100 / u128::from(whole)) as u64
}

/// A moment in seconds since 1970 as a date of the Gregorian calendar in universal time.
pub(super) fn date(unix_seconds: i64) -> String {
    if !(DATE_MIN..=DATE_MAX).contains(&unix_seconds) {
        return format!("{unix_seconds} seconds after 1970");
    }
    let (days, second) = (unix_seconds.div_euclid(DAY), unix_seconds.rem_euclid(DAY));
    let (year, month, day) = calendar(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The number with the word: `1 piece`, `2 pieces`.
pub(super) fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// Year, month and day of a day counted from the first of January 1970.
///
/// Years are counted from March, so that the day a leap year adds is the last of its year: then
/// 400 years always have 146,097 days, and months have lengths that repeat every five.
fn calendar(days: i64) -> (i64, i64, i64) {
    /// Days from the first of March of the year 0 to the first of January 1970.
    const FROM_MARCH_0: i64 = 719_468;
    let days = days + FROM_MARCH_0;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_change_their_unit_before_they_reach_1024() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (16_384, "16.0 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn rates_are_in_mebibytes() {
        assert_eq!(rate(0), "0.0 MiB/s");
        assert_eq!(rate(1 << 20), "1.0 MiB/s");
        assert_eq!(rate(150 << 20), "150.0 MiB/s");
    }

    #[test]
    fn times_show_hours_only_when_there_are_some() {
        for (seconds, expected) in [(0, "0:00"), (7, "0:07"), (754, "12:34"), (97_201, "27:00:01")]
        {
            assert_eq!(time(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn what_was_quick_is_told_in_tenths_of_a_second() {
        assert_eq!(took(Duration::from_millis(340)), "0.3 s");
        assert_eq!(took(Duration::from_millis(60_900)), "1:00");
    }

    #[test]
    fn what_does_not_move_has_no_time_left() {
        assert_eq!(time_left(10, 0), None);
        assert_eq!(time_left(10, 3), Some(Duration::from_secs(4)));
    }

    #[test]
    fn a_hundred_per_cent_is_the_whole() {
        assert_eq!(percent(999, 1000), 99);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(0, 0), 0);
    }

    #[test]
    fn dates_know_leap_years_and_the_time_before_1970() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (1_795_361_282, "2026-11-22 15:28:02 UTC"),
            (DATE_MIN, "0001-01-01 00:00:00 UTC"),
            (DATE_MAX, "9999-12-31 23:59:59 UTC"),
            (DATE_MAX + 1, "253402300800 seconds after 1970"),
            (i64::MIN, "-9223372036854775808 seconds after 1970"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    proptest! {
        #[test]
        fn each_day_follows_the_one_before(days in DATE_MIN / DAY..DATE_MAX / DAY) {
            let (today, tomorrow) = (calendar(days), calendar(days + 1));
            let (year, month, day) = today;
            let next = [(year, month, day + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            prop_assert!(next.contains(&tomorrow), "{today:?} {tomorrow:?}");
            prop_assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }
    }
}
