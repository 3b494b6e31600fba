//! Why a connection is refused, in sentences that say what to do.

use super::frame::{Again, PROTOCOL_VERSION, VERSION_OLDEST};

/// Why not. The sentence is what the other side hears: "you" is the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::link) enum Refusal {
    #[error("the cluster secrets differ: set the same secret on every node")]
    WrongSecret,
    #[error(
        "protocol versions do not fit: yours are {oldest} to {newest}, this node's are {} to {}: upgrade the \
         older of the two, one release at a time",
        VERSION_OLDEST,
        PROTOCOL_VERSION
    )]
    Version { oldest: u32, newest: u32 },
    #[error("this node has not joined a cluster yet: it can be asked, not linked")]
    NotJoined,
    #[error(
        "two clusters never merge: this node is part of cluster {ours}, you of cluster {theirs}: correct the \
         seeds, or give the node that is to move an empty data folder"
    )]
    OtherCluster { ours: String, theirs: String },
    #[error(
        "this cluster was formed with {ours} shards, you say {theirs}: the number is chosen once, when a \
         cluster is formed"
    )]
    OtherShards { ours: u16, theirs: u16 },
    #[error(
        "this address now belongs to node {is}, you mean node {meant}: wait until the cluster tells you where \
         node {meant} is, or correct its advertised address"
    )]
    AnotherNode { is: u64, meant: u64 },
    #[error(
        "node {node} has another data folder than the one you mean: it was wiped, or replaced by a copy; \
         remove the old node from the cluster and let this one join as a new node"
    )]
    Replaced { node: u64 },
    #[error(
        "you say that you are node {node}, which is this node: your data folder is a copy; start with an \
         empty one"
    )]
    Copy { node: u64 },
    #[error(
        "node {node} is unknown here: it was removed, or has not joined yet; if it was removed, let it join \
         again with an empty data folder"
    )]
    Unknown { node: u64 },
    #[error(
        "node {node} is known with another data folder: yours is an old copy, or was wiped; start with an \
         empty one, which joins as a new node"
    )]
    OtherFolder { node: u64 },
    #[error("node {node} has the greater number and must wait to be dialled by node {ours}")]
    WrongDirection { node: u64, ours: u64 },
    #[error("a newer connection of node {node} took the place of this one")]
    Superseded { node: u64 },
    #[error("this node is stopping or restarting its links")]
    Stopping,
    #[error("the answer of {bytes} bytes is over the limit of {limit_bytes}")]
    AnswerTooLarge { bytes: usize, limit_bytes: usize },
    #[error("the question was not answered within {after_ms} ms")]
    AskTimeout { after_ms: u64 },
}

impl Refusal {
    /// When it makes sense to knock again. An unknown node is told to come soon: news of who joined may
    /// still be on its way here.
    pub(in crate::link) fn again(&self) -> Again {
        match self {
            Self::NotJoined
            | Self::Unknown { .. }
            | Self::Superseded { .. }
            | Self::Stopping
            | Self::AskTimeout { .. } => Again::Soon,
            Self::WrongSecret
            | Self::Version { .. }
            | Self::OtherCluster { .. }
            | Self::OtherShards { .. }
            | Self::AnotherNode { .. }
            | Self::Replaced { .. }
            | Self::Copy { .. }
            | Self::OtherFolder { .. }
            | Self::WrongDirection { .. }
            | Self::AnswerTooLarge { .. } => Again::Later,
        }
    }
}
