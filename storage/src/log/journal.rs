//! Where the writer puts a batch: RocksDB's write-ahead log. A trait, so that tests can make it fail.

use std::sync::Arc;

use rocksdb::{DB, WriteBatch};

use super::key;
use super::operation::{Operation, Queued};
use super::options::Sync;
use crate::error::StorageError;
use crate::record::{self, RECORD_VERSION};
use crate::rocks::failure;

/// Puts batches on stable storage. Called by the writer thread only.
pub(super) trait Journal: Send {
    /// Writes the operations, in order, all or none. Readable afterwards, not yet durable.
    fn write(&mut self, batch: &[Queued]) -> Result<Written, StorageError>;

    /// Makes everything written so far durable. Answers if the disk was asked at all.
    fn sync(&mut self) -> Result<Synced, StorageError>;
}

/// What a write put into the write-ahead log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

/// Whether a sync reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    Disk,
    /// The negative control of the durability tests.
    Skipped,
}

/// The real journal.
pub(super) struct RocksJournal {
    db: Arc<DB>,
    sync: Sync,
}

impl RocksJournal {
    pub(super) fn new(db: Arc<DB>, sync: Sync) -> Self {
        Self { db, sync }
    }
}

impl Journal for RocksJournal {
    fn write(&mut self, batch: &[Queued]) -> Result<Written, StorageError> {
        let mut rows = WriteBatch::default();
        let mut entries = 0;
        for queued in batch {
            entries += add(&mut rows, &queued.operation);
        }
        let bytes = rows.size_in_bytes() as u64;
        // Without sync: a write that syncs makes RocksDB wait where a separate sync of its log doesn't.
        self.db.write(rows).map_err(|error| failure("write to the log", &error))?;
        Ok(Written { entries, bytes })
    }

    fn sync(&mut self) -> Result<Synced, StorageError> {
        match self.sync {
            Sync::Never => Ok(Synced::Skipped),
            Sync::Fdatasync => {
                self.db.flush_wal(true).map_err(|error| failure("sync the log", &error))?;
                Ok(Synced::Disk)
            }
        }
    }
}

/// Adds one operation to a batch; answers how many entries it brings.
fn add(rows: &mut WriteBatch, operation: &Operation) -> u64 {
    let wrap = |payload: &[u8]| record::encode(RECORD_VERSION, payload);
    match operation {
        Operation::Append { group, entries } => {
            for entry in entries {
                rows.put(key::entry(*group, entry.index), wrap(&entry.bytes));
            }
            entries.len() as u64
        }
        Operation::Vote { group, vote } => {
            rows.put(key::group_row(key::VOTE, *group), wrap(vote));
            0
        }
        Operation::Truncate { group, first_removed } => {
            rows.delete_range(key::entry(*group, *first_removed), key::behind_entry(*group, u64::MAX));
            0
        }
        Operation::Purge { group, from, through, mark } => {
            let payload = [through.to_be_bytes().as_slice(), mark].concat();
            rows.put(key::group_row(key::PURGED, *group), wrap(&payload));
            rows.delete_range(key::entry(*group, *from), key::behind_entry(*group, *through));
            0
        }
        Operation::Forget { group } => {
            rows.delete(key::group_row(key::PURGED, *group));
            rows.delete_range(key::entry(*group, 0), key::behind_entry(*group, u64::MAX));
            0
        }
        Operation::Meta { name, value } => {
            rows.put(key::meta(name), wrap(value));
            0
        }
    }
}
