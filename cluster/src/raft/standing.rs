//! What a group's consensus says about itself: who leads, who is in it, how far each has come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::ReadPolicy;
use openraft::errors::{LinearizableReadError, RaftError};
use openraft_rt::{Instant, WatchReceiver};

use super::group::{Group, node_of, unavailable};
use crate::error::ClusterError;
use crate::replica::ReplicaId;
use crate::service::Leader;

/// How long a majority may take to say that it still follows.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(2);

/// Where a group stands on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Whether this node leads it.
    pub(crate) leads: bool,
    /// Entries that its log has had so far.
    pub(crate) log_entries: u64,
    /// Those that are in its state.
    pub(crate) applied_entries: u64,
}

/// Who takes part in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// Those whose majority decides.
    pub(crate) voters: BTreeSet<ReplicaId>,
    /// Those who only listen.
    pub(crate) learners: BTreeSet<ReplicaId>,
    /// Whether it is between two sets of voters.
    pub(crate) joint: bool,
}

impl Group {
    /// Who leads. This node counts as leader once an entry of its own term is applied: before that it may
    /// lack what was acknowledged by its predecessor.
    pub(crate) fn leader(&self) -> Leader {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        match metrics.current_leader {
            Some(leader) if leader != self.me => Leader::Node(ReplicaId::from_raw(leader).node()),
            Some(_) if metrics.state.is_leader() && self.applied.now().term == term_of(&metrics.vote) => {
                Leader::Here
            }
            _ => Leader::Unknown,
        }
    }

    /// Calls `heard` with the leader now and whenever it may have changed, until consensus stops.
    pub(crate) async fn follow_leader(self, heard: impl Fn(Leader) + Send) {
        let (mut metrics, mut term) = (self.raft.server_metrics(), self.applied.term());
        loop {
            heard(self.leader());
            tokio::select! {
                changed = metrics.changed() => if changed.is_err() { return },
                changed = term.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Whether this node leads and no other can: what is applied here is all that was acknowledged.
    pub(crate) fn holds_lease(&self) -> bool {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let term = term_of(&metrics.vote);
        let hands_over = self.handing_over.load(Ordering::Acquire) == term;
        if !metrics.state.is_leader() || hands_over || self.applied.now().term != term {
            return false;
        }
        let alone = metrics.membership_config.membership().voter_ids().all(|voter| voter == self.me);
        // Clocks of monotonic time only: how long ago a majority was heard to follow.
        alone
            || metrics
                .last_quorum_acked
                .is_some_and(|acked| acked.into_inner() + self.lease > openraft_rt_tokio::TokioInstant::now())
    }

    /// Leadership is about to be handed over: whoever gets it does not wait until this node's lease is over.
    pub(super) fn lease_ends(&self) {
        let term = term_of(&self.raft.server_metrics().borrow_watched().vote);
        self.handing_over.store(term, Ordering::Release);
    }

    /// Asks a majority whether this node still leads, and answers how many entries it must have applied to
    /// show all that was acknowledged. Errors: `NotLeader`, `Unavailable`.
    pub(crate) async fn confirm(&self) -> Result<u64, ClusterError> {
        let confirmed = self.raft.get_read_log_id(ReadPolicy::ReadIndex);
        match tokio::time::timeout(CONFIRMED_WITHIN, confirmed).await.map_err(unavailable)? {
            Ok((read, _)) => Ok(read.index() + 1),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward))) => {
                Err(ClusterError::NotLeader { leader: node_of(forward.leader_id) })
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Where it stands. Told by consensus itself, a moment late.
    pub(crate) fn progress(&self) -> Progress {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        Progress {
            leads: metrics.state.is_leader(),
            log_entries: entries(metrics.last_log_index),
            applied_entries: entries(metrics.last_applied.as_ref().map(|log_id| log_id.index)),
        }
    }

    /// Who takes part.
    pub(crate) fn members(&self) -> Members {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        let membership = metrics.membership_config.membership();
        Members {
            voters: membership.voter_ids().map(ReplicaId::from_raw).collect(),
            learners: membership.learner_ids().map(ReplicaId::from_raw).collect(),
            joint: membership.get_joint_config().len() > 1,
        }
    }

    /// Whether this node is one of those whose majority decides, as far as it has heard.
    pub(crate) fn has_vote(&self) -> bool {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        metrics.membership_config.membership().voter_ids().any(|voter| voter == self.me)
    }

    /// How many entries each replica lacks. Empty where this node does not lead.
    pub(crate) fn behind(&self) -> BTreeMap<ReplicaId, u64> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let all = entries(metrics.last_log_index);
        let replication = metrics.replication.iter().flatten();
        replication
            .filter_map(|(replica, matched)| {
                let has = entries(Some(matched.as_ref()?.index));
                Some((ReplicaId::from_raw(*replica), all.saturating_sub(has)))
            })
            .collect()
    }
}

/// Indices count from 0.
fn entries(index: Option<u64>) -> u64 {
    index.map_or(0, |index| index + 1)
}

fn term_of(vote: &super::types::Vote) -> u64 {
    vote.leader_id.term
}
