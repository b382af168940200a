//! Messages from and to the bytes of a datagram, strictly: bounded in length, nesting and number
//! of values, keys in order, every field of its one length.
//!
//! The scanner of [`crate::bencode`] sees the bytes before serde does. What a stranger adds under
//! keys that we do not know is ignored.

use super::contact::{Contact, Family, read_address, read_contacts, write_address, write_contacts};
use super::error::MessageError;
use super::fields::{Envelope, Fields};
use super::message::{Announce, Answer, Body, Fault, Flags, Message, Query, Standing};
use super::neighborhood::Arc;
use super::packed::{read_peers, read_records, write_peers, write_records};
use super::ring_id::RingId;
use super::settings::{REPLICAS_MAX, RingTag, SUCCESSORS_MAX};
use crate::bencode::{Dict, Mode, ScanLimits, from_bytes, to_bytes};
use crate::id::{ID_LENGTH, InfoHash};
use crate::limits::{
    CLOSER_CONTACTS, DATAGRAM_READ_MAX, DEAD_LISTED_MAX, PREDECESSORS_PER_REPLICA, RING_DEPTH_MAX,
    RING_TOKENS_MAX,
};
use serde_bytes::ByteBuf;
use std::net::SocketAddr;

/// What a datagram may cost to read.
const LIMITS: ScanLimits =
    ScanLimits { depth: RING_DEPTH_MAX, tokens: RING_TOKENS_MAX, mode: Mode::Strict };
/// Most predecessors that anybody tells.
const PREDECESSORS_MAX: usize = REPLICAS_MAX * PREDECESSORS_PER_REPLICA;

/// Reads a datagram of a ring.
pub fn decode(bytes: &[u8], ring: RingTag, family: Family) -> Result<Message, MessageError> {
    if bytes.len() > DATAGRAM_READ_MAX {
        return Err(MessageError::TooLong { length: bytes.len() });
    }
    let Dict(envelope) = from_bytes::<Dict<Envelope>>(bytes, LIMITS)?;
    if *envelope.w != ring {
        return Err(MessageError::OtherRing);
    }
    let transaction = fixed(&envelope.t, "t")?;
    let body = match envelope.y.as_slice() {
        b"q" => {
            let fields = envelope.a.unwrap_or_default();
            let cookie = fields.k.as_ref().map(|bytes| fixed(bytes, "k")).transpose()?;
            let name = envelope.q.ok_or(MessageError::Missing { field: "q" })?;
            let query = query(&name, &fields, family).map_err(|error| {
                // The question can be answered with an error, so its transaction matters.
                let unknown = matches!(error, MessageError::UnknownQuery { .. });
                if unknown { MessageError::UnknownQuery { transaction } } else { error }
            })?;
            Body::Query { query, cookie, client: envelope.ro == Some(1) }
        }
        b"r" => {
            let fields = envelope.r.ok_or(MessageError::Missing { field: "r" })?;
            Body::Answer(Box::new(answer(&fields, envelope.ip, family)?))
        }
        b"e" => {
            let (code, _) = envelope.e.ok_or(MessageError::Missing { field: "e" })?;
            let fields = envelope.r.unwrap_or_default();
            Body::Fault(Fault::from_code(code), Box::new(answer(&fields, envelope.ip, family)?))
        }
        _ => return Err(MessageError::Bad { field: "y", expected: "`q`, `r` or `e`" }),
    };
    Ok(Message { transaction, body })
}

