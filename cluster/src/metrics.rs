//! Counters of the way to agreement. The layer that serves metrics asks for a snapshot when somebody asks it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::batcher::Answer;
use crate::error::ClusterError;
use crate::raft::Progress;

/// A snapshot over all groups of this node: counted since it was started, but for what says "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClusterMetrics {
    /// Commands taken into a shard's queue.
    pub commands: u64,
    /// Commands not taken, since the queue was full.
    pub overloads: u64,
    /// Commands that a machine refused.
    pub refusals: u64,
    /// Commands that got no answer from a machine: no leader, stopping, failed disk.
    pub failures: u64,
    /// Raft entries proposed; commands for each say how well batching works.
    pub entries: u64,
    /// Times that another node was asked for the feed of a shard of which no replica is here.
    pub feed_asks: u64,
    /// Raft groups on this node now.
    pub groups: usize,
    /// Those that it leads now.
    pub groups_led: usize,
    /// Entries applied to the state since the cluster was formed.
    pub applied_entries: u64,
    /// Entries that are in the logs and not in the state now.
    pub unapplied_entries: u64,
}

impl ClusterMetrics {
    pub(crate) fn new(counters: &Counters, groups: impl Iterator<Item = Progress>) -> Self {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut metrics = Self {
            commands: read(&counters.commands),
            overloads: read(&counters.overloads),
            refusals: read(&counters.refusals),
            failures: read(&counters.failures),
            entries: read(&counters.entries),
            feed_asks: read(&counters.feed_asks),
            ..Self::default()
        };
        for group in groups {
            metrics.groups += 1;
            metrics.groups_led += usize::from(group.leads);
            metrics.applied_entries += group.applied_entries;
            metrics.unapplied_entries += group.log_entries.saturating_sub(group.applied_entries);
        }
        metrics
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commands: AtomicU64,
    overloads: AtomicU64,
    refusals: AtomicU64,
    failures: AtomicU64,
    entries: AtomicU64,
    feed_asks: AtomicU64,
}

impl Counters {
    pub(crate) fn submitted<T>(&self, taken: &Result<T, ClusterError>) {
        match taken {
            Ok(_) => add(&self.commands),
            Err(ClusterError::Overloaded { .. }) => add(&self.overloads),
            Err(_) => add(&self.failures),
        }
    }

    pub(crate) fn feed_asked(&self) {
        add(&self.feed_asks);
    }

    pub(crate) fn proposed(&self) {
        add(&self.entries);
    }

    pub(crate) fn answered(&self, answer: &Answer) {
        match answer {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => add(&self.refusals),
            Err(_) => add(&self.failures),
        }
    }
}

fn add(counter: &AtomicU64) {
    // Nothing else depends on it.
    counter.fetch_add(1, Ordering::Relaxed);
}
