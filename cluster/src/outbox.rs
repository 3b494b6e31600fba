//! Effects on other shards: read from the leader's outbox, proposed to their target shards, then
//! forgotten. A crash in between repeats them; targets drop repeats.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use madang_storage::id::ShardId;
use madang_storage::row::{Effect, Home};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cluster::Inner;
use crate::command::Op;
use crate::error::ClusterError;
use crate::event::{FeedBatch, ShardEvent};
use crate::reader::LocalReader;

/// How many effects are delivered side by side.
const EFFECTS_AT_ONCE: usize = 256;
/// How long to wait before trying again what could not be delivered, and between looks without a call.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Through which outbox id everything of a shard was delivered.
pub(crate) type Delivered = watch::Sender<u64>;

/// Delivers a shard's outbox until the cluster stops.
pub(crate) async fn run(cluster: Weak<Inner>, shard: ShardId, stop: CancellationToken) {
    let Some(inner) = cluster.upgrade() else { return };
    let Ok(hosted) = inner.shard(shard) else { return };
    let (mut feed, mut leader) = (hosted.feed(), hosted.leader());
    drop(inner);
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = called(&mut feed) => {}
            // A new leader finds what its predecessor left.
            Ok(()) = leader.changed() => {}
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
            Ok(batch)
                if !batch
                    .events
                    .iter()
                    .any(|event| matches!(event, ShardEvent::Outbox | ShardEvent::Skipped)) => {}
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
        let group = inner.shard(shard)?.here()?.group;
        let rows = LocalReader::new(Arc::clone(group.state())).outbox(EFFECTS_AT_ONCE)?;
        let Some(last) = rows.last().map(|(id, _)| *id) else { return Ok(()) };
        deliver(inner, &rows).await?;
        inner.delivered(shard, last);
        let done = Op::OutboxDone(rows.iter().map(|(id, _)| *id).collect());
        inner.propose(shard, done).await?.ok();
    }
}

/// Proposes effects side by side. Which of two about the same thing arrives first does not matter: the older
/// one is dropped as a repeat. A refusal is the target's last word; only a missing answer is tried
/// again.
async fn deliver(inner: &Arc<Inner>, rows: &[(u64, Effect)]) -> Result<(), ClusterError> {
    let proposals = rows.iter().map(|(_, effect)| {
        let shard = match effect.home() {
            Home::Room(room) => inner.slots().of_room(room),
            Home::User(user) => inner.slots().of_user(user),
        };
        inner.propose(shard, Op::Effect(effect.clone()))
    });
    join_all(proposals).await.into_iter().try_for_each(|answer| answer.map(|_refused| ()))
}
