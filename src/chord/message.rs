//! What nodes say to each other: twelve questions, one shape of answer, errors. The bytes are
//! `codec`'s business.
//!
//! No message states who its sender is: that follows from the source address.

use super::contact::Contact;
use super::neighborhood::Arc;
use super::ring_id::RingId;
use crate::id::InfoHash;
use std::net::SocketAddr;

/// Names a question among those of its asker; the low two bits count how often it was sent.
pub type Transaction = [u8; 4];
/// Proves that a node receives what is sent to its address; also the token for a key.
pub type Cookie = [u8; 8];
/// Names a set of replicas.
pub type ViewHash = u32;

/// One datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which question this is or answers.
    pub transaction: Transaction,
    /// The rest.
    pub body: Body,
}

/// A question, an answer or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Asks something.
    Query {
        /// What.
        query: Query,
        /// The proof of the asker's address, or of its right to write.
        cookie: Option<Cookie>,
        /// The asker is no part of the ring and must not be put into lists.
        client: bool,
    },
    /// Answers a question.
    Answer(Box<Answer>),
    /// Says why not.
    Fault(Fault, Box<Answer>),
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Are you there?
    Ping,
    /// Who follows this place, or who is nearer to it?
    FindSuccessor {
        /// The place.
        target: RingId,
        /// Contacts found dead on the way: do not recommend them.
        dead: Vec<Contact>,
    },
    /// Who are your neighbors?
    GetNeighbors,
    /// I think that I am your predecessor.
    Notify {
        /// Who was my successor before I found you: you two may not know each other.
        former: Option<Contact>,
    },
    /// I am leaving.
    Leave {
        /// My successors, for my predecessor.
        successors: Vec<Contact>,
        /// My predecessors, for my successor.
        predecessors: Vec<Contact>,
    },
    /// Who has this torrent?
    GetPeers {
        /// Which torrent.
        info_hash: InfoHash,
        /// Most peers wanted.
        most: u16,
    },
    /// I have this torrent.
    AnnouncePeer(Announce),
    /// What do you hold of this arc?
    Sync {
        /// Which arc.
        arc: Arc,
        /// Digests of my records in its sixteen parts.
        digests: Option<Box<[u64; 16]>>,
        /// I am to become a replica of it, in the view of this hash: forward me what you accept.
        learner: Option<ViewHash>,
    },
    /// These are the replicas of this arc from now on.
    Activate {
        /// Which arc.
        arc: Arc,
        /// The replicas.
        view: Vec<Contact>,
        /// The views that the sender has a majority's records of.
        olds: Vec<ViewHash>,
    },
    /// Give me your records of this arc.
    Fetch {
        /// Which arc.
        arc: Arc,
        /// The last record that the asker has got.
        after: Option<(RingId, SocketAddr)>,
    },
    /// Here are records for you.
    Transfer {
        /// The records.
        records: Vec<Record>,
    },
    /// Ping somebody for me, or have somebody ping me whom I never asked.
    Probe {
        /// Who is to be pinged; missing for the asker, by somebody that the receiver chooses.
        target: Option<SocketAddr>,
        /// Who is not to be chosen: the asker has asked them already.
        spared: Vec<Contact>,
    },
}

/// An announce of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announce {
    /// Which torrent.
    pub info_hash: InfoHash,
    /// Where the peer listens; `None` for the port that the datagram came from.
    pub port: Option<u16>,
    /// Seeder, gone, not to be pinged.
    pub flags: Flags,
    /// Grows with each announce of this address.
    pub sequence: u32,
    /// Seconds for which this holds.
    pub lease: u16,
}

/// What is known of an announced peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Has all pieces.
    pub seeder: bool,
    /// Has left.
    pub gone: bool,
    /// Cannot be pinged (behind a NAT): only its lease decides.
    pub unpingable: bool,
}

/// A peer as a replica tells it to a reader, who merges what several replicas tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Where the peer listens.
    pub address: SocketAddr,
    /// What is known of it; also peers that have gone are told.
    pub flags: Flags,
    /// Which of its announces this is.
    pub sequence: u32,
}

/// One stored peer on its way to another replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Of which torrent.
    pub key: RingId,
    /// Where the peer listens.
    pub address: SocketAddr,
    /// What is known of it.
    pub flags: Flags,
    /// Which of its announces this is.
    pub sequence: u32,
    /// Seconds left of its lease.
    pub lease: u16,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No part of the ring.
    Client,
    /// On its way in.
    Joining,
    /// Part of the ring.
    Member,
    /// On its way out.
    Leaving,
}

