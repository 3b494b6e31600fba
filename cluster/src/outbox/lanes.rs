//! Which effects go out next: one lane for each target shard, so that nobody waits behind a target that does
//! not answer. What is for one target is handed out in order, one batch after the other; within a batch, and after a miss,
//! it may arrive in any order.
//!
//! Only where the lanes are is remembered, not what waits for them: an outbox may be longer than memory. A lane
//! that is free again is read anew from where it was passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use madang_storage::id::ShardId;
use tokio::time::Instant;

/// How long a target rests that has not answered.
pub(super) const REST: Duration = Duration::from_millis(200);

/// The lanes that are not free, and how far the outbox was read.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Everything through here has arrived, or its lane is not free.
    read_through: u64,
    taken: BTreeMap<ShardId, Lane>,
}

/// A target that has been given something, or is not asked for a while.
#[derive(Debug)]
struct Lane {
    /// The oldest effect that has not arrived.
    first: u64,
    /// The newest that was handed out.
    last: u64,
    /// The oldest behind that, which was read and left where it is.
    passed: Option<u64>,
    /// Nothing is on its way until then; `None` while something is.
    rests_until: Option<Instant>,
}

impl Lanes {
    /// All are free, and there is nothing through this id.
    pub(super) fn behind(id: u64) -> Self {
        Self { read_through: id, ..Self::default() }
    }

    /// What is to be read next is behind this id.
    pub(super) fn read_through(&self) -> u64 {
        self.read_through
    }

    /// Everything up to here has arrived.
    pub(super) fn delivered_through(&self) -> u64 {
        let oldest = self.taken.values().map(|lane| lane.first).min();
        oldest.map_or(self.read_through, |first| self.read_through.min(first.saturating_sub(1)))
    }

    /// Sorts what was read next, in order: answers what goes out now, and passes the rest over.
    pub(super) fn hand_out<T>(
        &mut self,
        rows: impl IntoIterator<Item = (u64, ShardId, T)>,
    ) -> BTreeMap<ShardId, Vec<(u64, T)>> {
        let mut batches: BTreeMap<ShardId, Vec<(u64, T)>> = BTreeMap::new();
        for (id, target, row) in rows {
            self.read_through = id;
            match self.taken.get_mut(&target) {
                None => batches.entry(target).or_default().push((id, row)),
                // What is on its way already is still in the outbox.
                Some(lane) if id <= lane.last => {}
                Some(lane) => lane.passed = Some(lane.passed.map_or(id, |passed| passed.min(id))),
            }
        }
        for (target, batch) in &batches {
            if let (Some((first, _)), Some((last, _))) = (batch.first(), batch.last()) {
                let lane = Lane { first: *first, last: *last, passed: None, rests_until: None };
                self.taken.insert(*target, lane);
            }
        }
        batches
    }

    /// Nothing waits behind what was read last: what was written before that, through `issued`, and is missing there
    /// has arrived earlier.
    pub(super) fn read_to_end(&mut self, issued: u64) {
        self.read_through = self.read_through.max(issued);
    }

    /// What was handed out for `target` is over: all of it has arrived, or all before `missed`, and perhaps some
    /// behind it. What has arrived must be out of the outbox before it is read again.
    pub(super) fn end(&mut self, target: ShardId, missed: Option<u64>, now: Instant) {
        let Some(lane) = self.taken.remove(&target) else { return };
        match (missed, lane.passed) {
            (Some(first), _) => {
                let lane = Lane { first, last: 0, passed: None, rests_until: Some(now + REST) };
                self.taken.insert(target, lane);
            }
            (None, Some(passed)) => self.read_again_from(passed),
            (None, None) => {}
        }
    }

    /// Frees the lanes that have rested.
    pub(super) fn wake(&mut self, now: Instant) {
        let is_over = |lane: &Lane| lane.rests_until.is_some_and(|until| until <= now);
        let first = self.taken.values().filter(|lane| is_over(lane)).map(|lane| lane.first).min();
        self.taken.retain(|_, lane| !is_over(lane));
        if let Some(first) = first {
            self.read_again_from(first);
        }
    }

    fn read_again_from(&mut self, id: u64) {
        self.read_through = self.read_through.min(id.saturating_sub(1));
    }
}
