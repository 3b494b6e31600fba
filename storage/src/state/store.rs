//! The handle to the state.

use std::path::Path;
use std::sync::Arc;

use rocksdb::{DB, FlushOptions, ReadOptions, ReadTier, Snapshot, WriteOptions};

use super::batch::StateBatch;
use super::options::StateOptions;
use super::scan::{self, Direction, KeyRange, ScanEnd, ScanLimit, Visitor};
use crate::error::StorageError;
use crate::fence::Fence;
use crate::record;
use crate::rocks::{self, failure};

/// The format of the state this build writes and the newest it reads.
const FORMAT_VERSION: u8 = 1;
/// The key of the format; shorter than any row's key.
const FORMAT_KEY: &[u8] = &[];
/// Share of a memtable given to its bloom filter.
const MEMTABLE_BLOOM_RATIO: f64 = 0.03;

/// The rows of all shards of a node. Clones share one store. All calls may read from disk: not for a thread
/// that serves sockets.
#[derive(Clone)]
pub struct StateStore {
    handle: Arc<Handle>,
}

impl std::fmt::Debug for StateStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateStore").field("path", &self.handle.db.path()).finish_non_exhaustive()
    }
}

struct Handle {
    db: DB,
    fence: Fence,
}

impl StateStore {
    /// Opens the state in `path`, made if missing. Errors: `Locked`, `Corrupt` naming the file, `Unsupported`,
    /// `Full`, `Io`.
    pub fn open(path: &Path, options: &StateOptions) -> Result<Self, StorageError> {
        let mut rocks_options = rocks::base_options(&options.memory, options.memtable_bytes);
        // Every send looks up a row that is not there (its own memory): without a filter each such lookup walks
        // the memtable's skip list, the largest single cost of the path.
        rocks_options.set_memtable_whole_key_filtering(true);
        rocks_options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM_RATIO);
        let db = rocks::open(path, &rocks_options)?;
        rocks::check_format(&db, FORMAT_KEY, "state", FORMAT_VERSION)?;
        Ok(Self { handle: Arc::new(Handle { db, fence: Fence::default() }) })
    }

    /// The payload under `key`. Errors: `Corrupt`, `Io`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.get_with(key, &ReadOptions::default())
    }

    /// The payload under `key` as it would be after a power cut now.
    pub fn get_durable(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let mut options = ReadOptions::default();
        options.set_read_tier(ReadTier::Persisted);
        self.get_with(key, &options)
    }

    /// The payloads under `keys`, in their order; cheaper than one `get` each.
    pub fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let rows = self.handle.db.multi_get(keys);
        rows.into_iter().zip(keys).map(|(row, key)| unwrap(row.map_err(read_failure)?, key)).collect()
    }

    /// Makes the batch true at once for every reader. Durable only after a flush.
    /// Errors: `Full`, `Io` (and from then on `Fenced`).
    pub fn write(&self, batch: StateBatch) -> Result<(), StorageError> {
        self.handle.fence.check()?;
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        self.fencing("write to the state", self.handle.db.write_opt(batch.into_rows(), &options))
    }

    /// Writes all that is in memory to synced files. Blocks until done. Errors: as for `write`.
    pub fn flush(&self) -> Result<(), StorageError> {
        self.handle.fence.check()?;
        let mut options = FlushOptions::default();
        options.set_wait(true);
        self.fencing("flush the state", self.handle.db.flush_opt(&options))
    }

    /// Hands the rows of `range` to `visit` until the limit is met or it breaks off. One consistent moment.
    pub fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        limit: ScanLimit,
        visit: &mut Visitor<'_>,
    ) -> Result<ScanEnd, StorageError> {
        let mut rows = self.handle.db.raw_iterator_opt(scan::bounded(range));
        scan::walk(&mut rows, direction, limit, visit)
    }

    /// A frozen view of the state, for an export of many ranges that must fit together. Old versions of rows
    /// can't be removed while it lives.
    pub fn view(&self) -> StateView<'_> {
        StateView { snapshot: self.handle.db.snapshot() }
    }

    /// The first failed write or flush, if there was one. From then on everything but reads fails with `Fenced`.
    pub fn fenced(&self) -> Option<StorageError> {
        self.handle.fence.cause()
    }

    /// Calls `listener` with the first failure; at once if it has happened.
    pub fn on_fence(&self, listener: Box<dyn FnOnce(&StorageError) + Send>) {
        self.handle.fence.on_lower(listener);
    }

    fn get_with(&self, key: &[u8], options: &ReadOptions) -> Result<Option<Vec<u8>>, StorageError> {
        unwrap(self.handle.db.get_pinned_opt(key, options).map_err(read_failure)?, key)
    }

    fn fencing(&self, what: &str, result: Result<(), rocksdb::Error>) -> Result<(), StorageError> {
        result.map_err(|error| {
            let error = failure(what, &error);
            self.handle.fence.lower(&error);
            error
        })
    }
}

/// The state as it was at one moment.
pub struct StateView<'a> {
    snapshot: Snapshot<'a>,
}

impl StateView<'_> {
    /// The payload under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        unwrap(self.snapshot.get_pinned(key).map_err(read_failure)?, key)
    }

    /// As [`StateStore::scan`], at the view's moment.
    pub fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        limit: ScanLimit,
        visit: &mut Visitor<'_>,
    ) -> Result<ScanEnd, StorageError> {
        let mut rows = self.snapshot.raw_iterator_opt(scan::bounded(range));
        scan::walk(&mut rows, direction, limit, visit)
    }
}

impl std::fmt::Debug for StateView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateView").finish_non_exhaustive()
    }
}

fn read_failure(error: rocksdb::Error) -> StorageError {
    failure("read the state", &error)
}

fn unwrap(row: Option<impl AsRef<[u8]>>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let Some(row) = row else { return Ok(None) };
    record::open(row.as_ref(), &|| format!("row under {key:02x?}")).map(|payload| Some(payload.to_vec()))
}
