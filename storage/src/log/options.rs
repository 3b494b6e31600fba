//! The limits of the log.

use crate::memory::SharedMemory;

/// Whether an acknowledged write was synced. There is one right answer outside the durability tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::manual_non_exhaustive, reason = "the hidden variant is real: tests ask for it by name")]
pub enum Sync {
    /// Acknowledge after the write-ahead log is synced.
    #[default]
    Fdatasync,
    /// Acknowledge without syncing: **loses acknowledged data at a power cut**. Exists only as the negative
    /// control of the durability tests, to show that they notice.
    #[doc(hidden)]
    Never,
}

/// Limits of a [`super::LogStore`].
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Memory shared with the state store.
    pub memory: SharedMemory,
    /// Operations that may wait for the writer.
    pub queue_items_max: usize,
    /// Bytes that may wait for the writer. The append that reaches the limit is still taken whole.
    pub queue_bytes_max: usize,
    /// Bytes after which the writer stops gathering and syncs. One operation may be larger.
    pub batch_bytes_max: usize,
    /// Durable entries kept in memory for readers, over all groups. What is not durable yet comes on top,
    /// bounded by the queue and one batch.
    pub tail_bytes_max: usize,
    /// Size of one memtable of the log's RocksDB, hence of one write-ahead log file.
    pub memtable_bytes: usize,
    /// When to acknowledge.
    pub sync: Sync,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            memory: SharedMemory::default(),
            queue_items_max: 16 << 10,
            queue_bytes_max: 64 << 20,
            batch_bytes_max: 4 << 20,
            tail_bytes_max: 32 << 20,
            memtable_bytes: 32 << 20,
            sync: Sync::Fdatasync,
        }
    }
}
