//! The picker alone: what one more peer with a piece costs, and finding the rarest open piece.

#[path = "support/mod.rs"]
mod support;

use cuerda::kit::random::Random;
use cuerda::swarm::picker::Picker;
use std::hint::black_box;
use support::{Row, Tell, median, print, tell, time};

/// Most peers.
const PEERS: u32 = 1_000;
/// Calls in a batch.
const CALLS: u32 = 100_000;

fn main() {
    let tell = tell();
    let sizes: &[u32] = if tell == Tell::Nothing { &[1_000] } else { &[1_000, 30_000, 1_000_000] };
    let mut rows = Vec::new();
    for &pieces in sizes {
        let mut random = Random::new(1);
        let mut picker = Picker::new(pieces, PEERS, &mut random);
        let increase = batches(|| {
            for _ in 0..CALLS {
                let piece = random.below(pieces);
                if picker.availability(piece) < PEERS {
                    picker.increase(piece);
                }
            }
        });
        let rarest = batches(|| {
            for _ in 0..CALLS {
                black_box(picker.rarest(64, &mut random, |piece| piece % 8 == 0));
            }
        });
        for (what, nanos) in [("one more peer", increase), ("rarest, one in eight", rarest)] {
            let what = format!("{what:<24}{pieces:>9} pieces");
            rows.push(Row { what, figures: vec![("ns/call", nanos)] });
        }
    }
    print(tell, &rows);
}

fn batches(mut work: impl FnMut()) -> f64 {
    median((0..5).map(|_| time(&mut work).0.as_nanos() as f64 / f64::from(CALLS)).collect())
}
