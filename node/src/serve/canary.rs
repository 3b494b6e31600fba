//! The canary: writes through every shard and hears it come back through the shard's feed, again and
//! again; of a shard that is held elsewhere it reads back what it wrote, since its feed comes here for those
//! only who listen. `/readyz` says what it finds, so "ready" means that the real path works now.
//!
//! It writes a row that exists once a shard: that a user nobody has is not in a room nobody has. The row is
//! replaced each time, so that nothing grows.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use madang_cluster::command::Op;
use madang_cluster::event::ShardEvent;
use madang_cluster::{Cluster, ClusterError, Leader};
use madang_storage::id::{RoomId, ShardId, UserId};
use madang_storage::row::Effect;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::telemetry::{Finding, Readiness};

/// How often all shards are tried.
const EVERY: Duration = Duration::from_secs(5);
/// The first pause after one was found sick; doubles up to [`EVERY`]. A node that has just started has shards
/// that come a moment later, and should not call itself unfit for five seconds because of that.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// A shard that takes longer is not fit for clients.
const WITHIN: Duration = Duration::from_secs(3);
/// The room nobody has.
const NOWHERE: RoomId = RoomId([0; 16]);
/// Names that are tried to find one for each shard: far more than shards.
const NAMES_MAX: u32 = 1 << 20;

/// Why a shard is not fit.
#[derive(Debug, thiserror::Error)]
pub enum Sick {
    /// The write failed.
    #[error(transparent)]
    Write(#[from] ClusterError),
    /// The feed ended.
    #[error("its feed ended")]
    Feed,
    /// Another node has acknowledged the write and does not show it.
    #[error("what was written does not show")]
    Forgotten,
    /// It took too long.
    #[error("nothing came back within {} ms", WITHIN.as_millis())]
    Late,
}

/// Tries all shards until `stop`, and tells `readiness`.
pub async fn run(cluster: Cluster, readiness: Readiness, stop: CancellationToken) {
    let names: Vec<(ShardId, UserId)> =
        cluster.slots().all().filter_map(|shard| name(&cluster, shard)).collect();
    let mut again_after = AGAIN_AFTER;
    loop {
        let began = Instant::now();
        let looks = names.iter().map(|(shard, user)| look(&cluster, *shard, user));
        let findings = join_all(looks).await;
        let pause = match findings.iter().find(|finding| finding.took.is_err()) {
            Some(sick) => {
                tracing::warn!(why = %sick, "the canary failed");
                let pause = again_after;
                again_after = EVERY.min(2 * pause);
                pause
            }
            None => {
                tracing::debug!(took_ms = began.elapsed().as_millis(), "the canary sings");
                again_after = AGAIN_AFTER;
                EVERY
            }
        };
        readiness.found(findings);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What one probe finds.
async fn look(cluster: &Cluster, shard: ShardId, user: &UserId) -> Finding {
    let began = Instant::now();
    let took = probe(cluster, shard, user).await.map(|()| began.elapsed()).map_err(|sick| sick.to_string());
    let leader = match cluster.leader(shard).map(|leader| *leader.borrow()) {
        Ok(Leader::Here) => Some(cluster.node_id()),
        Ok(Leader::Node(node)) => Some(node),
        Ok(Leader::Unknown) | Err(_) => None,
    };
    Finding { shard: shard.0, leader, took }
}

/// One write through one shard and back through its feed.
async fn probe(cluster: &Cluster, shard: ShardId, user: &UserId) -> Result<(), Sick> {
    let (is_here, feed) = (cluster.holds(shard), cluster.feed(shard)?);
    let known = cluster.reader(shard).await?.user_room(user, &NOWHERE).await?;
    let room_seq = known.map_or(0, |row| row.room_seq) + 1;
    let effect =
        Effect::UserRoom { user: user.clone(), room: NOWHERE, state: None, room_seq, by: None, at_ms: 0 };
    let there_and_back = async {
        // A refusal is not possible: news is taken or dropped as a repeat.
        let _ = cluster.propose(shard, Op::Effect(effect)).await?;
        if is_here { heard(feed, user).await } else { read_back(cluster, shard, user, room_seq).await }
    };
    tokio::time::timeout(WITHIN, there_and_back).await.unwrap_or(Err(Sick::Late))
}

/// Looks for what was just written.
async fn read_back(cluster: &Cluster, shard: ShardId, user: &UserId, room_seq: u64) -> Result<(), Sick> {
    let row = cluster.reader(shard).await?.user_room(user, &NOWHERE).await?;
    if row.is_some_and(|row| row.room_seq >= room_seq) { Ok(()) } else { Err(Sick::Forgotten) }
}

/// Waits for the canary's own event.
async fn heard(mut feed: Receiver<madang_cluster::event::FeedBatch>, user: &UserId) -> Result<(), Sick> {
    let mine = |event: &ShardEvent| matches!(event, ShardEvent::UserRoom { user: who, .. } if who == user);
    loop {
        match feed.recv().await {
            Ok(batch) if batch.events.iter().any(mine) => return Ok(()),
            Ok(_) => {}
            // So much is going on that the listener is late: the feed is alive.
            Err(RecvError::Lagged(_)) => return Ok(()),
            Err(RecvError::Closed) => return Err(Sick::Feed),
        }
    }
}

/// A user id that the shard keeps and that no person would pick.
fn name(cluster: &Cluster, shard: ShardId) -> Option<(ShardId, UserId)> {
    let names = (0..NAMES_MAX).filter_map(|number| UserId::parse(&format!("0-madang-canary.{number}")).ok());
    let mut names = names.filter(|user| cluster.slots().of_user(user) == shard);
    names.next().map(|user| (shard, user))
}
