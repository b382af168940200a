//! How evenly keys lie on nodes (ToN Fig. 8): nothing but places; a key belongs to the first node
//! at or after it.

use super::summary::Summary;
use crate::chord::contact::Contact;
use crate::chord::ring_id::RingId;
use crate::kit::random::Random;
use crate::simulator::placed::Order;
use std::net::SocketAddr;

/// How many keys the nodes of a ring have, one number each. Nodes lie where their addresses put
/// them, keys anywhere.
pub fn keys_per_node(seed: u64, nodes: usize, keys: usize) -> Summary {
    let mut random = Random::new(seed);
    let address = |random: &mut Random| {
        let [a, b, c, d, e, f, ..] = random.next_u64().to_be_bytes();
        SocketAddr::new([a, b, c, d].into(), u16::from_be_bytes([e, f]))
    };
    let order = Order::new((0..nodes).map(|_| Contact::new(address(&mut random))).collect());
    let mut counts = vec![0_u32; nodes];
    for _ in 0..keys {
        if let Some(count) = counts.get_mut(order.index_after(any_place(&mut random))) {
            *count += 1;
        }
    }
    Summary::of(counts.into_iter().map(f64::from))
}

/// A place by chance.
pub(super) fn any_place(random: &mut Random) -> RingId {
    let mut bytes = [0; 20];
    for chunk in bytes.chunks_mut(8) {
        let word = random.next_u64().to_be_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    RingId(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arcs_are_exponential() {
        let keys = keys_per_node(1, 2_000, 100_000);
        assert_eq!((keys.count, keys.mean), (2_000, 50.0));
        // Of an exponential distribution it would be ln 100 = 4.6; a few keys more for chance.
        let ratio = keys.p99 / keys.mean;
        assert!(ratio > 4.0 && ratio < 5.4, "{ratio}");
    }
}
