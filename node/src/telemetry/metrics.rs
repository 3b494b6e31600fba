//! The registry of metrics and those of this crate. There is no global registry: several nodes fit into one
//! process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// All metrics of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Those of the HTTP side.
    pub http: HttpMetrics,
}

impl Metrics {
    /// Builds the registry; `register` adds what the other parts of the node measure. Names get the prefix
    /// `madang_`.
    pub fn new(register: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::with_prefix("madang");
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        registry.register(
            "build",
            "The version of the program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register_with_unit(
            "start_time",
            "When the node was started, since 1970-01-01 UTC",
            Unit::Seconds,
            ConstGauge::new(started),
        );
        let http = HttpMetrics::register(&mut registry);
        register(&mut registry);
        Self { registry, http }
    }

    /// The OpenMetrics text of everything.
    ///
    /// # Errors
    /// If a collector fails to write itself.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Requests over HTTP.
#[derive(Debug)]
pub struct HttpMetrics {
    requests: Family<Request, Counter>,
    durations: Family<Operation, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    operation: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

impl HttpMetrics {
    fn register(registry: &mut Registry) -> Self {
        let requests = Family::<Request, Counter>::default();
        let durations = Family::<Operation, Histogram>::new_with_constructor(|| {
            // 0.25 ms to 4 s, and beyond.
            Histogram::new(exponential_buckets(0.000_25, 2.0, 15))
        });
        registry.register("http_requests", "Operations asked for over HTTP", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the head of a request to its answer",
            Unit::Seconds,
            durations.clone(),
        );
        Self { requests, durations }
    }

    /// Counts one request.
    pub fn observe(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&Request { operation, status }).inc();
        self.durations.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_operation_and_status() {
        let metrics = Metrics::new(|_| {});
        metrics.http.observe("send", 201, Duration::from_millis(3));
        metrics.http.observe("send", 201, Duration::from_millis(3));
        let text = metrics.encode().unwrap();
        assert!(text.contains(r#"madang_http_requests_total{operation="send",status="201"} 2"#), "{text}");
        assert!(text.contains(r#"madang_http_request_duration_seconds_count{operation="send"} 2"#), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
