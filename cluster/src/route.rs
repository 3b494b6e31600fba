//! Commands on their way to the leader of their group, wherever it is.
//!
//! A command is handed to a leader again only if it is certain that nothing was done, or if doing it twice
//! is the same as doing it once.

use std::sync::Arc;
use std::time::Duration;

use madang_storage::id::ShardId;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::batcher::Answer;
use crate::cluster::{Inner, now_ms};
use crate::command::{Command, MetaOp, Op, Outcome, RoomOp, UserOp};
use crate::error::ClusterError;
use crate::hosted::Hosted;
use crate::machine::meta::MetaRow;
use crate::peer::{PeerAnswer, PeerRequest};
use crate::service::Leader;

/// How long to wait before a leader that did not take a command is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(25);
/// How long [`Inner::settle`] waits at most: the effects are safe in the outbox anyway.
const SETTLE_WITHIN: Duration = Duration::from_secs(2);

impl Inner {
    /// Enqueues a command at the leader, which must be this node.
    pub(crate) fn submit(&self, shard: ShardId, op: Op) -> Result<oneshot::Receiver<Answer>, ClusterError> {
        let hosted = self.shard(shard)?;
        let replica = hosted.here().map_err(|_| not_leader(hosted))?;
        replica.batcher.submit(Command { at_ms: now_ms(), op })
    }

    /// Waits for the answer to a submitted command, as long as commands have.
    pub(crate) async fn answered(&self, answer: oneshot::Receiver<Answer>) -> Result<Outcome, ClusterError> {
        let after_ms = self.options().command_timeout_ms;
        match timeout(Duration::from_millis(after_ms), answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ClusterError::Interrupted { why: "the shard is stopping".to_owned() }),
            Err(_) => Err(ClusterError::Timeout { after_ms }),
        }
    }

    /// Has a shard's leader decide, and waits for its answer.
    pub(crate) async fn propose(self: &Arc<Self>, shard: ShardId, op: Op) -> Result<Outcome, ClusterError> {
        self.propose_to(MetaRow::shard_group(shard).0, op).await
    }

    /// Has META's leader decide.
    pub(crate) async fn propose_meta(self: &Arc<Self>, op: MetaOp) -> Result<Outcome, ClusterError> {
        self.propose_to(madang_storage::GroupId::META.0, Op::Meta(op)).await
    }

    async fn propose_to(self: &Arc<Self>, group: u16, op: Op) -> Result<Outcome, ClusterError> {
        let after_ms = self.options().command_timeout_ms;
        let deadline = Instant::now() + Duration::from_millis(after_ms);
        let (hosted, repeatable) = (self.hosted(group)?, is_repeatable(&op));
        let command = Command { at_ms: now_ms(), op };
        let mut leader = hosted.leader();
        let mut unsure = None;
        loop {
            let at = *leader.borrow_and_update();
            let tried = timeout_at(deadline, self.hand_over(hosted, at, command.clone())).await;
            let error = match tried {
                Ok(Ok(outcome)) => return Ok(outcome),
                Ok(Err(error)) => error,
                Err(_) => return Err(ClusterError::Timeout { after_ms }),
            };
            if error.may_have_happened() {
                if !repeatable {
                    return Err(error);
                }
                unsure = Some(error);
            } else if !error.may_pass() {
                return Err(unsure.unwrap_or(error));
            }
            if self.wait_to_ask_again(&mut leader, deadline).await.is_err() {
                return Err(unsure.unwrap_or_else(|| no_leader(hosted)));
            }
        }
    }

    /// Gives a command to the leader, once.
    async fn hand_over(
        self: &Arc<Self>,
        hosted: &Hosted,
        leader: Leader,
        command: Command,
    ) -> Result<Outcome, ClusterError> {
        match leader {
            Leader::Here => {
                let answer = hosted.here()?.batcher.submit(command)?;
                self.answered(answer).await
            }
            Leader::Node(node) => {
                let group = hosted.id().0;
                match self.ask(node, PeerRequest::Propose { group, command }).await {
                    Ok(PeerAnswer::Proposed(outcome)) => Ok(outcome),
                    Ok(other) => Err(other.misfit()),
                    Err(error) => {
                        if let ClusterError::NotLeader { leader: Some(leader) } = &error {
                            hosted.hear_leader(Leader::Node(*leader));
                        }
                        Err(error)
                    }
                }
            }
            Leader::Unknown => Err(not_leader(hosted)),
        }
    }

    /// Waits for another leader, or a little for the same. Errors: the time is up.
    async fn wait_to_ask_again(
        &self,
        leader: &mut watch::Receiver<Leader>,
        deadline: Instant,
    ) -> Result<(), ()> {
        let again = Instant::now() + ASK_AGAIN_AFTER;
        if again >= deadline {
            return Err(());
        }
        if *leader.borrow() == Leader::Unknown {
            return timeout_at(deadline, leader.changed()).await.map(|_| ()).map_err(|_| ());
        }
        let _ = timeout_at(again, leader.changed()).await;
        Ok(())
    }

    /// Waits until everything in the shard's outbox up to `through` has reached its target, two seconds at
    /// most.
    pub(crate) async fn settle(self: &Arc<Self>, shard: ShardId, through: u64) {
        let Ok(hosted) = self.shard(shard) else { return };
        match hosted.leader_now() {
            Leader::Here => settle_here(hosted, through).await,
            Leader::Node(node) => {
                let request = PeerRequest::Settle { group: hosted.id().0, through };
                let _ = timeout(SETTLE_WITHIN, self.ask(node, request)).await;
            }
            Leader::Unknown => {}
        }
    }
}

/// As [`Inner::settle`], where this node leads.
pub(crate) async fn settle_here(hosted: &Hosted, through: u64) {
    let mut delivered = hosted.delivered.subscribe();
    // Too late is no harm: the effects are durable and will be delivered.
    let _ = timeout(SETTLE_WITHIN, delivered.wait_for(|known| *known >= through)).await;
}

/// Whether a command that may have been carried out may be handed over again.
fn is_repeatable(op: &Op) -> bool {
    match op {
        Op::Effect(_) | Op::OutboxDone(_) | Op::Meta(_) | Op::Safety { .. } | Op::Sweep(_) => true,
        Op::Room { op, .. } => matches!(
            op,
            RoomOp::Send { .. }
                | RoomOp::Talk(_)
                | RoomOp::MarkRead(_)
                | RoomOp::MarkReadPrivately(_)
                | RoomOp::MarkReceived(_)
        ),
        Op::User { op, .. } => matches!(op, UserOp::People(_) | UserOp::SeeSession(_)),
    }
}

fn not_leader(hosted: &Hosted) -> ClusterError {
    let leader = match hosted.leader_now() {
        Leader::Node(node) => Some(node),
        Leader::Here | Leader::Unknown => None,
    };
    ClusterError::NotLeader { leader }
}

fn no_leader(hosted: &Hosted) -> ClusterError {
    let who = hosted.shard().map_or_else(|| "META".to_owned(), |shard| format!("shard {shard}"));
    ClusterError::Unavailable { why: format!("{who} has no leader that can be reached") }
}
