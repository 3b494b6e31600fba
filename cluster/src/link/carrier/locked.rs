//! A lock without a key. A node server cannot be had without a listener of its own, which would let every
//! program on this machine hold megabytes without proving anything. So that listener speaks TLS, and has no
//! certificate to speak it with: nobody gets past its first step.

use std::sync::Arc;

use ractor_cluster::IncomingEncryptionMode;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use tokio_rustls::TlsAcceptor;

/// For the listener that is not used.
pub(super) fn locked() -> Result<IncomingEncryptionMode, rustls::Error> {
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(NoCertificate));
    Ok(IncomingEncryptionMode::Tls(TlsAcceptor::from(Arc::new(config))))
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesServerCert for NoCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, RootCertStore};
    use tokio_rustls::TlsConnector;

    use super::*;

    #[tokio::test]
    async fn nobody_gets_in() {
        let IncomingEncryptionMode::Tls(acceptor) = locked().unwrap() else { panic!("it is not locked") };
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(64 * 1024);
        let connector = TlsConnector::from(Arc::new(client));
        let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
        let (accepted, connected) = tokio::join!(acceptor.accept(far), connector.connect(name, near));
        assert!(accepted.is_err() && connected.is_err());
    }
}
