//! The handle to the log: takes operations, answers reads, closes.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use rocksdb::{DB, DBRecoveryMode};

use super::entry::{GroupId, LogBounds, LogEntry};
use super::group::Page;
use super::journal::{Journal, RocksJournal};
use super::key;
use super::ledger::Ledger;
use super::load::{load_groups, read_stored};
use super::metrics::{Counters, LogMetrics};
use super::operation::Done;
use super::options::LogOptions;
use super::writer::{self, Shared};
use crate::error::StorageError;
use crate::fence::Fence;
use crate::record;
use crate::rocks::{self, failure};

/// The format of the log this build writes and the newest it reads.
const FORMAT_VERSION: u8 = 1;
const WAL_BYTES_MAX: u64 = 128 << 20;

/// The durable raft log of all groups of a node. Clones share one store; the last one dropped drains the
/// queue and ends the writer thread.
///
/// When a method that takes a [`Done`] returns an error, nothing was queued and `done` is dropped uncalled.
#[derive(Clone)]
pub struct LogStore {
    handle: Arc<Handle>,
}

impl std::fmt::Debug for LogStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogStore").field("path", &self.handle.db.path()).finish_non_exhaustive()
    }
}

struct Handle {
    shared: Arc<Shared>,
    db: Arc<DB>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl LogStore {
    /// Opens the log in `path`, made if missing, and starts the writer thread.
    ///
    /// Recovery is strict: a record that was cut off at the very end of the write-ahead log was never
    /// acknowledged and is dropped; anything else that doesn't add up is an error.
    /// Errors: `Locked`, `Corrupt` naming the file, `Unsupported`, `Full`, `Io`.
    pub fn open(path: &Path, options: &LogOptions) -> Result<Self, StorageError> {
        Self::open_with(path, options, |db| Box::new(RocksJournal::new(db, options.sync)))
    }

    /// Opens the log with another journal between the writer and RocksDB.
    pub(super) fn open_with(
        path: &Path,
        options: &LogOptions,
        journal: impl FnOnce(Arc<DB>) -> Box<dyn Journal>,
    ) -> Result<Self, StorageError> {
        let db = Arc::new(open_db(path, options)?);
        rocks::check_format(&db, key::FORMAT_KEY, "log", FORMAT_VERSION)?;
        let groups = load_groups(&db)?;
        let shared = Arc::new(Shared {
            ledger: Mutex::new(Ledger::new(groups, options)),
            bell: Condvar::new(),
            fence: Fence::default(),
            counters: Counters::default(),
        });
        let mut journal = journal(db.clone());
        let for_writer = shared.clone();
        let writer = thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer::run(&for_writer, journal.as_mut()))
            .map_err(|error| StorageError::Io { what: format!("start the log's writer thread: {error}") })?;
        Ok(Self { handle: Arc::new(Handle { shared, db, writer: Mutex::new(Some(writer)) }) })
    }

    /// Where the group's log begins and ends, counting what is accepted but not durable yet.
    pub fn bounds(&self, group: GroupId) -> Result<LogBounds, StorageError> {
        let ledger = self.handle.shared.ledger.lock();
        Ok(ledger.groups.get(&group).map(super::group::Group::bounds).unwrap_or_default())
    }

    /// Appends entries with consecutive indices behind the group's last. They are readable when this returns;
    /// `done` is called when they are on stable storage. Errors: `Overloaded` (wait with
    /// [`LogStore::when_room`]), `OutOfOrder`, `Fenced`, `Closed`.
    pub fn append(&self, group: GroupId, entries: Vec<LogEntry>, done: Done) -> Result<(), StorageError> {
        let result = self.enqueue(|ledger| ledger.append(group, entries, done));
        if matches!(result, Err(StorageError::Overloaded { .. })) {
            self.handle.shared.counters.overload();
        }
        result
    }

    /// Replaces the group's vote. Accepted whatever the queue holds: there is at most one a term.
    pub fn save_vote(&self, group: GroupId, vote: Bytes, done: Done) -> Result<(), StorageError> {
        self.enqueue(|ledger| {
            ledger.save_vote(group, vote, done);
            Ok(())
        })
    }

    /// The latest accepted vote, durable or not.
    pub fn read_vote(&self, group: GroupId) -> Result<Option<Bytes>, StorageError> {
        Ok(self.handle.shared.ledger.lock().groups.get(&group).and_then(|group| group.vote.clone()))
    }

    /// Removes the entry at `first_removed` and all behind it. Readers don't see them from now on.
    pub fn truncate_from(&self, group: GroupId, first_removed: u64, done: Done) -> Result<(), StorageError> {
        self.enqueue(|ledger| {
            ledger.truncate(group, first_removed, done);
            Ok(())
        })
    }

    /// Removes all entries through `through`, present or not, and keeps `purged` as the mark; the next append
    /// to an empty log comes right behind it. A purge behind an earlier one changes nothing.
    pub fn purge(&self, group: GroupId, through: u64, purged: Bytes, done: Done) -> Result<(), StorageError> {
        self.enqueue(|ledger| {
            ledger.purge(group, through, purged, done);
            Ok(())
        })
    }

    /// Removes all of the group's entries and its purge mark, as if there had never been any. The vote stays:
    /// a node that comes back to a group must not vote twice in one term.
    pub fn forget(&self, group: GroupId, done: Done) -> Result<(), StorageError> {
        self.enqueue(|ledger| {
            ledger.forget(group, done);
            Ok(())
        })
    }

