//! The limit of open descriptors: each peer takes three, and the usual soft limit is 1,024.

use crate::limits::{DESCRIPTORS_PER_PEER, DESCRIPTORS_RESERVED, PEERS_MAX};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. Where the system refuses, there are fewer peers.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => log::debug!("limit of open descriptors raised to {:?}", limit.maximum),
        Err(error) => log::info!("cannot raise the limit of open descriptors: {error}"),
    }
}

/// Peers that the limit leaves room for, at least one.
pub(super) fn peers_affordable() -> usize {
    // No limit is given as none.
    getrlimit(Resource::Nofile).current.map_or(PEERS_MAX, affordable)
}

/// Peers that this many descriptors are enough for. Where they are few, half are for peers.
fn affordable(descriptors: u64) -> usize {
    let reserved = DESCRIPTORS_RESERVED.min(descriptors / 2);
    let peers = (descriptors - reserved) / DESCRIPTORS_PER_PEER;
    peers.clamp(1, PEERS_MAX as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn few_descriptors_are_few_peers() {
        assert_eq!(affordable(0), 1);
        assert_eq!(affordable(300), 50);
        assert_eq!(
            affordable(2 * DESCRIPTORS_RESERVED + 30),
            DESCRIPTORS_RESERVED as usize / 3 + 10
        );
        assert_eq!(affordable(u64::MAX), PEERS_MAX);
    }
}
