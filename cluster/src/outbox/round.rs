//! One round through an outbox: everything in it goes out, until nothing is left or nobody answers any more.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use madang_storage::id::ShardId;
use madang_storage::row::Effect;
use tokio::time::{Instant, sleep};

use super::lanes::Lanes;
use crate::error::ClusterError;

/// How many effects are read at one time, and so how many go to one target side by side.
const EFFECTS_AT_ONCE: usize = 256;
/// How long the answers to what was just handed out are waited for before more is read: long enough for any
/// target that is well, and short enough to be no stall for the others.
const PATIENCE: Duration = Duration::from_millis(100);

/// What waits in an outbox.
pub(super) struct Waiting {
    /// Its place.
    pub(super) id: u64,
    /// The shard it is for.
    pub(super) target: ShardId,
    /// What to tell there.
    pub(super) effect: Effect,
}

/// An outbox, and the way to the shards.
pub(super) trait Post: Sync {
    /// Whether the outbox is still this node's to deliver.
    fn is_mine(&self) -> bool;

    /// The id of the newest effect that was ever written.
    fn issued(&self) -> Result<u64, ClusterError>;

    /// Through which id nothing is in the outbox any more. The disk walks over all that was taken out as over what is
    /// there until it has tidied up: after a hundred thousand effects that would be each look's work.
    fn empty_through(&self) -> u64;

    /// Nothing is in it any more through this id.
    fn emptied(&self, through: u64);

    /// What waits behind an id, the oldest first.
    fn waiting(&self, after: u64, limit: usize) -> Result<Vec<Waiting>, ClusterError>;

    /// Takes an effect to its target. Errors: no answer came, it may have arrived or not.
    fn deliver(
        &self,
        target: ShardId,
        effect: Effect,
    ) -> impl Future<Output = Result<(), ClusterError>> + Send;

    /// Everything up to here has arrived.
    fn delivered(&self, through: u64);

    /// Takes what has arrived out of the outbox.
    fn forget(&self, ids: Vec<u64>) -> impl Future<Output = Result<(), ClusterError>> + Send;
}

/// What became of a batch.
struct Ended {
    target: ShardId,
    arrived: Vec<u64>,
    /// The oldest that got no answer.
    missed: Option<(u64, ClusterError)>,
}

/// Delivers until the outbox is empty. Errors: somebody did not answer, and nothing is left for others.
pub(super) async fn run(post: &impl Post) -> Result<(), ClusterError> {
    let mut lanes = Lanes::behind(post.empty_through());
    let mut under_way = FuturesUnordered::new();
    let (mut arrived, mut silence) = (Vec::new(), None);
    while post.is_mine() {
        lanes.wake(Instant::now());
        // Before the rows, which are as new, then.
        let issued = post.issued()?;
        let rows = post.waiting(lanes.read_through(), EFFECTS_AT_ONCE)?;
        let is_end = rows.len() < EFFECTS_AT_ONCE;
        let batches = lanes.hand_out(rows.into_iter().map(|row| (row.id, row.target, row.effect)));
        if is_end {
            lanes.read_to_end(issued);
        }
        post.delivered(lanes.delivered_through());
        // What has arrived by now was forgotten before this turn.
        post.emptied(lanes.delivered_through());
        let mut fresh: BTreeSet<ShardId> = batches.keys().copied().collect();
        under_way.extend(batches.into_iter().map(|(target, batch)| deliver(post, target, batch)));
        if under_way.is_empty() && is_end {
            return silence.map_or(Ok(()), Err);
        }
        // Behind the end there is time: what is new is looked for at the latest after that patience. While everything
        // is passed over, only who has ended meanwhile is looked for: they go on from where they were, before more
        // is read.
        let patience = if is_end || !fresh.is_empty() { PATIENCE } else { Duration::ZERO };
        let mut patience = pin!(sleep(patience));
        while !under_way.is_empty() {
            let ended: Ended = tokio::select! {
                biased;
                Some(ended) = under_way.next() => ended,
                () = &mut patience => break,
            };
            arrived.extend(ended.arrived);
            lanes.end(ended.target, ended.missed.as_ref().map(|(id, _)| *id), Instant::now());
            silence = ended.missed.map(|(_, error)| error).or(silence);
            post.delivered(lanes.delivered_through());
            fresh.remove(&ended.target);
            if fresh.is_empty() {
                break;
            }
        }
        if arrived.is_empty() {
            // Page after page may be for somebody who does not answer.
            tokio::task::yield_now().await;
        } else {
            post.forget(std::mem::take(&mut arrived)).await?;
        }
    }
    Ok(())
}

/// Proposes effects side by side. Which of two about the same thing arrives first does not matter: the older
/// one is dropped as a repeat. Only a missing answer is tried again.
async fn deliver(post: &impl Post, target: ShardId, batch: Vec<(u64, Effect)>) -> Ended {
    let answers =
        batch.into_iter().map(|(id, effect)| async move { (id, post.deliver(target, effect).await) });
    let (mut arrived, mut missed) = (Vec::new(), BTreeMap::new());
    for (id, answer) in join_all(answers).await {
        match answer {
            Ok(()) => arrived.push(id),
            Err(error) => drop(missed.insert(id, error)),
        }
    }
    Ended { target, arrived, missed: missed.pop_first() }
}
