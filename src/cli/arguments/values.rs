//! How option values are read: sizes, addresses, numbers within their limits.

use crate::chord::settings::REPLICAS_MAX;
use crate::limits::{
    PEERS_MAX, PERIOD_MAX, PERIOD_MIN, PIECE_LENGTH_MAX, PIECE_LENGTH_MIN, SIMULATED_LOOKUPS_MAX,
    SIMULATED_NODES_MAX, SIMULATED_NODES_MIN, TIMEOUT_MAX, UPLOAD_SLOTS_MAX,
};
use crate::tracker::url::TrackerUrl;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Suffixes of sizes and the power of two that each stands for.
const SUFFIXES: [(&str, u32); 9] = [
    ("kib", 10),
    ("mib", 20),
    ("gib", 30),
    ("kb", 10),
    ("mb", 20),
    ("gb", 30),
    ("k", 10),
    ("m", 20),
    ("g", 30),
];

/// A size in bytes: a whole number, with `K`, `M` or `G` (also `KiB` …) for powers of 1024.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected a size in bytes, as 262144, 256K or 1M, not {text:?}");
    let lower = text.trim().to_ascii_lowercase();
    let found =
        SUFFIXES.iter().find_map(|(suffix, bits)| Some((lower.strip_suffix(suffix)?, *bits)));
    let (digits, bits) = found.unwrap_or((&lower, 0));
    let digits = digits.trim_end();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << bits).ok_or_else(wrong)
}

/// A piece length in bytes.
pub(super) fn piece_length(text: &str) -> Result<u32, String> {
    let length = size(text)?;
    match u32::try_from(length) {
        Ok(fits) if (PIECE_LENGTH_MIN..=PIECE_LENGTH_MAX).contains(&fits) => Ok(fits),
        Ok(_) | Err(_) => {
            Err(format!("expected {PIECE_LENGTH_MIN} to {PIECE_LENGTH_MAX} bytes, not {length}"))
        }
    }
}

/// The address of a tracker. Whether one can announce to it is for the maker of torrents to say.
pub(super) fn tracker(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    if ["http://", "https://", "udp://"].iter().any(|scheme| lower.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err("expected an address that begins with http://, https:// or udp://".to_owned())
    }
}

/// The address of a tracker that is announced to now.
pub(super) fn tracker_address(text: &str) -> Result<String, String> {
    TrackerUrl::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// The address of a peer.
pub(super) fn peer_address(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(address),
        Ok(_) => Err("expected a port from 1 to 65535, not 0".to_owned()),
        Err(_) => Err("expected IP:PORT, as 192.0.2.7:6881 or [2001:db8::7]:6881".to_owned()),
    }
}

/// An address to listen on; port 0 is any.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let wrong = |_| "expected IP:PORT, as 192.0.2.7:6881 or [2001:db8::7]:6881".to_owned();
    text.parse().map_err(wrong)
}

/// A number of replicas.
pub(super) fn replicas(text: &str) -> Result<usize, String> {
    whole(text, 1..=REPLICAS_MAX as u64).map(|replicas| replicas as usize)
}

/// A number of simulated nodes.
pub(super) fn simulated_nodes(text: &str) -> Result<usize, String> {
    let (least, most) = (SIMULATED_NODES_MIN as u64, SIMULATED_NODES_MAX as u64);
    whole(text, least..=most).map(|nodes| nodes as usize)
}

/// A number of simulated lookups.
pub(super) fn simulated_lookups(text: &str) -> Result<usize, String> {
    whole(text, 1..=SIMULATED_LOOKUPS_MAX as u64).map(|lookups| lookups as usize)
}

/// A period in seconds, with a point if need be.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    let lawful = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = text.parse().ok().filter(|_| lawful(text));
    let period = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    period.filter(|period| (PERIOD_MIN..=PERIOD_MAX).contains(period)).ok_or_else(|| {
        let (least, most) = (PERIOD_MIN.as_secs_f64(), PERIOD_MAX.as_secs());
        format!("expected seconds from {least} to {most}, as 5 or 0.5")
    })
}

/// A time in whole seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    whole(text, 1..=TIMEOUT_MAX.as_secs()).map(Duration::from_secs)
}

/// A number of upload slots.
pub(super) fn upload_slots(text: &str) -> Result<usize, String> {
    whole(text, 1..=UPLOAD_SLOTS_MAX as u64).map(|slots| slots as usize)
}

/// A number of peers.
pub(super) fn peers_max(text: &str) -> Result<usize, String> {
    whole(text, 1..=PEERS_MAX as u64).map(|peers| peers as usize)
}

/// A whole number in this range.
fn whole(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("expected a number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_bytes_or_powers_of_1024() {
        for (text, expected) in [
            ("0", 0),
            ("262144", 262_144),
            ("256K", 262_144),
            ("256k", 262_144),
            ("256 KiB", 262_144),
            ("256kb", 262_144),
            ("1M", 1 << 20),
            ("3GiB", 3 << 30),
        ] {
            assert_eq!(size(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "K", "many", "-1", "+1", "1.5M", "1T", "1e3", "١", "99999999999G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn piece_lengths_have_bounds() {
        assert_eq!(piece_length("16K"), Ok(16_384));
        assert_eq!(piece_length("256M"), Ok(256 << 20));
        assert!(piece_length("1023").is_err());
        assert!(piece_length("257M").is_err());
        assert!(piece_length("4G").is_err());
    }

    #[test]
    fn a_peer_needs_an_address_and_a_port() {
        assert!(peer_address("[2001:db8::7]:6881").is_ok());
        for text in ["", "192.0.2.7", "192.0.2.7:0", "2001:db8::7:6881x", "host:1", ":1"] {
            assert!(peer_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_bounded() {
        assert_eq!(seconds("5"), Ok(Duration::from_secs(5)));
        assert!(seconds("0").is_err());
        assert!(seconds("18446744073709551615").is_err());
    }

    #[test]
    fn periods_may_be_parts_of_a_second() {
        assert_eq!(period("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(period("300"), Ok(Duration::from_secs(300)));
        for text in ["", "0", "0.01", "-1", "+1", "1e3", "inf", "NaN", "86401", "."] {
            assert!(period(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            let _ = (period(&text), listen_address(&text));
            let _ = (size(&text), peer_address(&text), piece_length(&text), seconds(&text));
        }

        #[test]
        fn whole_numbers_read_back(number in 0_u64..1 << 40) {
            prop_assert_eq!(size(&number.to_string()), Ok(number));
            prop_assert_eq!(size(&format!("{number}K")), Ok(number * 1024));
        }
    }
}
