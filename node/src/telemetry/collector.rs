//! Metrics that are read where they are counted, at the moment somebody asks: a table of what there is,
//! and where a snapshot of it comes from. Nothing is counted twice.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// One metric of a snapshot `S`. The unit and `_total` are added to the name, and `madang_` before it.
pub(super) struct Row<S> {
    /// Its name.
    pub(super) name: &'static str,
    /// What it measures, if it is more than a number of things.
    pub(super) unit: Option<Unit>,
    /// What it says, for people.
    pub(super) help: &'static str,
    /// Its kind, and where it is in the snapshot.
    pub(super) read: Read<S>,
}

/// The kind of a metric, and where it is in a snapshot.
pub(super) enum Read<S> {
    /// Only grows.
    Counter(fn(&S) -> u64),
    /// Goes up and down.
    Gauge(fn(&S) -> u64),
    /// How a measure is spread.
    Histogram(fn(&S) -> Spread),
}

/// A histogram.
pub(super) struct Spread {
    /// All that was measured, added up.
    pub(super) sum: f64,
    /// How often each bucket was hit, not cumulative: its upper bound, and the count. The last has no bound.
    pub(super) buckets: Vec<(f64, u64)>,
}

/// A table and its source.
pub(super) struct Table<S: 'static> {
    rows: &'static [Row<S>],
    source: Box<dyn Fn() -> S + Send + Sync>,
}

impl<S> Table<S> {
    /// Each scrape takes one snapshot from `source`.
    pub(super) fn new(rows: &'static [Row<S>], source: impl Fn() -> S + Send + Sync + 'static) -> Box<Self> {
        Box::new(Self { rows, source: Box::new(source) })
    }
}

impl<S: 'static> Collector for Table<S> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let snapshot = (self.source)();
        for row in self.rows {
            let metric =
                encoder.encode_descriptor(row.name, row.help, row.unit.as_ref(), row.read.metric_type())?;
            row.read.encode(&snapshot, metric)?;
        }
        Ok(())
    }
}

impl<S> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rows.iter().map(|row| row.name)).finish()
    }
}

impl<S> Read<S> {
    fn metric_type(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::Counter,
            Self::Gauge(_) => MetricType::Gauge,
            Self::Histogram(_) => MetricType::Histogram,
        }
    }

    fn encode(&self, snapshot: &S, mut metric: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Counter(read) => metric.encode_counter::<NoLabelSet, _, u64>(&read(snapshot), None),
            Self::Gauge(read) => metric.encode_gauge(&read(snapshot)),
            Self::Histogram(read) => {
                let Spread { sum, buckets } = read(snapshot);
                let count = buckets.iter().map(|(_, count)| count).sum();
                metric.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    const ROWS: &[Row<u64>] = &[
        Row { name: "written", unit: Some(Unit::Bytes), help: "Written", read: Read::Counter(|n| *n) },
        Row { name: "waiting", unit: None, help: "Waiting", read: Read::Gauge(|n| n + 1) },
        Row { name: "took", unit: Some(Unit::Seconds), help: "Took", read: Read::Histogram(spread) },
    ];

    fn spread(n: &u64) -> Spread {
        Spread { sum: 2.5, buckets: vec![(0.5, *n), (f64::INFINITY, 1)] }
    }

    #[test]
    fn a_table_is_shown_with_prefix_unit_and_kind_and_cumulative_buckets() {
        let mut registry = Registry::with_prefix("madang");
        registry.register_collector(Table::new(ROWS, || 7));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "# TYPE madang_written_bytes counter",
            "madang_written_bytes_total 7",
            "# TYPE madang_waiting gauge",
            "madang_waiting 8",
            "madang_took_seconds_sum 2.5",
            "madang_took_seconds_count 8",
            r#"madang_took_seconds_bucket{le="0.5"} 7"#,
            r#"madang_took_seconds_bucket{le="+Inf"} 8"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
