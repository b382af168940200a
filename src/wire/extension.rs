//! The handshake of the extension protocol (BEP 10), with the keys of BEP 9, 11 and 21.
//!
//! Every key is optional. It may be said again at any time: what a later handshake leaves out
//! stays as it was. Remembering that is the listener's business, who takes from each handshake what
//! it says of the few keys that matter to it. What the extensions themselves say is not here.

use crate::bencode::{BencodeError, ScanLimits, from_prefix, to_bytes};
use crate::kit::printable::printable;
use crate::limits::{
    CLIENT_NAME_MAX, EXTENSION_HANDSHAKE_MAX, EXTENSION_HANDSHAKE_TOKENS_MAX, TORRENT_FILE_MAX,
};
use serde::Serialize;
use serde_bencode::value::Value;
use serde_bytes::{ByteBuf, Bytes};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// The id of the extension handshake itself among the extended messages.
pub const EXTENSION_HANDSHAKE_ID: u8 = 0;

/// What is read; deviations from BEP 3 are taken.
const LIMITS: ScanLimits =
    ScanLimits { tokens: EXTENSION_HANDSHAKE_TOKENS_MAX, ..ScanLimits::WIRE };

/// The ids under which a side wants to *receive* the extensions' messages (`m`): messages to a
/// peer carry the peer's numbers, messages from it carry ours.
///
/// The map is additive: a name that a handshake does not mention keeps its id. Id 0 switches an
/// extension off. Names that this program does not know are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtensionIds {
    /// `ut_metadata`, the info dictionary (BEP 9).
    pub metadata: Option<u8>,
    /// `ut_pex`, other peers' addresses (BEP 11).
    pub peer_exchange: Option<u8>,
}

/// What a side says of itself; `None` is what it did not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExtensionHandshake {
    /// The ids of the extensions (`m`).
    pub ids: ExtensionIds,
    /// The port that the sender listens on, never 0 (`p`).
    pub port: Option<u16>,
    /// The sender's program and version (`v`): bounded, without control characters; claimed.
    pub client: Option<String>,
    /// The receiver's address as the sender sees it (`yourip`).
    pub your_ip: Option<IpAddr>,
    /// Requests that the sender queues before it drops some, at least 1 (`reqq`).
    pub request_queue: Option<u32>,
    /// Length of the info dictionary in bytes, at least 1 and no more than a torrent file's
    /// (`metadata_size`, BEP 9).
    pub metadata_size: Option<u32>,
    /// The sender wants no piece, whether or not it has all (`upload_only`, BEP 21).
    pub upload_only: Option<bool>,
}

/// Why bytes are no extension handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtensionError {
    /// It is longer than we parse.
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not a bencoded dictionary.
    Bencode(BencodeError),
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => write!(
                f,
                "extension handshake: {length} bytes, expected at most {EXTENSION_HANDSHAKE_MAX}"
            ),
            Self::Bencode(error) => write!(f, "extension handshake: {error}"),
        }
    }
}

impl std::error::Error for ExtensionError {}

impl ExtensionIds {
    /// The id for messages of `ut_metadata`, unless the extension is off.
    pub fn metadata_id(&self) -> Option<u8> {
        self.metadata.filter(|&id| id != 0)
    }

    /// The id for messages of `ut_pex`, unless the extension is off.
    pub fn peer_exchange_id(&self) -> Option<u8> {
        self.peer_exchange.filter(|&id| id != 0)
    }
}

impl ExtensionHandshake {
    /// Reads a handshake. A known key with a value of the wrong type or range counts as not said;
    /// bytes behind the dictionary are ignored. Cost: one pass over at most
    /// [`EXTENSION_HANDSHAKE_MAX`] bytes.
    pub fn decode(payload: &[u8]) -> Result<Self, ExtensionError> {
        if payload.len() > EXTENSION_HANDSHAKE_MAX {
            return Err(ExtensionError::TooLong { length: payload.len() });
        }
        let (entries, _) = from_prefix(payload, LIMITS).map_err(ExtensionError::Bencode)?;
        Ok(Self::from_entries(&entries))
    }

    /// The bytes to send: keys sorted, and only those that are said.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(&Entries::from(self)).expect("short strings and 32-bit numbers are bencode")
    }

    fn from_entries(entries: &BTreeMap<ByteBuf, Value>) -> Self {
        let entry = |key: &str| entries.get(Bytes::new(key.as_bytes()));
        let number = |key| integer(entry(key)?);
        let text = |key| bytes(entry(key)?);
        let id = |name: &str| match entry("m")? {
            Value::Dict(ids) => integer(ids.get(name.as_bytes())?)?.try_into().ok(),
            Value::Bytes(_) | Value::Int(_) | Value::List(_) => None,
        };
        let size_max = u32::try_from(TORRENT_FILE_MAX).unwrap_or(u32::MAX);
        Self {
            ids: ExtensionIds { metadata: id("ut_metadata"), peer_exchange: id("ut_pex") },
            port: number("p").and_then(|port| port.try_into().ok()).filter(|&port| port != 0),
            client: text("v")
                .map(|name| printable(name, CLIENT_NAME_MAX))
                .filter(|name| !name.is_empty()),
            your_ip: text("yourip").and_then(address),
            request_queue: number("reqq")
                .filter(|&count| count > 0)
                .map(|count| count.try_into().unwrap_or(u32::MAX)),
            metadata_size: number("metadata_size")
                .and_then(|size| size.try_into().ok())
                .filter(|size| (1..=size_max).contains(size)),
            upload_only: number("upload_only").map(|flag| flag != 0),
        }
    }
}

/// The dictionary as it is written.
#[derive(Serialize)]
struct Entries<'a> {
    m: BTreeMap<&'static str, u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reqq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_only: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<&'a Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yourip: Option<ByteBuf>,
}

impl<'a> From<&'a ExtensionHandshake> for Entries<'a> {
    fn from(handshake: &'a ExtensionHandshake) -> Self {
        let ids =
            [("ut_metadata", handshake.ids.metadata), ("ut_pex", handshake.ids.peer_exchange)];
        Self {
            m: ids.into_iter().filter_map(|(name, id)| Some((name, id?))).collect(),
            metadata_size: handshake.metadata_size,
            p: handshake.port,
            reqq: handshake.request_queue,
            upload_only: handshake.upload_only.map(u8::from),
            v: handshake.client.as_deref().map(|name| Bytes::new(name.as_bytes())),
            yourip: handshake.your_ip.map(|ip| match ip {
                IpAddr::V4(ip) => ByteBuf::from(ip.octets()),
                IpAddr::V6(ip) => ByteBuf::from(ip.octets()),
            }),
        }
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bytes(_) | Value::List(_) | Value::Dict(_) => None,
    }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        Value::Int(_) | Value::List(_) | Value::Dict(_) => None,
    }
}

/// An address of 4 or 16 bytes; an IPv4 address in IPv6 clothes is an IPv4 address.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    four.or_else(|| Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()))
}

#[cfg(test)]
mod tests;
