//! Why a node cannot speak TLS with clients.

use std::path::PathBuf;

use madang_cluster::pem::PemError;

/// What is wrong with certificate or key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error("TLS with clients: {0}")]
    File(#[from] PemError),
    /// Both can be used, but not together.
    #[error(
        "TLS with clients: the private key in {} does not belong to the certificate in {}; the certificate comes \
         first in its file, those of its authorities behind it",
        .key.display(), .certificate.display()
    )]
    Mismatch {
        /// `http.tls_certificate`.
        certificate: PathBuf,
        /// `http.tls_key`.
        key: PathBuf,
    },
    /// The system has no randomness for the key of tickets.
    #[error("TLS with clients: {0}")]
    System(String),
}
