//! The address of a tracker, checked: scheme, host, port, path and query.
//!
//! What others would choke on is mended (spaces, quotes and foreign letters in path and query are
//! escaped); what nobody can connect to is refused. Query parameters of the address are kept, since
//! private trackers put the user's key there, and are never shown for the same reason.

use crate::limits::TRACKER_URL_MAX;
use crate::tracker::escape::escape_into;
use std::fmt;
use std::net::Ipv6Addr;

/// How a tracker is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// In clear over TCP.
    Http,
    /// Over TLS, with the certificate checked.
    Https,
    /// In datagrams (BEP 15).
    Udp,
}

/// The address of a tracker. It can be cloned cheaply enough for where it is cloned.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackerUrl {
    /// How it is spoken to.
    scheme: Scheme,
    /// Name and password in front of the host, with the `@`; usually nothing.
    user: Box<str>,
    /// Name or address; an IPv6 address without its brackets.
    host: Box<str>,
    /// The port.
    port: u16,
    /// What follows, from the first `/` to before the `?`; starts with `/` unless it is empty.
    path: Box<str>,
    /// What follows the `?`; nothing if there is none.
    query: Box<str>,
}

/// Why a text is no address of a tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlError {
    /// It is longer than the limit.
    TooLong,
    /// It begins with nothing that is known.
    Scheme,
    /// No host, or one that cannot be.
    Host,
    /// A port that is no number from 1 to 65535, or none where one is needed.
    Port,
    /// A control character in it.
    Control,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {TRACKER_URL_MAX} bytes"),
            Self::Scheme => f.write_str("expected http://, https:// or udp:// at the start"),
            Self::Host => f.write_str("expected a host name or address after ://"),
            Self::Port => f.write_str("expected a port from 1 to 65535 (udp:// needs one)"),
            Self::Control => f.write_str("expected no control characters"),
        }
    }
}

impl std::error::Error for UrlError {}

impl Scheme {
    /// What stands in front of `://`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Udp => "udp",
        }
    }

    /// The port where none is named.
    const fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Udp => None,
        }
    }
}

impl TrackerUrl {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > TRACKER_URL_MAX {
            return Err(UrlError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(UrlError::Control);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = [Scheme::Http, Scheme::Https, Scheme::Udp]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(scheme))
            .ok_or(UrlError::Scheme)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) if scheme != Scheme::Udp => (mended(user) + "@", place),
            Some(_) => return Err(UrlError::Host),
            None => (String::new(), authority),
        };
        let (host, port) = host_and_port(place)?;
        let port =
            port.or(scheme.default_port()).filter(|&port| port != 0).ok_or(UrlError::Port)?;
        let (path, query) = (mended(path), mended(query));
        let host = host.to_ascii_lowercase().into();
        let (user, path, query) = (user.into(), path.into(), query.into());
        Ok(Self { scheme, user, host, port, path, query })
    }

    /// How it is spoken to.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Name or address of the host; IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also when none was written.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as BEP 41 sends them behind a UDP announce; empty if there is neither.
    pub fn path_and_query(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, self.query)
    }

    /// The whole address with more parameters behind its own.
    pub fn with_parameters(&self, parameters: &str) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        let joint = if self.query.is_empty() || self.query.ends_with('&') { "" } else { "&" };
        let (scheme, user, query) = (self.scheme.name(), &self.user, &self.query);
        format!("{scheme}://{user}{}{path}?{query}{joint}{parameters}", self.place())
    }

    /// Where it can be scraped (BEP 48): the last part of the path begins with `announce`, which
    /// becomes `scrape`. Nothing if it does not; a UDP tracker is scraped where it is.
    pub fn scrape(&self) -> Option<Self> {
        if self.scheme == Scheme::Udp {
            return Some(self.clone());
        }
        let (folder, last) = self.path.rsplit_once('/')?;
        let rest = last.strip_prefix("announce")?;
        Some(Self { path: format!("{folder}/scrape{rest}").into(), ..self.clone() })
    }

    /// Host and port, with brackets around an IPv6 address, without the port that goes without
    /// saying.
    fn place(&self) -> String {
        let host = &self.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        if self.scheme.default_port() == Some(self.port) {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

/// What may be shown to anybody: neither path nor query, which may hold the user's key.
impl fmt::Display for TrackerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.place())
    }
}

impl fmt::Debug for TrackerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Cuts `host:port`.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(UrlError::Host)?;
        host.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
        let port = rest.strip_prefix(':');
        if port.is_none() && !rest.is_empty() {
            return Err(UrlError::Host);
        }
        (host, port)
    } else {
        let (host, port) = place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p)));
        let lawful = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if host.is_empty() || !host.bytes().all(lawful) {
            return Err(UrlError::Host);
        }
        (host, port)
    };
    match port {
        None | Some("") => Ok((host, None)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((host, Some(digits.parse().map_err(|_| UrlError::Port)?)))
        }
        Some(_) => Err(UrlError::Port),
    }
}

/// The text with everything escaped that may not stand in a URL. Escapes that are there stay.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            escape_into(&mut out, byte);
        }
    }
    out
}
