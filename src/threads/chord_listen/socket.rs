//! UDP sockets of ring nodes: opened, and read in bounded pieces.

use crate::limits::{DATAGRAM_READ_MAX, RING_SOCKET_BUFFER};
use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// A socket at this address. IPv6 sockets take IPv6 only, so that both families can have the same
/// port.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // The system may give less than asked for; then more is lost in a burst and sent again.
    let _ = socket.set_recv_buffer_size(RING_SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(RING_SOCKET_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

/// What a look at the socket brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// A datagram of so many bytes.
    Datagram(SocketAddr, usize),
    /// One that is too long to be of the ring.
    TooLong,
    /// Nothing more.
    Nothing,
}

/// Room for one datagram, and a byte to see that it is longer than any of the ring.
pub(super) type Room = [u8; DATAGRAM_READ_MAX + 1];

/// The next datagram that waits.
pub(super) fn read(socket: &UdpSocket, room: &mut Room) -> Read {
    loop {
        return match socket.recv_from(room) {
            Ok((length, _)) if length > DATAGRAM_READ_MAX => Read::TooLong,
            Ok((length, from)) => Read::Datagram(plain(from), length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Read::Nothing,
            // Of an earlier datagram that was refused somewhere: nothing that waits here.
            Err(error) if is_of_one_datagram(error.kind()) => continue,
            Err(error) => {
                log::warn!("reading from the ring's socket failed: {error}");
                Read::Nothing
            }
        };
    }
}

/// The address without what only this machine knows of it: a place follows from it.
fn plain(mut address: SocketAddr) -> SocketAddr {
    if let SocketAddr::V6(address) = &mut address {
        address.set_flowinfo(0);
    }
    address
}

/// Whether an error concerns one datagram that was sent.
fn is_of_one_datagram(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Interest, Poll, Token};
    use std::time::Duration;

    #[test]
    fn a_datagram_comes_whole_or_is_known_to_be_too_long() {
        let mut socket = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let (here, mut room) = (socket.local_addr().unwrap(), [0; DATAGRAM_READ_MAX + 1]);
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut socket, Token(0), Interest::READABLE).unwrap();
        assert_eq!(read(&socket, &mut room), Read::Nothing);
        let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for length in [DATAGRAM_READ_MAX, DATAGRAM_READ_MAX + 1, 9_000, 0] {
            other.send_to(&vec![7; length], here).unwrap();
        }
        poll.poll(&mut Events::with_capacity(4), Some(Duration::from_secs(20))).unwrap();
        let from = other.local_addr().unwrap();
        let mut found = Vec::new();
        while found.len() < 4 {
            match read(&socket, &mut room) {
                // Loopback delivers before `send_to` returns.
                Read::Nothing => panic!("only {found:?} came"),
                found_one @ (Read::Datagram(..) | Read::TooLong) => found.push(found_one),
            }
        }
        let whole = |length| Read::Datagram(from, length);
        let expected = [whole(DATAGRAM_READ_MAX), Read::TooLong, Read::TooLong, whole(0)];
        assert_eq!(found, expected);
    }
}
