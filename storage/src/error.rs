//! Everything that can go wrong in this crate, split by what the caller can do about it.

use std::path::PathBuf;

use crate::log::GroupId;

/// Why storage could not do what it was asked. Cheap to clone, since one failed sync answers many waiters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The operating system refused a read or a write. For writes the store is fenced from now on.
    #[error("disk: {what}")]
    Io {
        /// What was tried and what the system said.
        what: String,
    },
    /// The disk is full. The store is fenced: reads go on; writes need space and a restart.
    #[error("disk full: {what}")]
    Full {
        /// What was tried and what the system said.
        what: String,
    },
    /// Stored bytes contradict themselves. A person must look; nothing repairs this by itself.
    #[error("corrupt: {what}")]
    Corrupt {
        /// Which record or file, and what is wrong with it.
        what: String,
    },
    /// The store refuses writes for good since an earlier write or sync failed. Restart after mending the cause.
    #[error("storage is fenced: {reason}")]
    Fenced {
        /// The first failure, as text.
        reason: String,
    },
    /// Another process (or another handle of this one) has the directory open.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The data was written by a version whose format this one does not know.
    #[error("{what} has format version {found}; this build reads up to {supported}")]
    Unsupported {
        /// What was read.
        what: String,
        /// The version found.
        found: u8,
        /// The newest version this build reads.
        supported: u8,
    },
    /// Too much waits for the disk already. Nothing was taken; try again when there is room.
    #[error("more than {limit_bytes} bytes wait for the disk")]
    Overloaded {
        /// The limit of the queue.
        limit_bytes: usize,
    },
    /// An append that would leave a hole in, or overwrite, a group's log. Nothing was taken.
    #[error("the log of group {group} goes on at {expected}, not at {found}")]
    OutOfOrder {
        /// Whose log.
        group: GroupId,
        /// The index that comes next.
        expected: u64,
        /// The index that was offered.
        found: u64,
    },
    /// The store was closed by this process.
    #[error("storage is closed")]
    Closed,
}
