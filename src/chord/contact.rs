//! A node that can be asked: its address and the place that follows from it.
//!
//! On the wire a contact is its address alone (6 bytes, or 18 with IPv6), so nobody can state a
//! place that is not theirs. A ring has one address family.

use super::ring_id::RingId;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A node's address and place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact {
    /// Where it lies on the circle; follows from the address.
    pub id: RingId,
    /// Where it is asked.
    pub address: SocketAddr,
}

impl Contact {
    /// The contact at an address.
    pub fn new(address: SocketAddr) -> Self {
        Self { id: RingId::of_address(address), address }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{}", self.id, self.address)
    }
}

/// The two families of addresses; a ring has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// 6 bytes an address.
    V4,
    /// 18 bytes an address.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Bytes of an address with its port.
    pub const fn width(self) -> usize {
        match self {
            Self::V4 => 6,
            Self::V6 => 18,
        }
    }
}

/// Appends an address in compact form: the IP address, then the port, most significant byte first.
pub fn write_address(address: SocketAddr, out: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => out.extend(ip.octets()),
        IpAddr::V6(ip) => out.extend(ip.octets()),
    }
    out.extend(address.port().to_be_bytes());
}

/// Reads an address of the family; `None` if the bytes are of another length, or are no address
/// that could be asked (port 0, unspecified, multicast or broadcast).
pub fn read_address(family: Family, bytes: &[u8]) -> Option<SocketAddr> {
    let ip: IpAddr = match family {
        Family::V4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?).into(),
        Family::V6 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(..16)?).ok()?).into(),
    };
    let port = bytes.get(family.width() - 2..)?;
    let port = u16::from_be_bytes(port.try_into().ok()?);
    let broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    let usable = port != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast;
    usable.then(|| SocketAddr::new(ip, port))
}

/// Contacts one behind the other in compact form.
pub fn write_contacts<'a>(contacts: impl IntoIterator<Item = &'a Contact>) -> Vec<u8> {
    let mut out = Vec::new();
    contacts.into_iter().for_each(|contact| write_address(contact.address, &mut out));
    out
}

/// Reads at most `most` contacts; `None` if the length is no multiple of one address, or there are
/// more. Addresses that cannot be asked are left out.
pub fn read_contacts(family: Family, bytes: &[u8], most: usize) -> Option<Vec<Contact>> {
    if !bytes.len().is_multiple_of(family.width()) || bytes.len() > most * family.width() {
        return None;
    }
    let addresses = bytes.chunks_exact(family.width());
    Some(addresses.filter_map(|bytes| read_address(family, bytes)).map(Contact::new).collect())
}

/// Whether an address lies in a network of its own (loopback, private, link-local), where one
/// household or one test is many nodes: quotas per source and subnet do not apply.
pub fn is_local(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The subnet that counts as one owner: /24 of IPv4, /56 of IPv6.
pub fn subnet(address: SocketAddr) -> [u8; 7] {
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            [a, b, c, 0, 0, 0, 0]
        }
        IpAddr::V6(ip) => std::array::from_fn(|index| ip.octets()[index]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_address() -> impl Strategy<Value = SocketAddr> {
        prop_oneof![
            (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| (ip, port).into()),
            (any::<[u8; 16]>(), any::<u16>()).prop_map(|(ip, port)| (ip, port).into()),
        ]
    }

    proptest! {
        #[test]
        fn addresses_read_back_as_written_or_not_at_all(address in any_address()) {
            let mut bytes = Vec::new();
            write_address(address, &mut bytes);
            let family = Family::of(address);
            prop_assert_eq!(bytes.len(), family.width());
            match read_address(family, &bytes) {
                Some(read) => prop_assert_eq!(read, address),
                None => prop_assert!(
                    address.port() == 0 || address.ip().is_unspecified()
                        || address.ip().is_multicast()
                        || address.ip() == IpAddr::V4(Ipv4Addr::BROADCAST)
                ),
            }
        }

        #[test]
        fn any_bytes_are_contacts_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for family in [Family::V4, Family::V6] {
                let read = read_contacts(family, &bytes, 8);
                let fits = bytes.len() % family.width() == 0 && bytes.len() / family.width() <= 8;
                prop_assert_eq!(read.is_some(), fits);
                prop_assert!(read.unwrap_or_default().len() <= 8);
            }
        }
    }

    #[test]
    fn private_networks_are_known_and_subnets_differ() {
        let local = |text: &str| is_local(text.parse().unwrap());
        assert!(local("127.0.0.1:1") && local("10.1.2.3:1") && local("[fd00::1]:1"));
        assert!(!local("8.8.8.8:1") && !local("[2001:db8::1]:1"));
        let subnet = |text: &str| subnet(text.parse().unwrap());
        assert_eq!(subnet("1.2.3.4:1"), subnet("1.2.3.9:7"));
        assert_ne!(subnet("1.2.3.4:1"), subnet("1.2.4.4:1"));
        assert_eq!(subnet("[2001:db8:1:200::1]:1"), subnet("[2001:db8:1:2ff::9]:1"));
    }
}
