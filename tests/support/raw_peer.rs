//! A peer that says whatever a test wants, byte by byte, over a blocking socket. It knows the wire
//! format (BEP 3, 6, 10) by itself, apart from the crate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Bytes of a handshake.
const HANDSHAKE: usize = 68;
/// Bytes of a block.
pub(crate) const BLOCK: u32 = 16 * 1024;
/// Longest message that an honest program sends.
const MESSAGE_MAX: usize = 1024 * 1024;

/// What a peer offers in its handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offers {
    /// Plain BEP 3.
    Nothing,
    /// Fast and the extension protocol.
    All,
}

/// How a connection is after an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The other side has ended it.
    Closed,
    /// It is there.
    Open,
}

/// A connection to the program.
pub(crate) struct RawPeer {
    stream: TcpStream,
}

/// A message with its length in front.
pub(crate) fn message(id: u8, payload: &[u8]) -> Vec<u8> {
    let length = 1 + payload.len() as u32;
    [&length.to_be_bytes()[..], &[id], payload].concat()
}

/// Numbers as messages have them.
pub(crate) fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A handshake for a torrent, named in hexadecimal.
pub(crate) fn handshake(info_hash: &str, name: &str, offers: Offers) -> Vec<u8> {
    let reserved = match offers {
        Offers::Nothing => [0; 8],
        Offers::All => [0, 0, 0, 0, 0, 0x10, 0, 4],
    };
    let digits = info_hash.as_bytes().chunks(2);
    let hash = digits.map(|pair| {
        let pair = str::from_utf8(pair).expect("hexadecimal");
        u8::from_str_radix(pair, 16).expect("hexadecimal")
    });
    let mut bytes = b"\x13BitTorrent protocol".to_vec();
    bytes.extend(reserved);
    bytes.extend(hash);
    bytes.extend(format!("{:0<20.20}", format!("-RW0001-{name}")).bytes());
    bytes
}

impl RawPeer {
    /// A connection on which nothing was said.
    pub(crate) fn connect(port: u16) -> RawPeer {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens");
        stream.set_nodelay(true).expect("an option");
        RawPeer { stream }
    }

    /// A connection after both handshakes.
    pub(crate) fn join(port: u16, info_hash: &str, name: &str, offers: Offers) -> RawPeer {
        let mut peer = RawPeer::connect(port);
        peer.send(&handshake(info_hash, name, offers)).expect("a handshake is taken");
        peer.wait_at_most(Duration::from_secs(30));
        let mut answer = [0; HANDSHAKE];
        peer.stream.read_exact(&mut answer).expect("a handshake is answered");
        peer
    }

    /// Sends bytes; an error means that the other side has ended it.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Whoever floods and does not read may fill both buffers: that is as far as it gets.
        self.stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        self.stream.write_all(bytes)
    }

    /// The next message that is no keep-alive: its id and payload.
    pub(crate) fn receive(&mut self, limit: Duration) -> io::Result<(u8, Vec<u8>)> {
        self.wait_at_most(limit);
        loop {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length)?;
            let length = u32::from_be_bytes(length) as usize;
            assert!(length <= MESSAGE_MAX, "the program sends a message of {length} bytes");
            if length == 0 {
                continue;
            }
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes)?;
            let payload = bytes.split_off(1);
            return Ok((bytes[0], payload));
        }
    }

    /// Waits for the other side to end it.
    pub(crate) fn wait_closed(&mut self, limit: Duration) -> Line {
        self.wait_at_most(limit);
        let mut sink = vec![0; 64 * 1024];
        loop {
            match self.stream.read(&mut sink) {
                Ok(0) => return Line::Closed,
                Ok(_) => {}
                Err(error) if is_timeout(&error) => return Line::Open,
                Err(_) => return Line::Closed,
            }
        }
    }

    /// Whether it is there now; what has come is thrown away.
    pub(crate) fn line(&mut self) -> Line {
        self.wait_closed(Duration::from_millis(1))
    }

    /// Asks for a block and waits for it, whatever else is said meanwhile.
    pub(crate) fn fetch(&mut self, piece: u32, begin: u32, limit: Duration) -> Vec<u8> {
        self.send(&message(6, &numbers(&[piece, begin, BLOCK]))).expect("the peer is there");
        loop {
            let (id, payload) = self.receive(limit).expect("an honest request is answered");
            if id == 7 && payload.starts_with(&numbers(&[piece, begin])) {
                return payload[8..].to_vec();
            }
        }
    }

    fn wait_at_most(&self, limit: Duration) {
        self.stream.set_read_timeout(Some(limit)).expect("a limit above zero");
    }
}

/// Whether an error only says that nothing came.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
