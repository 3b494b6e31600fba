//! Why an operation was not carried out, split by what the client can do about it.

use madang_cluster::ClusterError;
use madang_cluster::command::Refusal;
use madang_storage::StorageError;
use madang_storage::id::{RoomId, SessionId, UserId};

use crate::auth::PasswordError;
use crate::error::ActorError;

/// Why an operation was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// A field makes no sense.
    #[error("{what}")]
    BadRequest {
        /// Which field, and why.
        what: String,
    },
    /// No valid token, or a wrong user name or password.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A machine, or a right to read, says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoUser(UserId),
    /// There is no such room, or the user may not see it.
    #[error("there is no room {0}")]
    NoRoom(RoomId),
    /// The user has no such session.
    #[error("there is no session {0}")]
    NoSession(SessionId),
    /// Over a limit.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it may be.
        limit: u64,
    },
    /// Asked too often.
    #[error("too many at a time: wait {retry_after_ms} ms")]
    RateLimited {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// A queue is full; nothing was done.
    #[error("the node is overloaded; nothing was done")]
    Overloaded,
    /// The node cannot serve now.
    #[error("not available: {0}")]
    Unavailable(String),
    /// No answer in time: it may or may not have happened.
    #[error("no answer in time: it may or may not have happened")]
    Timeout,
    /// A bug, or a disk that gives back something else than it was given.
    #[error("internal error: {0}")]
    Internal(String),
}

impl ServiceError {
    /// Whoever was to answer is gone: it is being restarted, or the node stops.
    pub(super) fn lost() -> Self {
        Self::Timeout
    }
}

impl From<ClusterError> for ServiceError {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Overloaded { .. } => Self::Overloaded,
            ClusterError::Timeout { .. } | ClusterError::Lost { .. } | ClusterError::Interrupted { .. } => {
                Self::Timeout
            }
            ClusterError::Storage(error) => error.into(),
            ClusterError::NotLeader { .. } | ClusterError::Unavailable { .. } | ClusterError::Link(_) => {
                Self::Unavailable(error.to_string())
            }
            ClusterError::Misfit(why) => Self::Internal(why),
        }
    }
}

impl From<ActorError> for ServiceError {
    fn from(error: ActorError) -> Self {
        match error {
            ActorError::RateLimited { retry_after_ms } => Self::RateLimited { retry_after_ms },
            ActorError::Overloaded { .. } => Self::Overloaded,
            ActorError::Restarted => Self::Timeout,
            ActorError::Cluster(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ServiceError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Overloaded => Self::Overloaded,
            PasswordError::Broken(why) => Self::Internal(why),
        }
    }
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Overloaded { .. } => Self::Overloaded,
            StorageError::Io { .. }
            | StorageError::Full { .. }
            | StorageError::Fenced { .. }
            | StorageError::Closed => {
                Self::Unavailable("the node's disk failed, or the node is stopping".to_owned())
            }
            error => Self::Internal(error.to_string()),
        }
    }
}
