//! The simulated network: how long a datagram takes, and whether it arrives.

use crate::kit::clock::Time;
use crate::kit::random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a datagram is on its way; reordering follows from the spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// Always the same.
    Constant(Duration),
    /// Exponential with this mean, as in the Chord papers (50 ms).
    Exponential(Duration),
    /// Log-normal with this median and sigma; each pair of nodes has its own typical value.
    LogNormal(Duration, f64),
}

/// A mapping of address translation is kept this long without traffic.
const MAPPING_TIME: Duration = Duration::from_secs(60);

/// The first port that a symmetric NAT gives.
const FIRST_MAPPED: u16 = 20_000;

/// The network.
#[derive(Debug, Clone)]
pub struct Network {
    /// How long datagrams take.
    pub delay: Delay,
    /// Of a thousand datagrams, how many are lost.
    pub loss_permille: u32,
    /// Of a thousand datagrams, how many arrive twice.
    pub duplicate_permille: u32,
    /// Longest datagram that passes, in bytes.
    pub mtu: usize,
    /// Pairs of groups between which nothing passes, in that direction.
    cut: BTreeSet<(u32, u32)>,
    /// The group of each node; 0 unless told otherwise.
    groups: BTreeMap<usize, u32>,
    /// Nodes behind address translation: whom they sent to, and when.
    translated: BTreeMap<usize, BTreeMap<SocketAddr, Time>>,
    /// Nodes that every partner sees at another port.
    per_partner: BTreeMap<usize, BTreeMap<SocketAddr, u16>>,
    /// The network's own chance.
    random: Random,
    /// Makes typical delays of pairs.
    seed: u64,
}

impl Network {
    /// A network that delivers everything after 50 ms on average.
    pub fn new(seed: u64) -> Self {
        Self {
            delay: Delay::Exponential(Duration::from_millis(50)),
            loss_permille: 0,
            duplicate_permille: 0,
            mtu: 1_400,
            cut: BTreeSet::new(),
            groups: BTreeMap::new(),
            translated: BTreeMap::new(),
            per_partner: BTreeMap::new(),
            random: Random::new(seed),
            seed,
        }
    }

    /// Puts a node into a group.
    pub fn set_group(&mut self, node: usize, group: u32) {
        self.groups.insert(node, group);
    }

    /// Lets nothing pass from one group to another; the way back is another cut.
    pub fn cut(&mut self, from: u32, to: u32) {
        self.cut.insert((from, to));
    }

    /// Takes all cuts away.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// Whether anything is cut.
    pub fn is_cut(&self) -> bool {
        !self.cut.is_empty()
    }

    /// Puts a node behind address translation: only whom it sent to lately can reach it.
    pub fn translate(&mut self, node: usize) {
        self.translated.entry(node).or_default();
    }

    /// The same, and each of those sees another port (a symmetric NAT).
    pub fn translate_per_partner(&mut self, node: usize) {
        self.translate(node);
        self.per_partner.entry(node).or_default();
    }

    /// Where a datagram of a node seems to come from.
    pub fn source(&mut self, node: usize, address: SocketAddr, to: SocketAddr) -> SocketAddr {
        let Some(ports) = self.per_partner.get_mut(&node) else { return address };
        let next = FIRST_MAPPED + ports.len() as u16;
        SocketAddr::new(address.ip(), *ports.entry(to).or_insert(next))
    }

    /// When the copies of a datagram arrive: none, one or two times.
    pub fn deliver(
        &mut self,
        now: Time,
        from: (usize, SocketAddr),
        to: (usize, SocketAddr),
        length: usize,
    ) -> Vec<Time> {
        if let Some(sent) = self.translated.get_mut(&from.0) {
            sent.insert(to.1, now);
        }
        let group = |node: usize| self.groups.get(&node).copied().unwrap_or(0);
        let cut = self.cut.contains(&(group(from.0), group(to.0)));
        let open = self.translated.get(&to.0).is_none_or(|sent| {
            sent.get(&from.1).is_some_and(|last| now.since(*last) < MAPPING_TIME)
        });
        let lost = self.random.below(1_000) < self.loss_permille;
        if cut || lost || !open || length > self.mtu {
            return Vec::new();
        }
        let mut arrivals = vec![now + self.draw(from.0, to.0)];
        if self.random.below(1_000) < self.duplicate_permille {
            arrivals.push(now + self.draw(from.0, to.0));
        }
        arrivals
    }

