//! What hostile peers say, as a table: each message malformed, lying, flooding or stalling.

use crate::support::raw_peer::{BLOCK, Line, Offers, message, numbers};

/// Messages of a flood: more than may say nothing.
const FLOOD: usize = 4_200;

/// One attack.
pub(crate) struct Attack {
    /// What is done.
    pub(crate) name: &'static str,
    /// What the handshake offers.
    pub(crate) offers: Offers,
    /// What is sent after it.
    pub(crate) bytes: Vec<u8>,
    /// How often.
    pub(crate) times: usize,
    /// What becomes of the connection.
    pub(crate) line: Line,
}

/// An attack by a peer that offers everything.
fn attack(name: &'static str, bytes: Vec<u8>, line: Line) -> Attack {
    Attack { name, offers: Offers::All, bytes, times: 1, line }
}

/// The same thing said all the time.
fn flood(name: &'static str, bytes: Vec<u8>, line: Line) -> Attack {
    Attack { times: FLOOD, ..attack(name, bytes, line) }
}

/// All attacks on a torrent of that many pieces.
pub(crate) fn attacks(pieces: u32) -> Vec<Attack> {
    let mut all = malformed(pieces);
    all.extend(lying(pieces));
    all.extend(flooding());
    all.extend(stalling());
    all
}

/// Bytes that are no message.
fn malformed(pieces: u32) -> Vec<Attack> {
    let bad = |name, id, payload: &[u8]| attack(name, message(id, payload), Line::Closed);
    let plain =
        |name, id, payload: &[u8]| Attack { offers: Offers::Nothing, ..bad(name, id, payload) };
    vec![
        bad("choke with a payload", 0, b"x"),
        bad("unchoke with a payload", 1, b"x"),
        bad("interested with a payload", 2, b"x"),
        bad("not-interested with a payload", 3, b"x"),
        bad("have without a number", 4, b""),
        bad("bitfield too short", 5, &[0]),
        bad("bitfield too long", 5, &vec![0; pieces as usize]),
        bad("request cut short", 6, &numbers(&[0, 0])),
        bad("piece without an offset", 7, &numbers(&[0])),
        bad("piece longer than a block", 7, &vec![0; BLOCK as usize + 9]),
        bad("cancel too long", 8, &numbers(&[0, 0, BLOCK, 0])),
        bad("port too long", 9, &numbers(&[1])),
        bad("suggest without a number", 13, b""),
        bad("have-all with a payload", 14, b"x"),
        bad("have-none with a payload", 15, b"x"),
        bad("reject cut short", 16, &numbers(&[0])),
        bad("allowed-fast too long", 17, &numbers(&[0, 0])),
        bad("extended without an id", 20, b""),
        bad("unknown and long", 99, &[0; 5_000]),
        attack("four gibibytes", vec![0xff, 0xff, 0xff, 0xff, 7], Line::Closed),
        attack("four gibibytes, unknown", vec![0xff, 0xff, 0xff, 0xff, 99], Line::Closed),
        plain("have-all without Fast", 14, b""),
        plain("reject without Fast", 16, &numbers(&[0, 0, BLOCK])),
        plain("extended without the protocol", 20, b"\0de"),
    ]
}

/// Messages that cannot be true, and odd ones that do no harm.
fn lying(pieces: u32) -> Vec<Attack> {
    let bad = |name, id, payload: &[u8]| attack(name, message(id, payload), Line::Closed);
    let odd = |name, id, payload: &[u8]| attack(name, message(id, payload), Line::Open);
    let block = |piece, begin, length: usize| [numbers(&[piece, begin]), vec![5; length]].concat();
    let spare = vec![0xff; pieces.div_ceil(8) as usize];
    vec![
        bad("have of a piece that is not there", 4, &numbers(&[pieces])),
        bad("have of the last number", 4, &numbers(&[u32::MAX])),
        bad("bitfield with spare bits", 5, &spare),
        bad("request past the last piece", 6, &numbers(&[pieces, 0, BLOCK])),
        bad("request that wraps around", 6, &numbers(&[0, u32::MAX, BLOCK])),
        bad("request of nothing", 6, &numbers(&[0, 0, 0])),
        bad("piece past the last", 7, &block(pieces, 0, 9)),
        bad("piece at an odd offset", 7, &block(0, 1, BLOCK as usize)),
        bad("piece of no data", 7, &block(0, 0, 0)),
        bad("reject of a shape nobody asks for", 16, &numbers(&[0, 1, 2])),
        bad("allowed-fast of a piece that is not there", 17, &numbers(&[pieces])),
        odd("request of more than a block", 6, &numbers(&[0, 0, 2 * BLOCK])),
        odd("piece that nobody asked for", 7, &block(0, 0, BLOCK as usize)),
        odd("cancel of nothing", 8, &numbers(&[0, 0, BLOCK])),
        odd("cancel past the last piece", 8, &numbers(&[u32::MAX, u32::MAX, u32::MAX])),
        odd("port 0", 9, &[0, 0]),
        odd("suggest of a piece that is not there", 13, &numbers(&[u32::MAX])),
        odd("have-none after all", 15, b""),
        odd("reject of nothing", 16, &numbers(&[0, 0, BLOCK])),
        odd("extension handshake that is none", 20, b"\0i1e"),
        odd("extension handshake like a bomb", 20, &[&[0][..], &[b'l'; 9_000]].concat()),
        odd("extension that nobody has", 20, b"\x7fde"),
        odd("unknown message", 99, b"hello"),
    ]
}

/// Too much of what would be allowed.
fn flooding() -> Vec<Attack> {
    let both = |one, other| [message(one, b""), message(other, b"")].concat();
    let request = message(6, &numbers(&[0, 0, BLOCK]));
    let unasked = message(7, &[numbers(&[0, 0]), vec![5; BLOCK as usize]].concat());
    vec![
        flood("keep-alives", vec![0; 4], Line::Closed),
        flood("flapping choke", both(1, 0), Line::Closed),
        flood("flapping interest", both(2, 3), Line::Closed),
        flood("the same have", message(4, &numbers(&[0])), Line::Closed),
        flood("cancels", message(8, &numbers(&[0, 0, BLOCK])), Line::Closed),
        flood("ports", message(9, &[0, 1]), Line::Closed),
        flood("suggestions", message(13, &numbers(&[0])), Line::Closed),
        flood("extension handshakes", message(20, b"\0de"), Line::Closed),
        flood("unknown messages", message(99, b""), Line::Closed),
        flood("blocks that nobody asked for", unasked, Line::Closed),
        flood("requests while choked", request, Line::Closed),
    ]
}

/// Said to a download by somebody who never gives a block of it.
pub(crate) fn empty_promise() -> Vec<u8> {
    [message(14, b""), message(1, b"")].concat()
}

/// What begins and does not go on.
fn stalling() -> Vec<Attack> {
    let request = message(6, &numbers(&[0, 0, BLOCK]));
    let stall = |name, bytes| attack(name, bytes, Line::Open);
    vec![
        stall("silence", Vec::new()),
        stall("half a length", vec![0, 0]),
        stall("half a request", request[..9].to_vec()),
        stall("a block that does not come", message(7, &[0; BLOCK as usize + 8])[..100].to_vec()),
        stall("100 KiB that do not come", vec![0, 1, 0x90, 0, 20, 0]),
        stall("interest without a request", message(2, b"")),
    ]
}