/// Writes a datagram of a ring; a question is padded to at least `padded` bytes.
pub fn encode(message: &Message, ring: RingTag, padded: usize) -> Vec<u8> {
    let mut envelope = Envelope {
        t: ByteBuf::from(message.transaction),
        w: ByteBuf::from(ring),
        ..Envelope::default()
    };
    match &message.body {
        Body::Query { query, cookie, client } => {
            envelope.y = ByteBuf::from(b"q");
            envelope.q = Some(ByteBuf::from(query.name()));
            envelope.ro = client.then_some(1);
            let mut fields = query_fields(query);
            fields.k = cookie.map(ByteBuf::from);
            envelope.a = Some(fields);
        }
        Body::Answer(answer) => {
            envelope.y = ByteBuf::from(b"r");
            envelope.ip = answer.seen.map(one_address);
            envelope.r = Some(answer_fields(answer));
        }
        Body::Fault(fault, answer) => {
            envelope.y = ByteBuf::from(b"e");
            envelope.ip = answer.seen.map(one_address);
            envelope.e = Some((fault.code(), ByteBuf::from(fault.text())));
            envelope.r = Some(answer_fields(answer));
        }
    }
    let bytes = to_bytes(&envelope).expect("a message is bounded and flat");
    let short = padded.saturating_sub(bytes.len());
    match &mut envelope.a {
        // The key, the length and its colon take some bytes of their own.
        Some(fields) if short > 8 => {
            fields.z = Some(ByteBuf::from(vec![0; short - 7]));
            to_bytes(&envelope).expect("a message is bounded and flat")
        }
        Some(_) | None => bytes,
    }
}

/// Reads the arguments of a query.
fn query(name: &[u8], fields: &Fields, family: Family) -> Result<Query, MessageError> {
    Ok(match name {
        b"ping" => Query::Ping,
        b"find_successor" => Query::FindSuccessor {
            target: RingId(fixed(need(&fields.x, "x")?, "x")?),
            dead: contacts(&fields.d, "d", family, DEAD_LISTED_MAX)?.unwrap_or_default(),
        },
        b"get_neighbors" => Query::GetNeighbors,
        b"notify" => {
            let former = contacts(&fields.c, "c", family, 1)?.unwrap_or_default();
            Query::Notify { former: former.first().copied() }
        }
        b"leave" => Query::Leave {
            successors: contacts(&fields.s, "s", family, SUCCESSORS_MAX)?.unwrap_or_default(),
            predecessors: contacts(&fields.p, "p", family, PREDECESSORS_MAX)?.unwrap_or_default(),
        },
        b"get_peers" => Query::GetPeers {
            info_hash: InfoHash(fixed(need(&fields.h, "h")?, "h")?),
            most: number(fields.n, "n")?.unwrap_or(u16::MAX),
        },
        b"announce_peer" => Query::AnnouncePeer(Announce {
            info_hash: InfoHash(fixed(need(&fields.h, "h")?, "h")?),
            port: number(fields.t, "t")?,
            flags: Flags::from_bits(number(fields.f, "f")?.unwrap_or(0)),
            sequence: number(fields.q, "q")?.ok_or(MessageError::Missing { field: "q" })?,
            lease: number(fields.l, "l")?.ok_or(MessageError::Missing { field: "l" })?,
        }),
        b"sync" => {
            let views = views(&fields.u)?;
            let digests = fields.g.as_ref().map(|bytes| digests(bytes)).transpose()?;
            Query::Sync { arc: arc(fields)?, digests, learner: views.first().copied() }
        }
        b"activate" => Query::Activate {
            arc: arc(fields)?,
            view: contacts(&fields.w, "w", family, REPLICAS_MAX)?
                .ok_or(MessageError::Missing { field: "w" })?,
            olds: views(&fields.u)?,
        },
        b"fetch" => Query::Fetch { arc: arc(fields)?, after: after(&fields.i, family)? },
        b"transfer" => {
            let bytes = need(&fields.v, "v")?;
            let records = read_records(family, bytes);
            let bad = MessageError::Bad { field: "v", expected: "packed records" };
            Query::Transfer { records: records.ok_or(bad)? }
        }
        b"probe" => {
            let target = contacts(&fields.c, "c", family, 1)?.unwrap_or_default();
            let spared = contacts(&fields.d, "d", family, DEAD_LISTED_MAX)?.unwrap_or_default();
            Query::Probe { target: target.first().map(|contact| contact.address), spared }
        }
        _ => return Err(MessageError::UnknownQuery { transaction: [0; 4] }),
    })
}

