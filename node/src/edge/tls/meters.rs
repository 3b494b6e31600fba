//! What is counted of TLS with clients.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has happened since the node started, and until when the certificate is valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TlsMeters {
    /// Handshakes that led to a connection.
    pub handshakes: u64,
    /// Of these, those that went on with an earlier session.
    pub resumed: u64,
    /// Connections that ended before that: broken off, refused by the client, not TLS, too slow.
    pub failures: u64,
    /// The end of the certificate's validity, in seconds since 1970.
    pub not_after: u64,
}

/// The counters behind [`TlsMeters`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    handshakes: AtomicU64,
    resumed: AtomicU64,
    failures: AtomicU64,
}

impl Counters {
    pub(super) fn done(&self, resumed: bool) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
        self.resumed.fetch_add(u64::from(resumed), Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, not_after: u64) -> TlsMeters {
        TlsMeters {
            handshakes: self.handshakes.load(Ordering::Relaxed),
            resumed: self.resumed.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            not_after,
        }
    }
}
