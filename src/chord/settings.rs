//! What a ring is (its identity) and how one node of it behaves (its periods and sizes).
//!
//! The number of replicas and the quorums are part of the identity: nodes that count differently
//! must not meet in one ring. Everything else may differ from node to node.

use super::seal::RingKey;
use sha1::{Digest, Sha1};
use std::fmt;
use std::time::Duration;

/// Most replicas of a key.
pub const REPLICAS_MAX: usize = 9;
/// Longest successor list; with 24, half of 10,000 nodes may crash at once and the chance that
/// some survivor knows no successor stays at 0.03 %.
pub const SUCCESSORS_MAX: usize = 24;

/// How many hold a value, and how many must have it before a write or read counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quorum {
    /// Replicas of a key (n).
    pub replicas: usize,
    /// Replicas that must acknowledge a write (w).
    pub write: usize,
    /// Replicas that must answer a read (r).
    pub read: usize,
}

impl Quorum {
    /// Five replicas, three of which must answer.
    pub const DEFAULT: Self = Self { replicas: 5, write: 3, read: 3 };

    /// Acknowledgements that a write needs when a key has `members` replicas: rings smaller than
    /// that have fewer, and then a majority counts.
    pub fn to_write(self, members: usize) -> usize {
        if members >= self.replicas { self.write } else { members / 2 + 1 }
    }

    /// Answers that a read needs when a key has `members` replicas.
    pub fn to_read(self, members: usize) -> usize {
        if members >= self.replicas { self.read } else { members / 2 + 1 }
    }
}

/// How often the turns of maintenance come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Stabilization after a change.
    pub stabilize_fast: Duration,
    /// Stabilization when nothing changes.
    pub stabilize_slow: Duration,
    /// The same in rings of over a thousand nodes, which short periods make less stable.
    pub stabilize_large: Duration,
    /// One finger.
    pub fix_finger: Duration,
    /// Comparing the records of an arc with another replica.
    pub repair: Duration,
    /// Looking oneself up through a remembered contact, to find a ring that was split off.
    pub merge: Duration,
    /// Pinging each stored address.
    pub liveness: Duration,
}

impl Periods {
    /// What a node does unless told otherwise.
    pub const DEFAULT: Self = Self {
        stabilize_fast: Duration::from_secs(1),
        stabilize_slow: Duration::from_secs(5),
        stabilize_large: Duration::from_secs(15),
        fix_finger: Duration::from_secs(5),
        repair: Duration::from_secs(60),
        merge: Duration::from_secs(60),
        liveness: Duration::from_secs(5 * 60),
    };
}

/// A ring, and how a node takes part in it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The ring's name.
    pub name: String,
    /// Replicas and quorums.
    pub quorum: Quorum,
    /// Length of the successor list.
    pub successors: usize,
    /// Requests of a lookup in flight at once.
    pub parallel: usize,
    /// Contacts remembered besides neighbors and fingers.
    pub cache: usize,
    /// A ring for tests in one subnet: no quotas per source, no caps per subnet.
    pub test_network: bool,
    /// The key of a closed ring: who does not have it hears nothing.
    pub key: Option<RingKey>,
    /// Become part of the ring only after strangers' pings came in: a node that nobody reaches is
    /// of no use there. Nodes at local addresses and of test networks do not wait for that.
    pub probe: bool,
    /// Look things up and announce, but be no part of the ring.
    pub client: bool,
    /// How often maintenance comes.
    pub periods: Periods,
    /// Microseconds since 1970 at [`crate::kit::clock::Time::ZERO`]: for sequence numbers, which
    /// must grow over restarts.
    pub epoch_micros: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "cuerda".to_owned(),
            quorum: Quorum::DEFAULT,
            successors: SUCCESSORS_MAX,
            parallel: 2,
            cache: 1_024,
            test_network: false,
            key: None,
            probe: true,
            client: false,
            periods: Periods::DEFAULT,
            epoch_micros: 0,
        }
    }
}

/// Which ring a datagram belongs to: four bytes in each.
pub type RingTag = [u8; 4];

