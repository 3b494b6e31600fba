//! Mutual TLS 1.3: both sides show a certificate of the cluster's authority, and the caller checks that the
//! listener's names the host that it dialled.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::error::LinkError;
use super::handshake::HandshakeError;
use super::options::LinkTls;
use super::stream::AnyConnection;
use crate::pem::{self, PemError};

/// Names the key material that binds a handshake to its TLS session (RFC 5705, section 4).
const BINDING_LABEL: &[u8] = b"EXPERIMENTAL madang link";

/// A connection on which a handshake can begin.
pub(super) struct Secured {
    pub(super) connection: AnyConnection,
    /// The same on both sides of one TLS session and unlike any other's; empty without TLS.
    pub(super) binding: Vec<u8>,
}

impl Secured {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { connection: Box::new(stream), binding: Vec::new() }
    }

    fn tls(stream: TlsStream<TcpStream>) -> Result<Self, HandshakeError> {
        let binding = export(&stream).map_err(std::io::Error::other)?.to_vec();
        Ok(Self { connection: Box::new(stream), binding })
    }
}

fn export(stream: &TlsStream<TcpStream>) -> Result<[u8; 32], rustls::Error> {
    match stream {
        TlsStream::Client(stream) => stream.get_ref().1.export_keying_material([0; 32], BINDING_LABEL, None),
        TlsStream::Server(stream) => stream.get_ref().1.export_keying_material([0; 32], BINDING_LABEL, None),
    }
}

/// What is needed to accept and to dial.
#[derive(Clone)]
pub(super) struct TlsEnds {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl TlsEnds {
    /// Reads the files. Errors: which one, and what is wrong with it.
    pub(super) fn load(files: &LinkTls) -> Result<Self, LinkError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = Arc::new(authority(&files.ca)?);
        let chain = pem::certificates(&files.certificate)?;
        let key = pem::private_key(&files.key)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()
            .map_err(|error| PemError::new("the authority", &files.ca, error))?;
        let pair =
            |error: rustls::Error| PemError::new("the certificate with its key", &files.certificate, error);
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(pair)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(pair)?;
        let client = client(provider, roots, chain, key).map_err(pair)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            connector: TlsConnector::from(Arc::new(client)),
        })
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> Result<Secured, HandshakeError> {
        Secured::tls(TlsStream::from(self.acceptor.accept(stream).await?))
    }

    /// `address` is the `host:port` that was dialled.
    pub(super) async fn connect(&self, stream: TcpStream, address: &str) -> Result<Secured, HandshakeError> {
        let name = ServerName::try_from(host(address).to_owned()).map_err(|_| {
            HandshakeError::Garbage(format!("{address} has no host that a certificate can name"))
        })?;
        Secured::tls(TlsStream::from(self.connector.connect(name, stream).await?))
    }
}

fn client(
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ClientConfig, rustls::Error> {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
}

fn authority(path: &Path) -> Result<RootCertStore, PemError> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(path)? {
        roots.add(certificate).map_err(|error| PemError::new("the authority", path, error))?;
    }
    Ok(roots)
}

/// The host of `host:port`, without the brackets of an IPv6 address.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_before_the_port() {
        for (address, expected) in
            [("a.example:7400", "a.example"), ("10.0.0.1:1", "10.0.0.1"), ("[::1]:7400", "::1")]
        {
            assert_eq!(host(address), expected);
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let files = LinkTls {
            certificate: dir.path().join("node.pem"),
            key: dir.path().join("key.pem"),
            ca: dir.path().join("ca.pem"),
        };
        let why = |files: &LinkTls| TlsEnds::load(files).err().unwrap().to_string();
        assert!(why(&files).contains("ca.pem cannot be used"), "{}", why(&files));
        std::fs::write(&files.ca, "nothing").unwrap();
        assert!(why(&files).contains("there is none in it"), "{}", why(&files));
    }
}
