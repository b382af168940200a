//! The packets of the UDP tracker protocol (BEP 15), both sides, with the options of BEP 41.
//!
//! A packet may be longer than what is known of it. Who sent it is checked by the id of the
//! transaction, which only the asker and the asked know.

use crate::id::{ID_LENGTH, InfoHash, PeerId};
use crate::limits::{TRACKER_TEXT_MAX, UDP_SCRAPE_MAX};
use crate::tracker::announce::{
    AnnounceEvent, AnnounceReply, AnnounceRequest, Family, ScrapeFigures, printable,
};
use crate::tracker::http_reply::{COMPACT_V4, COMPACT_V6, read_compact, write_compact};
use crate::tracker::udp_options;

/// What stands where a connection's id would be, in the packet that asks for one.
const PROTOCOL_ID: u64 = 0x0417_2710_1980;

/// Numbers of the actions.
const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UdpRequest {
    /// Asks for the id of a connection.
    Connect {
        /// Names the question.
        transaction: u32,
    },
    /// Announces.
    Announce {
        /// What the tracker gave.
        connection: u64,
        /// Names the question.
        transaction: u32,
        /// What is told. UDP has no tracker id.
        request: AnnounceRequest,
        /// Path and query of the tracker's address (BEP 41).
        path: Vec<u8>,
    },
    /// Asks for figures.
    Scrape {
        /// What the tracker gave.
        connection: u64,
        /// Names the question.
        transaction: u32,
        /// Of which torrents.
        hashes: Vec<InfoHash>,
    },
}

/// What a tracker sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UdpReply {
    /// The id of a connection.
    Connect {
        /// Names the question.
        transaction: u32,
        /// To be sent with questions for a minute.
        connection: u64,
    },
    /// The answer to an announce.
    Announce {
        /// Names the question.
        transaction: u32,
        /// The answer.
        reply: AnnounceReply,
    },
    /// Figures, in the order of the question.
    Scrape {
        /// Names the question.
        transaction: u32,
        /// Of each torrent.
        figures: Vec<ScrapeFigures>,
    },
    /// A no.
    Error {
        /// Names the question.
        transaction: u32,
        /// Why, printable and cut.
        reason: Box<str>,
    },
}

/// Takes numbers and bytes from the front of a packet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.bytes(8)?.try_into().ok()?))
    }

    fn id(&mut self) -> Option<[u8; ID_LENGTH]> {
        self.bytes(ID_LENGTH)?.try_into().ok()
    }
}

impl UdpRequest {
    /// The packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        let head = |out: &mut Vec<u8>, connection: u64, action: u32, transaction: u32| {
            out.extend(connection.to_be_bytes());
            out.extend(action.to_be_bytes());
            out.extend(transaction.to_be_bytes());
        };
        match self {
            Self::Connect { transaction } => head(&mut out, PROTOCOL_ID, CONNECT, *transaction),
            Self::Announce { connection, transaction, request, path } => {
                head(&mut out, *connection, ANNOUNCE, *transaction);
                encode_announce(request, &mut out);
                udp_options::encode(path, &mut out);
            }
            Self::Scrape { connection, transaction, hashes } => {
                head(&mut out, *connection, SCRAPE, *transaction);
                hashes.iter().take(UDP_SCRAPE_MAX).for_each(|hash| out.extend(hash.0));
            }
        }
        out
    }

    /// Reads a packet; nothing if it is no question.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let mut reader = Reader(packet);
        let (connection, action, transaction) = (reader.u64()?, reader.u32()?, reader.u32()?);
        match action {
            CONNECT if connection == PROTOCOL_ID => Some(Self::Connect { transaction }),
            ANNOUNCE => {
                let request = decode_announce(&mut reader)?;
                let path = udp_options::decode(reader.0);
                Some(Self::Announce { connection, transaction, request, path })
            }
            SCRAPE => {
                let hashes = reader.0.chunks_exact(ID_LENGTH).take(UDP_SCRAPE_MAX);
                let hashes = hashes.filter_map(|hash| hash.try_into().ok().map(InfoHash)).collect();
                Some(Self::Scrape { connection, transaction, hashes })
            }
            _ => None,
        }
    }
}

