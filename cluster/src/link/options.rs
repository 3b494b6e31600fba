//! Limits and times of the links. The node's configuration fills them in.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Handle;

use super::error::LinkError;
use super::secret::Secret;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// `host:port` that other nodes use.
    pub advertise: String,
    /// What every node of the cluster knows. Without one only on loopback.
    pub secret: Option<Secret>,
    /// Mutual TLS 1.3 around everything.
    pub tls: Option<LinkTls>,
    /// How often each side of a link gives a sign of life, milliseconds.
    pub heartbeat_ms: u64,
    /// After so many heartbeats without one byte from the peer the link is cut.
    pub heartbeats_missed_max: u32,
    /// How long connecting and introducing oneself may take in all, milliseconds.
    pub handshake_timeout_ms: u64,
    /// How long an answer to a question (`ask`) may take, milliseconds.
    pub ask_timeout_ms: u64,
    /// Accepted connections at once that are not links: being introduced, or asking.
    pub connections_max: usize,
    /// What a peer may send on one lane before this node has handed it over, bytes.
    pub credit_bytes: usize,
    /// What may wait for a peer's credit on one lane, bytes; more is refused as overloaded. As much may
    /// be in the hands of the door for one peer and lane.
    pub queue_bytes_max: usize,
    /// One request or answer, bytes.
    pub request_bytes_max: usize,
    /// The first wait before a lost link is made anew, milliseconds …
    pub reconnect_ms_min: u64,
    /// … and the longest.
    pub reconnect_ms_max: u64,
}

/// The files of mutual TLS (PEM).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTls {
    /// This node's certificate and what lies between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority that signed every node's certificate.
    pub ca: PathBuf,
}

/// The runtimes of the two lanes. Raft's should be the one that raft itself runs on, and nothing else.
#[derive(Debug, Clone)]
pub struct LinkRuntimes {
    /// Of the raft lane, and of the listener, which only hands connections over.
    pub raft: Handle,
    /// Of the bulk lane, and of handshakes.
    pub bulk: Handle,
}

impl Default for LinkOptions {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen,
            advertise: String::new(),
            secret: None,
            tls: None,
            heartbeat_ms: 250,
            heartbeats_missed_max: 3,
            handshake_timeout_ms: 5_000,
            ask_timeout_ms: 30_000,
            connections_max: 256,
            credit_bytes: 1 << 20,
            queue_bytes_max: 16 << 20,
            request_bytes_max: 4 << 20,
            reconnect_ms_min: 50,
            reconnect_ms_max: 2_000,
        }
    }
}

impl LinkOptions {
    /// Whether these can work together, and whether strangers are kept out.
    ///
    /// # Errors
    /// `Misconfigured`, with a sentence that says what to do.
    pub fn check(&self) -> Result<(), LinkError> {
        let wrong = |why: String| Err(LinkError::Misconfigured { why });
        let secret = self.secret.as_ref().is_some_and(|secret| !secret.is_empty());
        if !self.listen.ip().is_loopback() && !secret {
            return wrong(format!(
                "listening for other nodes on {} needs a cluster secret: set the same one on every node, or \
                 listen on loopback",
                self.listen
            ));
        }
        if self.heartbeat_ms == 0 || self.heartbeats_missed_max == 0 || self.handshake_timeout_ms == 0 {
            return wrong("heartbeats and the handshake's time must be above zero".to_owned());
        }
        if self.connections_max == 0 || self.credit_bytes == 0 || self.request_bytes_max == 0 {
            return wrong("connections, credit and the largest request must be above zero".to_owned());
        }
        if self.queue_bytes_max < self.request_bytes_max {
            return wrong(format!(
                "the queue ({} bytes) must hold at least the largest request ({} bytes)",
                self.queue_bytes_max, self.request_bytes_max
            ));
        }
        if self.reconnect_ms_min == 0 || self.reconnect_ms_min > self.reconnect_ms_max {
            return wrong(format!(
                "the first wait before reconnecting ({} ms) must be above zero and not above the longest ({} ms)",
                self.reconnect_ms_min, self.reconnect_ms_max
            ));
        }
        Ok(())
    }

    pub(super) fn secret(&self) -> Secret {
        self.secret.clone().unwrap_or_else(Secret::none)
    }

    pub(super) fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut LinkOptions)) -> String {
        let mut options = LinkOptions::default();
        change(&mut options);
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_work_together() {
        LinkOptions::default().check().unwrap();
    }

    #[test]
    fn beyond_loopback_a_secret_is_needed() {
        let beyond = SocketAddr::from(([0, 0, 0, 0], 7_400));
        assert!(refusal(|o| o.listen = beyond).contains("needs a cluster secret"));
        assert!(
            refusal(|o| {
                o.listen = beyond;
                o.secret = Some(Secret::new(""));
            })
            .contains("needs a cluster secret")
        );
        let secret = Some(Secret::new("s"));
        LinkOptions { listen: beyond, secret, ..LinkOptions::default() }.check().unwrap();
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused() {
        assert!(refusal(|o| o.queue_bytes_max = 1).contains("must hold at least the largest request"));
        assert!(refusal(|o| o.reconnect_ms_max = 1).contains("not above the longest"));
        assert!(refusal(|o| o.heartbeat_ms = 0).contains("above zero"));
        assert!(refusal(|o| o.credit_bytes = 0).contains("above zero"));
    }
}
