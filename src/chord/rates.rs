//! How much one source may ask: so many questions a second, and a burst on top. The table is
//! bounded: when it is full of sources that are busy, all others share one place in it.

use super::contact::is_local;
use crate::kit::clock::Time;
use crate::limits::SOURCES_MAX;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One owner: an IPv4 address, or a /64 of IPv6.
type Source = [u8; 8];

/// A rate for each source.
#[derive(Debug, Clone)]
pub struct Rates {
    /// Time that one question costs.
    cost: Duration,
    /// How far a source may run ahead.
    ahead: Duration,
    /// When each source will have paid for what it asked; those that have are as good as new.
    paid: BTreeMap<Source, Time>,
    /// The same for all that have no place.
    others: Time,
    /// When the table was last searched for sources that have paid.
    swept: Time,
}

impl Rates {
    /// So many a second, and at most `burst` at once.
    pub fn new(a_second: u32, burst: u32) -> Self {
        let cost = Duration::from_secs(1) / a_second.max(1);
        let (paid, others, swept) = (BTreeMap::new(), Time::ZERO, Time::ZERO);
        Self { cost, ahead: cost * burst, paid, others, swept }
    }

    /// Whether a source may ask once more; this counts if so. Local addresses always may.
    pub fn allow(&mut self, now: Time, address: SocketAddr) -> bool {
        if is_local(address) {
            return true;
        }
        let source = source(address);
        if !self.paid.contains_key(&source) && self.paid.len() >= SOURCES_MAX {
            // A search costs as much as the table is long, so there is one a second.
            if now.since(self.swept) >= Duration::from_secs(1) {
                self.swept = now;
                self.paid.retain(|_, paid| *paid > now);
            }
            if self.paid.len() >= SOURCES_MAX {
                return spend(&mut self.others, now, self.cost, self.ahead);
            }
        }
        let paid = self.paid.entry(source).or_insert(now);
        spend(paid, now, self.cost, self.ahead)
    }

    /// Sources remembered.
    pub fn len(&self) -> usize {
        self.paid.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.paid.is_empty()
    }
}

fn spend(paid: &mut Time, now: Time, cost: Duration, ahead: Duration) -> bool {
    let next = (*paid).max(now) + cost;
    if next > now + ahead {
        return false;
    }
    *paid = next;
    true
}

fn source(address: SocketAddr) -> Source {
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0]
        }
        IpAddr::V6(ip) => std::array::from_fn(|index| ip.octets()[index]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn address(number: u32) -> SocketAddr {
        let [_, b, c, d] = number.to_be_bytes();
        ([20, b, c, d], 1).into()
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let mut rates = Rates::new(20, 100);
        let mut asked = |at, port| rates.allow(millis(at), SocketAddr::new(address(1).ip(), port));
        assert_eq!((0..200).filter(|port| asked(1_000, 1 + port)).count(), 100);
        let steps = 1..=1_000;
        assert_eq!(steps.filter(|step| asked(1_000 + step * 10, 1)).count(), 200, "in 10 s");
    }

    #[test]
    fn local_addresses_are_free() {
        let mut rates = Rates::new(1, 1);
        let local: SocketAddr = ([192, 168, 1, 1], 1).into();
        assert!((0..100).all(|_| rates.allow(Time::ZERO, local)) && rates.is_empty());
    }

    #[test]
    fn a_full_table_keeps_who_is_in_it_and_the_others_share_one_place() {
        let mut rates = Rates::new(1, 2);
        for number in 0..SOURCES_MAX as u32 {
            assert!(rates.allow(millis(5_000), address(number)));
        }
        let newcomers = 1_000_000..1_000_100;
        let taken = newcomers.clone().filter(|n| rates.allow(millis(5_000), address(*n))).count();
        assert_eq!((taken, rates.len()), (2, SOURCES_MAX));
        assert!(rates.allow(millis(5_000), address(1)), "who has a place has its burst");
        let taken = newcomers.filter(|n| rates.allow(millis(9_000), address(*n))).count();
        assert_eq!(taken, 100, "those who have paid made room");
        assert!(rates.len() <= SOURCES_MAX);
    }
}