fn encode_announce(request: &AnnounceRequest, out: &mut Vec<u8>) {
    out.extend(request.info_hash.0);
    out.extend(request.peer_id.0);
    for number in [request.downloaded, request.left, request.uploaded] {
        out.extend(number.to_be_bytes());
    }
    let event: u32 = match request.event {
        AnnounceEvent::Regular => 0,
        AnnounceEvent::Completed => 1,
        AnnounceEvent::Started => 2,
        AnnounceEvent::Stopped => 3,
    };
    let want = request.want.map_or(-1, |want| i32::try_from(want).unwrap_or(i32::MAX));
    // No address of ours: the tracker sees it.
    for number in [event, 0, request.key, want.cast_unsigned()] {
        out.extend(number.to_be_bytes());
    }
    out.extend(request.port.to_be_bytes());
}

fn decode_announce(reader: &mut Reader<'_>) -> Option<AnnounceRequest> {
    let (info_hash, peer_id) = (InfoHash(reader.id()?), PeerId(reader.id()?));
    let (downloaded, left, uploaded) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let event = match reader.u32()? {
        1 => AnnounceEvent::Completed,
        2 => AnnounceEvent::Started,
        3 => AnnounceEvent::Stopped,
        _ => AnnounceEvent::Regular,
    };
    let (_our_address, key, want, port) =
        (reader.u32()?, reader.u32()?, reader.u32()?, reader.u16()?);
    let want = u32::try_from(want.cast_signed()).ok();
    let tracker_id = None;
    Some(AnnounceRequest {
        info_hash,
        peer_id,
        port,
        uploaded,
        downloaded,
        left,
        event,
        key,
        want,
        tracker_id,
    })
}

impl UdpReply {
    /// Names the question that this answers.
    pub const fn transaction(&self) -> u32 {
        match self {
            Self::Connect { transaction, .. }
            | Self::Announce { transaction, .. }
            | Self::Scrape { transaction, .. }
            | Self::Error { transaction, .. } => *transaction,
        }
    }

    /// The packet. Peers of the other family than the packet's cannot be told and are left out.
    pub fn encode(&self, family: Family) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        let numbers = |out: &mut Vec<u8>, numbers: &[u32]| {
            numbers.iter().for_each(|number| out.extend(number.to_be_bytes()));
        };
        match self {
            Self::Connect { transaction, connection } => {
                numbers(&mut out, &[CONNECT, *transaction]);
                out.extend(connection.to_be_bytes());
            }
            Self::Announce { transaction, reply } => {
                let counts = [reply.interval, reply.leechers, reply.seeders];
                numbers(&mut out, &[ANNOUNCE, *transaction]);
                numbers(&mut out, &counts.map(Option::unwrap_or_default));
                let peers = reply.peers.iter().map(|peer| peer.address);
                peers
                    .filter(|address| Family::of(address.ip()) == family)
                    .for_each(|address| write_compact(address, &mut out));
            }
            Self::Scrape { transaction, figures } => {
                numbers(&mut out, &[SCRAPE, *transaction]);
                for ScrapeFigures { seeders, completed, leechers } in figures {
                    numbers(&mut out, &[*seeders, *completed, *leechers]);
                }
            }
            Self::Error { transaction, reason } => {
                numbers(&mut out, &[ERROR, *transaction]);
                out.extend(reason.as_bytes());
            }
        }
        out
    }

    /// Reads a packet that came over this family; nothing if it is no answer.
    pub fn decode(packet: &[u8], family: Family) -> Option<Self> {
        let mut reader = Reader(packet);
        let (action, transaction) = (reader.u32()?, reader.u32()?);
        match action {
            CONNECT => Some(Self::Connect { transaction, connection: reader.u64()? }),
            ANNOUNCE => {
                let (interval, leechers, seeders) = (reader.u32()?, reader.u32()?, reader.u32()?);
                let mut peers = Vec::new();
                match family {
                    Family::V4 => read_compact::<COMPACT_V4>(reader.0, &mut peers),
                    Family::V6 => read_compact::<COMPACT_V6>(reader.0, &mut peers),
                }
                let reply = AnnounceReply {
                    interval: Some(interval),
                    seeders: Some(seeders),
                    leechers: Some(leechers),
                    peers,
                    ..AnnounceReply::default()
                };
                Some(Self::Announce { transaction, reply })
            }
            SCRAPE => {
                let mut figures = Vec::new();
                while let Some(bytes) = reader.bytes(12).filter(|_| figures.len() < UDP_SCRAPE_MAX)
                {
                    let mut one = Reader(bytes);
                    let (seeders, completed, leechers) = (one.u32()?, one.u32()?, one.u32()?);
                    figures.push(ScrapeFigures { seeders, completed, leechers });
                }
                Some(Self::Scrape { transaction, figures })
            }
            ERROR => {
                let reason = printable(reader.0, TRACKER_TEXT_MAX);
                Some(Self::Error { transaction, reason })
            }
            _ => None,
        }
    }
}
