//! How limits of speed are read: `500K`, `2M`, `1.5MiB/s`, `10Mbit/s`.

use crate::limits::RATE_MIN;
use std::num::NonZeroU64;

/// Multiples and the power that each stands for: of 1024 for bytes, of 1000 for bits.
const MULTIPLES: [(&str, u32); 8] =
    [("ki", 1), ("mi", 2), ("gi", 3), ("ti", 4), ("k", 1), ("m", 2), ("g", 3), ("t", 4)];
/// Most digits behind the point.
const DIGITS_MAX: usize = 6;

/// A speed: bytes per second with K, M, G for powers of 1024, as in 500K, 2M or 1.5MiB/s; or bits
/// per second, with powers of 1000, as in 10Mbit/s.
pub(super) fn rate(text: &str) -> Result<NonZeroU64, String> {
    let wrong =
        || format!("expected a speed in bytes per second, as 500K, 1.5M or 10Mbit, not {text:?}");
    let lower = text.trim().to_ascii_lowercase();
    let amount = lower.strip_suffix("/s").unwrap_or(&lower);
    let bits = amount.strip_suffix("bit").or_else(|| amount.strip_suffix("bits"));
    let amount = bits.or_else(|| amount.strip_suffix('b')).unwrap_or(amount);
    let found = MULTIPLES
        .iter()
        .find_map(|(multiple, power)| Some((amount.strip_suffix(multiple)?, *power)));
    let (number, power) = found.unwrap_or((amount, 0));
    let base: u128 = if bits.is_some() { 1000 } else { 1024 };
    let (whole, divisor) = decimal(number.trim_end()).ok_or_else(wrong)?;
    let units = u128::from(whole).checked_mul(base.pow(power)).ok_or_else(wrong)?;
    let bytes = units / divisor / if bits.is_some() { 8 } else { 1 };
    let bytes = u64::try_from(bytes).map_err(|_| wrong())?;
    match NonZeroU64::new(bytes) {
        Some(rate) if bytes >= RATE_MIN => Ok(rate),
        Some(_) => Err(format!("expected at least {RATE_MIN} bytes per second, not {bytes}")),
        None => Err("expected a speed above 0; without the option there is no limit".to_owned()),
    }
}

/// A number with a point as a whole number and what to divide it by.
fn decimal(text: &str) -> Option<(u64, u128)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let pointless = !text.contains('.') || !part.is_empty();
    if whole.is_empty() || !pointless || part.len() > DIGITS_MAX || !digits(whole) || !digits(part)
    {
        return None;
    }
    let number = format!("{whole}{part}").parse().ok()?;
    Some((number, 10_u128.pow(u32::try_from(part.len()).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn speeds_are_read_as_people_write_them() {
        for (text, expected) in [
            ("4096", 4_096),
            ("500K", 512_000),
            ("500k/s", 512_000),
            ("500 KB/s", 512_000),
            ("2M", 2 << 20),
            ("1.5MiB/s", 3 << 19),
            ("0.25 GiB", 1 << 28),
            ("10Mbit", 1_250_000),
            ("10 Mbit/s", 1_250_000),
            ("100kbit/s", 12_500),
        ] {
            assert_eq!(rate(text).map(NonZeroU64::get), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_speed_is_refused() {
        for text in [
            "", "K", "fast", "2Mbps", "-1M", "1e6", "1.M", ".5M", "1,5M", "0", "0K", "1", "M/s",
            "1.5.2K",
        ] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert!(rate("99999999999999999999T").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            let _ = rate(&text);
        }
    }
}
