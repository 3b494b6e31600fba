//! The newest entries of a group's log as they were appended. A moment later they are applied, and sent to the
//! others: so neither needs to take them apart from their bytes again.

use std::collections::VecDeque;
use std::ops::Range;

use openraft::entry::RaftEntry;

use super::types::Entry;

/// How many are kept: more than a group has on their way.
const ENTRIES_MAX: usize = 8;
/// How many bytes they may have in the log, together.
const BYTES_MAX: usize = 256 * 1024;

/// Entries without a gap, the newest last.
#[derive(Debug, Default)]
pub(super) struct Tail {
    entries: VecDeque<(Entry, usize)>,
    bytes: usize,
}

impl Tail {
    /// An entry was appended, with so many bytes.
    pub(super) fn push(&mut self, entry: Entry, bytes: usize) {
        self.truncate(entry.index());
        if self.end() != Some(entry.index()) {
            (self.entries, self.bytes) = (VecDeque::new(), 0);
        }
        self.bytes += bytes;
        self.entries.push_back((entry, bytes));
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some((_, bytes)) = self.entries.pop_front() else { return };
            self.bytes -= bytes;
        }
    }

    /// Entries from this index on are removed.
    pub(super) fn truncate(&mut self, first_removed: u64) {
        while let Some((_, bytes)) = self.entries.pop_back_if(|(entry, _)| entry.index() >= first_removed) {
            self.bytes -= bytes;
        }
    }

    /// The entries of a range, if all of them are here.
    pub(super) fn get(&self, range: Range<u64>) -> Option<Vec<Entry>> {
        let first = self.entries.front()?.0.index();
        let start = usize::try_from(range.start.checked_sub(first)?).ok()?;
        let end = usize::try_from(range.end.checked_sub(first)?).ok()?;
        let is_here = start < end && end <= self.entries.len();
        is_here.then(|| self.entries.range(start..end).map(|(entry, _)| entry.clone()).collect())
    }

    /// The index behind the newest.
    fn end(&self) -> Option<u64> {
        self.entries.back().map(|(entry, _)| entry.index() + 1)
    }
}

#[cfg(test)]
mod tests {
    use openraft::EntryPayload;
    use openraft::vote::RaftLeaderId;

    use super::*;
    use crate::raft::types::LogId;

    fn entry(term: u64, index: u64) -> Entry {
        let leader =
            openraft::alias::LeaderIdOf::<crate::raft::types::TypeConfig>::new(term, 1).to_committed();
        Entry { log_id: LogId::new(leader, index), payload: EntryPayload::Blank }
    }

    fn indices(tail: &Tail, range: Range<u64>) -> Option<Vec<(u64, u64)>> {
        let entries = tail.get(range)?;
        Some(entries.iter().map(|entry| (entry.log_id.committed_leader_id().term, entry.index())).collect())
    }

    #[test]
    fn only_a_range_that_is_here_as_a_whole_is_given() {
        let mut tail = Tail::default();
        assert_eq!(indices(&tail, 0..1), None);
        (5..8).for_each(|index| tail.push(entry(1, index), 10));
        assert_eq!(indices(&tail, 5..8), Some(vec![(1, 5), (1, 6), (1, 7)]));
        assert_eq!(indices(&tail, 6..7), Some(vec![(1, 6)]));
        for range in [4..6, 6..9, 8..9, 6..6, 0..u64::MAX] {
            assert_eq!(indices(&tail, range.clone()), None, "{range:?}");
        }
    }

    #[test]
    fn what_is_removed_or_written_over_is_gone() {
        let mut tail = Tail::default();
        (1..5).for_each(|index| tail.push(entry(1, index), 10));
        tail.truncate(3);
        assert_eq!(indices(&tail, 1..4), None);
        tail.push(entry(2, 3), 10);
        assert_eq!(indices(&tail, 1..4), Some(vec![(1, 1), (1, 2), (2, 3)]));
        tail.push(entry(3, 2), 10);
        assert_eq!(indices(&tail, 1..3), Some(vec![(1, 1), (3, 2)]));
        assert_eq!(indices(&tail, 3..4), None);
    }

    #[test]
    fn behind_a_gap_it_begins_anew() {
        let mut tail = Tail::default();
        tail.push(entry(1, 1), 10);
        tail.push(entry(1, 9), 10);
        assert_eq!(indices(&tail, 1..2), None);
        assert_eq!(indices(&tail, 9..10), Some(vec![(1, 9)]));
    }

    #[test]
    fn it_is_bounded_in_entries_and_bytes() {
        let mut tail = Tail::default();
        (1..=20).for_each(|index| tail.push(entry(1, index), 10));
        assert_eq!((tail.entries.len(), tail.bytes), (ENTRIES_MAX, 10 * ENTRIES_MAX));
        tail.push(entry(1, 21), BYTES_MAX - 10);
        assert_eq!((indices(&tail, 20..22).map(|found| found.len()), tail.bytes), (Some(2), BYTES_MAX));
        tail.push(entry(1, 22), BYTES_MAX + 1);
        assert_eq!((tail.entries.len(), tail.bytes), (0, 0));
    }
}
