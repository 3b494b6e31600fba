//! Logs to standard error, as lines or JSON, with a filter that can change while the node runs.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{Log, LogFormat};

/// Changes the filter of a running program.
#[derive(Debug, Clone)]
pub struct LogHandle(reload::Handle<EnvFilter, Registry>);

impl LogHandle {
    /// Takes over another filter.
    ///
    /// # Errors
    /// If it is not a filter; the old one stays.
    pub fn set_filter(&self, filter: &str) -> anyhow::Result<()> {
        self.0.reload(EnvFilter::try_new(filter)?)?;
        Ok(())
    }
}

/// Starts logging for the whole process. Called once, by `main`.
///
/// # Errors
/// If the filter is none, or logging was started before.
pub fn start_logging(log: &Log) -> anyhow::Result<LogHandle> {
    let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&log.filter)?);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Text => {
            registry.with(fmt::layer().with_ansi(colours()).with_writer(std::io::stderr)).try_init()?;
        }
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()?,
    }
    Ok(LogHandle(handle))
}

/// Colours are for people who look on: not for files and pipes, and not for those who want none
/// (<https://no-color.org>).
fn colours() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    !unwanted && std::io::stderr().is_terminal()
}