    /// The entries of `range` that are present, from the first on, ascending and without holes, until they
    /// pass `bytes_max`; at least one if any is present. Goes on after a fence.
    pub fn read(
        &self,
        group: GroupId,
        range: Range<u64>,
        bytes_max: usize,
    ) -> Result<Vec<LogEntry>, StorageError> {
        'again: loop {
            let mut page = Page::new(bytes_max);
            let mut seen_removals = None;
            loop {
                let stored = {
                    let ledger = self.handle.shared.ledger.lock();
                    let Some(state) = ledger.groups.get(&group) else { return Ok(Vec::new()) };
                    if *seen_removals.get_or_insert(state.removals()) != state.removals() {
                        continue 'again;
                    }
                    let present = state.clamp(&range);
                    let next = page.next(present.start);
                    if next >= present.end || page.is_full() {
                        return Ok(page.into_entries());
                    }
                    let memory_starts = state.memory_starts();
                    if next >= memory_starts {
                        state.read_memory(next..present.end, &mut page);
                        return Ok(page.into_entries());
                    }
                    next..present.end.min(memory_starts)
                };
                let outcome = read_stored(&self.handle.db, group, stored, &mut page);
                if let Err(error) = outcome {
                    // A removal meanwhile explains what looks like a hole; the next round would notice it.
                    if self.removals(group) == seen_removals {
                        return Err(error);
                    }
                    continue 'again;
                }
            }
        }
    }

    /// Stores a named value of the node: identity and the like; a handful of names.
    pub fn put_meta(&self, name: &str, value: Bytes, done: Done) {
        let mut done = Some(done);
        let outcome = self.enqueue(|ledger| {
            if let Some(done) = done.take() {
                ledger.put_meta(name, value, done);
            }
            Ok(())
        });
        if let (Err(error), Some(done)) = (outcome, done) {
            done(Err(error));
        }
    }

    /// Reads a named value, durable or not.
    pub fn read_meta(&self, name: &str) -> Result<Option<Bytes>, StorageError> {
        if let Some(pending) = self.handle.shared.ledger.lock().pending_meta(name) {
            return Ok(Some(pending));
        }
        let stored =
            self.handle.db.get_pinned(key::meta(name)).map_err(|error| failure("read the log", &error))?;
        let Some(stored) = stored else { return Ok(None) };
        let payload = record::open(&stored, &|| format!("named value {name}"))?;
        Ok(Some(Bytes::copy_from_slice(payload)))
    }

    /// Calls `listener` once appends are taken again; at once if they are. One append by each listener fits.
    pub fn when_room(&self, listener: Box<dyn FnOnce() + Send>) {
        let listener = self.handle.shared.ledger.lock().wait_for_room(listener);
        if let Some(listener) = listener {
            listener();
        }
    }

    /// The first failed write or sync, if there was one. From then on everything but reads fails with `Fenced`.
    pub fn fenced(&self) -> Option<StorageError> {
        self.handle.shared.fence.cause()
    }

    /// Calls `listener` with the first failure, on the writer thread, before any waiter hears of it; at once
    /// if it has happened.
    pub fn on_fence(&self, listener: Box<dyn FnOnce(&StorageError) + Send>) {
        self.handle.shared.fence.on_lower(listener);
    }

    /// The counters now.
    pub fn metrics(&self) -> LogMetrics {
        let mut metrics = self.handle.shared.counters.snapshot();
        let ledger = self.handle.shared.ledger.lock();
        metrics.queue_items = ledger.queue_items();
        metrics.queue_bytes = ledger.queue_bytes();
        metrics.tail_bytes = ledger.tail_bytes();
        metrics
    }

    /// Writes what waits, calls everybody back and ends the writer. Other handles get `Closed` from now on;
    /// the directory is free when the last of them is gone.
    pub fn close(self) {
        self.handle.stop();
    }

    fn removals(&self, group: GroupId) -> Option<u64> {
        self.handle.shared.ledger.lock().groups.get(&group).map(super::group::Group::removals)
    }

    fn enqueue(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let shared = &self.handle.shared;
        shared.fence.check()?;
        let mut ledger = shared.ledger.lock();
        if ledger.closing {
            return Err(StorageError::Closed);
        }
        change(&mut ledger)?;
        drop(ledger);
        shared.bell.notify_one();
        Ok(())
    }
}

impl Handle {
    fn stop(&self) {
        let waiting = {
            let mut ledger = self.shared.ledger.lock();
            ledger.closing = true;
            ledger.take_waiting()
        };
        self.shared.bell.notify_one();
        for listener in waiting {
            listener();
        }
        // A callback may hold the last handle; the writer can't wait for itself, it ends on its own.
        let writer =
            self.writer.lock().take().filter(|writer| writer.thread().id() != thread::current().id());
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the log's writer thread panicked");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

fn open_db(path: &Path, options: &LogOptions) -> Result<DB, StorageError> {
    let mut rocks = rocks::base_options(&options.memory, options.memtable_bytes);
    // RocksDB's default drops everything behind a damaged record without a word: acknowledged entries would
    // vanish. This one only forgives a cut-off end; the manifest knows how long the closed files were.
    rocks.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    rocks.set_track_and_verify_wals_in_manifest(true);
    rocks.set_max_total_wal_size(WAL_BYTES_MAX);
    rocks::open(path, &rocks)
}
