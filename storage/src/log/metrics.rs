//! Counters of the log. The layer that serves metrics turns a snapshot into whatever it exports.

use std::time::Duration;

use parking_lot::Mutex;

/// Upper bounds of the buckets of sync times, in seconds; one more bucket has no bound.
const SYNC_BUCKETS_SECONDS: [f64; 13] =
    [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// How long syncs took.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncTimes {
    /// Syncs by time, not cumulative: one count for each of [`SyncTimes::bounds_seconds`], and one beyond.
    pub counts: [u64; SYNC_BUCKETS_SECONDS.len() + 1],
    /// All syncs together.
    pub sum_seconds: f64,
}

impl SyncTimes {
    /// Upper bounds of the buckets, in seconds.
    pub fn bounds_seconds() -> &'static [f64] {
        &SYNC_BUCKETS_SECONDS
    }

    fn record(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = SYNC_BUCKETS_SECONDS.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum_seconds += seconds;
    }
}

/// A snapshot of the log's counters, all since the store was opened except those that say "now".
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogMetrics {
    /// Batches written and acknowledged.
    pub batches: u64,
    /// Operations in them: appends, votes, truncations, purges, named values.
    pub operations: u64,
    /// Entries appended.
    pub entries: u64,
    /// Bytes written, keys and headers included.
    pub bytes: u64,
    /// Syncs that reached the disk.
    pub syncs: u64,
    /// Their times.
    pub sync_times: SyncTimes,
    /// Appends refused as `Overloaded`.
    pub overloads: u64,
    /// Operations that wait for the writer now.
    pub queue_items: usize,
    /// Their bytes now.
    pub queue_bytes: usize,
    /// Bytes of entries held in memory for readers now.
    pub tail_bytes: usize,
}

/// The counters behind the snapshot.
#[derive(Default)]
pub(super) struct Counters {
    inner: Mutex<LogMetrics>,
}

impl Counters {
    pub(super) fn batch(&self, operations: usize, entries: u64, bytes: u64, sync: Option<Duration>) {
        let mut inner = self.inner.lock();
        inner.batches += 1;
        inner.operations += operations as u64;
        inner.entries += entries;
        inner.bytes += bytes;
        if let Some(time) = sync {
            inner.syncs += 1;
            inner.sync_times.record(time);
        }
    }

    pub(super) fn overload(&self) {
        self.inner.lock().overloads += 1;
    }

    pub(super) fn snapshot(&self) -> LogMetrics {
        self.inner.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_falls_into_the_first_bucket_that_holds_it() {
        let mut times = SyncTimes::default();
        times.record(Duration::from_micros(100));
        times.record(Duration::from_micros(101));
        times.record(Duration::from_secs(5));
        assert_eq!((times.counts[0], times.counts[1], times.counts[13]), (1, 1, 1));
        assert!((times.sum_seconds - 5.000_201).abs() < 1e-9);
    }
}
