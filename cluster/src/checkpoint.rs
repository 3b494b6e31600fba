//! The node's one checkpointer: now and then it flushes the state of all groups with one call, labels
//! what became durable, and lets the log behind it go. So a restart replays little and the log stays
//! small, without a snapshot a group.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::error::ClusterError;

/// How often the size of the log is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until the cluster stops.
pub(crate) async fn run(cluster: Weak<Inner>, stop: CancellationToken) {
    let (mut last_at, mut last_bytes) = (Instant::now(), 0);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        let bytes = inner.log().metrics().bytes;
        let due = last_at.elapsed() >= Duration::from_millis(inner.options().checkpoint_interval_ms);
        let large = bytes.saturating_sub(last_bytes) >= inner.options().checkpoint_log_bytes;
        if bytes == last_bytes || !(due || large) {
            continue;
        }
        if let Err(error) = once(&inner).await {
            tracing::warn!(%error, "checkpoint failed: the log is kept, the next one tries again");
        }
        (last_at, last_bytes) = (Instant::now(), bytes);
    }
}

/// Flushes, labels, purges.
pub(crate) async fn once(inner: &Arc<Inner>) -> Result<(), ClusterError> {
    let state = inner.state().clone();
    let flushed = tokio::task::spawn_blocking(move || state.flush()).await;
    flushed.map_err(|error| ClusterError::Unavailable { why: format!("checkpoint: {error}") })??;
    for (_, replica) in inner.replicas() {
        replica.group.compact().await?;
    }
    Ok(())
}
