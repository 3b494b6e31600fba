//! openraft's log of one group on the node's shared log store. Appends and votes of a group go through
//! the store's one ordered queue; entries are readable before `append` returns and acknowledged when the
//! shared fsync is through.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use bytes::Bytes;
use madang_storage::{GroupId, LogEntry, LogStore, StorageError};
use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::entry::{decode, encode};
use super::tail::Tail;
use super::types::{Entry, LogId, TypeConfig, Vote};

/// How many bytes of entries are read for replication at once.
const READ_BYTES_MAX: usize = 256 * 1024;

/// One group's log.
#[derive(Clone)]
pub(crate) struct GroupLog {
    store: LogStore,
    group: GroupId,
    tail: Arc<Mutex<Tail>>,
}

impl GroupLog {
    pub(crate) fn new(store: LogStore, group: GroupId) -> Self {
        Self { store, group, tail: Arc::default() }
    }

    /// Runs an operation of the store and waits until it is durable.
    async fn durable<F>(&self, start: F) -> io::Result<()>
    where
        F: FnOnce(&LogStore, madang_storage::Done) -> Result<(), StorageError> + Send,
    {
        let (done, result) = oneshot::channel();
        start(
            &self.store,
            Box::new(move |outcome| {
                // Nobody waits any more when the group was shut down meanwhile.
                let _ = done.send(outcome);
            }),
        )
        .map_err(io::Error::other)?;
        result.await.map_err(io::Error::other)?.map_err(io::Error::other)
    }

    /// Waits until the store's queue has room again.
    async fn room(&self) {
        let (free, waiting) = oneshot::channel();
        self.store.when_room(Box::new(move || {
            let _ = free.send(());
        }));
        let _ = waiting.await;
    }

    fn read(&self, range: std::ops::Range<u64>, bytes_max: usize) -> io::Result<Vec<Entry>> {
        if let Some(entries) = self.tail.lock().get(range.clone()) {
            return Ok(entries);
        }
        let entries = self.store.read(self.group, range, bytes_max).map_err(io::Error::other)?;
        entries.iter().map(|entry| decode("raft entry", &entry.bytes)).collect()
    }
}

impl RaftLogReader<TypeConfig> for GroupLog {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, io::Error> {
        let start = match range.start_bound() {
            Bound::Included(index) => *index,
            Bound::Excluded(index) => index.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(index) => index.saturating_add(1),
            Bound::Excluded(index) => *index,
            Bound::Unbounded => u64::MAX,
        };
        self.read(start..end, usize::MAX)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        self.read(start..end, READ_BYTES_MAX)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        let vote = self.store.read_vote(self.group).map_err(io::Error::other)?;
        vote.map(|bytes| decode("vote", &bytes)).transpose()
    }
}

impl RaftLogStorage<TypeConfig> for GroupLog {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let bounds = self.store.bounds(self.group).map_err(io::Error::other)?;
        let last_purged_log_id: Option<LogId> =
            bounds.purged.as_ref().map(|bytes| decode("purged log id", bytes)).transpose()?;
        let last = if bounds.is_empty() {
            Vec::new()
        } else {
            self.read(bounds.last..bounds.last.saturating_add(1), usize::MAX)?
        };
        let last_log_id = last.last().map(RaftEntry::log_id).or(last_purged_log_id);
        Ok(LogState { last_purged_log_id, last_log_id })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let bytes = encode(vote)?;
        self.durable(|store, done| store.save_vote(self.group, bytes, done)).await
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let encoded = entries
            .iter()
            .map(|entry| Ok(LogEntry { index: entry.index(), bytes: encode(entry)? }))
            .collect::<io::Result<Vec<_>>>()?;
        let sizes: Vec<usize> = encoded.iter().map(|entry| entry.bytes.len()).collect();
        // The store gives nothing back when its queue is full, so the callback is kept outside.
        let callback = Arc::new(Mutex::new(Some(callback)));
        loop {
            let callback = Arc::clone(&callback);
            let done = Box::new(move |result: Result<(), StorageError>| {
                if let Some(callback) = callback.lock().take() {
                    callback.io_completed(result.map_err(io::Error::other));
                }
            });
            match self.store.append(self.group, encoded.clone(), done) {
                Err(StorageError::Overloaded { .. }) => self.room().await,
                other => {
                    other.map_err(io::Error::other)?;
                    break;
                }
            }
        }
        let mut tail = self.tail.lock();
        entries.into_iter().zip(sizes).for_each(|(entry, bytes)| tail.push(entry, bytes));
        Ok(())
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        let first_removed = last_log_id.map_or(0, |log_id| log_id.index.saturating_add(1));
        self.tail.lock().truncate(first_removed);
        self.durable(|store, done| store.truncate_from(self.group, first_removed, done)).await
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        let mark: Bytes = encode(&log_id)?;
        self.durable(|store, done| store.purge(self.group, log_id.index, mark, done)).await
    }
}
