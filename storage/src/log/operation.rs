//! What waits for the writer, and who is told when it is done.

use bytes::Bytes;

use super::entry::{GroupId, LogEntry};
use crate::error::StorageError;

/// Called once on the writer thread when an operation is durable, or when it never will be. Keep it short:
/// every other group waits behind it.
pub type Done = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// One change of what is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// Add entries behind the last one.
    Append { group: GroupId, entries: Vec<LogEntry> },
    /// Replace the vote.
    Vote { group: GroupId, vote: Bytes },
    /// Remove `first_removed` and everything behind it.
    Truncate { group: GroupId, first_removed: u64 },
    /// Remove everything from `from` through `through`, and remember the mark.
    Purge { group: GroupId, from: u64, through: u64, mark: Bytes },
    /// Remove all entries and the mark; the vote stays.
    Forget { group: GroupId },
    /// Replace a named value of the node.
    Meta { name: String, value: Bytes },
}

/// What an operation costs in memory beside its payload; keeps a flood of empty ones bounded too.
const OVERHEAD_BYTES: usize = 64;

impl Operation {
    /// Payload and overhead, for the limits of queue and batch.
    pub(super) fn cost_bytes(&self) -> usize {
        OVERHEAD_BYTES
            + match self {
                Self::Append { entries, .. } => {
                    entries.iter().map(|entry| entry.bytes.len() + OVERHEAD_BYTES).sum()
                }
                Self::Vote { vote, .. } => vote.len(),
                Self::Truncate { .. } | Self::Forget { .. } => 0,
                Self::Purge { mark, .. } => mark.len(),
                Self::Meta { name, value } => name.len() + value.len(),
            }
    }
}

/// An operation in the queue.
pub(super) struct Queued {
    /// Counts every operation of the store, from 1.
    pub(super) number: u64,
    pub(super) operation: Operation,
    pub(super) done: Done,
}
