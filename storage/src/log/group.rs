//! One group's log as its callers see it: bounds, vote, and the newest entries in memory.
//!
//! Changed under the ledger's lock in the same step that queues the change for the disk. Invariant: an entry
//! that is not in memory here is readable in RocksDB.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::entry::{GroupId, LogBounds, LogEntry};
use crate::error::StorageError;

/// Through which index the log was purged, and the caller's mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purged {
    pub(super) through: u64,
    pub(super) mark: Bytes,
}

#[derive(Debug)]
struct TailEntry {
    /// The operation that brought it; durable when that one is.
    number: u64,
    entry: LogEntry,
}

/// What is true of one group now.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) vote: Option<Bytes>,
    purged: Option<Purged>,
    /// First and last present index.
    present: Option<(u64, u64)>,
    tail: VecDeque<TailEntry>,
    /// Counts removals, so that a reader of RocksDB notices one that happened meanwhile.
    removals: u64,
}

impl Group {
    /// A group as found on disk.
    pub(super) fn loaded(vote: Option<Bytes>, purged: Option<Purged>, present: Option<(u64, u64)>) -> Self {
        Self { vote, purged, present, ..Self::default() }
    }

    pub(super) fn bounds(&self) -> LogBounds {
        let purged = self.purged.as_ref().map(|purged| purged.mark.clone());
        match self.present {
            None => LogBounds { purged, ..LogBounds::default() },
            Some((first, last)) => LogBounds { first, last, len: last - first + 1, purged },
        }
    }

    pub(super) fn removals(&self) -> u64 {
        self.removals
    }

    /// Checks that `entries` continue the log without a hole.
    pub(super) fn check_append(&self, group: GroupId, entries: &[LogEntry]) -> Result<(), StorageError> {
        let mut expected = match (self.present, &self.purged) {
            (Some((_, last)), _) => Some(last + 1),
            (None, Some(purged)) => Some(purged.through + 1),
            (None, None) => None,
        };
        for entry in entries {
            if let Some(expected) = expected.filter(|expected| *expected != entry.index) {
                return Err(StorageError::OutOfOrder { group, expected, found: entry.index });
            }
            expected = Some(entry.index + 1);
        }
        Ok(())
    }

    /// Adds checked entries; answers their bytes.
    pub(super) fn append(&mut self, number: u64, entries: &[LogEntry]) -> usize {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return 0 };
        self.present = Some((self.present.map_or(first.index, |(first, _)| first), last.index));
        self.tail.extend(entries.iter().map(|entry| TailEntry { number, entry: entry.clone() }));
        entries.iter().map(|entry| entry.bytes.len()).sum()
    }

    /// Removes `first_removed` and everything behind it; answers the bytes freed in memory.
    pub(super) fn truncate(&mut self, first_removed: u64) -> usize {
        self.removals += 1;
        self.present = self
            .present
            .filter(|(first, _)| *first < first_removed)
            .map(|(first, last)| (first, last.min(first_removed.saturating_sub(1))));
        let kept = self.tail.partition_point(|held| held.entry.index < first_removed);
        self.tail.drain(kept..).map(|held| held.entry.bytes.len()).sum()
    }

    /// Removes everything through `through`, unless more was purged already. Answers the mark that now holds,
    /// the first index to remove, and the bytes freed in memory.
    pub(super) fn purge(&mut self, through: u64, mark: Bytes) -> (Purged, u64, usize) {
        self.removals += 1;
        let purged = match self.purged.take() {
            Some(before) if before.through > through => before,
            _ => Purged { through, mark },
        };
        self.purged = Some(purged.clone());
        let from = self.present.map_or(0, |(first, _)| first.min(through));
        self.present = self
            .present
            .filter(|(_, last)| *last > purged.through)
            .map(|(first, last)| (first.max(purged.through + 1), last));
        let gone = self.tail.partition_point(|held| held.entry.index <= purged.through);
        let freed = self.tail.drain(..gone).map(|held| held.entry.bytes.len()).sum();
        (purged, from, freed)
    }

    /// Removes everything but the vote; answers the bytes freed in memory.
    pub(super) fn forget(&mut self) -> usize {
        self.purged = None;
        self.truncate(0)
    }

    /// Forgets in memory what operations through `number` brought; they must be durable. Answers the bytes freed.
    pub(super) fn trim(&mut self, number: u64) -> usize {
        let gone = self.tail.partition_point(|held| held.number <= number);
        self.tail.drain(..gone).map(|held| held.entry.bytes.len()).sum()
    }

    /// The part of `range` that is present.
    pub(super) fn clamp(&self, range: &Range<u64>) -> Range<u64> {
        match self.present {
            None => 0..0,
            Some((first, last)) => range.start.max(first)..range.end.min(last.saturating_add(1)),
        }
    }

    /// First index that is in memory; with nothing in memory the one behind the last.
    pub(super) fn memory_starts(&self) -> u64 {
        let behind_last = self.present.map_or(0, |(_, last)| last.saturating_add(1));
        self.tail.front().map_or(behind_last, |held| held.entry.index)
    }

    /// Copies entries of `range` that are in memory into `page` while they fit.
    pub(super) fn read_memory(&self, range: Range<u64>, page: &mut Page) {
        let start = self.tail.partition_point(|held| held.entry.index < range.start);
        for held in self.tail.iter().skip(start) {
            if held.entry.index >= range.end || !page.take(held.entry.clone()) {
                return;
            }
        }
    }
}

/// Entries gathered for a reader, bounded in bytes; the first always fits.
#[derive(Debug)]
pub(super) struct Page {
    entries: Vec<LogEntry>,
    bytes: usize,
    bytes_max: usize,
    full: bool,
}

impl Page {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { entries: Vec::new(), bytes: 0, bytes_max, full: false }
    }

    /// Takes `entry` if it fits.
    pub(super) fn take(&mut self, entry: LogEntry) -> bool {
        let bytes = self.bytes.saturating_add(entry.bytes.len());
        if self.entries.is_empty() || bytes <= self.bytes_max {
            self.bytes = bytes;
            self.entries.push(entry);
        } else {
            self.full = true;
        }
        !self.full
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The index that comes next, given where the page starts.
    pub(super) fn next(&self, start: u64) -> u64 {
        self.entries.last().map_or(start, |entry| entry.index + 1)
    }

    pub(super) fn into_entries(self) -> Vec<LogEntry> {
        self.entries
    }
}