/// An answer; which fields are there depends on the question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Where the answerer stands.
    pub standing: Option<Standing>,
    /// The address that the question came from.
    pub seen: Option<SocketAddr>,
    /// A cookie, or the token for the key asked for.
    pub cookie: Option<Cookie>,
    /// Contacts nearer to the place asked for.
    pub closer: Option<Vec<Contact>>,
    /// Nodes at and after the place asked for, or after the answerer.
    pub successors: Option<Vec<Contact>>,
    /// The answerer itself is the first at the place asked for, before `successors`.
    pub first: bool,
    /// Nodes before the answerer.
    pub predecessors: Option<Vec<Contact>>,
    /// Whether the answerer's records of the key or arc are complete.
    pub warm: Option<bool>,
    /// Who holds the key or arc, as far as the answerer has agreed to.
    pub view: Option<Vec<Contact>>,
    /// Peers of the torrent, those that have gone first.
    pub peers: Option<Vec<Peer>>,
    /// Records of the torrent or arc altogether; of an answer about neighbors, keys.
    pub total: Option<u32>,
    /// The lease granted, in seconds.
    pub lease: Option<u16>,
    /// Which of sixteen parts differ.
    pub differing: Option<u16>,
    /// Records of the arc.
    pub records: Option<Vec<Record>>,
    /// More records follow those.
    pub more: bool,
    /// Only the part of the arc up to here lies in one piece: ask again for that alone.
    pub until: Option<RingId>,
    /// Seconds after which to try again.
    pub retry: Option<u16>,
}

/// Why a question is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Anything else.
    Generic,
    /// Over a quota, or another change is under way: try again.
    Busy,
    /// Not understood, or the cookie or token does not hold.
    Protocol,
    /// No such question.
    Unknown,
    /// The key or arc is not the answerer's; its view tells whose.
    NotResponsible,
    /// The answerer is leaving or not in the ring yet.
    NotMember,
}

impl Peer {
    /// Whether this is news to somebody who knows so much: of one address the higher sequence
    /// holds, of equal ones the one that says "gone".
    pub fn outdates(&self, flags: Flags, sequence: u32) -> bool {
        (self.sequence, self.flags.gone) > (sequence, flags.gone)
    }
}

impl Flags {
    /// As one byte on the wire; what a reader does not know is 0.
    pub fn to_bits(self) -> u8 {
        u8::from(self.seeder) | u8::from(self.gone) << 1 | u8::from(self.unpingable) << 2
    }

    /// From a byte on the wire; unknown bits are ignored.
    pub fn from_bits(bits: u8) -> Self {
        Self { seeder: bits & 1 != 0, gone: bits & 2 != 0, unpingable: bits & 4 != 0 }
    }
}

impl Fault {
    /// The number on the wire.
    pub fn code(self) -> i64 {
        match self {
            Self::Generic => 201,
            Self::Busy => 202,
            Self::Protocol => 203,
            Self::Unknown => 204,
            Self::NotResponsible => 301,
            Self::NotMember => 302,
        }
    }

    /// From the number on the wire; unknown ones are generic.
    pub fn from_code(code: i64) -> Self {
        let all =
            [Self::Busy, Self::Protocol, Self::Unknown, Self::NotResponsible, Self::NotMember];
        all.into_iter().find(|fault| fault.code() == code).unwrap_or(Self::Generic)
    }

    /// For people who look at datagrams.
    pub fn text(self) -> &'static str {
        match self {
            Self::Generic => "failed",
            Self::Busy => "busy",
            Self::Protocol => "bad message or token",
            Self::Unknown => "unknown query",
            Self::NotResponsible => "not responsible",
            Self::NotMember => "not a member",
        }
    }
}

impl Standing {
    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Client => 0,
            Self::Joining => 1,
            Self::Member => 2,
            Self::Leaving => 3,
        }
    }

    /// From the number on the wire.
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Client, Self::Joining, Self::Member, Self::Leaving]
            .into_iter()
            .find(|standing| i64::from(standing.code()) == code)
    }
}

impl Query {
    /// The method's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::FindSuccessor { .. } => "find_successor",
            Self::GetNeighbors => "get_neighbors",
            Self::Notify { .. } => "notify",
            Self::Leave { .. } => "leave",
            Self::GetPeers { .. } => "get_peers",
            Self::AnnouncePeer(_) => "announce_peer",
            Self::Sync { .. } => "sync",
            Self::Activate { .. } => "activate",
            Self::Fetch { .. } => "fetch",
            Self::Transfer { .. } => "transfer",
            Self::Probe { .. } => "probe",
        }
    }

    /// Whether the answer may be long, so that a question without a cookie is padded.
    pub fn wants_much(&self) -> bool {
        matches!(
            self,
            Self::FindSuccessor { .. }
                | Self::GetNeighbors
                | Self::GetPeers { .. }
                | Self::Sync { .. }
                | Self::Fetch { .. }
        )
    }
}
