//! A place on the circle: 160 bits, and what it means to lie between two places.
//!
//! Intervals are decided by comparing, never by subtracting: so nothing depends on which side of
//! zero a place lies. Distances are for ordering candidates only.

use crate::id::{ID_LENGTH, InfoHash};
use sha1::{Digest, Sha1};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Bits of a place.
pub const RING_BITS: usize = ID_LENGTH * 8;

/// A place on the circle: of a node (the SHA-1 of its address) or of a key (its info-hash).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RingId(pub [u8; ID_LENGTH]);

impl RingId {
    /// The place of a node: SHA-1 of its IP address and port, most significant byte first. Whoever
    /// receives a datagram computes it from the source, so nobody chooses their place.
    pub fn of_address(address: SocketAddr) -> Self {
        let mut hash = Sha1::new();
        match address.ip() {
            IpAddr::V4(ip) => hash.update(ip.octets()),
            IpAddr::V6(ip) => hash.update(ip.octets()),
        }
        hash.update(address.port().to_be_bytes());
        Self(hash.finalize().into())
    }

    /// The place of a torrent: its info-hash.
    pub fn of_key(info_hash: InfoHash) -> Self {
        Self(info_hash.0)
    }

    /// Whether this lies strictly inside the clockwise open arc from `begin` to `end`. From a
    /// place to itself the arc is the whole circle but that place.
    pub fn is_between(self, begin: Self, end: Self) -> bool {
        if begin < end {
            begin < self && self < end
        } else if begin > end {
            self > begin || self < end
        } else {
            self != begin
        }
    }

    /// Whether this lies in the clockwise arc from `begin`, without it, to `end`, with it. From a
    /// place to itself the arc is the whole circle.
    pub fn is_within(self, begin: Self, end: Self) -> bool {
        self == end || self.is_between(begin, end)
    }

    /// The clockwise way from here to `other`, modulo 2^160: for ordering candidates.
    pub fn distance_to(self, other: Self) -> Self {
        let mut result = [0; ID_LENGTH];
        let mut borrow = 0;
        for index in (0..ID_LENGTH).rev() {
            let difference = i16::from(other.0[index]) - i16::from(self.0[index]) - borrow;
            borrow = i16::from(difference < 0);
            result[index] = difference.rem_euclid(256) as u8;
        }
        Self(result)
    }

    /// The place 2^`exponent` clockwise from here: where a finger points. `exponent` < 160.
    pub fn plus_power(self, exponent: usize) -> Self {
        debug_assert!(exponent < RING_BITS);
        let mut power = [0; ID_LENGTH];
        power[ID_LENGTH - 1 - exponent / 8] = 1 << (exponent % 8);
        self.plus(Self(power))
    }

    /// The place that far clockwise from here.
    pub fn plus(self, distance: Self) -> Self {
        let mut result = [0; ID_LENGTH];
        let mut carry = 0;
        for index in (0..ID_LENGTH).rev() {
            let sum = u16::from(self.0[index]) + u16::from(distance.0[index]) + carry;
            carry = sum >> 8;
            result[index] = sum as u8;
        }
        Self(result)
    }

    /// The place before this one.
    pub fn before(self) -> Self {
        self.plus(Self([0xff; ID_LENGTH]))
    }

    /// A sixteenth of this, as a distance.
    pub fn sixteenth(self) -> Self {
        let high = |index: usize| if index == 0 { 0 } else { self.0[index - 1] << 4 };
        Self(std::array::from_fn(|index| high(index) | self.0[index] >> 4))
    }

    /// Which power of two a distance reaches: the place of its highest bit, `None` for zero.
    pub fn highest_bit(self) -> Option<usize> {
        let index = self.0.iter().position(|byte| *byte != 0)?;
        let within = 7 - self.0[index].leading_zeros() as usize;
        Some((ID_LENGTH - 1 - index) * 8 + within)
    }
}

impl fmt::Display for RingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The first bytes are enough to tell nodes apart.
impl fmt::Debug for RingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
#[path = "ring_id_tests.rs"]
mod tests;