    /// Draws a delay.
    fn draw(&mut self, from: usize, to: usize) -> Duration {
        match self.delay {
            Delay::Constant(delay) => delay,
            Delay::Exponential(mean) => mean.mul_f64(-self.uniform().ln()),
            Delay::LogNormal(median, sigma) => {
                // Most of the spread belongs to the pair, a tenth to the moment.
                let typical = self.of_pair(from, to, sigma);
                let moment = (0.1 * sigma * normal(&mut self.random)).exp();
                median.mul_f64((typical * moment).min(100.0))
            }
        }
    }

    /// How long a datagram usually takes between two nodes.
    pub fn typical(&self, from: usize, to: usize) -> Duration {
        match self.delay {
            Delay::Constant(delay) | Delay::Exponential(delay) => delay,
            Delay::LogNormal(median, sigma) => {
                median.mul_f64(self.of_pair(from, to, sigma).min(100.0))
            }
        }
    }

    /// How much longer than the median a datagram usually takes between two nodes.
    fn of_pair(&self, from: usize, to: usize, sigma: f64) -> f64 {
        let pair = (from.min(to) as u64) << 32 | from.max(to) as u64;
        let mut own = Random::new(self.seed ^ pair.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (sigma * normal(&mut own)).exp()
    }

    fn uniform(&mut self) -> f64 {
        uniform(&mut self.random)
    }
}

/// A number over 0 and at most 1.
fn uniform(random: &mut Random) -> f64 {
    ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

/// A normally distributed number (Box and Muller).
fn normal(random: &mut Random) -> f64 {
    let (radius, angle) = (uniform(random), uniform(random));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (usize, SocketAddr) =
        (1, SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1));
    const B: (usize, SocketAddr) =
        (2, SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2));

    #[test]
    fn delays_have_the_mean_or_median_asked_for() {
        let mut network = Network::new(1);
        let total: Duration = (0..10_000).map(|_| network.draw(1, 2)).sum();
        let mean = total / 10_000;
        assert!(mean > Duration::from_millis(47) && mean < Duration::from_millis(53), "{mean:?}");
        network.delay = Delay::LogNormal(Duration::from_millis(40), 0.6);
        let mut drawn: Vec<Duration> = (0..2_001).map(|other| network.draw(1, other)).collect();
        drawn.sort();
        let median = drawn[1_000];
        assert!(
            median > Duration::from_millis(36) && median < Duration::from_millis(44),
            "{median:?}"
        );
        assert!(network.draw(5, 6).abs_diff(network.draw(6, 5)) < Duration::from_millis(40));
    }

    #[test]
    fn cuts_have_a_direction_and_heal() {
        let mut network = Network::new(1);
        network.set_group(2, 7);
        network.cut(0, 7);
        assert!(network.deliver(Time::ZERO, A, B, 100).is_empty());
        assert_eq!(network.deliver(Time::ZERO, B, A, 100).len(), 1);
        network.heal();
        assert_eq!(network.deliver(Time::ZERO, A, B, 100).len(), 1);
        assert!(network.deliver(Time::ZERO, A, B, 1_401).is_empty());
    }

    #[test]
    fn behind_translation_only_answers_come_in() {
        let mut network = Network::new(1);
        network.translate(2);
        assert!(network.deliver(Time::ZERO, A, B, 100).is_empty());
        network.deliver(Time::ZERO, B, A, 100);
        assert_eq!(network.deliver(Time::ZERO, A, B, 100).len(), 1);
        assert!(network.deliver(Time::ZERO + MAPPING_TIME, A, B, 100).is_empty());
    }

    #[test]
    fn behind_a_symmetric_nat_each_partner_sees_another_port() {
        let mut network = Network::new(1);
        assert_eq!(network.source(2, B.1, A.1), B.1);
        network.translate_per_partner(2);
        let seen = network.source(2, B.1, A.1);
        assert!(seen.ip() == B.1.ip() && seen != B.1);
        assert_eq!(network.source(2, B.1, A.1), seen);
        assert_ne!(network.source(2, B.1, ([127, 0, 0, 1], 9).into()), seen);
    }
}
