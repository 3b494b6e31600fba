//! All groups of the store and the queue to the writer, changed together under one lock, so that what readers
//! see and what will be on disk follow the same order.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::entry::{GroupId, LogEntry};
use super::group::Group;
use super::operation::{Done, Operation, Queued};
use super::options::LogOptions;
use crate::error::StorageError;

/// Called when the queue has room again.
pub(super) type RoomListener = Box<dyn FnOnce() + Send>;

/// Appends whose entries may stay in memory at a time; bounds the list of them when entries are tiny.
const TAIL_APPENDS_MAX: usize = 64 << 10;

/// A named value that is accepted but not yet durable.
struct PendingMeta {
    number: u64,
    value: Bytes,
}

/// State under the store's lock.
pub(super) struct Ledger {
    pub(super) groups: HashMap<GroupId, Group>,
    pending_meta: HashMap<String, PendingMeta>,
    queue: VecDeque<Queued>,
    queue_bytes: usize,
    last_number: u64,
    durable_number: u64,
    /// Which group each append went to, oldest first: the order of trimming.
    appended: VecDeque<(u64, GroupId)>,
    tail_bytes: usize,
    waiting: Vec<RoomListener>,
    pub(super) closing: bool,
    queue_items_max: usize,
    queue_bytes_max: usize,
    batch_bytes_max: usize,
    tail_bytes_max: usize,
}

impl Ledger {
    pub(super) fn new(groups: HashMap<GroupId, Group>, options: &LogOptions) -> Self {
        Self {
            groups,
            pending_meta: HashMap::new(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            last_number: 0,
            durable_number: 0,
            appended: VecDeque::new(),
            tail_bytes: 0,
            waiting: Vec::new(),
            closing: false,
            queue_items_max: options.queue_items_max,
            queue_bytes_max: options.queue_bytes_max,
            batch_bytes_max: options.batch_bytes_max,
            tail_bytes_max: options.tail_bytes_max,
        }
    }

    /// True while appends are taken.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < self.queue_items_max && self.queue_bytes < self.queue_bytes_max
    }

    pub(super) fn queue_items(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn queue_bytes(&self) -> usize {
        self.queue_bytes
    }

    pub(super) fn tail_bytes(&self) -> usize {
        self.tail_bytes
    }

    /// Takes an append. Errors: `Overloaded`, `OutOfOrder`; then nothing has changed.
    pub(super) fn append(
        &mut self,
        group: GroupId,
        entries: Vec<LogEntry>,
        done: Done,
    ) -> Result<(), StorageError> {
        if !self.has_room() {
            return Err(StorageError::Overloaded { limit_bytes: self.queue_bytes_max });
        }
        let state = self.groups.entry(group).or_default();
        state.check_append(group, &entries)?;
        let number = self.last_number + 1;
        self.tail_bytes += state.append(number, &entries);
        if !entries.is_empty() {
            self.appended.push_back((number, group));
        }
        self.enqueue(Operation::Append { group, entries }, done);
        Ok(())
    }

    pub(super) fn save_vote(&mut self, group: GroupId, vote: Bytes, done: Done) {
        self.groups.entry(group).or_default().vote = Some(vote.clone());
        self.enqueue(Operation::Vote { group, vote }, done);
    }

    pub(super) fn truncate(&mut self, group: GroupId, first_removed: u64, done: Done) {
        self.tail_bytes -= self.groups.entry(group).or_default().truncate(first_removed);
        self.enqueue(Operation::Truncate { group, first_removed }, done);
    }

    pub(super) fn purge(&mut self, group: GroupId, through: u64, mark: Bytes, done: Done) {
        let (purged, from, freed) = self.groups.entry(group).or_default().purge(through, mark);
        self.tail_bytes -= freed;
        self.enqueue(Operation::Purge { group, from, through: purged.through, mark: purged.mark }, done);
    }

    pub(super) fn forget(&mut self, group: GroupId, done: Done) {
        self.tail_bytes -= self.groups.entry(group).or_default().forget();
        self.enqueue(Operation::Forget { group }, done);
    }

    pub(super) fn put_meta(&mut self, name: &str, value: Bytes, done: Done) {
        let pending = PendingMeta { number: self.last_number + 1, value: value.clone() };
        self.pending_meta.insert(name.to_owned(), pending);
        self.enqueue(Operation::Meta { name: name.to_owned(), value }, done);
    }

    pub(super) fn pending_meta(&self, name: &str) -> Option<Bytes> {
        self.pending_meta.get(name).map(|pending| pending.value.clone())
    }

    /// Calls `listener` back when there is room; hands it back if there is already.
    pub(super) fn wait_for_room(&mut self, listener: RoomListener) -> Option<RoomListener> {
        if self.has_room() || self.closing {
            return Some(listener);
        }
        self.waiting.push(listener);
        None
    }

    /// Takes the oldest operations, up to one batch; at least one if any waits.
    pub(super) fn take_batch(&mut self) -> Vec<Queued> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(queued) = self.queue.front() {
            let cost = queued.operation.cost_bytes();
            if !batch.is_empty() && bytes + cost > self.batch_bytes_max {
                break;
            }
            bytes += cost;
            batch.extend(self.queue.pop_front());
        }
        self.queue_bytes -= bytes;
        batch
    }

    /// Those who wait for room, if there is some, or nothing is left to wait for.
    pub(super) fn take_waiting(&mut self) -> Vec<RoomListener> {
        if self.has_room() || self.closing { std::mem::take(&mut self.waiting) } else { Vec::new() }
    }

    /// Everything through `number` is on stable storage: it may leave memory.
    pub(super) fn mark_durable(&mut self, number: u64) {
        self.durable_number = number;
        self.pending_meta.retain(|_, pending| pending.number > number);
        while self.tail_bytes > self.tail_bytes_max || self.appended.len() > TAIL_APPENDS_MAX {
            let Some(&(oldest, group)) = self.appended.front() else { return };
            if oldest > self.durable_number {
                return;
            }
            self.appended.pop_front();
            if let Some(group) = self.groups.get_mut(&group) {
                self.tail_bytes -= group.trim(oldest);
            }
        }
    }

    fn enqueue(&mut self, operation: Operation, done: Done) {
        self.last_number += 1;
        self.queue_bytes += operation.cost_bytes();
        self.queue.push_back(Queued { number: self.last_number, operation, done });
    }
}
