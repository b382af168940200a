//! What all announces share: our name, the certificates that are trusted, and how an HTTP agent is
//! made.

use crate::limits::{TRACKER_CONNECT_TIMEOUT, TRACKER_HEAD_MAX, TRACKER_REDIRECTS_MAX};
use crate::threads::tracker::meter::Meter;
use crate::threads::tracker::names::Names;
use crate::tracker::announce::Family;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::{Config, IpFamily};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{Connector, RustlsConnector, TcpConnector};

/// Whom HTTPS trackers' certificates may be signed by.
#[derive(Clone)]
pub struct Roots(RootCerts);

impl Default for Roots {
    /// The authorities that browsers trust.
    fn default() -> Self {
        Self(RootCerts::WebPki)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = matches!(self.0, RootCerts::Specific(_));
        f.write_str(if given { "given certificates" } else { "known authorities" })
    }
}

/// Why a file gives no certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateError {
    /// It is no PEM.
    Bad,
    /// There is no certificate in it.
    None,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bad => "a certificate in it is damaged, expected PEM",
            Self::None => "no certificate in it, expected PEM (-----BEGIN CERTIFICATE-----)",
        })
    }
}

impl std::error::Error for CertificateError {}

impl Roots {
    /// Exactly the authorities whose certificates these are, in PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let mut certificates: Vec<Certificate<'static>> = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) = item.map_err(|_| CertificateError::Bad)? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(CertificateError::None);
        }
        Ok(Self(RootCerts::Specific(Arc::new(certificates))))
    }
}

/// What all announces share.
#[derive(Debug, Clone)]
pub struct Network {
    /// Our name and version.
    pub client_name: &'static str,
    /// Whom certificates may be signed by.
    pub roots: Roots,
}

impl Network {
    /// An agent for one announce, which ends in this time. Nothing of the environment counts: a
    /// proxy that somebody set for a browser gets no announces.
    pub fn agent(&self, family: Family, patience: Duration) -> Agent {
        let family = match family {
            Family::V4 => IpFamily::Ipv4Only,
            Family::V6 => IpFamily::Ipv6Only,
        };
        let tls = TlsConfig::builder().root_certs(self.roots.0.clone()).build();
        let config = Config::builder()
            .proxy(None)
            .ip_family(family)
            .tls_config(tls)
            .user_agent(self.client_name)
            .http_status_as_error(false)
            .max_redirects(TRACKER_REDIRECTS_MAX)
            .max_redirects_will_error(true)
            .max_response_header_size(TRACKER_HEAD_MAX)
            .max_idle_connections(0)
            .timeout_global(Some(patience))
            .timeout_connect(Some(TRACKER_CONNECT_TIMEOUT.min(patience)))
            .build();
        let connector =
            ().chain(TcpConnector::default())
                .chain(Meter::default())
                .chain(RustlsConnector::default());
        Agent::with_parts(config, connector, Names::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        assert_eq!(Roots::from_pem(b"").err(), Some(CertificateError::None));
        assert_eq!(Roots::from_pem(b"hello\n").err(), Some(CertificateError::None));
        let damaged = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        assert_eq!(Roots::from_pem(damaged).err(), Some(CertificateError::Bad));
    }
}
