//! The codec: piece messages out of a read buffer, and requests into a send buffer.

#[path = "support/mod.rs"]
mod support;

use cuerda::limits::BLOCK_LENGTH;
use cuerda::wire::codec::{Bounds, messages};
use cuerda::wire::message::{BlockRequest, Message};
use std::hint::black_box;
use support::{Row, Tell, median, print, tell, time};

/// Messages in a buffer.
const MESSAGES: u32 = 16;

fn main() {
    let tell = tell();
    let rounds = if tell == Tell::Nothing { 1 } else { 100_000 };
    let bounds = Bounds { piece_count: 1_000, fast: true, extensions: true };
    let data = vec![7; BLOCK_LENGTH as usize];
    let mut buffer = Vec::new();
    for block in 0..MESSAGES {
        let begin = block * BLOCK_LENGTH;
        Message::Piece { piece: 3, begin, data: &data }.encode(&mut buffer);
    }
    let decode = || messages(black_box(&buffer), &bounds).filter(|message| message.is_ok()).count();
    let mut out = Vec::new();
    let encode = || {
        out.clear();
        for block in 0..MESSAGES {
            let begin = block * BLOCK_LENGTH;
            let request = BlockRequest { piece: 3, begin, length: BLOCK_LENGTH };
            Message::Request(black_box(request)).encode(&mut out);
        }
        out.len()
    };
    let rows =
        [row("decode piece messages", rounds, decode), row("encode requests", rounds, encode)];
    print(tell, &rows);
}

fn row(what: &str, rounds: u32, mut work: impl FnMut() -> usize) -> Row {
    let batches = (0..5)
        .map(|_| {
            let (took, _) = time(|| (0..rounds).map(|_| black_box(work())).sum::<usize>());
            took.as_nanos() as f64 / f64::from(rounds * MESSAGES)
        })
        .collect();
    Row { what: what.to_owned(), figures: vec![("ns/message", median(batches))] }
}
