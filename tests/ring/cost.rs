//! What a settled ring costs.

use crate::seeds::{for_seeds, seconds};

#[test]
fn a_settled_ring_is_quiet() {
    for_seeds(1, |world| {
        world.grow(20);
        world.run_for(seconds(120));
        let (datagrams, bytes) = (world.datagrams, world.bytes);
        world.run_for(seconds(300));
        let nodes = 20 * 300;
        let (datagrams, bytes) = (world.datagrams - datagrams, world.bytes - bytes);
        let (datagrams, bytes) = (datagrams as f64 / f64::from(nodes), bytes / nodes as u64);
        println!("{datagrams:.2} datagrams and {bytes} bytes a second and node");
        assert!(datagrams < 4.0 && bytes < 600, "{datagrams:.2} datagrams, {bytes} bytes a second");
    });
}