impl Settings {
    /// The ring's tag: from its name, its replicas, its quorums and its key.
    pub fn tag(&self) -> RingTag {
        let mut hash = Sha1::new();
        hash.update(self.name.as_bytes());
        for number in [self.quorum.replicas, self.quorum.write, self.quorum.read] {
            hash.update([0, number as u8]);
        }
        if let Some(key) = &self.key {
            hash.update(key.identity());
        }
        let digest: [u8; 20] = hash.finalize().into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Whether quotas per source and caps per subnet hold: not in tests and closed rings. Local
    /// addresses are exempt besides.
    pub fn is_guarded(&self) -> bool {
        !self.test_network && self.key.is_none()
    }

    /// Whether the settings can work.
    pub fn check(&self) -> Result<(), SettingsError> {
        let Quorum { replicas, write, read } = self.quorum;
        if replicas == 0 || replicas > REPLICAS_MAX {
            return Err(SettingsError::Replicas(replicas));
        }
        if write == 0
            || write > replicas
            || read == 0
            || read > replicas
            || read + write <= replicas
        {
            return Err(SettingsError::Quorum(self.quorum));
        }
        if self.successors < replicas || self.successors > SUCCESSORS_MAX {
            return Err(SettingsError::Successors { given: self.successors, replicas });
        }
        if self.parallel == 0 || self.cache == 0 {
            return Err(SettingsError::Zero);
        }
        Ok(())
    }
}

/// Why settings cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsError {
    /// No replicas, or more than a view on the wire holds.
    Replicas(usize),
    /// Reads would miss writes, or wait for more replicas than there are.
    Quorum(Quorum),
    /// A successor list too short for the replicas, or longer than an answer holds.
    Successors {
        /// The length asked for.
        given: usize,
        /// Replicas of a key.
        replicas: usize,
    },
    /// No parallel requests, or no contact cache.
    Zero,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replicas(given) => {
                write!(f, "a key has 1 to {REPLICAS_MAX} replicas, not {given}")
            }
            Self::Quorum(Quorum { replicas, write, read }) => write!(
                f,
                "of {replicas} replicas, writing to {write} and reading from {read} does not \
                 overlap: read + write must be more than the replicas, and neither more than all"
            ),
            Self::Successors { given, replicas } => write!(
                f,
                "a successor list holds {replicas} (the replicas of a key) to {SUCCESSORS_MAX} \
                 nodes, not {given}"
            ),
            Self::Zero => f.write_str("parallel requests and remembered contacts must be over 0"),
        }
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorums_that_miss_each_other_are_refused() {
        let check = |replicas, write, read| {
            Settings { quorum: Quorum { replicas, write, read }, ..Settings::default() }.check()
        };
        assert_eq!(check(5, 3, 3), Ok(()));
        assert_eq!(check(5, 1, 5), Ok(()));
        assert!(check(5, 2, 3).is_err() && check(5, 6, 3).is_err() && check(0, 0, 0).is_err());
        assert!(check(10, 6, 6).is_err());
    }

    #[test]
    fn what_a_ring_counts_is_part_of_its_identity() {
        let tag = |quorum, name: &str| {
            Settings { quorum, name: name.into(), ..Settings::default() }.tag()
        };
        let other = Quorum { replicas: 3, write: 2, read: 2 };
        assert_ne!(tag(Quorum::DEFAULT, "a"), tag(other, "a"));
        assert_ne!(tag(Quorum::DEFAULT, "a"), tag(Quorum::DEFAULT, "b"));
        assert_eq!(tag(other, "b"), tag(other, "b"));
        let closed = |byte| {
            let key = Some(RingKey::new([byte; crate::chord::seal::KEY_LENGTH]));
            Settings { key, ..Settings::default() }.tag()
        };
        assert_ne!(closed(1), closed(2));
        assert_ne!(closed(1), Settings::default().tag());
    }

    #[test]
    fn quorums_of_small_rings_overlap() {
        for quorum in [Quorum::DEFAULT, Quorum { replicas: 5, write: 1, read: 5 }] {
            for members in 1..=5 {
                assert!(quorum.to_write(members) + quorum.to_read(members) > members);
                assert!(quorum.to_write(members) <= members);
            }
        }
    }
}
