//! What operators see: logs, metrics, readiness.

mod log;
mod metrics;
mod readiness;

pub use log::{LogHandle, start_logging};
pub use metrics::{HttpMetrics, Metrics};
pub use readiness::{Readiness, Ready};
