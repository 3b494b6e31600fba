//! Carries a shard's feed into an actor's mailbox, never more than a few batches ahead of what the actor
//! has handled: behind that the feed itself waits, and says so when it had to skip.

use std::sync::Arc;

use madang_cluster::event::FeedBatch;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// What an actor hears of its feed.
#[derive(Debug)]
pub(crate) enum Fed {
    /// Events in order. The permit goes back when the message is dropped.
    Batch(FeedBatch, OwnedSemaphorePermit),
    /// Events were skipped.
    Skipped(u64),
}

/// A running task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Running(JoinHandle<()>);

impl Running {
    /// Starts it on the current runtime.
    pub(crate) fn start(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts to carry `feed` to `hand_over`, which says whether anybody still listens.
pub(crate) fn pump(
    mut feed: Receiver<FeedBatch>,
    ahead_max: usize,
    hand_over: impl Fn(Fed) -> bool + Send + 'static,
) -> Running {
    let permits = Arc::new(Semaphore::new(ahead_max.max(1)));
    Running::start(async move {
        while let Ok(permit) = permits.clone().acquire_owned().await {
            let fed = match feed.recv().await {
                Ok(batch) => Fed::Batch(batch, permit),
                Err(RecvError::Lagged(skipped)) => Fed::Skipped(skipped),
                Err(RecvError::Closed) => return,
            };
            if !hand_over(fed) {
                return;
            }
        }
    })
}
