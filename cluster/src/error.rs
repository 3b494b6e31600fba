//! What can go wrong on the way to agreement, split by what the caller can do.

use madang_storage::StorageError;

use crate::link::LinkError;

/// Why a command got no answer from its machine.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClusterError {
    /// Another node leads: send it there.
    #[error("node {} leads this group", leader.map_or_else(|| "(not known yet)".to_owned(), |id| id.to_string()))]
    NotLeader {
        /// Who, if known.
        leader: Option<u64>,
    },
    /// The queue before the group is full; nothing was done.
    #[error("the shard's queue of {limit} commands is full")]
    Overloaded {
        /// How many commands may wait.
        limit: usize,
    },
    /// No answer in time: it may or may not have happened.
    #[error("no agreement within {after_ms} ms: it may or may not have happened")]
    Timeout {
        /// How long was waited.
        after_ms: u64,
    },
    /// Leadership changed under way: it may or may not have happened.
    #[error("interrupted: {why}: it may or may not have happened")]
    Interrupted {
        /// How.
        why: String,
    },
    /// The way to the node that was asked broke: it may or may not have happened.
    #[error("the link to node {node} broke: it may or may not have happened")]
    Lost {
        /// Which node.
        node: u64,
    },
    /// The group cannot serve now: stopping, no quorum, or a failed disk.
    #[error("not available: {why}")]
    Unavailable {
        /// Why.
        why: String,
    },
    /// The links between nodes.
    #[error(transparent)]
    Link(LinkError),
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What is on disk does not fit the configuration.
    #[error("{0}")]
    Misfit(String),
}

impl ClusterError {
    /// Whether the command may have been carried out all the same.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Interrupted { .. } | Self::Lost { .. })
    }

    /// Whether another try, a moment later, has a chance.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Storage(_) | Self::Misfit(_) | Self::Overloaded { .. })
    }
}

impl From<LinkError> for ClusterError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Timeout { after_ms } => Self::Timeout { after_ms },
            LinkError::Broken { node } => Self::Lost { node },
            LinkError::Remote { why } => Self::Interrupted { why },
            LinkError::NotLinked { .. } | LinkError::Overloaded { .. } | LinkError::Busy { .. } => {
                Self::Unavailable { why: error.to_string() }
            }
            other => Self::Link(other),
        }
    }
}
