//! What can go wrong between a caller and the machines of the cluster, split by what the caller can do.

use madang_cluster::ClusterError;

/// Why an actor did not answer what was asked. All of it is temporary.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ActorError {
    /// Too much is asked of this room. Nothing was done.
    #[error("too much is asked of this room: wait {retry_after_ms} ms")]
    RateLimited {
        /// When the next try will be taken.
        retry_after_ms: u64,
    },
    /// A queue is full. Nothing was done.
    #[error("{what} are at their limit of {limit}")]
    Overloaded {
        /// Which queue.
        what: &'static str,
        /// How much it takes.
        limit: usize,
    },
    /// The actor that had the command is being restarted. Unless the command had been passed on to the
    /// cluster nothing was done; what is retried with the same cid happens once.
    #[error("the room is being restarted: it may or may not have happened")]
    Restarted,
    /// The cluster's answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}
