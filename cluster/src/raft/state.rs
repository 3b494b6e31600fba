//! The state of one group in the node's shared state store: where its rows are, how a batch of them is
//! written, how all of them are exported and replaced.
//!
//! Keys are `[shard u16][generation u32][table u8][key]`, big-endian; META's shard number is the greatest.
//! A snapshot that is installed goes
//! under a fresh generation; one write then switches to it, so a crash leaves the old or the new state,
//! never a mixture.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};

use madang_storage::id::ShardId;
use madang_storage::row::{Row, table};
use madang_storage::{
    Direction, GroupId, KeyBuilder, KeyRange, ScanLimit, StateBatch, StateStore, StorageError, prefix_end,
};
use serde::{Deserialize, Serialize};

use super::types::{LogId, StoredMembership};
use crate::machine::rows::{Base, Rows};
use crate::machine::shard::{COUNTERS_KEY, Counters};

/// The shard number under which META's rows are kept.
const META_SHARD: ShardId = ShardId(u16::MAX);

/// Key of [`Applied`] in [`table::SHARD`].
const APPLIED_KEY: &[u8] = b"applied";
/// The generation under which a group keeps the number of its current generation.
const POINTER_GENERATION: u32 = u32::MAX;
/// Rows of an installed snapshot are written in batches of this many bytes.
const INSTALL_BATCH_BYTES: usize = 1 << 20;

/// A row as it is exported: table and key, value.
pub(crate) type StoredRow = (Vec<u8>, Vec<u8>);

/// How far the log has been applied to the rows beside it, and who the group's members were then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    log_id: Option<LogId>,
    membership: StoredMembership,
}

impl Applied {
    pub(crate) fn new(log_id: Option<LogId>, membership: StoredMembership) -> Self {
        Self { log_id, membership }
    }

    pub(crate) fn into_parts(self) -> (Option<LogId>, StoredMembership) {
        (self.log_id, self.membership)
    }
}

impl Row for Applied {
    const NAME: &'static str = "applied row";
}

/// One group's rows.
pub(crate) struct GroupState {
    store: StateStore,
    /// Where the rows are: the shard, or META's number.
    home: ShardId,
    generation: AtomicU32,
}

impl GroupState {
    pub(crate) fn open(store: StateStore, group: GroupId) -> Result<Self, StorageError> {
        let home = group.0.checked_sub(1).map_or(META_SHARD, ShardId);
        let pointer = store.get(&pointer_key(home))?;
        let generation = pointer.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
        Ok(Self { store, home, generation: AtomicU32::new(generation) })
    }

    /// Which shard this is; `None`: META.
    pub(crate) fn shard(&self) -> Option<ShardId> {
        (self.home != META_SHARD).then_some(self.home)
    }

    pub(crate) fn store(&self) -> &StateStore {
        &self.store
    }

    /// The shard number of the group's keys.
    pub(crate) fn home(&self) -> ShardId {
        self.home
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// What a key of this group begins with.
    pub(crate) fn key(&self, table: u8, key: &[u8]) -> Vec<u8> {
        key_in(self.home, self.generation(), table, key)
    }

    /// A row of the group itself.
    pub(crate) fn load<R: Row>(&self, key: &[u8]) -> Result<Option<R>, StorageError> {
        self.get(table::SHARD, key)?.map(|bytes| R::decode(&bytes)).transpose()
    }

    pub(crate) fn applied(&self) -> Result<Option<Applied>, StorageError> {
        self.load(APPLIED_KEY)
    }

    /// How far applied rows would survive a power cut: the log is needed only behind this.
    pub(crate) fn durable_applied(&self) -> Result<Option<Applied>, StorageError> {
        let bytes = self.store.get_durable(&self.key(table::SHARD, APPLIED_KEY))?;
        bytes.map(|bytes| Applied::decode(&bytes)).transpose()
    }

    /// Writes a batch of rows together with how far it brings the state.
    pub(crate) fn write(
        &self,
        rows: Rows<'_>,
        applied: &Applied,
        counters: &Counters,
    ) -> Result<(), StorageError> {
        let mut batch = StateBatch::default();
        for ((table, key), value) in rows.into_writes() {
            let key = self.key(table, &key);
            match value {
                Some(value) => batch.put(&key, &value),
                None => batch.delete(&key),
            }
        }
        batch.put(&self.key(table::SHARD, COUNTERS_KEY), &counters.encode()?);
        batch.put(&self.key(table::SHARD, APPLIED_KEY), &applied.encode()?);
        self.store.write(batch)
    }

    /// All rows at one moment.
    pub(crate) fn export(&self) -> Result<Vec<StoredRow>, StorageError> {
        let prefix = KeyBuilder::shard_prefix(self.home, self.generation());
        let mut rows = Vec::new();
        self.store.scan(
            &KeyRange::prefix(&prefix),
            Direction::Ascending,
            ScanLimit::NONE,
            &mut |key, value| {
                rows.push((key.get(prefix.len()..).unwrap_or_default().to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            },
        )?;
        Ok(rows)
    }

    /// Replaces all rows.
    pub(crate) fn install(&self, rows: Vec<StoredRow>) -> Result<(), StorageError> {
        let old = self.generation();
        let new = old.wrapping_add(1) % POINTER_GENERATION;
        let fresh = KeyBuilder::shard_prefix(self.home, new);
        let mut batch = StateBatch::default();
        // What an interrupted attempt left behind must not shine through.
        batch.delete_range(&fresh, &prefix_end(&fresh));
        let mut bytes = 0;
        for (key, value) in rows {
            bytes += key.len() + value.len();
            batch.put(&[fresh.as_slice(), &key].concat(), &value);
            if bytes >= INSTALL_BATCH_BYTES {
                self.store.write(std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        batch.put(&pointer_key(self.home), &new.to_be_bytes());
        let stale = KeyBuilder::shard_prefix(self.home, old);
        batch.delete_range(&stale, &prefix_end(&stale));
        self.store.write(batch)?;
        self.generation.store(new, Ordering::Release);
        // The log up to here may be gone already: the switch must not be lost.
        self.store.flush()
    }
}

impl Base for GroupState {
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.store.get(&self.key(table, key))
    }
}

fn key_in(home: ShardId, generation: u32, table: u8, key: &[u8]) -> Vec<u8> {
    let mut full = KeyBuilder::new(home, generation, table).finish();
    full.extend_from_slice(key);
    full
}

fn pointer_key(home: ShardId) -> Vec<u8> {
    key_in(home, POINTER_GENERATION, table::SHARD, b"generation")
}
