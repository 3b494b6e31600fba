//! The frames of the handshake. They are between nodes of different versions: a hello and a refusal never
//! change, since they are what two versions tell each other by; what changes elsewhere needs a new
//! [`PROTOCOL_VERSION`]. A variant is never renamed, renumbered or used again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::link::identity::Lane;

/// The protocol between nodes that this version speaks …
pub const PROTOCOL_VERSION: u32 = 1;
/// … and the oldest one that it still understands.
pub(super) const VERSION_OLDEST: u32 = 1;

/// What each side says once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) enum Frame {
    /// First, both ways.
    #[serde(rename = "1")]
    Hello(Hello),
    /// Second, both ways.
    #[serde(rename = "2")]
    Proof([u8; 32]),
    /// Third, from a caller that has a question.
    #[serde(rename = "3")]
    Ask(Bytes),
    /// Its answer.
    #[serde(rename = "4")]
    Answer(Bytes),
    /// Third, from a caller that wants to be linked.
    #[serde(rename = "5")]
    Link(LinkRequest),
    /// Its answer: from now on the stream is the link's.
    #[serde(rename = "6")]
    Welcome(Terms),
    /// Instead of any answer: the connection ends.
    #[serde(rename = "7")]
    Refused(Again, String),
}

impl Frame {
    /// For "expected X, got Y".
    pub(in crate::link) fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "a hello",
            Self::Proof(_) => "a proof",
            Self::Ask(_) => "a question",
            Self::Answer(_) => "an answer",
            Self::Link(_) => "a request to link",
            Self::Welcome(_) => "a welcome",
            Self::Refused(..) => "a refusal",
        }
    }
}

/// Versions, and what makes this conversation unlike any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) struct Hello {
    pub(super) version: u32,
    pub(super) version_oldest: u32,
    pub(super) nonce: [u8; 32],
}

impl Hello {
    pub(super) fn new() -> Self {
        Self { version: PROTOCOL_VERSION, version_oldest: VERSION_OLDEST, nonce: rand::random() }
    }

    /// Whether both can speak one version.
    pub(super) fn fits(&self, other: &Self) -> bool {
        let version = self.version.min(other.version);
        version >= self.version_oldest.max(other.version_oldest)
    }
}

/// Who wants to be linked, and whom it believes to have reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) struct LinkRequest {
    pub(in crate::link) lane: Lane,
    pub(in crate::link) cluster_id: [u8; 16],
    pub(in crate::link) shards: u16,
    /// The caller.
    pub(in crate::link) node: u64,
    pub(in crate::link) incarnation: u64,
    /// Whom the caller means.
    pub(in crate::link) dialled_node: u64,
    pub(in crate::link) dialled_incarnation: u64,
    pub(in crate::link) terms: Terms,
}

/// Marks a peer's batches on one link: unguessable, so that nothing else can pass for them.
pub(in crate::link) type Token = [u8; 16];

/// What a side grants to the other for the life of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) struct Terms {
    /// The process-local number of the lane's gateway actor: where casts go.
    pub(in crate::link) gateway: u64,
    /// What the other's batches must begin with.
    pub(in crate::link) token: Token,
    /// How many bytes the other may have under way.
    pub(in crate::link) credit_bytes: u64,
    /// The largest payload that the other may send.
    pub(in crate::link) payload_bytes_max: u64,
}

/// When it makes sense to knock again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::link) enum Again {
    /// The reason goes away by itself.
    #[serde(rename = "1")]
    Soon,
    /// An operator has to do something first.
    #[serde(rename = "2")]
    Later,
}