/// Writes the arguments of a query.
fn query_fields(query: &Query) -> Fields {
    let mut fields = Fields::default();
    match query {
        Query::Ping | Query::GetNeighbors => {}
        Query::FindSuccessor { target, dead } => {
            fields.x = Some(ByteBuf::from(target.0));
            fields.d = (!dead.is_empty()).then(|| list(dead));
        }
        Query::Notify { former } => fields.c = former.map(|former| list(&[former])),
        Query::Leave { successors, predecessors } => {
            fields.s = Some(list(successors));
            fields.p = Some(list(predecessors));
        }
        Query::GetPeers { info_hash, most } => {
            fields.h = Some(ByteBuf::from(info_hash.0));
            fields.n = Some((*most).into());
        }
        Query::AnnouncePeer(announce) => {
            fields.h = Some(ByteBuf::from(announce.info_hash.0));
            fields.t = announce.port.map(i64::from);
            fields.f = Some(announce.flags.to_bits().into());
            fields.q = Some(announce.sequence.into());
            fields.l = Some(announce.lease.into());
        }
        Query::Sync { arc, digests, learner } => {
            write_arc(*arc, &mut fields);
            fields.g = digests.as_ref().map(|digests| {
                ByteBuf::from(digests.iter().flat_map(|d| d.to_be_bytes()).collect::<Vec<u8>>())
            });
            fields.u = learner.map(|view| ByteBuf::from(view.to_be_bytes()));
        }
        Query::Activate { arc, view, olds } => {
            write_arc(*arc, &mut fields);
            fields.w = Some(list(view));
            let olds = olds.iter().flat_map(|old| old.to_be_bytes());
            fields.u = Some(ByteBuf::from(olds.collect::<Vec<u8>>()));
        }
        Query::Fetch { arc, after } => {
            write_arc(*arc, &mut fields);
            fields.i = after.map(|(key, address)| {
                let mut bytes = key.0.to_vec();
                write_address(address, &mut bytes);
                ByteBuf::from(bytes)
            });
        }
        Query::Transfer { records } => fields.v = Some(ByteBuf::from(write_records(records))),
        Query::Probe { target, spared } => {
            fields.c = target.map(one_address);
            fields.d = (!spared.is_empty()).then(|| list(spared));
        }
    }
    fields
}

/// Reads the values of an answer.
fn answer(fields: &Fields, seen: Option<ByteBuf>, family: Family) -> Result<Answer, MessageError> {
    let flag = |value: Option<i64>| value.map(|value| value == 1);
    let peers = fields.v.as_ref().filter(|_| fields.a.is_none());
    let peers = peers.map(|bytes| {
        read_peers(family, bytes).ok_or(MessageError::Bad { field: "v", expected: "packed peers" })
    });
    // Records come with the arc that they are of.
    let records = fields.v.as_ref().filter(|_| fields.a.is_some());
    let records = records.map(|bytes| {
        let bad = MessageError::Bad { field: "v", expected: "packed records" };
        read_records(family, bytes).ok_or(bad)
    });
    Ok(Answer {
        standing: fields.st.and_then(Standing::from_code),
        seen: seen.and_then(|bytes| read_exactly(&bytes, family)),
        cookie: fields.k.as_ref().map(|bytes| fixed(bytes, "k")).transpose()?,
        closer: contacts(&fields.c, "c", family, CLOSER_CONTACTS)?,
        successors: contacts(&fields.s, "s", family, SUCCESSORS_MAX)?,
        first: fields.o == Some(1),
        predecessors: contacts(&fields.p, "p", family, PREDECESSORS_MAX)?,
        warm: flag(fields.y),
        view: contacts(&fields.w, "w", family, REPLICAS_MAX)?,
        peers: peers.transpose()?,
        total: number(fields.n, "n")?,
        lease: number(fields.l, "l")?,
        differing: number(fields.m, "m")?,
        records: records.transpose()?,
        more: fields.o == Some(1),
        until: fields.x.as_ref().map(|bytes| fixed(bytes, "x")).transpose()?.map(RingId),
        retry: number(fields.r, "r")?,
    })
}

/// Writes the values of an answer.
fn answer_fields(answer: &Answer) -> Fields {
    let records = answer.records.as_ref();
    let peers = answer.peers.as_ref().map(|peers| write_peers(peers));
    Fields {
        // Marks `v` as records; see `answer`.
        a: records.map(|_| ByteBuf::new()),
        st: answer.standing.map(|standing| standing.code().into()),
        k: answer.cookie.map(ByteBuf::from),
        c: answer.closer.as_deref().map(list),
        s: answer.successors.as_deref().map(list),
        o: (answer.first || answer.more).then_some(1),
        p: answer.predecessors.as_deref().map(list),
        y: answer.warm.map(i64::from),
        w: answer.view.as_deref().map(list),
        v: records.map(|records| write_records(records)).or(peers).map(ByteBuf::from),
        n: answer.total.map(i64::from),
        l: answer.lease.map(i64::from),
        m: answer.differing.map(i64::from),
        x: answer.until.map(|until| ByteBuf::from(until.0)),
        r: answer.retry.map(i64::from),
        ..Fields::default()
    }
}

