//! Work that a shard's leader does because the shard's feed calls for it, and that is looked for now and then in
//! case a call was missed. What is to be done is written down in the shard, so a new leader goes on where the old
//! one stopped.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use madang_storage::id::ShardId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::event::{FeedBatch, ShardEvent};

/// Between looks without a call.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// One kind of such work.
pub(crate) trait Errand {
    /// What it is called in the log.
    const NAME: &'static str;
    /// How long to wait before trying again what failed.
    const RETRY_AFTER: Duration;

    /// Whether this event calls for it.
    fn is_call(event: &ShardEvent) -> bool;

    /// Does what there is to do, on the shard's leader.
    fn round(inner: &Arc<Inner>, shard: ShardId) -> impl Future<Output = Result<(), ClusterError>> + Send;
}

/// Does it for a shard, whenever this node leads, until the cluster stops.
pub(crate) async fn run<E: Errand>(cluster: Weak<Inner>, shard: ShardId, stop: CancellationToken) {
    let Some(inner) = cluster.upgrade() else { return };
    let Ok(hosted) = inner.shard(shard) else { return };
    let (mut feed, mut leader) = (hosted.feed(), hosted.leader());
    drop(inner);
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = called::<E>(&mut feed) => {}
            // A new leader finds what its predecessor left.
            Ok(()) = leader.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        wait = LOOK_AGAIN_AFTER;
        if inner.leads(shard)
            && let Err(error) = E::round(&inner, shard).await
        {
            tracing::debug!(%shard, %error, "the {} waits", E::NAME);
            wait = E::RETRY_AFTER;
        }
    }
}

/// Waits until the feed calls, or a call may have been missed.
async fn called<E: Errand>(feed: &mut Receiver<FeedBatch>) {
    let calls = |event: &ShardEvent| matches!(event, ShardEvent::Skipped) || E::is_call(event);
    loop {
        match feed.recv().await {
            Ok(batch) if !batch.events.iter().any(calls) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
