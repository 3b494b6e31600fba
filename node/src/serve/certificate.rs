//! Follows the files of the certificate that clients are shown: they are read again whenever the settings are.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::config::Live;
use crate::edge::Tls;

/// Runs until `stop`. Files that cannot be used change nothing.
pub(super) async fn follow(mut live: Live, tls: Arc<Tls>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = live.reloaded() => {}
        }
        if let Err(error) = tls.reload() {
            tracing::error!("the old certificate stays in force. {error}");
        }
    }
}
