//! Walking over a range of keys, bounded.

use std::ops::ControlFlow;

use rocksdb::{DBRawIterator, ReadOptions};

use super::key::prefix_end;
use crate::error::StorageError;
use crate::record;
use crate::rocks::failure;

/// Keys from `from` up to but not including `to`; an empty `to` means up to the last key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// First key, inclusive.
    pub from: Vec<u8>,
    /// End, exclusive.
    pub to: Vec<u8>,
}

impl KeyRange {
    /// All keys that start with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: prefix_end(prefix) }
    }
}

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the first key of the range.
    Ascending,
    /// From the last key of the range.
    Descending,
}

/// When to stop. One row is always handed out if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimit {
    /// Rows at most.
    pub items: usize,
    /// Bytes of payloads at most.
    pub bytes: usize,
}

impl ScanLimit {
    /// The whole range. For exports, never for a client's request.
    pub const NONE: Self = Self { items: usize::MAX, bytes: usize::MAX };
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanEnd {
    /// The range holds no more.
    Exhausted,
    /// The limit was met and there is at least one more row.
    Limit,
    /// The caller had enough.
    Stopped,
}

/// What a walk hands each row to: key and payload.
pub type Visitor<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Bounds of a walk, so that neither RocksDB's seeks nor its read-ahead leave the range.
pub(super) fn bounded(range: &KeyRange) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.from.as_slice());
    if !range.to.is_empty() {
        options.set_iterate_upper_bound(range.to.as_slice());
    }
    options
}

/// Walks over `rows`, which must have been made with the options of [`bounded`] and the same range.
pub(super) fn walk(
    rows: &mut DBRawIterator<'_>,
    direction: Direction,
    limit: ScanLimit,
    visit: &mut Visitor<'_>,
) -> Result<ScanEnd, StorageError> {
    match direction {
        Direction::Ascending => rows.seek_to_first(),
        Direction::Descending => rows.seek_to_last(),
    }
    let (mut items, mut bytes) = (0_usize, 0_usize);
    while let Some((key, value)) = rows.item() {
        let payload = record::open(value, &|| format!("row under {key:02x?}"))?;
        bytes = bytes.saturating_add(payload.len());
        if items > 0 && (items >= limit.items || bytes > limit.bytes) {
            return Ok(ScanEnd::Limit);
        }
        items += 1;
        if visit(key, payload).is_break() {
            return Ok(ScanEnd::Stopped);
        }
        match direction {
            Direction::Ascending => rows.next(),
            Direction::Descending => rows.prev(),
        }
    }
    rows.status().map_err(|error| failure("scan the state", &error))?;
    Ok(ScanEnd::Exhausted)
}
