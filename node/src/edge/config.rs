//! The edge's settings, already checked by the configuration.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::tls::Tls;
use super::turnstile::Admission;

/// Origins that come and go while the node runs.
pub trait Origins: fmt::Debug + Send + Sync {
    /// Whether pages of this origin may connect. Called for each connection: must return at once.
    fn has(&self, origin: &str) -> bool;
}

/// Limits and addresses of the edge.
#[derive(Debug, Clone)]
pub struct EdgeConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// With which clients are spoken to; `None`: plainly.
    pub tls: Option<Arc<Tls>>,
    /// Worker threads.
    pub workers: usize,
    /// WebSocket connections at the same time.
    pub connections_max: usize,
    /// How fast WebSocket connections are let in.
    pub admission: Admission,
    /// Bytes of one message, over all its fragments.
    pub frame_bytes_max: usize,
    /// Bytes that may wait for one connection before it counts as a slow reader.
    pub outbound_bytes_max: usize,
    /// The kernel's send buffer for one connection (`SO_SNDBUF`): more only hides slow readers.
    pub send_buffer_bytes: usize,
    /// Origins other than the node's own that browsers may connect from, like `https://chat.example.com`.
    pub allowed_origins: Vec<String>,
    /// Origins of pages that other nodes of the cluster serve.
    pub peer_origins: Option<Arc<dyn Origins>>,
    /// How long a peer may take for its part of the close handshake.
    pub close_timeout: Duration,
    /// How long a request's head may take to arrive.
    pub request_head_timeout: Duration,
    /// How long an idle HTTP connection is kept.
    pub keep_alive: Duration,
    /// How long stopping waits for HTTP requests that are being answered.
    pub http_drain_timeout: Duration,
}

impl EdgeConfig {
    /// Whether pages of an origin other than the node's own may connect.
    pub(super) fn allows(&self, origin: &str) -> bool {
        let same = |other: &String| other.trim_end_matches('/').eq_ignore_ascii_case(origin);
        self.allowed_origins.iter().any(same)
            || self.peer_origins.as_ref().is_some_and(|peers| peers.has(origin))
    }
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            tls: None,
            workers: 2,
            connections_max: 50_000,
            admission: Admission::default(),
            frame_bytes_max: 64 * 1024,
            outbound_bytes_max: 256 * 1024,
            send_buffer_bytes: 64 * 1024,
            allowed_origins: Vec::new(),
            peer_origins: None,
            close_timeout: Duration::from_secs(3),
            request_head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            http_drain_timeout: Duration::from_secs(5),
        }
    }
}
