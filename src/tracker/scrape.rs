//! Asking a tracker for figures alone, over HTTP (BEP 48). Over UDP the packets are in
//! [`crate::tracker::udp`].

use crate::bencode::{self, BencodeError};
use crate::id::InfoHash;
use crate::tracker::announce::ScrapeFigures;
use crate::tracker::escape::encode_into;
use crate::tracker::http_reply::{self, ReplyError};
use serde_bencode::value::Value;
use std::collections::HashMap;

/// The parameters of a scrape.
pub fn encode_query(hashes: &[InfoHash]) -> String {
    let mut out = String::with_capacity(hashes.len() * 72);
    for hash in hashes {
        out.push_str(if out.is_empty() { "info_hash=" } else { "&info_hash=" });
        encode_into(&mut out, &hash.0);
    }
    out
}

/// Reads the figures of one torrent out of an answer; none if the tracker does not know it.
pub fn parse(bytes: &[u8], hash: InfoHash) -> Result<Option<ScrapeFigures>, ReplyError> {
    let entries = http_reply::entries(bytes)?;
    let Some(Value::Dict(files)) = entries.get(b"files".as_slice()) else {
        return Err(ReplyError::Nothing);
    };
    let Some(Value::Dict(figures)) = files.get(hash.0.as_slice()) else { return Ok(None) };
    let number = |key| http_reply::seconds(figures, key).unwrap_or(0);
    Ok(Some(ScrapeFigures {
        seeders: number("complete"),
        completed: number("downloaded"),
        leechers: number("incomplete"),
    }))
}

/// Writes an answer.
pub fn encode_reply(files: &[(InfoHash, ScrapeFigures)]) -> Result<Vec<u8>, BencodeError> {
    let number = |number: u32| Value::Int(i64::from(number));
    let files = files.iter().map(|(hash, figures)| {
        let entries = HashMap::from([
            (b"complete".to_vec(), number(figures.seeders)),
            (b"downloaded".to_vec(), number(figures.completed)),
            (b"incomplete".to_vec(), number(figures.leechers)),
        ]);
        (hash.0.to_vec(), Value::Dict(entries))
    });
    let files = Value::Dict(files.collect());
    bencode::to_bytes(&Value::Dict(HashMap::from([(b"files".to_vec(), files)])))
}
