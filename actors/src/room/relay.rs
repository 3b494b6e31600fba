//! Brings the cluster's answers back to those who asked: one task for all rooms of a shard, so that a
//! command costs no task of its own. What is under way is answered also when its room's owner has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use madang_cluster::ClusterError;
use madang_cluster::command::Outcome;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::answer::Answer;

/// The way into the task. It ends when all clones are dropped and all is answered.
#[derive(Debug, Clone)]
pub(crate) struct Relay(mpsc::UnboundedSender<UnderWay>);

/// A command that the cluster has. Bounded by the shard's permits.
struct UnderWay {
    outcome: oneshot::Receiver<Result<Outcome, ClusterError>>,
    answer: Answer<Outcome>,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// One command more is under way in a room, until this is dropped.
#[derive(Debug)]
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(commands: &Arc<AtomicUsize>) -> Self {
        commands.fetch_add(1, Ordering::Relaxed);
        Self(commands.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Relay {
    /// Starts the task on the current runtime.
    pub(crate) fn start(timeout: Duration) -> Self {
        let (sender, mut commands) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut under_way = FuturesUnordered::new();
            loop {
                tokio::select! {
                    command = commands.recv() => match command {
                        Some(command) => under_way.push(answer(command, timeout)),
                        None => break,
                    },
                    Some(()) = under_way.next() => {}
                }
            }
            while under_way.next().await.is_some() {}
        });
        Self(sender)
    }

    /// Answers as soon as the cluster does.
    pub(super) fn carry(
        &self,
        outcome: oneshot::Receiver<Result<Outcome, ClusterError>>,
        answer: Answer<Outcome>,
        permit: OwnedSemaphorePermit,
        counted: Counted,
    ) {
        // Without the task the answer is dropped, and says so.
        let _ = self.0.send(UnderWay { outcome, answer, _permit: permit, _counted: counted });
    }
}

async fn answer(command: UnderWay, timeout: Duration) {
    let result = match tokio::time::timeout(timeout, command.outcome).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ClusterError::Unavailable { why: "the shard is stopping".to_owned() }),
        Err(_) => {
            let after_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            Err(ClusterError::Timeout { after_ms })
        }
    };
    command.answer.send(result.map_err(Into::into));
}
