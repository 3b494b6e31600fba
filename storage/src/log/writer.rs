//! The writer thread: gather what waits, write it as one batch, sync once, tell everybody in order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::journal::{Journal, Synced, Written};
use super::ledger::Ledger;
use super::metrics::Counters;
use super::operation::Queued;
use crate::error::StorageError;
use crate::fence::Fence;

/// What the handles and the writer thread share.
pub(super) struct Shared {
    pub(super) ledger: Mutex<Ledger>,
    /// Rung when the queue stops being empty, and at closing.
    pub(super) bell: Condvar,
    pub(super) fence: Fence,
    pub(super) counters: Counters,
}

/// The thread's main function; returns when the store is closing and the queue is drained.
pub(super) fn run(shared: &Arc<Shared>, journal: &mut dyn Journal) {
    while let Some(batch) = next_batch(shared) {
        // A panic here (in a callback of another crate, say) must not leave everybody waiting for ever.
        if catch_unwind(AssertUnwindSafe(|| process(shared, journal, batch))).is_err() {
            shared.fence.lower(&StorageError::Io { what: "the log's writer panicked".to_owned() });
        }
    }
}

/// Waits for work. `None` when there will be no more.
fn next_batch(shared: &Shared) -> Option<Vec<Queued>> {
    let (batch, waiting) = {
        let mut ledger = shared.ledger.lock();
        loop {
            let batch = ledger.take_batch();
            if !batch.is_empty() {
                break (batch, ledger.take_waiting());
            }
            if ledger.closing {
                return None;
            }
            shared.bell.wait(&mut ledger);
        }
    };
    for listener in waiting {
        listener();
    }
    Some(batch)
}

fn process(shared: &Shared, journal: &mut dyn Journal, batch: Vec<Queued>) {
    match persist(shared, journal, &batch) {
        Ok((written, sync)) => {
            if let Some(last) = batch.last() {
                shared.ledger.lock().mark_durable(last.number);
            }
            shared.counters.batch(batch.len(), written.entries, written.bytes, sync);
            for queued in batch {
                (queued.done)(Ok(()));
            }
        }
        Err(error) => {
            // Fence first: nobody who hears of the failure may find the store still taking writes.
            shared.fence.lower(&error);
            for queued in batch {
                (queued.done)(Err(error.clone()));
            }
        }
    }
}

fn persist(
    shared: &Shared,
    journal: &mut dyn Journal,
    batch: &[Queued],
) -> Result<(Written, Option<Duration>), StorageError> {
    shared.fence.check()?;
    let written = journal.write(batch)?;
    let started = Instant::now();
    let synced = journal.sync()?;
    Ok((written, (synced == Synced::Disk).then(|| started.elapsed())))
}
