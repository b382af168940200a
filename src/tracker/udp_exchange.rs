//! One question to a UDP tracker, from its first packet to the answer: connecting where no
//! connection is known, asking, and asking again when nothing comes (BEP 15: after 15·2ⁿ seconds).
//!
//! Pure: packets and time in, packets and the next deadline out. The owner sends what
//! [`Exchange::poll`] gives, hands over what comes, and gives up when its own patience ends.

use crate::id::InfoHash;
use crate::kit::clock::Time;
use crate::kit::random::Random;
use crate::limits::{UDP_CONNECTION_LIFE, UDP_RETRIES_MAX, UDP_RETRY_FIRST};
use crate::tracker::announce::{AnnounceReply, AnnounceRequest, Family, ScrapeFigures};
use crate::tracker::udp::{UdpReply, UdpRequest};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// An announce, with path and query of the tracker's address.
    Announce(Box<AnnounceRequest>, Vec<u8>),
    /// The figures of one torrent.
    Scrape(InfoHash),
}

/// A connection's id and since when it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The id.
    pub id: u64,
    /// When it came.
    pub since: Time,
}

/// What the owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// Send this packet, then poll again.
    Send(Vec<u8>),
    /// Wait for a packet until then, then poll again.
    Wait(Time),
    /// Nothing came, however often it was asked for.
    GiveUp,
}

/// How a question ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The answer to an announce.
    Announced(AnnounceReply),
    /// The figures.
    Scraped(ScrapeFigures),
    /// The tracker's no.
    Refused(Box<str>),
}

/// A question under way.
#[derive(Debug)]
pub struct Exchange {
    /// What is asked.
    question: Question,
    /// Over which family, which says how long an address is.
    family: Family,
    /// The connection, if one is known.
    connection: Option<Connection>,
    /// Names what was sent last.
    transaction: u32,
    /// Whether what was sent last asked for a connection.
    connecting: bool,
    /// How often nothing came.
    silences: u32,
    /// When to send (again).
    due: Time,
    /// Names transactions.
    random: Random,
}

impl Exchange {
    /// A question of this moment. `known` is a connection of before, if there is one.
    pub fn new(
        question: Question,
        family: Family,
        known: Option<Connection>,
        random: Random,
        now: Time,
    ) -> Self {
        Self {
            question,
            family,
            connection: known,
            transaction: 0,
            connecting: false,
            silences: 0,
            due: now,
            random,
        }
    }

    /// The connection as it is known now, for the next question.
    pub fn connection(&self) -> Option<Connection> {
        self.connection
    }

    /// What is to be done now.
    pub fn poll(&mut self, now: Time) -> Poll {
        if now < self.due {
            return Poll::Wait(self.due);
        }
        if self.silences > UDP_RETRIES_MAX {
            return Poll::GiveUp;
        }
        if self.connection.is_some_and(|known| now.since(known.since) >= UDP_CONNECTION_LIFE) {
            self.connection = None;
        }
        self.due = now + UDP_RETRY_FIRST * 2_u32.pow(self.silences);
        self.silences += 1;
        self.transaction = self.random.next_u64() as u32;
        self.connecting = self.connection.is_none();
        Poll::Send(self.packet().encode())
    }

    /// Something came. What is not the answer to what was sent last is nothing: it may be late, or
    /// somebody else's.
    pub fn received(&mut self, now: Time, packet: &[u8]) -> Option<Answer> {
        let reply = UdpReply::decode(packet, self.family)?;
        if self.silences == 0 || reply.transaction() != self.transaction {
            return None;
        }
        match (reply, &self.question) {
            (UdpReply::Connect { connection, .. }, _) if self.connecting => {
                self.connection = Some(Connection { id: connection, since: now });
                (self.connecting, self.silences, self.due) = (false, 0, now);
                None
            }
            (UdpReply::Error { reason, .. }, _) => {
                // It may be that the id is not good any more: the next question gets a new one.
                self.connection = None;
                Some(Answer::Refused(reason))
            }
            (UdpReply::Announce { reply, .. }, Question::Announce(..)) if !self.connecting => {
                Some(Answer::Announced(reply))
            }
            (UdpReply::Scrape { figures, .. }, Question::Scrape(_)) if !self.connecting => {
                figures.first().copied().map(Answer::Scraped)
            }
            (
                UdpReply::Connect { .. } | UdpReply::Announce { .. } | UdpReply::Scrape { .. },
                Question::Announce(..) | Question::Scrape(_),
            ) => None,
        }
    }

    fn packet(&self) -> UdpRequest {
        let transaction = self.transaction;
        let Some(Connection { id: connection, .. }) = self.connection else {
            return UdpRequest::Connect { transaction };
        };
        match &self.question {
            Question::Announce(request, path) => UdpRequest::Announce {
                connection,
                transaction,
                request: (**request).clone(),
                path: path.clone(),
            },
            Question::Scrape(hash) => {
                UdpRequest::Scrape { connection, transaction, hashes: vec![*hash] }
            }
        }
    }
}
