//! What can go wrong on the way to another node, split by what the caller can do.

use crate::pem::PemError;

/// Why a request got no answer, or a listener did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no link to that node now. Nothing was sent.
    #[error("no link to node {node}")]
    NotLinked {
        /// Which node.
        node: u64,
    },
    /// Too much waits for that node. Nothing was sent.
    #[error("more than {limit_bytes} bytes wait for node {node}")]
    Overloaded {
        /// Which node.
        node: u64,
        /// How much may wait.
        limit_bytes: usize,
    },
    /// That node has too many requests of this one in hand. Nothing was done.
    #[error("node {node} has too many requests of this node in hand")]
    Busy {
        /// Which node.
        node: u64,
    },
    /// The request is too large. Nothing was sent.
    #[error("a request of {bytes} bytes is over the limit of {limit_bytes}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        limit_bytes: usize,
    },
    /// No answer in time: it may or may not have happened.
    #[error("no answer within {after_ms} ms: it may or may not have happened")]
    Timeout {
        /// How long was waited.
        after_ms: u64,
    },
    /// The link broke: it may or may not have happened.
    #[error("the link to node {node} broke: it may or may not have happened")]
    Broken {
        /// Which node.
        node: u64,
    },
    /// The connection was lost with a question on it: it may or may not have happened.
    #[error("lost {address} before its answer came: {why}")]
    Lost {
        /// Which address.
        address: String,
        /// Why.
        why: String,
    },
    /// The other side says that it failed.
    #[error("{why}")]
    Remote {
        /// What it says.
        why: String,
    },
    /// The other side does not speak with us. Nothing was sent.
    #[error("{why}")]
    Refused {
        /// Why, and what to do.
        why: String,
    },
    /// Nobody answers at that address. Nothing was sent.
    #[error("cannot reach {address}: {why}")]
    Unreachable {
        /// Which address.
        address: String,
        /// Why.
        why: String,
    },
    /// The port for other nodes cannot be opened.
    #[error("cannot listen for other nodes on {address}: {why}")]
    Listen {
        /// Which address.
        address: String,
        /// Why.
        why: String,
    },
    /// A certificate, key or authority cannot be used.
    #[error("{why}")]
    Tls {
        /// Which file, and why.
        why: String,
    },
    /// The options contradict each other.
    #[error("{why}")]
    Misconfigured {
        /// Why, and what to do.
        why: String,
    },
    /// This node has joined already, as somebody else.
    #[error("this node's links already belong to node {node}")]
    AlreadyActive {
        /// As whom.
        node: u64,
    },
    /// The links are shut down, or could not be started.
    #[error("links are not running: {why}")]
    Stopped {
        /// Why.
        why: String,
    },
}

impl From<PemError> for LinkError {
    fn from(error: PemError) -> Self {
        Self::Tls { why: error.to_string() }
    }
}

impl LinkError {
    /// Whether it is certain that the request did not happen, so that it may be sent again.
    pub fn nothing_was_sent(&self) -> bool {
        match self {
            Self::NotLinked { .. }
            | Self::Overloaded { .. }
            | Self::Busy { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::Listen { .. }
            | Self::Tls { .. }
            | Self::Misconfigured { .. }
            | Self::AlreadyActive { .. }
            | Self::Stopped { .. } => true,
            Self::Timeout { .. } | Self::Broken { .. } | Self::Lost { .. } | Self::Remote { .. } => false,
        }
    }
}
