//! What the tests of the log share: a store in a temporary directory, a journal that obeys a test, and
//! callbacks that can be waited for.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;

use super::journal::{Journal, RocksJournal, Synced, Written};
use super::operation::Queued;
use super::{Done, GroupId, LogEntry, LogOptions, LogStore, Sync};
use crate::error::StorageError;

/// How long a test waits for what must happen.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn entry(index: u64, text: &str) -> LogEntry {
    LogEntry { index, bytes: Bytes::copy_from_slice(text.as_bytes()) }
}

pub(super) fn entries(range: std::ops::Range<u64>) -> Vec<LogEntry> {
    range.map(|index| entry(index, &format!("entry {index}"))).collect()
}

/// A callback that nobody listens to.
pub(super) fn ignore() -> Done {
    Box::new(|_| {})
}

/// Hands out callbacks that report under a name.
pub(super) struct Reports {
    tx: Sender<(String, Result<(), StorageError>)>,
    rx: Receiver<(String, Result<(), StorageError>)>,
}

impl Reports {
    pub(super) fn new() -> Self {
        let (tx, rx) = mpsc::channel();
        Self { tx, rx }
    }

    pub(super) fn done(&self, name: &str) -> Done {
        let (tx, name) = (self.tx.clone(), name.to_owned());
        Box::new(move |result| drop(tx.send((name, result))))
    }

    pub(super) fn next(&self) -> (String, Result<(), StorageError>) {
        self.rx.recv_timeout(LIMIT).expect("a callback")
    }

    /// What has been reported and not been taken yet.
    pub(super) fn pending(&self) -> Vec<(String, Result<(), StorageError>)> {
        self.rx.try_iter().collect()
    }
}

/// Appends and waits until it is durable.
pub(super) fn append_durably(log: &LogStore, group: GroupId, entries: Vec<LogEntry>) {
    let reports = Reports::new();
    log.append(group, entries, reports.done("append")).unwrap();
    reports.next().1.unwrap();
}

pub(super) fn read_all(log: &LogStore, group: GroupId) -> Vec<LogEntry> {
    log.read(group, 0..u64::MAX, usize::MAX).unwrap()
}

/// Decides when syncs happen and how they end.
#[derive(Clone, Default)]
pub(super) struct Switch {
    inner: Arc<(Mutex<SwitchState>, Condvar)>,
}

#[derive(Default)]
struct SwitchState {
    held: bool,
    syncs_waiting: usize,
    sync_error: Option<StorageError>,
    write_error: Option<StorageError>,
}

impl Switch {
    /// Lets no sync through until [`Switch::release`].
    pub(super) fn hold(&self) {
        self.inner.0.lock().held = true;
    }

    pub(super) fn release(&self) {
        self.inner.0.lock().held = false;
        self.inner.1.notify_all();
    }

    /// Waits until the writer stands in a held sync.
    pub(super) fn wait_until_held(&self) {
        let mut state = self.inner.0.lock();
        while state.syncs_waiting == 0 {
            assert!(!self.inner.1.wait_for(&mut state, LIMIT).timed_out(), "no sync came");
        }
    }

    /// Makes the next sync fail, once.
    pub(super) fn fail_sync(&self, error: StorageError) {
        self.inner.0.lock().sync_error = Some(error);
    }

    /// Makes the next write fail, once.
    pub(super) fn fail_write(&self, error: StorageError) {
        self.inner.0.lock().write_error = Some(error);
    }
}

struct SwitchedJournal {
    real: RocksJournal,
    switch: Switch,
}

impl Journal for SwitchedJournal {
    fn write(&mut self, batch: &[Queued]) -> Result<Written, StorageError> {
        match self.switch.inner.0.lock().write_error.take() {
            Some(error) => Err(error),
            None => self.real.write(batch),
        }
    }

    fn sync(&mut self) -> Result<Synced, StorageError> {
        {
            let (lock, bell) = &*self.switch.inner;
            let mut state = lock.lock();
            state.syncs_waiting += 1;
            bell.notify_all();
            while state.held {
                bell.wait(&mut state);
            }
            state.syncs_waiting -= 1;
            if let Some(error) = state.sync_error.take() {
                return Err(error);
            }
        }
        self.real.sync()
    }
}

/// Opens a log whose syncs obey `switch`.
pub(super) fn open_switched(path: &Path, options: &LogOptions, switch: &Switch) -> LogStore {
    let switch = switch.clone();
    LogStore::open_with(path, options, |db| {
        Box::new(SwitchedJournal { real: RocksJournal::new(db, Sync::Fdatasync), switch })
    })
    .unwrap()
}

/// A log in a directory of its own.
pub(super) fn fresh_log(options: &LogOptions) -> (TempDir, LogStore) {
    let dir = TempDir::new().unwrap();
    let log = LogStore::open(&dir.path().join("log"), options).unwrap();
    (dir, log)
}
