//! Looking up hosts. The system's resolver cannot be interrupted, so this is called by threads that
//! have nothing else to do, and nowhere else.

use crate::limits::TRACKER_ADDRESSES_MAX;
use crate::tracker::announce::Family;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::OnceLock;
use ureq::Error;
use ureq::config::{Config, IpFamily};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses of a host in this family, a few at most. Addresses are taken as they are written.
pub fn resolve(host: &str, port: u16, family: Family) -> io::Result<Vec<SocketAddr>> {
    let all: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => (host, port).to_socket_addrs()?.collect(),
    };
    let fitting = all.into_iter().filter(|address| Family::of(address.ip()) == family);
    Ok(fitting.take(TRACKER_ADDRESSES_MAX).collect())
}

/// The resolver of one announce over HTTP. It runs in the thread that asks.
#[derive(Debug, Default)]
pub struct Names {
    /// Whether the first host is somewhere in the open internet.
    public: OnceLock<bool>,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        // A redirect to an address that is none of HTTP's, as `file:///`, has become a path.
        if self.public.get().is_some() && uri.path().contains("://") {
            return Err(Error::BadUri(String::new()));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(usual);
        let family = match config.ip_family() {
            IpFamily::Ipv6Only => Family::V6,
            IpFamily::Any | IpFamily::Ipv4Only => Family::V4,
        };
        let addresses = resolve(host, port, family).map_err(|_| Error::HostNotFound)?;
        let mut found = self.empty();
        for address in addresses {
            // A tracker out there has no business in our own network: it would have us ask routers
            // and printers by way of a redirect.
            if *self.public.get_or_init(|| !is_near(address.ip())) && is_near(address.ip()) {
                return Err(Error::RedirectFailed);
            }
            found.push(address);
        }
        if found.is_empty() { Err(Error::HostNotFound) } else { Ok(found) }
    }
}

/// Whether an address is this machine's or of a network that is not the internet.
fn is_near(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            // 0/8 is this network, 100.64/10 a carrier's own.
            let own = first == 0 || first == 100 && second & 0xc0 == 64;
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || own
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_no_names_and_keep_their_family() {
        let v4 = resolve("127.0.0.1", 80, Family::V4).unwrap();
        assert_eq!(v4, [SocketAddr::from(([127, 0, 0, 1], 80))]);
        assert!(resolve("127.0.0.1", 80, Family::V6).unwrap().is_empty());
        assert_eq!(resolve("::1", 80, Family::V6).unwrap().len(), 1);
    }

    #[test]
    fn what_is_near_is_told_from_the_internet() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.1.1",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["1.1.1.1", "100.63.0.1", "100.128.0.1", "2001:4860::1"] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
