//! What operators see: logs, metrics, readiness.

mod collector;
mod log;
mod metrics;
mod readiness;
mod tables;

pub use log::{LogHandle, start_logging};
pub use metrics::{HttpMetrics, Metrics};
pub use readiness::{Finding, Readiness, Ready};
pub use tables::Measured;
