//! What callers see of a log: whose it is, what is in it, where it begins and ends.

use bytes::Bytes;

/// A raft group. 0 is META; shard n is group n + 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u16);

impl GroupId {
    /// The group that decides about the cluster itself.
    pub const META: Self = Self(0);
}

impl std::fmt::Display for GroupId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One entry of a group's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place. The first entry of a group may have index 0.
    pub index: u64,
    /// What raft wants to find there again.
    pub bytes: Bytes,
}

/// Where a group's log begins and ends. Since index 0 is a valid place, `len` tells an empty log from one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogBounds {
    /// First present index; 0 if none is present.
    pub first: u64,
    /// Last present index; 0 if none is present.
    pub last: u64,
    /// How many entries are present.
    pub len: u64,
    /// The mark given to the latest purge, as it was given.
    pub purged: Option<Bytes>,
}

impl LogBounds {
    /// True if no entry is present.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
