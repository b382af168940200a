//! What a node keeps from others: the secret behind its cookies, tokens and transaction numbers.
//!
//! A cookie is eight bytes of SHA-1 over the secret, the asker's IP address and what it is for.
//! The secret changes with time by itself: each period has its own, derived from one master.

use super::message::{Cookie, Transaction};
use super::ring_id::RingId;
use crate::kit::clock::Time;
use crate::limits::SECRET_PERIOD;
use sha1::{Digest, Sha1};
use std::net::{IpAddr, SocketAddr};

/// The secrets of a node.
#[derive(Clone)]
pub struct Secrets {
    /// From the system's source of chance.
    master: [u8; 32],
    /// Transactions drawn so far.
    drawn: u32,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("drawn", &self.drawn).finish_non_exhaustive()
    }
}

impl Secrets {
    /// From bytes that nobody can guess.
    pub fn new(master: [u8; 32]) -> Self {
        Self { master, drawn: 0 }
    }

    /// Proves that a node receives what is sent to its address.
    pub fn cookie(&self, now: Time, address: SocketAddr) -> Cookie {
        self.make(period(now), address, b"cookie")
    }

    /// Allows a node to announce under a key.
    pub fn token(&self, now: Time, address: SocketAddr, key: RingId) -> Cookie {
        self.make(period(now), address, &key.0)
    }

    /// Whether a cookie was given to that address within the last two periods.
    pub fn is_cookie(&self, now: Time, address: SocketAddr, cookie: Cookie) -> bool {
        self.holds(now, address, b"cookie", cookie)
    }

    /// Whether a token for the key was given to that address within the last two periods.
    pub fn is_token(&self, now: Time, address: SocketAddr, key: RingId, token: Cookie) -> bool {
        self.holds(now, address, &key.0, token)
    }

    /// A transaction that strangers cannot guess; its low two bits are free.
    pub fn transaction(&mut self) -> u32 {
        self.drawn = self.drawn.wrapping_add(1);
        let digest = self.digest(b"transaction", &[&self.drawn.to_be_bytes()]);
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) & !3
    }

    /// Names this run of the node in its seals.
    pub fn session(&self) -> [u8; 8] {
        let digest = self.digest(b"session", &[]);
        std::array::from_fn(|index| digest[index])
    }

    fn holds(&self, now: Time, address: SocketAddr, purpose: &[u8], cookie: Cookie) -> bool {
        let period = period(now);
        self.make(period, address, purpose) == cookie
            || period > 0 && self.make(period - 1, address, purpose) == cookie
    }

    fn make(&self, period: u64, address: SocketAddr, purpose: &[u8]) -> Cookie {
        let digest = match address.ip() {
            IpAddr::V4(ip) => self.digest(&period.to_be_bytes(), &[&ip.octets(), purpose]),
            IpAddr::V6(ip) => self.digest(&period.to_be_bytes(), &[&ip.octets(), purpose]),
        };
        std::array::from_fn(|index| digest[index])
    }

    fn digest(&self, first: &[u8], rest: &[&[u8]]) -> [u8; 20] {
        let mut hash = Sha1::new();
        hash.update(self.master);
        hash.update(first);
        rest.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }
}

/// Which transaction bytes a number and a count of sendings make.
pub fn to_transaction(number: u32, sends: u8) -> Transaction {
    (number | u32::from(sends.saturating_sub(1).min(3))).to_be_bytes()
}

/// The number and the count of sendings in transaction bytes.
pub fn from_transaction(transaction: Transaction) -> (u32, u8) {
    let number = u32::from_be_bytes(transaction);
    (number & !3, (number & 3) as u8 + 1)
}

fn period(now: Time) -> u64 {
    now.as_nanos() / SECRET_PERIOD.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_holds_for_its_address_and_for_a_while() {
        let secrets = Secrets::new([1; 32]);
        let (mine, other): (SocketAddr, SocketAddr) =
            (([1, 2, 3, 4], 5).into(), ([1, 2, 3, 5], 5).into());
        let at = Time::ZERO + SECRET_PERIOD * 3;
        let cookie = secrets.cookie(at, mine);
        assert!(secrets.is_cookie(at + SECRET_PERIOD, mine, cookie));
        assert!(!secrets.is_cookie(at + SECRET_PERIOD * 2, mine, cookie));
        assert!(!secrets.is_cookie(at, other, cookie));
        assert!(!Secrets::new([2; 32]).is_cookie(at, mine, cookie));
        let token = secrets.token(at, mine, RingId([7; 20]));
        assert!(secrets.is_token(at, mine, RingId([7; 20]), token));
        assert!(!secrets.is_token(at, mine, RingId([8; 20]), token) && token != cookie);
    }

    #[test]
    fn transactions_differ_and_carry_the_number_of_sendings() {
        let mut secrets = Secrets::new([1; 32]);
        let (a, b) = (secrets.transaction(), secrets.transaction());
        assert!(a != b && a & 3 == 0);
        assert_eq!(from_transaction(to_transaction(a, 2)), (a, 2));
        assert_eq!(from_transaction(to_transaction(a, 9)), (a, 4));
    }
}
