//! Counts durations in buckets that are at most 1/32 wide: exact enough for a report, and small however
//! many there are. Pure.

use std::time::Duration;

use serde::Serialize;

/// Buckets per power of two.
const STEPS: u64 = 32;

/// Durations, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
    sum_us: u64,
    max_us: u64,
}

/// Durations in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LatencySummary {
    /// How many.
    pub count: u64,
    /// Mean.
    pub mean_us: u64,
    /// Half are at most this.
    pub p50_us: u64,
    /// 95 of 100 are at most this.
    pub p95_us: u64,
    /// 99 of 100 are at most this.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.total += 1;
        self.sum_us = self.sum_us.saturating_add(us);
        self.max_us = self.max_us.max(us);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// The duration that `percent` of all do not exceed, in microseconds; 0 when there are none.
    pub fn percentile_us(&self, percent: u64) -> u64 {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return highest_of(bucket).min(self.max_us);
            }
        }
        0
    }

    /// All in numbers.
    pub fn summary(&self) -> LatencySummary {
        LatencySummary {
            count: self.total,
            mean_us: self.sum_us.checked_div(self.total).unwrap_or(0),
            p50_us: self.percentile_us(50),
            p95_us: self.percentile_us(95),
            p99_us: self.percentile_us(99),
            max_us: self.max_us,
        }
    }
}

/// Values below [`STEPS`] have a bucket each; above, each power of two has [`STEPS`] buckets.
fn bucket_of(us: u64) -> usize {
    let power = us.checked_ilog2().unwrap_or(0);
    let shift = power.saturating_sub(STEPS.ilog2());
    let bucket = u64::from(shift) * STEPS + (us >> shift);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn highest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let step = bucket % STEPS + STEPS;
    ((step + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_that_is_at_most_a_32nd_wide() {
        let mut last = 0;
        for us in (0..5000).chain([1 << 20, (1 << 20) + 1, u64::from(u32::MAX), 1 << 40]) {
            let bucket = bucket_of(us);
            assert!(bucket >= last, "buckets rise with their values");
            last = bucket;
            let highest = highest_of(bucket);
            assert!(highest >= us && highest - us <= us / STEPS, "{us} in a bucket up to {highest}");
            assert_eq!(bucket_of(highest), bucket);
        }
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut latencies = Latencies::default();
        for us in 1..=1000 {
            latencies.record(Duration::from_micros(us));
        }
        let summary = latencies.summary();
        assert_eq!((summary.count, summary.mean_us, summary.max_us), (1000, 500, 1000));
        assert!((500..=516).contains(&summary.p50_us), "{summary:?}");
        assert!((990..=1000).contains(&summary.p99_us), "{summary:?}");
    }

    #[test]
    fn merging_is_the_same_as_counting_together() {
        let (mut a, mut b, mut both) = (Latencies::default(), Latencies::default(), Latencies::default());
        for us in [1, 50, 7000] {
            a.record(Duration::from_micros(us));
            both.record(Duration::from_micros(us));
        }
        for us in [3, 900_000] {
            b.record(Duration::from_micros(us));
            both.record(Duration::from_micros(us));
        }
        a.merge(&b);
        assert_eq!(a, both);
    }

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Latencies::default().summary(), LatencySummary::default());
    }
}
