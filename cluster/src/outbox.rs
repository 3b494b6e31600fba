//! Effects on other shards: read from the leader's outbox, proposed to their target shards, then
//! forgotten. A crash in between repeats them; targets drop repeats. A shard that does not answer keeps only
//! what is for itself from arriving; but whoever waits until their own effects have arrived waits for all before them,
//! for a bounded time (`route.rs`).

mod lanes;
mod round;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use madang_storage::id::ShardId;
use madang_storage::row::{Effect, Home};
use tokio::sync::watch;

use crate::cluster::Inner;
use crate::command::Op;
use crate::errand::Errand;
use crate::error::ClusterError;
use crate::event::ShardEvent;
use crate::machine::shard::{COUNTERS_KEY, Counters};
use crate::reader::LocalReader;
use round::{Post, Waiting};

/// Through which outbox id everything of a shard was delivered.
pub(crate) type Delivered = watch::Sender<u64>;

/// Delivers a shard's outbox.
pub(crate) struct Delivering;

impl Errand for Delivering {
    const NAME: &'static str = "outbox";
    const RETRY_AFTER: Duration = lanes::REST;

    fn is_call(event: &ShardEvent) -> bool {
        matches!(event, ShardEvent::Outbox)
    }

    async fn round(inner: &Arc<Inner>, shard: ShardId) -> Result<(), ClusterError> {
        round::run(&OutboxOf { inner, shard }).await
    }
}

/// The outbox of a shard that this node leads.
struct OutboxOf<'a> {
    inner: &'a Arc<Inner>,
    shard: ShardId,
}

impl OutboxOf<'_> {
    fn rows(&self) -> Result<LocalReader, ClusterError> {
        let group = self.inner.shard(self.shard)?.here()?.group;
        Ok(LocalReader::new(Arc::clone(group.state())))
    }
}

impl Post for OutboxOf<'_> {
    fn is_mine(&self) -> bool {
        // Consensus that was stopped still looks like the leader it was.
        !self.inner.stop.is_cancelled() && self.inner.leads(self.shard)
    }

    fn issued(&self) -> Result<u64, ClusterError> {
        let counters: Option<Counters> = self.rows()?.own(COUNTERS_KEY)?;
        Ok(counters.map_or(0, |counters| counters.outbox))
    }

    fn empty_through(&self) -> u64 {
        self.inner.shard(self.shard).map_or(0, |hosted| hosted.emptied.load(Ordering::Relaxed))
    }

    fn emptied(&self, through: u64) {
        if let Ok(hosted) = self.inner.shard(self.shard) {
            hosted.emptied.fetch_max(through, Ordering::Relaxed);
        }
    }

    fn waiting(&self, after: u64, limit: usize) -> Result<Vec<Waiting>, ClusterError> {
        let rows = self.rows()?.outbox(after, limit)?;
        let waiting = rows.into_iter().map(|(id, effect)| {
            let target = match effect.home() {
                Home::Room(room) => self.inner.slots().of_room(room),
                Home::User(user) => self.inner.slots().of_user(user),
            };
            Waiting { id, target, effect }
        });
        Ok(waiting.collect())
    }

    async fn deliver(&self, target: ShardId, effect: Effect) -> Result<(), ClusterError> {
        // A refusal is the target's last word.
        self.inner.propose(target, Op::Effect(effect)).await.map(|_refused| ())
    }

    fn delivered(&self, through: u64) {
        self.inner.delivered(self.shard, through);
    }

    async fn forget(&self, ids: Vec<u64>) -> Result<(), ClusterError> {
        self.inner.propose(self.shard, Op::OutboxDone(ids)).await?.ok();
        Ok(())
    }
}
