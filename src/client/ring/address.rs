//! The address at which others see a node. A node's place on the circle follows from it, so a node
//! that listens "everywhere" has to settle for one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Where the way to the rest of the world begins when nobody is named: addresses of the
/// documentation (RFC 5737, RFC 3849), to which nothing is sent.
const ANYBODY: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// The same address, but with the IP address from which the first of `others` is reached if it was
/// left open.
pub(super) fn settle(listen: SocketAddr, others: &[SocketAddr]) -> io::Result<SocketAddr> {
    if !listen.ip().is_unspecified() {
        return Ok(listen);
    }
    let same = |address: &&SocketAddr| address.is_ipv4() == listen.is_ipv4();
    let anybody = SocketAddr::new(ANYBODY[usize::from(listen.is_ipv6())], 1);
    let ip = way_to(others.iter().find(same).copied().unwrap_or(anybody))?;
    Ok(SocketAddr::new(ip, listen.port()))
}

/// The address of this machine from which another is reached. Sends nothing: a datagram socket is
/// only aimed.
fn way_to(other: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = match other {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(other)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_address_becomes_the_one_that_leads_to_the_others() {
        let near: SocketAddr = "127.0.0.9:7".parse().unwrap();
        let six: SocketAddr = "[::1]:7".parse().unwrap();
        let open: SocketAddr = "0.0.0.0:7000".parse().unwrap();
        assert_eq!(settle(open, &[six, near]).unwrap(), "127.0.0.1:7000".parse().unwrap());
        let named: SocketAddr = "127.0.0.5:7000".parse().unwrap();
        assert_eq!(settle(named, &[near]).unwrap(), named);
    }
}
