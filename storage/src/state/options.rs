//! The limits of the state store.

use crate::memory::SharedMemory;

/// Limits of a [`super::StateStore`].
#[derive(Debug, Clone)]
pub struct StateOptions {
    /// Memory shared with the log.
    pub memory: SharedMemory,
    /// Size of one memtable; also about what a restart replays from the log.
    pub memtable_bytes: usize,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self { memory: SharedMemory::default(), memtable_bytes: 32 << 20 }
    }
}
