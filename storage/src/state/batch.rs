//! Changes of the state that become true together.

use rocksdb::WriteBatch;

use crate::record::{self, RECORD_VERSION};

/// Puts and deletes, applied in the order they were added, all or none.
#[derive(Default)]
pub struct StateBatch {
    rows: WriteBatch,
}

impl StateBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value under `key`.
    pub fn put(&mut self, key: &[u8], payload: &[u8]) {
        self.rows.put(key, record::encode(RECORD_VERSION, payload));
    }

    /// Removes the value under `key`, if there is one.
    pub fn delete(&mut self, key: &[u8]) {
        self.rows.delete(key);
    }

    /// Removes all keys from `from` up to but not including `to`. For whole rooms and generations: many narrow
    /// ranges make reads slower until they are compacted away.
    pub fn delete_range(&mut self, from: &[u8], to: &[u8]) {
        self.rows.delete_range(from, to);
    }

    /// Number of changes.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if nothing would change.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Size of the batch, keys and headers included.
    pub fn bytes(&self) -> usize {
        self.rows.size_in_bytes()
    }

    pub(super) fn into_rows(self) -> WriteBatch {
        self.rows
    }
}

impl std::fmt::Debug for StateBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateBatch").field("len", &self.len()).field("bytes", &self.bytes()).finish()
    }
}
