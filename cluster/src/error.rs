//! What can go wrong on the way to agreement, split by what the caller can do.

use madang_storage::StorageError;

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
    /// The group cannot serve now: stopping, no quorum, or a failed disk.
    #[error("not available: {why}")]
    Unavailable {
        /// Why.
        why: String,
    },
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What is on disk does not fit the configuration.
    #[error("{0}")]
    Misfit(String),
}
