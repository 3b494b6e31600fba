//! Effects on other shards: read from the leader's outbox, proposed to their target shards, then
//! forgotten. A crash in between repeats them; targets drop repeats.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use madang_storage::id::ShardId;
use madang_storage::row::{Effect, Home};
use tokio::sync::watch;

use crate::cluster::Inner;
use crate::command::Op;
use crate::errand::Errand;
use crate::error::ClusterError;
use crate::event::ShardEvent;
use crate::reader::LocalReader;

/// How many effects are delivered side by side.
const EFFECTS_AT_ONCE: usize = 256;

/// Through which outbox id everything of a shard was delivered.
pub(crate) type Delivered = watch::Sender<u64>;

/// Delivers a shard's outbox.
pub(crate) struct Delivering;

impl Errand for Delivering {
    const NAME: &'static str = "outbox";
    const RETRY_AFTER: Duration = Duration::from_millis(200);

    fn is_call(event: &ShardEvent) -> bool {
        matches!(event, ShardEvent::Outbox)
    }

    async fn round(inner: &Arc<Inner>, shard: ShardId) -> Result<(), ClusterError> {
        deliver_all(inner, shard).await
    }
}

async fn deliver_all(inner: &Arc<Inner>, shard: ShardId) -> Result<(), ClusterError> {
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
