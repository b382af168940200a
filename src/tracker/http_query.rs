//! The question of an HTTP announce (BEP 3, 7, 23): parameters out of a request, and a request out
//! of parameters, for who plays the tracker.

use crate::id::{ID_LENGTH, InfoHash, PeerId};
use crate::limits::TRACKER_URL_MAX;
use crate::tracker::announce::{AnnounceEvent, AnnounceRequest};
use crate::tracker::escape::{decode, encode_into};
use std::fmt::{self, Write};

/// Why parameters are no announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryError {
    /// More bytes than any announce has.
    TooLong,
    /// A parameter that has to be there is missing.
    Missing(&'static str),
    /// A parameter is not what it has to be.
    Bad(&'static str),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "query longer than {} bytes", 2 * TRACKER_URL_MAX),
            Self::Missing(name) => write!(f, "parameter {name} is missing"),
            Self::Bad(name) => write!(f, "parameter {name} is not what it has to be"),
        }
    }
}

impl std::error::Error for QueryError {}

/// An announce as a tracker reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnnounce {
    /// What is told.
    pub request: AnnounceRequest,
    /// Whether addresses in strings are understood (BEP 23).
    pub compact: bool,
}

/// The name of an event in a query.
const fn event_name(event: AnnounceEvent) -> Option<&'static str> {
    match event {
        AnnounceEvent::Regular => None,
        AnnounceEvent::Started => Some("started"),
        AnnounceEvent::Completed => Some("completed"),
        AnnounceEvent::Stopped => Some("stopped"),
    }
}

/// The parameters of an announce, without what the tracker's own address has.
pub fn encode(request: &AnnounceRequest) -> String {
    let mut out = String::with_capacity(320);
    out.push_str("info_hash=");
    encode_into(&mut out, &request.info_hash.0);
    out.push_str("&peer_id=");
    encode_into(&mut out, &request.peer_id.0);
    let AnnounceRequest { port, uploaded, downloaded, left, key, .. } = request;
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "&port={port}&uploaded={uploaded}&downloaded={downloaded}&left={left}&compact=1\
         &key={key:08X}"
    );
    if let Some(want) = request.want {
        let _ = write!(out, "&numwant={want}");
    }
    if let Some(event) = event_name(request.event) {
        let _ = write!(out, "&event={event}");
    }
    if let Some(id) = &request.tracker_id {
        out.push_str("&trackerid=");
        encode_into(&mut out, id);
    }
    out
}

/// Reads the parameters of an announce. Unknown ones are stepped over; of one that comes twice the
/// last counts.
pub fn parse(query: &str) -> Result<HttpAnnounce, QueryError> {
    if query.len() > 2 * TRACKER_URL_MAX {
        return Err(QueryError::TooLong);
    }
    let parameters = Parameters(query);
    let info_hash = InfoHash(parameters.id("info_hash")?);
    let peer_id = PeerId(parameters.id("peer_id")?);
    let port = parameters.number("port")?.ok_or(QueryError::Missing("port"))?;
    let port = u16::try_from(port).map_err(|_| QueryError::Bad("port"))?;
    let left = parameters.number("left")?.ok_or(QueryError::Missing("left"))?;
    let event = match parameters.bytes("event")?.as_deref() {
        None | Some(b"" | b"empty") => AnnounceEvent::Regular,
        Some(b"started") => AnnounceEvent::Started,
        Some(b"completed") => AnnounceEvent::Completed,
        Some(b"stopped") => AnnounceEvent::Stopped,
        // BEP 21 has more of them; whoever is paused is still there.
        Some(_) => AnnounceEvent::Regular,
    };
    let key = parameters.bytes("key")?.unwrap_or_default();
    let want = match parameters.bytes("numwant")?.as_deref() {
        None | Some(b"" | b"-1") => None,
        Some(_) => parameters.number("numwant")?.map(|want| want.min(u64::from(u32::MAX)) as u32),
    };
    Ok(HttpAnnounce {
        request: AnnounceRequest {
            info_hash,
            peer_id,
            port,
            uploaded: parameters.number("uploaded")?.unwrap_or(0),
            downloaded: parameters.number("downloaded")?.unwrap_or(0),
            left,
            event,
            key: key_number(&key),
            want,
            tracker_id: parameters.bytes("trackerid")?.map(Vec::into_boxed_slice),
        },
        compact: parameters.bytes("compact")?.as_deref() == Some(b"1"),
    })
}

/// A key as a number: ours are eight hexadecimal digits; of any other, a sum that tells keys apart.
fn key_number(key: &[u8]) -> u32 {
    let text = std::str::from_utf8(key).ok().filter(|text| !text.is_empty() && text.len() <= 8);
    let number = text.and_then(|text| u32::from_str_radix(text, 16).ok());
    number.unwrap_or_else(|| {
        key.iter().fold(0, |sum: u32, &byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
    })
}

/// Parameters, found by name.
struct Parameters<'a>(&'a str);

impl Parameters<'_> {
    /// The bytes of a parameter.
    fn bytes(&self, name: &'static str) -> Result<Option<Vec<u8>>, QueryError> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.rev().find(|(key, _)| *key == name).map(|(_, value)| value);
        value.map(|value| decode(value.as_bytes()).ok_or(QueryError::Bad(name))).transpose()
    }

    /// A parameter of twenty bytes.
    fn id(&self, name: &'static str) -> Result<[u8; ID_LENGTH], QueryError> {
        let bytes = self.bytes(name)?.ok_or(QueryError::Missing(name))?;
        bytes.try_into().map_err(|_| QueryError::Bad(name))
    }

    /// A whole number; a negative one is none, some clients tell `left=-1` before they know it.
    fn number(&self, name: &'static str) -> Result<Option<u64>, QueryError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| QueryError::Bad(name))?;
        match text.parse::<i128>() {
            Ok(number) => Ok(Some(u64::try_from(number).unwrap_or(u64::MAX))),
            Err(_) => Err(QueryError::Bad(name)),
        }
    }
}
