//! The rows of one group as its machine sees them: what nearly every command looks at is still at hand from when it
//! was written, and is not looked up again.
//!
//! Only the machine writes a group's rows, one batch after the other, so what it wrote last is what the state holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use madang_storage::StorageError;
use madang_storage::row::table;
use parking_lot::Mutex;

use super::state::{Applied, GroupState};
use crate::machine::rows::{Base, RowKey, Rows};
use crate::machine::shard::Counters;

/// The tables in which the same rows are looked up and written again and again: a send does both in each.
const TABLES: [u8; 2] = [table::ROOM, table::MEMBER];
/// How many bytes of rows are kept at most, for each group of the node.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// What a row takes beside its bytes, about.
const ROW_BYTES: usize = 96;

/// A group's rows, and the newest of them once more.
pub(super) struct KnownRows {
    state: Arc<GroupState>,
    newest: Mutex<Newest>,
}

impl KnownRows {
    pub(super) fn new(state: Arc<GroupState>) -> Self {
        Self { state, newest: Mutex::default() }
    }

    /// Writes a batch of rows together with how far it brings the state.
    pub(super) fn write(
        &self,
        rows: Rows<'_>,
        applied: &Applied,
        counters: &Counters,
    ) -> Result<(), StorageError> {
        let writes = rows.into_writes();
        self.state.write(&writes, applied, counters)?;
        self.newest.lock().keep(writes);
        Ok(())
    }
}

impl Base for KnownRows {
    fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(row) = self.newest.lock().get(table, key) {
            return Ok(Some(row.clone()));
        }
        self.state.get(table, key)
    }
}

/// What was written last, in two halves: when the younger has its fill, it becomes the older, whose rows go.
#[derive(Default)]
struct Newest {
    young: Half,
    old: Half,
}

#[derive(Default)]
struct Half {
    rows: [HashMap<Vec<u8>, Vec<u8>>; TABLES.len()],
    bytes: usize,
}

impl Newest {
    fn get(&self, table: u8, key: &[u8]) -> Option<&Vec<u8>> {
        let place = place_of(table)?;
        [&self.young, &self.old].into_iter().find_map(|half| half.rows.get(place)?.get(key))
    }

    fn keep(&mut self, writes: BTreeMap<RowKey, Option<Vec<u8>>>) {
        for ((table, key), row) in writes {
            let Some(place) = place_of(table) else { continue };
            match row {
                Some(row) => self.young.put(place, key, row),
                None => {
                    [&mut self.young, &mut self.old].into_iter().for_each(|half| half.remove(place, &key))
                }
            }
            if self.young.bytes >= KEPT_BYTES_MAX / 2 {
                self.old = std::mem::take(&mut self.young);
            }
        }
    }
}

impl Half {
    fn put(&mut self, place: usize, key: Vec<u8>, row: Vec<u8>) {
        let Some(rows) = self.rows.get_mut(place) else { return };
        self.bytes += key.len() + row.capacity() + ROW_BYTES;
        let bytes = key.len() + ROW_BYTES;
        if let Some(before) = rows.insert(key, row) {
            self.bytes -= bytes + before.capacity();
        }
    }

    fn remove(&mut self, place: usize, key: &[u8]) {
        if let Some(row) = self.rows.get_mut(place).and_then(|rows| rows.remove(key)) {
            self.bytes -= key.len() + row.capacity() + ROW_BYTES;
        }
    }
}

fn place_of(table: u8) -> Option<usize> {
    TABLES.iter().position(|known| *known == table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(table: u8, number: u16) -> RowKey {
        (table, number.to_be_bytes().to_vec())
    }

    fn writes() -> impl Strategy<Value = Vec<(u8, u16, Option<u16>)>> {
        let table = prop::sample::select(vec![table::ROOM, table::MEMBER, table::SENT]);
        prop::collection::vec((table, 0..300_u16, prop::option::weighted(0.8, 0..2_000_u16)), 1..40)
    }

    proptest! {
        #[test]
        fn what_is_at_hand_is_what_was_written_last(batches in prop::collection::vec(writes(), 1..80)) {
            let (mut newest, mut model) = (Newest::default(), BTreeMap::new());
            for batch in batches {
                let batch: BTreeMap<_, _> = batch
                    .into_iter()
                    .map(|(table, number, bytes)| (key(table, number), bytes.map(|bytes| vec![table; usize::from(bytes)])))
                    .collect();
                model.extend(batch.clone());
                newest.keep(batch);
                for ((table, key), row) in &model {
                    let found = newest.get(*table, key);
                    prop_assert!(found.is_none() || found == row.as_ref());
                }
                let bytes = |half: &Half| -> usize {
                    let rows = half.rows.iter().flatten();
                    rows.map(|(key, row)| key.len() + row.capacity() + ROW_BYTES).sum()
                };
                for half in [&newest.young, &newest.old] {
                    prop_assert_eq!(half.bytes, bytes(half));
                    prop_assert!(half.bytes < KEPT_BYTES_MAX / 2 + 3_000);
                }
            }
        }
    }

    #[test]
    fn rows_of_rooms_and_members_are_at_hand_and_others_are_not() {
        let mut newest = Newest::default();
        let tables = [table::ROOM, table::MEMBER, table::SENT];
        newest.keep(tables.map(|table| (key(table, 1), Some(vec![table]))).into());
        let found = tables.map(|table| newest.get(table, &key(table, 1).1).is_some());
        assert_eq!(found, [true, true, false]);
    }
}
