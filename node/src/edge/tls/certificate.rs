//! Certificate and key as they are read from their files, and what rustls is told to do with them.

use std::path::Path;
use std::sync::Arc;

use madang_cluster::pem::{self, PemError};
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::NoServerSessionStorage;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, ServerConfig};
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use super::error::TlsError;

/// The only protocol in the handshake (RFC 7301).
const ALPN: &[u8] = b"http/1.1";
/// One is enough to come back with; each costs the client's connection a packet's worth of bytes.
const TICKETS: usize = 1;
/// Whoever hears of it this long before can still do something: what renews certificates does so 30 days before.
const WARNED_BEFORE_S: u64 = 14 * 24 * 3600;

/// A certificate with its key.
pub(super) struct Certificate {
    key: CertifiedKey,
    validity: Validity,
}

/// From when until when a certificate may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    from: ASN1Time,
    until: ASN1Time,
}

impl Certificate {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let (chain, private) = (pem::certificates(certificate)?, pem::private_key(key)?);
        let validity = chain.first().and_then(|first| Validity::of(first));
        let unusable = |why: &dyn ToString| PemError::new("the certificate", certificate, why.to_string());
        let validity = validity.ok_or_else(|| unusable(&"it is no X.509 certificate"))?;
        let key =
            CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
                }
                Error::InvalidCertificate(_) => unusable(&error).into(),
                error => PemError::new("the private key", key, error).into(),
            })?;
        Ok(Self { key, validity })
    }

    pub(super) fn validity(&self) -> Validity {
        self.validity
    }

    /// The module says what is chosen here, and why.
    pub(super) fn into_config(self) -> Result<ServerConfig, TlsError> {
        let system = |error: Error| TlsError::System(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(system)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(self.key)));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.ticketer = Ticketer::new().map_err(system)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = TICKETS;
        Ok(config)
    }
}

impl Validity {
    fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        Some(Self { from: validity.not_before, until: validity.not_after })
    }

    /// Seconds since 1970.
    pub(super) fn not_after(self) -> u64 {
        seconds(self.until)
    }

    /// The last moment, for people.
    pub(super) fn until(self) -> ASN1Time {
        self.until
    }

    /// What an operator should know about it `now`, as the end of a sentence about the certificate.
    pub(super) fn concern(self, now: u64) -> Option<String> {
        let (from, until) = (seconds(self.from), seconds(self.until));
        if until < now {
            Some(format!("has expired on {}: clients will refuse it", self.until))
        } else if now < from {
            Some(format!("is valid only from {} on: until then clients will refuse it", self.from))
        } else if until - now < WARNED_BEFORE_S {
            Some(format!("expires soon, on {}", self.until))
        } else {
            None
        }
    }
}

fn seconds(time: ASN1Time) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use tempfile::TempDir;

    use super::*;

    const DAY_S: u64 = 24 * 3600;

    /// A certificate for these years with its key, in files.
    fn files(years: (i32, i32)) -> (TempDir, PathBuf, PathBuf) {
        let folder = TempDir::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["chat.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let (certificate, private) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&private, key.serialize_pem()).unwrap();
        (folder, certificate, private)
    }

    #[test]
    fn what_an_operator_should_know_is_said_with_the_date() {
        let (_folder, certificate, key) = files((2020, 2030));
        let validity = Certificate::read(&certificate, &key).unwrap().validity();
        let until = validity.not_after();
        assert_eq!(until, 1_893_456_000, "the first of January 2030");
        let said = |now| validity.concern(now).unwrap_or_default();
        assert_eq!(said(until - 15 * DAY_S), "");
        assert!(
            said(until - 13 * DAY_S).starts_with("expires soon, on Jan  1 00:00:00 2030"),
            "{}",
            said(until)
        );
        assert!(said(until + 1).starts_with("has expired on Jan  1 00:00:00 2030"), "{}", said(until + 1));
        assert!(said(0).starts_with("is valid only from Jan  1 00:00:00 2020"), "{}", said(0));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_by_name() {
        let ((_a, certificate, own), (_b, _, other)) = (files((2020, 2030)), files((2020, 2030)));
        assert!(Certificate::read(&certificate, &own).is_ok());
        let said = Certificate::read(&certificate, &other).err().unwrap().to_string();
        let belongs =
            format!("{} does not belong to the certificate in {}", other.display(), certificate.display());
        assert!(said.contains(&belongs), "{said}");
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_name() {
        let (_folder, certificate, key) = files((2020, 2030));
        std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .unwrap();
        let said = Certificate::read(&certificate, &key).err().unwrap().to_string();
        assert!(said.contains("cert.pem cannot be used: it is no X.509 certificate"), "{said}");
    }
}
