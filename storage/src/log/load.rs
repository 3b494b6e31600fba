//! What the log's RocksDB says about every group, read when the store is opened and, entry by entry, for
//! readers whose entries have left memory.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use rocksdb::{DB, DBRawIterator, ReadOptions};

use super::entry::{GroupId, LogEntry};
use super::group::{Group, Page, Purged};
use super::key;
use crate::error::StorageError;
use crate::record;
use crate::rocks::failure;

/// Finds every group. Errors: `Corrupt` if a row can't be read or a log doesn't begin behind its purge mark.
pub(super) fn load_groups(db: &DB) -> Result<HashMap<GroupId, Group>, StorageError> {
    let mut votes = load_rows(db, key::VOTE, "vote")?;
    let mut marks = load_rows(db, key::PURGED, "purge mark")?;
    let mut present = load_present(db)?;
    let mut ids: Vec<GroupId> = votes.keys().chain(marks.keys()).chain(present.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut groups = HashMap::with_capacity(ids.len());
    for id in ids {
        let purged = marks.remove(&id).map(|row| parse_mark(id, &row)).transpose()?;
        let present = present.remove(&id);
        if let (Some(purged), Some((first, _))) = (&purged, present)
            && purged.through.checked_add(1) != Some(first)
        {
            let what =
                format!("log of group {id} begins at {first} but is purged through {}", purged.through);
            return Err(StorageError::Corrupt { what });
        }
        groups.insert(id, Group::loaded(votes.remove(&id), purged, present));
    }
    Ok(groups)
}

/// Reads entries of `range` into `page` while they fit. Errors: `Corrupt` if one is missing or damaged.
pub(super) fn read_stored(
    db: &DB,
    group: GroupId,
    range: Range<u64>,
    page: &mut Page,
) -> Result<(), StorageError> {
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(key::entry(group, range.end));
    let mut rows = db.raw_iterator_opt(options);
    rows.seek(key::entry(group, range.start));
    let mut expected = range.start;
    while expected < range.end {
        let found = item(&rows)?.map(|(key, value)| Ok((key::parse_entry(key)?.1, value))).transpose()?;
        let Some((index, value)) = found.filter(|(index, _)| *index == expected) else {
            return Err(StorageError::Corrupt {
                what: format!("entry {expected} of group {group} is missing"),
            });
        };
        let payload = record::open(value, &|| format!("entry {index} of group {group}"))?;
        if !page.take(LogEntry { index, bytes: Bytes::copy_from_slice(payload) }) {
            return Ok(());
        }
        expected += 1;
        rows.next();
    }
    Ok(())
}

fn load_rows(db: &DB, table: u8, name: &str) -> Result<HashMap<GroupId, Bytes>, StorageError> {
    let mut found = HashMap::new();
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound([table + 1]);
    let mut rows = db.raw_iterator_opt(options);
    rows.seek([table]);
    while let Some((key, value)) = item(&rows)? {
        let group = key::parse_group_row(key)?;
        let payload = record::open(value, &|| format!("{name} of group {group}"))?;
        found.insert(group, Bytes::copy_from_slice(payload));
        rows.next();
    }
    Ok(found)
}

/// First and last entry of each group: three seeks a group, whatever its length.
fn load_present(db: &DB) -> Result<HashMap<GroupId, (u64, u64)>, StorageError> {
    let mut found = HashMap::new();
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound([key::ENTRY]);
    options.set_iterate_upper_bound([key::ENTRY + 1]);
    let mut rows = db.raw_iterator_opt(options);
    rows.seek([key::ENTRY]);
    while let Some((first_key, _)) = item(&rows)? {
        let (group, first) = key::parse_entry(first_key)?;
        rows.seek_for_prev(key::entry(group, u64::MAX));
        let last = match item(&rows)? {
            Some((last_key, _)) => key::parse_entry(last_key)?.1,
            None => first,
        };
        found.insert(group, (first, last));
        rows.seek(key::behind_entry(group, u64::MAX));
    }
    Ok(found)
}

fn parse_mark(group: GroupId, row: &[u8]) -> Result<Purged, StorageError> {
    let Some((through, mark)) = row.split_first_chunk::<8>() else {
        return Err(StorageError::Corrupt { what: format!("purge mark of group {group} is too short") });
    };
    Ok(Purged { through: u64::from_be_bytes(*through), mark: Bytes::copy_from_slice(mark) })
}

type Row<'a> = (&'a [u8], &'a [u8]);

/// The row under the iterator; `None` behind the last. Errors: what RocksDB met on the way.
fn item<'a>(rows: &'a DBRawIterator<'_>) -> Result<Option<Row<'a>>, StorageError> {
    match rows.item() {
        Some(item) => Ok(Some(item)),
        None => rows.status().map(|()| None).map_err(|error| failure("read the log", &error)),
    }
}
