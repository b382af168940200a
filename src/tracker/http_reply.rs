//! The answer to an HTTP announce: addresses in strings (BEP 23, BEP 7) or in dictionaries (BEP 3),
//! or a failure (BEP 3, BEP 31). Both sides.
//!
//! Everything that a tracker may leave out or get wrong is optional; only an answer that says
//! nothing at all, or is not bencode, is an error.

use crate::bencode::{self, BencodeError, ScanLimits};
use crate::id::{ID_LENGTH, PeerId};
use crate::limits::{TRACKER_ID_MAX, TRACKER_PEERS_MAX, TRACKER_TEXT_MAX};
use crate::tracker::announce::{AnnounceReply, FoundPeer, Refusal, Retry, printable};
use serde_bencode::value::Value;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Bytes of an IPv4 address with its port.
pub const COMPACT_V4: usize = 6;
/// Bytes of an IPv6 address with its port.
pub const COMPACT_V6: usize = 18;

/// A dictionary of any values.
type Entries = HashMap<Vec<u8>, Value>;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyError {
    /// It is not bencode, or too much of it.
    Bencode(BencodeError),
    /// It is no dictionary.
    NoDictionary,
    /// Neither a failure, nor peers, nor an interval is in it.
    Nothing,
    /// The tracker says no.
    Refused(Refusal),
}

impl From<BencodeError> for ReplyError {
    fn from(error: BencodeError) -> Self {
        Self::Bencode(error)
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bencode(error) => write!(f, "the answer is not a tracker's: {error}"),
            Self::NoDictionary => f.write_str("the answer is not a tracker's: no dictionary"),
            Self::Nothing => {
                f.write_str("the answer has neither peers nor an interval nor a failure reason")
            }
            Self::Refused(refusal) => write!(f, "the tracker says: {}", refusal.reason),
        }
    }
}

impl std::error::Error for ReplyError {}

/// Reads an answer. Bytes behind it are ignored: some servers end it with a line break.
pub fn parse(bytes: &[u8]) -> Result<AnnounceReply, ReplyError> {
    let entries = entries(bytes)?;
    let peers = entries.get(b"peers".as_slice());
    let peers6 = entries.get(b"peers6".as_slice());
    let interval = seconds(&entries, "interval");
    if peers.is_none() && peers6.is_none() && interval.is_none() {
        return Err(ReplyError::Nothing);
    }
    let mut found = Vec::new();
    match peers {
        Some(Value::Bytes(compact)) => read_compact::<COMPACT_V4>(compact, &mut found),
        Some(Value::List(list)) => {
            found.extend(list.iter().filter_map(dictionary_peer).take(TRACKER_PEERS_MAX));
        }
        Some(Value::Int(_) | Value::Dict(_)) | None => {}
    }
    if let Some(Value::Bytes(compact)) = peers6 {
        read_compact::<COMPACT_V6>(compact, &mut found);
    }
    Ok(AnnounceReply {
        interval,
        min_interval: seconds(&entries, "min interval"),
        seeders: seconds(&entries, "complete"),
        leechers: seconds(&entries, "incomplete"),
        tracker_id: text(&entries, "tracker id")
            .filter(|id| id.len() <= TRACKER_ID_MAX)
            .map(Into::into),
        warning: text(&entries, "warning message").map(|text| printable(text, TRACKER_TEXT_MAX)),
        external_ip: text(&entries, "external ip").and_then(raw_ip),
        peers: found,
    })
}

/// The dictionary that an answer is, unless it is a refusal.
pub(super) fn entries(bytes: &[u8]) -> Result<Entries, ReplyError> {
    let (value, _) = bencode::from_prefix::<Value>(bytes, ScanLimits::WIRE)?;
    let Value::Dict(entries) = value else { return Err(ReplyError::NoDictionary) };
    if let Some(reason) = text(&entries, "failure reason") {
        let reason = printable(reason, TRACKER_TEXT_MAX);
        return Err(ReplyError::Refused(Refusal { reason, retry: retry(&entries) }));
    }
    Ok(entries)
}

/// When to ask again (BEP 31): minutes, or `never`.
fn retry(entries: &Entries) -> Retry {
    let after = |minutes: u64| Retry::After(Duration::from_secs(minutes.saturating_mul(60)));
    match entries.get(b"retry in".as_slice()) {
        Some(Value::Bytes(text)) if text == b"never" => Retry::Never,
        Some(Value::Bytes(text)) => {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok());
            number.map_or(Retry::AsUsual, |minutes| after(u64::from(minutes)))
        }
        Some(Value::Int(minutes)) => u64::try_from(*minutes).map_or(Retry::AsUsual, after),
        Some(Value::List(_) | Value::Dict(_)) | None => Retry::AsUsual,
    }
}

/// A number of at most 32 bits.
pub(super) fn seconds(entries: &Entries, key: &str) -> Option<u32> {
    match entries.get(key.as_bytes()) {
        Some(Value::Int(number)) => u32::try_from((*number).min(i64::from(u32::MAX))).ok(),
        Some(Value::Bytes(_) | Value::List(_) | Value::Dict(_)) | None => None,
    }
}

