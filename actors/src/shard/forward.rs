//! Waits for the answers to forwarded commands: one task for all of a shard, so that a command costs no
//! task of its own. What is under way is answered also when the router has gone.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use madang_cluster::ClusterError;
use ractor::ActorRef;
use tokio::sync::mpsc;

use super::course::Pass;
use super::message::ShardMessage;
use super::wire::{Failure, Response};
use crate::error::ActorError;
use crate::room::Submit;

/// The way into the task. It ends when this is dropped and all is answered.
pub(super) struct Forwarding(mpsc::UnboundedSender<Forwarded>);

/// A command that another node was asked to decide. Bounded by the shard's permits.
pub(super) struct Forwarded {
    /// Which node.
    pub(super) node: u64,
    /// Its answer.
    pub(super) answer: BoxFuture<'static, Result<Bytes, ClusterError>>,
    /// What the command travels with.
    pub(super) pass: Pass,
    /// The command.
    pub(super) submit: Submit,
}

impl Forwarding {
    /// Starts the task on the current runtime.
    pub(super) fn start(router: ActorRef<ShardMessage>, timeout: Duration) -> Self {
        let (sender, mut commands) = mpsc::unbounded_channel::<Forwarded>();
        tokio::spawn(async move {
            let mut under_way = FuturesUnordered::new();
            loop {
                tokio::select! {
                    command = commands.recv() => match command {
                        Some(command) => under_way.push(finish(command, &router, timeout)),
                        None => break,
                    },
                    Some(()) = under_way.next() => {}
                }
            }
            while under_way.next().await.is_some() {}
        });
        Self(sender)
    }

    /// Waits for the answer.
    pub(super) fn carry(&self, command: Forwarded) {
        // Without the task the command is dropped, and the answer in it says so.
        let _ = self.0.send(command);
    }
}

async fn finish(command: Forwarded, router: &ActorRef<ShardMessage>, timeout: Duration) {
    let Forwarded { node, answer, pass, submit } = command;
    let answered = match tokio::time::timeout(timeout, answer).await {
        Ok(answered) => answered,
        Err(_) => {
            let after_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            Err(ClusterError::Timeout { after_ms })
        }
    };
    let result = match answered.map(|bytes| Response::read(&bytes)) {
        Ok(Ok(Response::Decided(outcome))) => Ok(outcome),
        // Nothing was done there: the router decides what comes next.
        Ok(Ok(Response::Failed(Failure::NotLeader(_)))) | Err(ClusterError::Unavailable { .. }) => {
            let _ = router.cast(ShardMessage::Refused { pass, node, submit });
            return;
        }
        Ok(Ok(Response::Failed(failure))) => Err(failure.into()),
        Ok(Err(error)) => {
            tracing::error!(node, %error, "a room on another node answered something else");
            Err(ActorError::Cluster(ClusterError::Interrupted { why: error.to_string() }))
        }
        Err(error) => Err(error.into()),
    };
    submit.answer.send(result);
    let _ = router.cast(ShardMessage::Answered(pass));
}
