//! TLS with clients: the certificate in force, and how a new connection becomes a protected one.
//!
//! TLS 1.3 and 1.2. What rustls speaks of 1.2 is forward secret and authenticated (ECDHE with AES-GCM or
//! ChaCha20), so nothing weak comes with it, and phones and runtimes from before 2020 speak nothing newer.
//! Of ALPN only `http/1.1` is offered: a WebSocket begins there. No client certificates, no early data (it can be
//! replayed), no renegotiation (rustls has none).
//!
//! Sessions are resumed by tickets that the client keeps, under a key of this process: a storm of clients that
//! come back costs few signatures and no memory. Not with a new certificate: its first connections show it.

mod accept;
mod certificate;
mod error;
mod meters;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

pub use error::TlsError;
pub use meters::TlsMeters;

use certificate::Certificate;
use meters::Counters;

/// Where certificate and key are, and what strangers may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// The certificate and those between it and its authority (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Handshakes under way at the same time; one more waits.
    pub handshakes_max: usize,
    /// From the first packet to the end of the handshake, waiting included.
    pub handshake_timeout: Duration,
}

/// TLS as a node speaks it with clients. Shared by all its workers.
pub struct Tls {
    options: TlsOptions,
    current: RwLock<Current>,
    places: Semaphore,
    counters: Counters,
}

/// What new connections are shown.
struct Current {
    acceptor: TlsAcceptor,
    /// Seconds since 1970.
    not_after: u64,
}

impl Tls {
    /// Reads both files. An expired certificate is taken, with a warning: clients refuse it in plainer words than a
    /// node that does not start.
    ///
    /// # Errors
    /// Which file cannot be used, and why.
    pub fn load(options: TlsOptions) -> Result<Arc<Self>, TlsError> {
        let current = Current::read(&options)?;
        Ok(Arc::new(Self {
            places: Semaphore::new(options.handshakes_max.clamp(1, Semaphore::MAX_PERMITS)),
            current: RwLock::new(current),
            counters: Counters::default(),
            options,
        }))
    }

    /// Reads both files again. Connections from now on see what is in them; those that are open stay as they are.
    ///
    /// # Errors
    /// As [`load`](Self::load); then the old certificate stays in force.
    pub fn reload(&self) -> Result<(), TlsError> {
        let current = Current::read(&self.options)?;
        *self.current.write() = current;
        Ok(())
    }

    /// What has happened so far.
    pub fn meters(&self) -> TlsMeters {
        self.counters.read(self.current.read().not_after)
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.current.read().acceptor.clone()
    }
}

impl Current {
    fn read(options: &TlsOptions) -> Result<Self, TlsError> {
        let certificate = Certificate::read(&options.certificate, &options.key)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (file, validity) = (options.certificate.display(), certificate.validity());
        match validity.concern(now) {
            Some(concern) => tracing::warn!(%file, "the certificate for clients {concern}"),
            None => tracing::info!(%file, "the certificate for clients is valid until {}", validity.until()),
        }
        let not_after = validity.not_after();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(certificate.into_config()?)), not_after })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("options", &self.options).finish_non_exhaustive()
    }
}
