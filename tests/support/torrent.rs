//! A small bencode writer and the making of `.torrent` files (BEP 3), apart from the crate, so that
//! what the crate creates is not its own only witness.

use sha1::{Digest, Sha1};
use std::collections::BTreeMap;

/// A bencoded value.
pub(crate) enum Value {
    /// `i…e`
    Number(u64),
    /// `length:bytes`
    Bytes(Vec<u8>),
    /// `l…e`
    List(Vec<Value>),
    /// `d…e`; the map keeps the keys in order.
    Dictionary(BTreeMap<&'static str, Value>),
}

impl Value {
    /// The bytes of a text.
    pub(crate) fn text(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    /// The value in bencode.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Number(number) => out.extend(format!("i{number}e").bytes()),
            Value::Bytes(bytes) => {
                out.extend(format!("{}:", bytes.len()).bytes());
                out.extend(bytes);
            }
            Value::List(values) => {
                out.push(b'l');
                values.iter().for_each(|value| value.write(out));
                out.push(b'e');
            }
            Value::Dictionary(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    Value::text(key).write(out);
                    value.write(out);
                }
                out.push(b'e');
            }
        }
    }
}

/// A torrent's file and its name in the swarm.
pub(crate) struct Torrent {
    /// The bytes of the `.torrent` file.
    pub(crate) bytes: Vec<u8>,
    /// Hash of its `info` dictionary, in hexadecimal.
    pub(crate) info_hash: String,
}

impl Torrent {
    /// The file with trackers in tiers (BEP 12).
    pub(crate) fn announced(&self, tiers: &[Vec<String>]) -> Vec<u8> {
        let tier =
            |urls: &Vec<String>| Value::List(urls.iter().map(|url| Value::text(url)).collect());
        let list = Value::List(tiers.iter().map(tier).collect()).encode();
        // Before `info`, the only key there is.
        [b"d13:announce-list", list.as_slice(), &self.bytes[1..]].concat()
    }
}

/// The length of a single file, or the length and path of each of several.
pub(crate) enum Files {
    /// One file, named like the torrent.
    Single(u64),
    /// Several files below a folder named like the torrent.
    Several(Vec<(u64, Vec<String>)>),
}

/// Makes a torrent without trackers.
pub(crate) fn make(name: &str, piece_length: u32, pieces: Vec<u8>, files: Files) -> Torrent {
    let mut info = BTreeMap::from([
        ("name", Value::text(name)),
        ("piece length", Value::Number(u64::from(piece_length))),
        ("pieces", Value::Bytes(pieces)),
    ]);
    match files {
        Files::Single(length) => {
            info.insert("length", Value::Number(length));
        }
        Files::Several(files) => {
            let list = files.into_iter().map(|(length, path)| {
                let path = path.iter().map(|part| Value::text(part)).collect();
                let entries = [("length", Value::Number(length)), ("path", Value::List(path))];
                Value::Dictionary(BTreeMap::from(entries))
            });
            info.insert("files", Value::List(list.collect()));
        }
    }
    let info = Value::Dictionary(info);
    let info_hash = Sha1::digest(info.encode()).iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = Value::Dictionary(BTreeMap::from([("info", info)])).encode();
    Torrent { bytes, info_hash }
}
