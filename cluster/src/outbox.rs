//! Effects on other shards: read from the leader's outbox, proposed to their target shards, then
//! forgotten. A crash in between repeats them; targets drop repeats.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use madang_storage::id::ShardId;
use madang_storage::row::Effect;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::command::Op;
use crate::error::ClusterError;
use crate::event::{FeedBatch, ShardEvent};

/// How many effects are delivered side by side.
const EFFECTS_AT_ONCE: usize = 256;
/// How long to wait before trying again what could not be delivered, and between looks without a call.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Through which outbox id everything of a shard was delivered.
pub(crate) type Delivered = watch::Sender<u64>;

/// Delivers a shard's outbox until the cluster stops.
pub(crate) async fn run(cluster: Weak<Inner>, shard: ShardId, stop: CancellationToken) {
    let Some(mut feed) = cluster.upgrade().and_then(|inner| inner.feed(shard)) else { return };
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = called(&mut feed) => {}
            () = tokio::time::sleep(wait) => {}
        }
        let Some(inner) = cluster.upgrade() else { return };
        wait = match deliver_all(&inner, shard).await {
            Ok(()) => LOOK_AGAIN_AFTER,
            Err(error) => {
                tracing::debug!(%shard, %error, "outbox waits");
                RETRY_AFTER
            }
        };
    }
}

/// Waits until the feed says that something is in the outbox (or that it may have been missed).
async fn called(feed: &mut tokio::sync::broadcast::Receiver<FeedBatch>) {
    loop {
        match feed.recv().await {
            Ok(batch) if !batch.events.contains(&ShardEvent::Outbox) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

async fn deliver_all(inner: &Arc<Inner>, shard: ShardId) -> Result<(), ClusterError> {
    if !inner.leads(shard) {
        return Ok(());
    }
    loop {
        let rows = inner.reader(shard)?.outbox(EFFECTS_AT_ONCE)?;
        let Some(last) = rows.last().map(|(id, _)| *id) else { return Ok(()) };
        deliver(inner, &rows).await?;
        inner.delivered(shard, last);
        let done = Op::OutboxDone(rows.iter().map(|(id, _)| *id).collect());
        inner.propose(shard, done).await?.ok();
    }
}

/// Proposes effects side by side. Effects on the same user and room go in order: they share a shard, and
/// a shard's queue keeps the order of submission.
async fn deliver(inner: &Arc<Inner>, rows: &[(u64, Effect)]) -> Result<(), ClusterError> {
    let mut waiting = BTreeMap::new();
    for (id, effect) in rows {
        let Effect::UserRoom { user, .. } = effect;
        let target = inner.slots().of_user(user);
        waiting.insert(id, inner.submit(target, Op::Effect(effect.clone()))?);
    }
    for answer in waiting.into_values() {
        // A refusal is the target's last word; only a missing answer is tried again.
        let _refused = inner.answered(answer).await?;
    }
    Ok(())
}
