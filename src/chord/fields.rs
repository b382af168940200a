//! The dictionaries of a datagram as serde sees them, with the short keys of the wire. `codec`
//! turns them into checked messages and back.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The outermost dictionary: KRPC (BEP 5) and the ring's tag.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Envelope {
    /// Arguments of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Fields>,
    /// Code and text of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<(i64, ByteBuf)>,
    /// The requester's address as the answerer sees it (BEP 42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<ByteBuf>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<ByteBuf>,
    /// Values of an answer, or what comes with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r: Option<Fields>,
    /// The sender is a client (BEP 43).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ro: Option<i64>,
    /// Transaction.
    pub t: ByteBuf,
    /// The ring's tag.
    pub w: ByteBuf,
    /// `q`, `r` or `e`.
    pub y: ByteBuf,
}

/// All arguments and values; each has one meaning wherever it stands.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Fields {
    /// First place of an arc, without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<ByteBuf>,
    /// Last place of an arc, with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<ByteBuf>,
    /// Closer contacts; of a notify, the former successor; of a probe, the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<ByteBuf>,
    /// Dead contacts; of a probe, those not to be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub d: Option<ByteBuf>,
    /// Flags of a peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f: Option<i64>,
    /// Sixteen digests of eight bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub g: Option<ByteBuf>,
    /// Info-hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub h: Option<ByteBuf>,
    /// The last record that a fetch has got: a place and an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub i: Option<ByteBuf>,
    /// Cookie or token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<ByteBuf>,
    /// Seconds of a lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l: Option<i64>,
    /// Mask of differing parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m: Option<i64>,
    /// A number of records or peers: wanted, or there altogether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<i64>,
    /// 1: the answerer itself is the first; of a fetch: more follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub o: Option<i64>,
    /// Predecessors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<ByteBuf>,
    /// Sequence number of an announce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<i64>,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r: Option<i64>,
    /// Successors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s: Option<ByteBuf>,
    /// Standing of the answerer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub st: Option<i64>,
    /// Port of a peer; missing for the source port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t: Option<i64>,
    /// Hashes of views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u: Option<ByteBuf>,
    /// Peers or records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<ByteBuf>,
    /// A view: the replicas of a key or arc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub w: Option<ByteBuf>,
    /// The place asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<ByteBuf>,
    /// 1 if the answerer's records are complete, 0 if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<i64>,
    /// Padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub z: Option<ByteBuf>,
}