/// A field that must be there.
fn need<'a>(field: &'a Option<ByteBuf>, name: &'static str) -> Result<&'a ByteBuf, MessageError> {
    field.as_ref().ok_or(MessageError::Missing { field: name })
}

/// A byte string of one length.
fn fixed<const N: usize>(bytes: &[u8], field: &'static str) -> Result<[u8; N], MessageError> {
    bytes.try_into().map_err(|_| MessageError::Bad { field, expected: "another number of bytes" })
}

/// A number that fits.
fn number<T: TryFrom<i64>>(
    value: Option<i64>,
    field: &'static str,
) -> Result<Option<T>, MessageError> {
    let bad = |_| MessageError::Bad { field, expected: "a number in its range" };
    value.map(|value| T::try_from(value).map_err(bad)).transpose()
}

/// A list of contacts, if it is there.
fn contacts(
    field: &Option<ByteBuf>,
    name: &'static str,
    family: Family,
    most: usize,
) -> Result<Option<Vec<Contact>>, MessageError> {
    let bad = MessageError::Bad { field: name, expected: "a list of contacts within its bound" };
    let read = |bytes: &ByteBuf| read_contacts(family, bytes, most).ok_or(bad);
    field.as_ref().map(read).transpose()
}

/// A list of contacts as a field.
fn list(contacts: &[Contact]) -> ByteBuf {
    ByteBuf::from(write_contacts(contacts))
}

/// One address as a field.
fn one_address(address: SocketAddr) -> ByteBuf {
    let mut bytes = Vec::new();
    write_address(address, &mut bytes);
    ByteBuf::from(bytes)
}

/// One address that is the whole of the bytes.
fn read_exactly(bytes: &[u8], family: Family) -> Option<SocketAddr> {
    if bytes.len() == family.width() { read_address(family, bytes) } else { None }
}

/// The two ends of an arc.
fn arc(fields: &Fields) -> Result<Arc, MessageError> {
    let begin = RingId(fixed(need(&fields.a, "a")?, "a")?);
    let end = RingId(fixed(need(&fields.b, "b")?, "b")?);
    Ok(Arc { begin, end })
}

fn write_arc(arc: Arc, fields: &mut Fields) {
    fields.a = Some(ByteBuf::from(arc.begin.0));
    fields.b = Some(ByteBuf::from(arc.end.0));
}

/// Hashes of at most eight views.
fn views(field: &Option<ByteBuf>) -> Result<Vec<u32>, MessageError> {
    let bytes = field.as_deref().map_or(&[][..], |bytes| bytes);
    let (chunks, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() || chunks.len() > REPLICAS_MAX {
        return Err(MessageError::Bad { field: "u", expected: "hashes of views" });
    }
    Ok(chunks.iter().map(|chunk| u32::from_be_bytes(*chunk)).collect())
}

/// Sixteen digests.
fn digests(bytes: &[u8]) -> Result<Box<[u64; 16]>, MessageError> {
    let bytes: [u8; 128] = fixed(bytes, "g")?;
    let (chunks, _) = bytes.as_chunks::<8>();
    Ok(Box::new(std::array::from_fn(|index| u64::from_be_bytes(chunks[index]))))
}

/// The place and address that a fetch goes on after.
fn after(
    field: &Option<ByteBuf>,
    family: Family,
) -> Result<Option<(RingId, SocketAddr)>, MessageError> {
    let bad = MessageError::Bad { field: "i", expected: "a place and an address" };
    let Some(bytes) = field else { return Ok(None) };
    let (key, address) = bytes.split_first_chunk::<ID_LENGTH>().ok_or(bad.clone())?;
    let address = read_exactly(address, family).ok_or(bad)?;
    Ok(Some((RingId(*key), address)))
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