fn text<'a>(entries: &'a Entries, key: &str) -> Option<&'a [u8]> {
    match entries.get(key.as_bytes()) {
        Some(Value::Bytes(bytes)) => Some(bytes),
        Some(Value::Int(_) | Value::List(_) | Value::Dict(_)) | None => None,
    }
}

/// An address of four or sixteen bytes (BEP 24).
fn raw_ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|four| IpAddr::V4(Ipv4Addr::from(four)));
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|all| Ipv6Addr::from(all).to_canonical())).ok()
}

/// A peer in a dictionary of its own. Host names, which BEP 3 allows, are left out: looking up
/// names that a stranger chose is more than a tracker may ask for.
fn dictionary_peer(value: &Value) -> Option<FoundPeer> {
    let Value::Dict(entries) = value else { return None };
    let ip = std::str::from_utf8(text(entries, "ip")?).ok()?.parse::<IpAddr>().ok()?;
    let port = u16::try_from(seconds(entries, "port")?).ok()?;
    let id = text(entries, "peer id").and_then(|id| <[u8; ID_LENGTH]>::try_from(id).ok());
    Some(FoundPeer { address: SocketAddr::new(ip.to_canonical(), port), id: id.map(PeerId) })
}

/// Appends the addresses of a string; what is left at its end is no address.
pub(super) fn read_compact<const SIZE: usize>(bytes: &[u8], found: &mut Vec<FoundPeer>) {
    for entry in bytes.chunks_exact(SIZE).take(TRACKER_PEERS_MAX.saturating_sub(found.len())) {
        let (ip, port) = entry.split_at(SIZE - 2);
        let Some(ip) = raw_ip(ip) else { continue };
        let port = port.iter().fold(0, |port: u16, &byte| port << 8 | u16::from(byte));
        found.push(FoundPeer { address: SocketAddr::new(ip, port), id: None });
    }
}

/// Appends one address as a string has it.
pub(super) fn write_compact(address: SocketAddr, out: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => out.extend(ip.octets()),
        IpAddr::V6(ip) => out.extend(ip.octets()),
    }
    out.extend(address.port().to_be_bytes());
}

/// Writes an answer, with addresses in strings or in dictionaries.
pub fn encode(reply: &AnnounceReply, compact: bool) -> Result<Vec<u8>, BencodeError> {
    let mut entries = Entries::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entries.insert(key.as_bytes().to_vec(), value);
        }
    };
    let number = |number: Option<u32>| number.map(|number| Value::Int(i64::from(number)));
    put("interval", number(reply.interval));
    put("min interval", number(reply.min_interval));
    put("complete", number(reply.seeders));
    put("incomplete", number(reply.leechers));
    put("tracker id", reply.tracker_id.as_ref().map(|id| Value::Bytes(id.to_vec())));
    put("warning message", reply.warning.as_ref().map(|text| Value::Bytes(text.as_bytes().into())));
    put("external ip", reply.external_ip.map(|ip| Value::Bytes(ip_bytes(ip))));
    if compact {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for peer in &reply.peers {
            let out = if peer.address.is_ipv4() { &mut v4 } else { &mut v6 };
            write_compact(peer.address, out);
        }
        put("peers", Some(Value::Bytes(v4)));
        put("peers6", Some(Value::Bytes(v6)).filter(|_| reply.peers.iter().any(is_v6)));
    } else {
        put("peers", Some(Value::List(reply.peers.iter().map(peer_entry).collect())));
    }
    bencode::to_bytes(&Value::Dict(entries))
}

/// Writes a refusal.
pub fn encode_refusal(refusal: &Refusal) -> Result<Vec<u8>, BencodeError> {
    let reason = Value::Bytes(refusal.reason.as_bytes().to_vec());
    let mut entries = Entries::from([(b"failure reason".to_vec(), reason)]);
    let retry = match refusal.retry {
        Retry::AsUsual => None,
        Retry::Never => Some(b"never".to_vec()),
        Retry::After(pause) => Some(pause.as_secs().div_ceil(60).to_string().into_bytes()),
    };
    entries.extend(retry.map(|retry| (b"retry in".to_vec(), Value::Bytes(retry))));
    bencode::to_bytes(&Value::Dict(entries))
}

fn is_v6(peer: &FoundPeer) -> bool {
    peer.address.is_ipv6()
}

fn ip_bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn peer_entry(peer: &FoundPeer) -> Value {
    let ip = Value::Bytes(peer.address.ip().to_string().into_bytes());
    let port = Value::Int(i64::from(peer.address.port()));
    let mut entries = Entries::from([(b"ip".to_vec(), ip), (b"port".to_vec(), port)]);
    entries.extend(peer.id.map(|id| (b"peer id".to_vec(), Value::Bytes(id.0.to_vec()))));
    Value::Dict(entries)
}
