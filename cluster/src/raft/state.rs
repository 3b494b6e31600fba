//! The state of one group in the node's shared state store: where its rows are, how a batch of them is
//! written, how all of them are exported and replaced.
//!
//! Keys are `[shard u16][generation u32][table u8][key]`, big-endian; META's shard number is the greatest.
//! A snapshot that is installed goes
//! under a fresh generation; one write then switches to it, so a crash leaves the old or the new state,
//! never a mixture.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use madang_storage::id::ShardId;
use madang_storage::row::{Row, table};
use madang_storage::{
    Direction, GroupId, KeyBuilder, KeyRange, ScanLimit, StateBatch, StateStore, StorageError, prefix_end,
};
use serde::{Deserialize, Serialize};

use super::types::{LogId, StoredMembership};
use crate::machine::rows::{Base, RowKey};
use crate::machine::shard::{COUNTERS_KEY, Counters};

/// The shard number under which META's rows are kept.
const META_SHARD: ShardId = ShardId(u16::MAX);

/// Key of [`Applied`] in [`table::SHARD`].
const APPLIED_KEY: &[u8] = b"applied";
/// The generation under which a group keeps the number of its current generation.
const POINTER_GENERATION: u32 = u32::MAX;

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

    /// The values under these keys of a table, in their order; cheaper than one after the other.
    pub(crate) fn multi_get(
        &self,
        table: u8,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let whole: Vec<Vec<u8>> = keys.iter().map(|key| self.key(table, key)).collect();
        self.store.multi_get(&whole)
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
        writes: &BTreeMap<RowKey, Option<Vec<u8>>>,
        applied: &Applied,
        counters: &Counters,
    ) -> Result<(), StorageError> {
        let mut batch = StateBatch::default();
        for ((table, key), value) in writes {
            let key = self.key(*table, key);
            match value {
                Some(value) => batch.put(&key, value),
                None => batch.delete(&key),
            }
        }
        batch.put(&self.key(table::SHARD, COUNTERS_KEY), &counters.encode()?);
        batch.put(&self.key(table::SHARD, APPLIED_KEY), &applied.encode()?);
        self.store.write(batch)
    }

    /// Hands over all rows as of one moment, without the generation in their keys, until `take` says no.
    pub(crate) fn export(&self, take: &mut dyn FnMut(StoredRow) -> bool) -> Result<(), StorageError> {
        let prefix = KeyBuilder::shard_prefix(self.home, self.generation());
        self.store.scan(
            &KeyRange::prefix(&prefix),
            Direction::Ascending,
            ScanLimit::NONE,
            &mut |key, value| {
                let key = key.get(prefix.len()..).unwrap_or_default().to_vec();
                if take((key, value.to_vec())) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        )?;
        Ok(())
    }

    /// Makes room for rows from another node, under the generation that is returned.
    pub(crate) fn begin_stage(&self) -> Result<u32, StorageError> {
        let fresh = self.generation().wrapping_add(1) % POINTER_GENERATION;
        let mut batch = StateBatch::default();
        // What an interrupted copy left behind must not shine through.
        delete_generation(&mut batch, self.home, fresh);
        self.store.write(batch)?;
        Ok(fresh)
    }

    /// Writes rows from another node. Nobody sees them before [`Self::switch`].
    pub(crate) fn stage(&self, generation: u32, rows: Vec<(Bytes, Bytes)>) -> Result<(), StorageError> {
        let prefix = KeyBuilder::shard_prefix(self.home, generation);
        let mut batch = StateBatch::default();
        for (key, value) in rows {
            batch.put(&[prefix.as_slice(), &key].concat(), &value);
        }
        self.store.write(batch)
    }

    /// Replaces all rows by those staged under `generation`.
    pub(crate) fn switch(&self, generation: u32) -> Result<(), StorageError> {
        let mut batch = StateBatch::default();
        batch.put(&pointer_key(self.home), &generation.to_be_bytes());
        delete_generation(&mut batch, self.home, self.generation());
        self.store.write(batch)?;
        self.generation.store(generation, Ordering::Release);
        // The log up to here may be gone already: the switch must not be lost.
        self.store.flush()
    }

    /// Removes all rows: this node no longer holds the group. The next copy goes under a fresh generation,
    /// so that a reader that is still at work sees nothing rather than a mixture.
    pub(crate) fn remove_all(&self) -> Result<(), StorageError> {
        let fresh = self.begin_stage()?;
        self.switch(fresh)
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

fn delete_generation(batch: &mut StateBatch, home: ShardId, generation: u32) {
    let prefix = KeyBuilder::shard_prefix(home, generation);
    batch.delete_range(&prefix, &prefix_end(&prefix));
}

fn pointer_key(home: ShardId) -> Vec<u8> {
    key_in(home, POINTER_GENERATION, table::SHARD, b"generation")
}
