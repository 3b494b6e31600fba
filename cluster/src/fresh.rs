//! Reads that show everything acknowledged before they began, on any node: ask the leader how far it is,
//! then wait until this node's replica is there. All who come while a question is on its way share the next
//! one, so that a thousand readers cost one round trip.
//!
//! Source: Ongaro, "Consensus: Bridging Theory and Practice", 6.4 (read index).

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::hosted::{Hosted, Replica};
use crate::peer::{PeerAnswer, PeerRequest};
use crate::reader::Freshness;
use crate::service::Leader;

/// How long a node that answered "not me" is left alone.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How often a node that waits longer looks whether it is still with the majority.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long an election may take on a busy machine. A node that is with the majority waits for it: after the
/// death of a leader all its clients come to such nodes at once, and would have to read everything anew.
const ELECTED_WITHIN: Duration = Duration::from_secs(4);

/// Who waits to read one shard.
#[derive(Default)]
pub(crate) struct Barrier(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    running: bool,
    next: Vec<oneshot::Sender<Freshness>>,
}

/// Waits until the replica here shows all that was acknowledged before the call, anywhere; or, when that
/// cannot be found out in time, says so.
pub(crate) async fn freshen(inner: &Arc<Inner>, hosted: &Hosted, replica: &Replica) -> Freshness {
    if replica.group.holds_lease() {
        return Freshness::Current;
    }
    let (answer, shown) = oneshot::channel();
    let starts = {
        let mut waiting = hosted.barrier.0.lock();
        waiting.next.push(answer);
        !std::mem::replace(&mut waiting.running, true)
    };
    if starts {
        tokio::spawn(run(Arc::downgrade(inner), hosted.id().0, Arc::clone(&hosted.barrier)));
    }
    shown.await.unwrap_or(Freshness::Stale)
}

/// Round after round, as long as somebody waits.
async fn run(cluster: Weak<Inner>, group: u16, barrier: Arc<Barrier>) {
    loop {
        let readers = {
            let mut waiting = barrier.0.lock();
            let readers = std::mem::take(&mut waiting.next);
            waiting.running = !readers.is_empty();
            readers
        };
        if readers.is_empty() {
            return;
        }
        let freshness = match cluster.upgrade() {
            Some(inner) => round(&inner, group).await,
            None => Freshness::Stale,
        };
        for reader in readers {
            // Whoever has given up needs no answer.
            let _ = reader.send(freshness);
        }
    }
}

async fn round(inner: &Arc<Inner>, group: u16) -> Freshness {
    let begun = Instant::now();
    let patience = Duration::from_millis(inner.options().read_wait_ms);
    let mut search = pin!(caught_up(inner, group));
    let mut found = timeout_at(begun + patience, &mut search).await;
    while found.is_err() && begun.elapsed() < ELECTED_WITHIN && is_with_majority(inner, group) {
        found = timeout_at(Instant::now() + LOOK_AGAIN_AFTER, &mut search).await;
    }
    match found {
        Ok(Ok(())) => Freshness::Current,
        Ok(Err(error)) => {
            tracing::debug!(group, %error, "a read is served as stale");
            Freshness::Stale
        }
        Err(_) => {
            tracing::debug!(group, waited = ?begun.elapsed(), "a read is served as stale: nobody knows");
            Freshness::Stale
        }
    }
}

/// Whether this node can reach so many who vote in a group that they have a leader, or soon will.
fn is_with_majority(inner: &Inner, group: u16) -> bool {
    let Ok(replica) = inner.hosted(group).and_then(Hosted::here) else { return false };
    let (linked, me) = (inner.linked(), inner.identity.node);
    let voters = replica.group.members().voters;
    let near = voters.iter().map(|voter| voter.node()).filter(|node| *node == me || linked.contains(node));
    near.count() * 2 > voters.len()
}

/// Asks until somebody knows.
async fn caught_up(inner: &Arc<Inner>, group: u16) -> Result<(), ClusterError> {
    let hosted = inner.hosted(group)?;
    let replica = hosted.here()?;
    let mut leader = hosted.leader();
    loop {
        let now = *leader.borrow_and_update();
        let reached = match now {
            Leader::Here => current_here(&replica).await,
            Leader::Node(node) => current_at(inner, node, group).await,
            Leader::Unknown => Err(ClusterError::NotLeader { leader: None }),
        };
        match reached {
            Ok(entries) => {
                replica.group.applied().reached(entries).await;
                return Ok(());
            }
            Err(_) => {
                let _ = tokio::time::timeout(ASK_AGAIN_AFTER, leader.changed()).await;
            }
        }
    }
}

/// How many entries a leader has applied, certain that no other leads.
pub(crate) async fn current_here(replica: &Replica) -> Result<u64, ClusterError> {
    if replica.group.holds_lease() {
        return Ok(replica.group.applied().now().entries);
    }
    replica.group.confirm().await
}

async fn current_at(inner: &Arc<Inner>, node: u64, group: u16) -> Result<u64, ClusterError> {
    match inner.ask(node, PeerRequest::Current { group }).await? {
        PeerAnswer::Current { entries } => Ok(entries),
        other => Err(other.misfit()),
    }
}
