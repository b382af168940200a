//! What a node waits for: calls, lookups, announces and reads, fetches, answers held back.

use crate::chord::contact::Contact;
use crate::chord::message::{Announce, Answer, Cookie, Fault, Flags, Query, Transaction};
use crate::chord::neighborhood::Arc as RingArc;
use crate::chord::quorum::Tally;
use crate::chord::ring_id::RingId;
use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::limits::PROBE_SENT_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// A question that waits for its answer.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Who is asked.
    pub to: Contact,
    /// What is asked.
    pub query: Query,
    /// The token that goes with it.
    pub token: Option<Cookie>,
    /// The cookie or token that it was last sent with.
    pub cookie: Option<Cookie>,
    /// Why.
    pub purpose: Purpose,
    /// When it was first sent.
    pub first: Time,
    /// When it was last sent.
    pub last: Time,
    /// How often it was sent.
    pub sends: u8,
    /// When it is sent again, or given up.
    pub due: Time,
}

/// Why something is asked: who gets the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first neighbor found while joining.
    Join,
    /// Stabilization: the successor.
    Successor,
    /// Stabilization: a node that may be a better successor.
    Candidate,
    /// Tells the successor about this node.
    Notify,
    /// The predecessor, or one that may be.
    Predecessor,
    /// A predecessor that somebody else wants to replace.
    Rectify {
        /// Who wants to.
        notifier: Contact,
    },
    /// An entry of a list that was not heard of for long.
    Check,
    /// One step of a lookup.
    Lookup(u64),
    /// A replica's peers, and its token.
    Read(u64),
    /// A replica's acknowledgement.
    Write(u64),
    /// What a replica holds of an arc: for an acquisition, or only to compare.
    Sync(Option<u64>, RingArc),
    /// A replica's agreement to a new view.
    Activate(u64),
    /// Records of a replica.
    Fetch(u64),
    /// An accepted announce of a key on its way to a learner.
    Forward(u64, RingId),
    /// Whether a peer stored under a key is there.
    Liveness(RingId),
    /// What a node says of itself, for a command of the owner.
    Visit(u64),
    /// Whether somebody is asked to ping this node.
    Probe,
    /// A ping that somebody else has asked for.
    OnBehalf(u64),
    /// Whether others hear of a neighbor that does not answer.
    Inquiry(Contact),
    /// Stabilization round a successor that only others hear of: the one behind it.
    Around,
    /// Tells a neighbor that this node leaves.
    Farewell,
    /// Nobody waits for the answer.
    Courtesy,
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It did not answer, however often it was asked.
    Silent,
    /// It said no.
    Fault(Fault, Box<Answer>),
    /// It was not asked: too many calls wait.
    Overloaded,
}

/// Why a lookup is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To join.
    Join,
    /// To set a finger.
    Finger(usize),
    /// To find another ring.
    Merge,
    /// A command of the owner.
    Find(u64),
    /// An announce or read: its replicas.
    Operation(u64),
}

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A call is to be sent again or given up.
    Call(u32),
    /// A request of a lookup is late, or the lookup is.
    Lookup(u64),
    /// Try again to join.
    Join,
    /// Look which arcs this node should hold.
    Arcs,
    /// An announce or read begins a new round, or gives up.
    Operation(u64),
    /// Strangers had time to reach this node, or it tries again.
    Probe,
    /// Others had time to take over what this node held.
    Leave,
}

/// Finding out whether strangers reach this node.
#[derive(Debug, Clone)]
pub(crate) struct Probing {
    /// Until when it waits for them.
    pub until: Time,
    /// Nodes asked for strangers.
    pub asked: usize,
    /// Those of them that answered.
    pub answers: usize,
    /// Those of them that found some.
    pub passed_on: usize,
    /// Strangers who came.
    pub came: BTreeSet<SocketAddr>,
    /// Whom this node has sent something to meanwhile: they are no strangers.
    sent: BTreeSet<SocketAddr>,
}

impl Probing {
    /// Waits until then for what so many nodes make of it.
    pub(crate) fn new(until: Time, asked: usize) -> Self {
        let (came, sent) = (BTreeSet::new(), BTreeSet::new());
        Self { until, asked, answers: 0, passed_on: 0, came, sent }
    }

    /// Something was sent to an address.
    pub(crate) fn sent(&mut self, to: SocketAddr) {
        if self.sent.len() < PROBE_SENT_MAX {
            self.sent.insert(to);
        }
    }

    /// Whether something was sent to an address, or may have been.
    pub(crate) fn knows(&self, from: SocketAddr) -> bool {
        self.sent.contains(&from) || self.sent.len() >= PROBE_SENT_MAX
    }
}

/// An announce or read under way.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// The owner's number for it.
    pub command: u64,
    /// Of which torrent.
    pub info_hash: InfoHash,
    /// What is announced; nothing for a read.
    pub announce: Option<Announce>,
    /// When it gives up.
    pub deadline: Time,
    /// Rounds begun.
    pub rounds: u32,
    /// Who was asked in this round.
    pub asked: BTreeSet<RingId>,
    /// Answers that it waits for.
    pub waiting: usize,
    /// Replies so far in this round.
    pub tally: Tally,
    /// What replicas told of each peer, the latest.
    pub peers: BTreeMap<SocketAddr, (Flags, u32)>,
    /// The owner knows how it went: an announce goes on to the replicas that were not needed.
    pub told: bool,
}

/// Records on their way from a replica.
#[derive(Debug, Clone)]
pub(crate) struct Fetch {
    /// Who has them.
    pub from: Contact,
    /// Parts to fetch, the last one first.
    pub parts: Vec<RingArc>,
    /// The last record of the part under way.
    pub after: Option<(RingId, SocketAddr)>,
    /// Which acquisition waits for them.
    pub acquisition: Option<u64>,
}

/// An answer that waits for learners.
#[derive(Debug, Clone)]
pub(crate) struct Deferred {
    /// Who gets it.
    pub asker: Asker,
    /// The answer.
    pub answer: Answer,
    /// Learners that have not answered.
    pub waiting: usize,
}

/// Who asks, and what the answer needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    /// Where from.
    pub from: SocketAddr,
    /// Which of its questions.
    pub transaction: Transaction,
    /// The cookie or token that came with it.
    pub cookie: Option<Cookie>,
    /// No part of the ring.
    pub client: bool,
    /// Bytes of the question.
    pub length: usize,
}
