//! SHA-1 as the hash threads use it, beside what OpenSSL reaches on this processor.
//!
//! OpenSSL's own benchmark is asked if it is installed; without it only our figure is told.

#[path = "support/mod.rs"]
mod support;

use cuerda::limits::HASH_CHUNK;
use sha1::{Digest, Sha1};
use std::hint::black_box;
use std::process::Command;
use support::{Row, Tell, median, print, tell, time};

fn main() {
    let tell = tell();
    let chunks = if tell == Tell::Nothing { 1 } else { 2_000 };
    let data = vec![7; HASH_CHUNK];
    let ours = median(
        (0..5)
            .map(|_| {
                let (took, _) = time(|| {
                    let mut hash = Sha1::new();
                    (0..chunks).for_each(|_| hash.update(black_box(&data)));
                    hash.finalize()
                });
                (chunks * HASH_CHUNK) as f64 / 1e6 / took.as_secs_f64()
            })
            .collect(),
    );
    let mut rows = vec![Row { what: "sha1 crate".to_owned(), figures: vec![("MB/s", ours)] }];
    if tell != Tell::Nothing
        && let Some(theirs) = openssl()
    {
        let figures = vec![("MB/s", theirs), ("ratio of ours", ours / theirs)];
        rows.push(Row { what: "openssl".to_owned(), figures });
    }
    print(tell, &rows);
}

/// Megabytes a second that OpenSSL reaches, from the last number of its table.
fn openssl() -> Option<f64> {
    let arguments = ["speed", "-evp", "sha1", "-bytes", "262144", "-seconds", "1"];
    let output = Command::new("openssl").args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.split_whitespace().last()?.strip_suffix('k')?;
    last.parse::<f64>().ok().map(|thousands| thousands / 1e3)
}
