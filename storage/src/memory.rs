//! The memory that both RocksDB instances of a node share: one block cache, one budget for memtables.

use rocksdb::{Cache, WriteBufferManager};

/// Bounds of the shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimits {
    /// Block cache, memtables included.
    pub cache_bytes: usize,
    /// Memtables of both instances together; beyond it the writing instance flushes.
    pub memtable_bytes: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        Self { cache_bytes: 128 << 20, memtable_bytes: 64 << 20 }
    }
}

/// Handle to the shared memory; pass clones of one handle to both stores of a node.
#[derive(Clone)]
pub struct SharedMemory {
    pub(crate) cache: Cache,
    pub(crate) memtables: WriteBufferManager,
}

impl SharedMemory {
    /// Reserves nothing yet; memory is taken as it is needed.
    pub fn new(limits: MemoryLimits) -> Self {
        let cache = Cache::new_lru_cache(limits.cache_bytes);
        // Without stalls: a full budget starts a flush, it never blocks the writer of the log.
        let memtables = WriteBufferManager::new_write_buffer_manager_with_cache(
            limits.memtable_bytes,
            false,
            cache.clone(),
        );
        Self { cache, memtables }
    }

    /// Bytes in the block cache now.
    pub fn cache_used_bytes(&self) -> usize {
        self.cache.get_usage()
    }

    /// Bytes in the memtables of both instances now.
    pub fn memtable_used_bytes(&self) -> usize {
        self.memtables.get_usage()
    }
}

impl Default for SharedMemory {
    fn default() -> Self {
        Self::new(MemoryLimits::default())
    }
}

impl std::fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedMemory")
            .field("cache_used_bytes", &self.cache_used_bytes())
            .field("memtable_used_bytes", &self.memtable_used_bytes())
            .finish()
    }
}
